import { isObject } from "../text/json.ts";
import { relatedId } from "./attributes.ts";
import type { Item } from "./resource.ts";
import type { SchemaIndex } from "./schema_index.ts";

/**
 * The text of the field that names a model's records: in the first of the project's locales that has one.
 *
 * @param record A record or block; an API may send one that lacks anything.
 * @param schema The project's schema.
 * @return `null` if it has none.
 */
export function titleOf(record: Item, schema: SchemaIndex): string | null {
  const typeId = relatedId(record, "item_type");
  if (typeId === null || !isObject(record.attributes)) return null;
  const type = schema.itemType(typeId);
  const named = ["presentation_title_field", "title_field"].map((name) => {
    return type ? relatedId(type, name) : null;
  });
  const fields = schema.fields(typeId);
  const field = fields.find(({ id }) => named.includes(id)) ??
    fields.find(({ attributes: { field_type: type } }) => type === "string");
  const value = field && record.attributes[field.attributes.api_key];
  const texts = isObject(value)
    ? [...schema.locales.map((locale) => value[locale]), ...Object.values(value)]
    : [value];
  return texts.find((text): text is string => typeof text === "string" && text !== "") ?? null;
}
