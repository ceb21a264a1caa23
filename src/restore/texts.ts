import type { Item, Json, JsonObject, Resource } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { isObject } from "../text/json.ts";
import { getOwn, setOwn } from "../text/own.ts";

/** Field types whose values hold text that people write. */
const TEXTUAL: ReadonlySet<string> = new Set([
  ...["string", "text", "slug", "json", "seo", "structured_text", "rich_text", "single_block"],
  ...["file", "gallery"],
]);
/** What of a block isn't what people wrote. */
const NOT_WRITTEN: ReadonlySet<string> = new Set(["meta", "relationships"]);

/** What a text becomes: itself, if it stays. */
export type ChangeText = (text: string) => string;

/**
 * A record whose texts are others, wherever people write text: also in JSON, in structured texts with their links, in
 * what is said of files, and in blocks.
 *
 * @param item The record, in nested form.
 * @param schema Its schema.
 * @param change What each text becomes; called with the field's `api_key`, too.
 * @return The same object if nothing changes.
 */
export function withTexts(
  item: Item,
  schema: SchemaIndex,
  change: (text: string, field: string) => string,
): Item {
  let attributes: JsonObject | undefined;
  for (const field of schema.fields(item.relationships.item_type.data.id)) {
    const { api_key: key, field_type: type } = field.attributes;
    const value = getOwn(item.attributes, key);
    if (value === undefined || !TEXTUAL.has(type)) continue;
    const next = changed(value, (text) => change(text, key));
    if (next === value) continue;
    attributes ??= { ...item.attributes };
    setOwn(attributes, key, next);
  }
  return attributes ? { ...item, attributes } : item;
}

/**
 * The texts of an attribute of a resource that isn't a record, called one by one.
 *
 * @param attributes Its attributes.
 * @param visit Called with each text, and the attribute's name; with numbers as text, too, where a plugin keeps them.
 */
export function visitTexts(
  { attributes = {} }: Resource,
  visit: (text: string, attribute: string) => void,
): void {
  for (const [name, value] of Object.entries(attributes)) visitIn(value, name, name, visit);
}

function visitIn(
  value: Json,
  key: string,
  name: string,
  visit: (text: string, attribute: string) => void,
): void {
  if (typeof value === "string") visit(value, name);
  else if (typeof value === "number" && key === "parameters") visit(String(value), name);
  else if (Array.isArray(value)) { for (const each of value) visitIn(each, key, name, visit); }
  else if (isObject(value)) {
    for (const [own, each] of Object.entries(value)) {
      visitIn(each, key === "parameters" ? key : own, name, visit);
    }
  }
}

/** A value with other texts in it; the same if nothing changes. */
function changed(value: Json, change: ChangeText): Json {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) {
    let list: Json[] | undefined;
    for (const [i, each] of value.entries()) {
      const next = changed(each, change);
      if (next !== each) (list ??= [...value])[i] = next;
    }
    return list ?? value;
  }
  if (!isObject(value)) return value;
  let own: JsonObject | undefined;
  for (const [key, each] of Object.entries(value)) {
    if (NOT_WRITTEN.has(key)) continue;
    const next = changed(each, change);
    if (next !== each) setOwn(own ??= { ...value }, key, next);
  }
  return own ?? value;
}
