import { defaultMetaTransformer } from "datocms-structured-text-generic-html-renderer";
import { isObject } from "../text/json.ts";

/** The marks that DatoCMS's editor has; projects can add their own. */
export const KNOWN_MARKS: ReadonlySet<string> = new Set([
  "strong",
  "code",
  "emphasis",
  "underline",
  "strikethrough",
  "highlight",
]);

/** Whether a rule is for nodes of this type. */
export function isNode(type: string): (node: { readonly type: string }) => boolean {
  return (node) => node.type === type;
}

/**
 * The text and marks of a span. Renderers have rules of their own for spans, because the package's takes
 * time by the square of a text's lines: minutes for what editors can paste.
 */
export function spanOf(node: object): { readonly value: string; readonly marks: string[] } {
  const { value, marks } = node as { value?: unknown; marks?: unknown };
  const names: unknown = marks ?? [];
  if (typeof value !== "string") throw new TypeError("a span has no text");
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new TypeError("a span's marks are not a list of names");
  }
  return { value, marks: names };
}

/** The id of the block or record that a node holds. */
export function itemOf(node: object): string {
  const { item } = node as { item?: unknown };
  const id = isObject(item) ? item.id : item;
  if (typeof id !== "string") throw new TypeError("a node refers to nothing");
  return id;
}

/** The HTML attributes of a link to a record: those that DatoCMS gives to any other link. */
export function linkAttributes(node: object): { readonly [name: string]: unknown } {
  const { meta } = node as { meta?: unknown };
  if (!Array.isArray(meta)) return {};
  type Context = Parameters<typeof defaultMetaTransformer>[0];
  return defaultMetaTransformer({ node, meta } as unknown as Context) ?? {};
}

/** A block or inline record in text and Markdown, as DatoCMS's dastdown format writes it. */
export function placeholder(tag: "block" | "inlineBlock" | "inlineItem", node: object): string {
  const id = itemOf(node).replaceAll("&", "&amp;").replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;");
  return `<${tag} id="${id}"/>`;
}
