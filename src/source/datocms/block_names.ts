import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, Resource } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { getOwn } from "../../text/own.ts";

/** The fields that a block can stand in. */
const BLOCK_FIELDS: ReadonlySet<string> = new Set(["rich_text", "single_block", "structured_text"]);

/**
 * Whether a record names blocks by their ids, so that it has to be read again with them. One that was read in
 * nested mode names none.
 *
 * @param item The record.
 * @param schema The project's schema.
 * @param model The id of its model.
 */
export function namesBlocks(item: Item, schema: SchemaIndex, model: string): boolean {
  if (!isObject(item.attributes)) return false;
  return schema.fields(model).some(({ attributes: { field_type: type, api_key, localized } }) => {
    if (!BLOCK_FIELDS.has(type)) return false;
    const value = getOwn(item.attributes, api_key) ?? null;
    const values: Json[] = localized && isObject(value) ? Object.values(value) : [value];
    let found = false;
    for (const each of values) {
      mapBlocks(each, type, (block) => {
        found ||= typeof block === "string";
        return block as unknown as Json;
      });
    }
    return found;
  });
}

/**
 * The id of the model that a record says it is of; `undefined` if it doesn't say.
 *
 * @param item The record.
 */
export function modelIdOf(item: Resource): string | undefined {
  const model: unknown = item.relationships?.item_type?.data;
  return isObject(model) && typeof model.id === "string" ? model.id : undefined;
}
