import { render } from "datocms-structured-text-to-plain-text";
import type { JsonObject } from "../content/resource.ts";
import { isNode, placeholder, spanOf } from "./dast_rules.ts";

/**
 * Renders a structured text document as plain text. A block or inline record is left as a tag with its
 * id, such as `<block id="123"/>`; of a link to a record its text is left.
 *
 * @param value The field's value.
 * @return The text.
 * @throws {Error} If the document holds something that structured text doesn't have.
 */
export function dastToText(value: JsonObject): string {
  const text = render(value as unknown as Parameters<typeof render>[0], {
    customNodeRules: [
      { appliable: isNode("block"), apply: ({ node }) => `${placeholder("block", node)}\n` },
      { appliable: isNode("inlineBlock"), apply: ({ node }) => placeholder("inlineBlock", node) },
      { appliable: isNode("inlineItem"), apply: ({ node }) => placeholder("inlineItem", node) },
      // With all marks: the package takes strikethrough, and marks that it doesn't know, for paragraphs.
      { appliable: isNode("span"), apply: ({ node }) => spanOf(node).value },
    ],
  });
  return text ?? "";
}
