import { markToTagName, render } from "datocms-structured-text-generic-html-renderer";
import type { JsonObject } from "../content/resource.ts";
import { isNode, itemOf, KNOWN_MARKS, linkAttributes, spanOf } from "./dast_rules.ts";

/** Text that is HTML already; all other text is escaped. */
class Html {
  constructor(readonly text: string) {}
}

type Child = Html | string | null | undefined | Child[];

const TAGS = new Set(
  "a blockquote br code div em footer h1 h2 h3 h4 h5 h6 hr li mark ol p pre s span strong u ul"
    .split(" "),
);
const VOID_TAGS = new Set(["br", "hr"]);

/**
 * An adapter of our own, because that of datocms-structured-text-to-html-string keeps all HTML it ever
 * made in memory, and doesn't escape a text that looks like some of it.
 */
const adapter = {
  renderNode(tag: string, attributes: object | null, ...children: Child[]): Html {
    // A heading's level and other parts of a tag's name come from the content.
    if (!TAGS.has(tag)) throw new TypeError(`"${tag}" is not a tag of structured text`);
    let html = `<${tag}`;
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name === "key" || value === null || value === undefined || value === false) continue;
      html += ` ${name}="${escape(String(value))}"`;
    }
    html += ">";
    return new Html(VOID_TAGS.has(tag) ? html : `${html}${join(children)}</${tag}>`);
  },
  renderFragment: (children: Child[] | undefined): Html => new Html(join(children)),
  renderText: (text: string): Html => new Html(escape(text)),
};

/**
 * Renders a structured text document as HTML. Blocks and linked records are left as empty elements, or
 * links without a target, with the id in `data-block-id` or `data-item-id`.
 *
 * @param value The field's value.
 * @return The HTML; it is escaped, but links go where editors want them to.
 * @throws {Error} If the document holds something that structured text doesn't have.
 */
export function dastToHtml(value: JsonObject): string {
  const html = render(value as unknown as Parameters<typeof render>[0], {
    adapter,
    customNodeRules: [
      { appliable: isNode("block"), apply: ({ node }) => empty("div", "data-block-id", node) },
      {
        appliable: isNode("inlineBlock"),
        apply: ({ node }) => empty("span", "data-block-id", node),
      },
      { appliable: isNode("inlineItem"), apply: ({ node }) => empty("span", "data-item-id", node) },
      { appliable: isNode("itemLink"), apply: ({ node, children }) => itemLink(node, children) },
      { appliable: isNode("span"), apply: ({ node }) => span(node) },
    ],
  });
  return html instanceof Html ? html.text : "";
}

function span(node: object): Html {
  const { value, marks } = spanOf(node);
  return marks.reduce(
    (html, mark) =>
      KNOWN_MARKS.has(mark)
        ? adapter.renderNode(markToTagName(mark), null, html)
        : adapter.renderNode("span", { "data-mark": mark }, html),
    new Html(escape(value).replaceAll("\n", "<br>")),
  );
}

function empty(tag: string, attribute: string, node: object): Html {
  return adapter.renderNode(tag, { [attribute]: itemOf(node) });
}

function itemLink(node: object, children: Child): Html {
  return adapter.renderNode(
    "a",
    { ...linkAttributes(node), "data-item-id": itemOf(node) },
    children,
  );
}

function join(children: Child | undefined): string {
  if (children === null || children === undefined) return "";
  if (Array.isArray(children)) return children.map(join).join("");
  return children instanceof Html ? children.text : escape(children);
}

const ESCAPES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
