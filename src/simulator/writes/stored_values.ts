import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, JsonObject } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import type { MemoryEnvironment } from "../memory_environment.ts";

/**
 * Changes what all records or blocks of a model hold, in each of their versions. No version is another one
 * then: it is what the API does when a field changes.
 *
 * @param environment The environment, whose schema is still the one that the records are by.
 * @param model The model's or block model's id.
 * @param change Gives other attributes, or the same object if nothing changes.
 */
export function changeValues(
  environment: MemoryEnvironment,
  model: string,
  change: (attributes: JsonObject) => JsonObject,
): void {
  const { items, schema } = environment;
  const ofBlocks = schema.itemType(model)?.attributes.modular_block === true;
  const records = ofBlocks ? items.records() : items.index().recordsOf(model);
  for (const record of records) {
    const current = changed(record.current, schema, model, change);
    const published = record.published === record.current
      ? current
      : record.published && changed(record.published, schema, model, change);
    if (current !== record.current || published !== record.published) {
      items.put({ ...record, current, published });
    }
  }
}

function changed(
  item: Item,
  schema: SchemaIndex,
  model: string,
  change: (attributes: JsonObject) => JsonObject,
): Item {
  const type = item.relationships.item_type.data.id;
  let { attributes } = item;
  for (const { attributes: { api_key: key, field_type, localized } } of schema.fields(type)) {
    const value = attributes[key] ?? null;
    if (value === null) continue;
    const inBlocks = (each: Json) =>
      mapBlocks(
        each,
        field_type,
        (block) =>
          (typeof block === "string"
            ? block
            : changed(block, schema, model, change)) as unknown as Json,
      );
    let next: Json = value as Json;
    if (!localized || !isObject(value)) next = inBlocks(value);
    else {
      for (const [locale, each] of Object.entries(value)) {
        const mapped = inBlocks(each);
        if (mapped !== each) next = { ...next as JsonObject, [locale]: mapped };
      }
    }
    if (next !== value) attributes = { ...attributes, [key]: next };
  }
  if (type === model) attributes = change(attributes);
  return attributes === item.attributes ? item : { ...item, attributes };
}
