import type { Item, Json, JsonObject } from "../../content/resource.ts";
import { entityId } from "../../simulator/entity_id.ts";
import { itemTypeId, ref } from "../../simulator/schema_builder.ts";
import { itemId, uploadId } from "./ids.ts";

/**
 * The values of a localized field.
 *
 * @param en In English.
 * @param it In Italian.
 * @param pt In Brazilian Portuguese; without it, the record lacks that locale.
 */
export function each(en: Json, it: Json, pt?: Json): JsonObject {
  return pt === undefined ? { en, it } : { en, it, "pt-BR": pt };
}

/**
 * A block, as it stands in the field that holds it.
 *
 * @param model The block model's `api_key`.
 * @param key What makes the block's id unlike all others.
 * @param attributes The values of its fields.
 */
export function block(model: string, key: string, attributes: JsonObject): Json {
  const item: Item = {
    id: entityId(`slackwater block ${key}`),
    type: "item",
    attributes,
    relationships: { item_type: { data: ref("item_type", itemTypeId(model)) } },
  };
  return item as unknown as Json;
}

/**
 * The value of a single-asset field, or of one place in a gallery.
 *
 * @param key What the upload is called in here.
 * @param alt The alternative text; the upload's own if not given.
 */
export function file(key: string, alt: string | null = null): Json {
  return {
    alt,
    title: null,
    custom_data: {},
    focal_point: alt === null ? null : { x: 0.5, y: 0.4 },
    upload_id: uploadId(key),
  };
}

/**
 * A structured text document.
 *
 * @param children What stands below each other in it.
 */
export function document(...children: Json[]): Json {
  return { schema: "dast", document: { type: "root", children } };
}

/**
 * A paragraph of structured text.
 *
 * @param children Text, or other nodes.
 */
export function p(...children: (string | JsonObject)[]): JsonObject {
  return { type: "paragraph", children: children.map(inline) };
}

/**
 * A heading of structured text.
 *
 * @param text The heading.
 */
export function h(text: string): JsonObject {
  return { type: "heading", level: 2, children: [inline(text)] };
}

/**
 * Text with a mark on it.
 *
 * @param mark The mark: `emphasis`, `strong`, ….
 * @param value The text.
 */
export function marked(mark: string, value: string): JsonObject {
  return { type: "span", marks: [mark], value };
}

/**
 * A link to a record.
 *
 * @param key What the record is called in here.
 * @param text The text of the link.
 */
export function to(key: string, text: string): JsonObject {
  return { type: "itemLink", item: itemId(key), children: [inline(text)] };
}

/**
 * A link to somewhere on the web.
 *
 * @param url Where to.
 * @param text The text of the link.
 */
export function web(url: string, text: string): JsonObject {
  return {
    type: "link",
    url,
    meta: [{ id: "target", value: "_blank" }],
    children: [inline(text)],
  };
}

/**
 * A record that stands in a line of text.
 *
 * @param key What the record is called in here.
 */
export function here(key: string): JsonObject {
  return { type: "inlineItem", item: itemId(key) };
}

/**
 * A measurement that stands in a line of text.
 *
 * @param key What makes the block's id unlike all others.
 * @param value The number.
 * @param unit The unit.
 */
export function measured(key: string, value: number, unit: string): JsonObject {
  return { type: "inlineBlock", item: block("measurement", key, { value, unit }) };
}

/**
 * A block between paragraphs.
 *
 * @param item The block.
 */
export function between(item: Json): JsonObject {
  return { type: "block", item };
}

/**
 * A list.
 *
 * @param style How its lines are marked.
 * @param lines Its lines.
 */
export function list(style: "bulleted" | "numbered", ...lines: string[]): JsonObject {
  return {
    type: "list",
    style,
    children: lines.map((line) => ({ type: "listItem", children: [p(line)] })),
  };
}

/**
 * A quotation.
 *
 * @param attribution Whose words they are.
 * @param text The words.
 */
export function quote(attribution: string, text: string): JsonObject {
  return { type: "blockquote", attribution, children: [p(text)] };
}

/** A line across the column. */
export function rule(): JsonObject {
  return { type: "thematicBreak" };
}

function inline(node: string | JsonObject): JsonObject {
  return typeof node === "string" ? { type: "span", value: node } : node;
}

/**
 * The value of an article's SEO field.
 *
 * @param en The title in English.
 * @param it The title in Italian.
 * @param pt The title in Brazilian Portuguese.
 * @param image What the upload to share is called in here.
 */
export function seo(en: string, it: string, pt: string, image: string): Json {
  const one = (title: string) => ({
    title,
    description: null,
    image: uploadId(image),
    twitter_card: "summary_large_image",
    no_index: false,
  });
  return each(one(en), one(it), one(pt));
}
