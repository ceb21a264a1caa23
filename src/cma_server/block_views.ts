import type { Item, Json, JsonObject } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { mapBlocks } from "../content/blocks.ts";
import { isObject } from "../text/json.ts";

/**
 * A record as the API's regular mode shows it: ids in place of blocks.
 *
 * @param item A record or block in nested form; it isn't changed.
 * @param schema The environment's schema.
 */
export function regularItem(item: Item, schema: SchemaIndex): Item {
  let attributes: JsonObject | undefined;
  eachBlockValue(item, schema, (value, fieldType, put) => {
    const ids = mapBlocks(
      value,
      fieldType,
      (block) => typeof block === "string" ? block : block.id,
    );
    if (ids !== value) attributes = put(attributes ?? item.attributes, ids);
  });
  return attributes ? { ...item, attributes } : item;
}

/**
 * Every block inside a record, at any depth, in document order, as the API lists blocks: with dates
 * and `meta` like a record's.
 *
 * @param record A record in nested form.
 * @param schema The environment's schema.
 */
export function blocksOf(record: Item, schema: SchemaIndex): Item[] {
  const blocks: Item[] = [];
  collect(record, schema, (block) => {
    const { created_at, updated_at } = record.attributes;
    const dates = created_at === undefined ? {} : { updated_at: updated_at!, created_at };
    blocks.push({
      ...block,
      attributes: { ...block.attributes, ...dates },
      ...(record.meta ? { meta: record.meta } : {}),
    });
  });
  return blocks;
}

function collect(item: Item, schema: SchemaIndex, visit: (block: Item) => void): void {
  eachBlockValue(item, schema, (value, fieldType) => {
    mapBlocks(value, fieldType, (block) => {
      if (typeof block !== "string") {
        visit(block);
        collect(block, schema, visit);
      }
      return block as unknown as Json;
    });
  });
}

/** Visits the value of each field that holds blocks: of a localized field, each locale's value. */
function eachBlockValue(
  item: Item,
  schema: SchemaIndex,
  visit: (
    value: Json,
    fieldType: string,
    put: (attributes: JsonObject, value: Json) => JsonObject,
  ) => void,
): void {
  for (const { attributes: field } of schema.fields(item.relationships.item_type.data.id)) {
    const value = item.attributes[field.api_key];
    if (value === undefined || value === null) continue;
    const key = field.api_key;
    if (!field.localized) {
      visit(value, field.field_type, (attributes, mapped) => ({ ...attributes, [key]: mapped }));
    } else if (isObject(value)) {
      for (const [locale, localValue] of Object.entries(value)) {
        visit(localValue, field.field_type, (attributes, mapped) => ({
          ...attributes,
          [key]: { ...attributes[key] as JsonObject, [locale]: mapped },
        }));
      }
    }
  }
}
