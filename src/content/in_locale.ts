import { isObject, type Json, type JsonObject } from "../text/json.ts";
import { mapBlocks } from "./blocks.ts";
import type { Item } from "./resource.ts";
import type { SchemaIndex } from "./schema_index.ts";

/**
 * A record as one locale has it: of each localized field that locale's value, `null` if there is none, also in
 * blocks at every depth. Other fields keep their value; the record isn't changed.
 *
 * @param item The record.
 * @param locale The locale; of several, the first one that has a value other than `null`, for each field anew.
 * @param schema The schema, which tells what is localized.
 *
 * @example
 * ```ts
 * import { inLocale } from "./in_locale.ts";
 * import { SchemaIndex } from "./schema_index.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const relationships = { item_type: { data: { id: "1", type: "item_type" } } };
 * const item = { id: "2", type: "item" as const, attributes: { title: "A" }, relationships };
 * console.assert(inLocale(item, "en", schema).attributes.title === "A");
 * ```
 */
export function inLocale(
  item: Item,
  locale: string | readonly string[],
  schema: SchemaIndex,
): Item {
  const locales = typeof locale === "string" ? [locale] : locale;
  const attributes = { ...item.attributes };
  for (const field of schema.fields(item.relationships.item_type.data.id)) {
    const { api_key: key, field_type: type, localized } = field.attributes;
    const given = attributes[key];
    if (given === undefined) continue;
    const value = localized && isObject(given) ? firstOf(given, locales) : given;
    attributes[key] = mapBlocks(value, type, (block) => {
      if (typeof block === "string") return block;
      return inLocale(block, locales, schema) as unknown as Json;
    });
  }
  return { ...item, attributes };
}

function firstOf(values: JsonObject, locales: readonly string[]): Json {
  for (const locale of locales) {
    const value = Object.hasOwn(values, locale) ? values[locale] : undefined;
    if (value !== undefined && value !== null) return value;
  }
  return null;
}
