import { mapBlocks } from "../../src/content/blocks.ts";
import { isObject } from "../../src/text/json.ts";
import type { Item, Json, JsonObject } from "../../src/content/resource.ts";
import type { SchemaIndex } from "../../src/content/schema_index.ts";

/** How an item is revised. */
export interface Revision {
  /** The project's schema. */
  readonly schema: SchemaIndex;
  /** What all texts end with from then on. */
  readonly number: number;
  /** Whether modular content gets a block more, or one less. */
  readonly growth: "same" | "less" | "more";
  /** Whether the blocks are new ones, not those of the item. */
  readonly isNew: boolean;
  /** An id for a new block. */
  readonly newId: () => string;
}

/**
 * New values of all texts of a record or block, and of all blocks in it at every depth, that tell of the
 * same revision: what is half of one and half of another can be told from both.
 *
 * @param item The record or block; it isn't changed.
 * @param revision How it is revised.
 */
export function revised({ attributes, relationships }: Item, revision: Revision): JsonObject {
  const changed: JsonObject = {};
  for (const { attributes: field } of revision.schema.fields(relationships.item_type.data.id)) {
    const value = attributes[field.api_key];
    if (value === undefined || value === null) continue;
    const each = (value: Json) => revisedValue(value, field.field_type, revision);
    changed[field.api_key] = field.localized && isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, each(one)]))
      : each(value);
  }
  return changed;
}

function revisedValue(value: Json, type: string, revision: Revision): Json {
  if (type === "string" || type === "text") {
    if (typeof value !== "string") return value;
    return `${value.replace(/ r\d+$/, "")} r${revision.number}`;
  }
  const blocks = mapBlocks(value, type, (block) => {
    return typeof block === "string" ? block : revisedBlock(block, revision);
  });
  if (type !== "rich_text" || !Array.isArray(blocks)) return blocks;
  const [first] = blocks;
  switch (revision.growth) {
    case "same":
      return blocks;
    case "less":
      return blocks.length > 1 ? blocks.slice(1) : blocks;
    case "more":
      if (!isObject(first) || blocks.length > 5) return blocks;
      return [...blocks, revisedBlock(first as unknown as Item, { ...revision, isNew: true })];
  }
}

function revisedBlock(block: Item, revision: Revision): Json {
  const id = revision.isNew ? revision.newId() : block.id;
  const attributes = { ...block.attributes, ...revised(block, revision) };
  return { ...block, id, attributes } as unknown as Json;
}
