import { mapBlocks } from "../../content/blocks.ts";
import type { Item, Json, JsonObject } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { setOwn } from "../../text/own.ts";
import type { ReadableSide } from "../../tools/diff/diff_side.ts";

/** What a field of a target is once the schema is the snapshot's: its other name, or `undefined` if it isn't there. */
type Renaming = ReadonlyMap<string, string | undefined>;

/**
 * What the records of a target are once its schema is that of the snapshot: a field that is renamed has its values
 * under its new name, and one that is made anew, or is of another type, has none.
 *
 * @param present The schema of the target.
 * @param wanted The schema of the snapshot.
 * @return Gives a record as it is then: itself, if it doesn't change.
 */
export function itemsInSchema(present: SchemaIndex, wanted: SchemaIndex): (item: Item) => Item {
  const renamings = renamed(present, wanted);
  if (renamings.size === 0) return (item) => item;
  return (item) => changed(item, present, renamings);
}

/**
 * A snapshot whose records are read as something makes them.
 *
 * @param side The snapshot.
 * @param change Gives a record in place of the one that was read.
 */
export function withItems(
  side: ReadableSide,
  change: (item: Item) => Item,
): Pick<ReadableSide, "entries" | "expect"> {
  return {
    expect: (paths) => side.expect(paths),
    async *entries(path, signal) {
      for await (const page of side.entries(path, signal)) {
        yield page.map((entry) => change(entry as Item));
      }
    },
  };
}

/** What changes of the fields of each model, by the model's id; those that stay as they are aren't named. */
function renamed(present: SchemaIndex, wanted: SchemaIndex): Map<string, Renaming> {
  const renamings = new Map<string, Renaming>();
  for (const { id } of present.itemTypes) {
    if (wanted.itemType(id) === undefined) continue;
    const own = new Map(wanted.fields(id).map((field) => [field.id, field.attributes]));
    const changes = present.fields(id).flatMap((field): [string, string | undefined][] => {
      const { api_key: key, field_type: type } = field.attributes;
      const next = own.get(field.id);
      if (next?.field_type !== type) return [[key, undefined]];
      return next.api_key === key ? [] : [[key, next.api_key]];
    });
    if (changes.length > 0) renamings.set(id, new Map(changes));
  }
  return renamings;
}

function changed(item: Item, schema: SchemaIndex, renamings: ReadonlyMap<string, Renaming>): Item {
  const model = item.relationships.item_type.data.id;
  const renaming = renamings.get(model);
  const types = new Map(
    schema.fields(model).map(({ attributes }) => [
      attributes.api_key,
      attributes,
    ]),
  );
  const attributes: JsonObject = {};
  let isOther = false;
  for (const [key, value] of Object.entries(item.attributes)) {
    const field = types.get(key);
    const inBlocks = (each: Json) =>
      field === undefined ? each : mapBlocks(
        each,
        field.field_type,
        (block) =>
          typeof block === "string" ? block : changed(block, schema, renamings) as unknown as Json,
      );
    const next = field?.localized && isObject(value) ? mapped(value, inBlocks) : inBlocks(value);
    const name = renaming?.has(key) ? renaming.get(key) : key;
    if (name !== undefined) setOwn(attributes, name, next);
    isOther ||= next !== value || name !== key;
  }
  return isOther ? { ...item, attributes } : item;
}

/** The same object, if nothing in it changes. */
function mapped(values: JsonObject, change: (value: Json) => Json): JsonObject {
  const entries = Object.entries(values).map((
    [key, value],
  ): [string, Json] => [key, change(value)]);
  return entries.some(([key, value]) => value !== values[key])
    ? Object.fromEntries(entries)
    : values;
}
