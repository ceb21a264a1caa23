import { isObject } from "../text/json.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Item, Json, JsonObject } from "../content/resource.ts";
import { type Extra, type ExtraReader, readKeys, writeKeys } from "./extra.ts";
import { type KeyColumn, RECORD_META, RECORD_PLACE } from "./meta_columns.ts";
import type { ModelPlan } from "./model_plan.ts";

const ITEM_KEYS = new Set(["id", "type", "attributes", "relationships", "meta"]);
const META_KEYS = new Set(RECORD_META.map(({ key }) => key));

/**
 * Writes everything but the attributes of a record into its row.
 *
 * @return The record's attributes.
 */
export function writeRecordParts(
  row: JsonObject,
  record: Item,
  plan: ModelPlan,
  extra: Extra,
): JsonObject {
  const source = record as unknown as JsonObject;
  writeOtherKeys(source, extra);
  const meta = objectPart(source, "meta", extra);
  if (meta) {
    const known = writeKeys(row, meta, RECORD_META, extra);
    extra.keepOthers("meta", meta, known, (key) => META_KEYS.has(key));
  } else {
    for (const { name } of RECORD_META) row[name] = null;
  }

  row._creator_type = null;
  row._creator_id = null;
  const relationships = objectPart(source, "relationships", extra);
  if (relationships) {
    const creator = linkage(relationships.creator);
    if (creator) {
      row._creator_type = creator.type;
      row._creator_id = creator.id;
    }
    writeRelationships(relationships, plan, extra, creator !== undefined);
  }
  const attributes = objectPart(source, "attributes", extra) ?? {};
  // The columns are there also if fields have their names.
  for (const { name } of RECORD_PLACE) row[name] = null;
  writeKeys(row, attributes, plan.placeColumns, extra);
  keepUnknownAttributes(attributes, plan, plan.placeColumns, extra);
  return attributes;
}

/**
 * Writes everything but the attributes of a block into its row: blocks have no columns for it.
 *
 * @return The block's attributes.
 */
export function writeBlockParts(block: Item, plan: ModelPlan, extra: Extra): JsonObject {
  const source = block as unknown as JsonObject;
  writeOtherKeys(source, extra);
  if (source.meta !== undefined) extra.keep("resource", "meta", source.meta);
  const relationships = objectPart(source, "relationships", extra);
  if (relationships) writeRelationships(relationships, plan, extra, false);
  const attributes = objectPart(source, "attributes", extra) ?? {};
  keepUnknownAttributes(attributes, plan, [], extra);
  return attributes;
}

/** Rebuilds a record from what {@linkcode writeRecordParts} wrote and its fields' values. */
export function readRecord(
  row: JsonObject,
  fields: JsonObject,
  plan: ModelPlan,
  extra: ExtraReader,
): Item {
  const attributes = fields;
  readKeys(row, attributes, plan.placeColumns, extra);
  const item = readItem(row, attributes, plan, extra);
  if (isObject(item.relationships) && row._creator_id !== null && row._creator_id !== undefined) {
    item.relationships.creator = {
      data: { id: row._creator_id, type: row._creator_type ?? null },
    };
  }
  if (!Object.hasOwn(item, "meta") && !extra.isAbsent("_meta")) {
    const meta = { ...extra.part("meta") };
    readKeys(row, meta, RECORD_META, extra);
    item.meta = meta;
  }
  return item as unknown as Item;
}

/** Rebuilds a block from what {@linkcode writeBlockParts} wrote and its fields' values. */
export function readBlock(
  row: JsonObject,
  fields: JsonObject,
  plan: ModelPlan,
  extra: ExtraReader,
): Item {
  return readItem(row, fields, plan, extra) as unknown as Item;
}

function readItem(
  row: JsonObject,
  attributes: JsonObject,
  plan: ModelPlan,
  extra: ExtraReader,
): JsonObject {
  const item: JsonObject = { id: row.id ?? null, type: "item", attributes };
  if (extra.isAbsent("_attributes")) delete item.attributes;
  if (!extra.isAbsent("_relationships")) {
    const relationships = { ...extra.part("relationships") };
    if (!Object.hasOwn(relationships, "item_type") && !extra.isAbsent("_item_type")) {
      relationships.item_type = { data: { id: plan.id, type: "item_type" } };
    }
    item.relationships = relationships;
  }
  // What is kept of the resource itself replaces what the columns say.
  for (const [key, value] of Object.entries(extra.part("resource"))) setOwn(item, key, value);
  return item;
}

function writeOtherKeys(source: JsonObject, extra: Extra): void {
  let known = 0;
  for (const key of ITEM_KEYS) if (Object.hasOwn(source, key)) known++;
  extra.keepOthers("resource", source, known, (key) => ITEM_KEYS.has(key));
  if (source.type !== "item" && source.type !== undefined) {
    extra.keep("resource", "type", source.type);
  }
}

/** A part of the item that should be an object: what is another thing, or not there, is noted. */
function objectPart(source: JsonObject, name: string, extra: Extra): JsonObject | undefined {
  const part = getOwn(source, name);
  if (isObject(part)) return part;
  if (part === undefined) extra.absent(`_${name}`);
  else extra.keep("resource", name, part);
  return undefined;
}

function writeRelationships(
  relationships: JsonObject,
  plan: ModelPlan,
  extra: Extra,
  creatorKnown: boolean,
): void {
  const itemType = getOwn(relationships, "item_type");
  const identifier = linkage(itemType);
  const typeKnown = identifier?.id === plan.id && identifier.type === "item_type";
  if (itemType === undefined) extra.absent("_item_type");
  extra.keepOthers(
    "relationships",
    relationships,
    Number(typeKnown) + Number(creatorKnown),
    (key) => (key === "item_type" && typeKnown) || (key === "creator" && creatorKnown),
  );
}

/** A relationship that holds nothing but one resource's id and type. */
function linkage(relationship: Json | undefined): { id: string; type: string } | undefined {
  if (!isObject(relationship) || !isObject(relationship.data)) return undefined;
  const { data } = relationship;
  const { id, type } = data;
  if (typeof id !== "string" || typeof type !== "string") return undefined;
  if (Object.keys(relationship).length !== 1 || Object.keys(data).length !== 2) return undefined;
  return { id, type };
}

function keepUnknownAttributes(
  attributes: JsonObject,
  plan: ModelPlan,
  placeColumns: readonly KeyColumn[],
  extra: Extra,
): void {
  let known = 0;
  for (const { key } of plan.fields) if (Object.hasOwn(attributes, key)) known++;
  for (const { key } of placeColumns) if (Object.hasOwn(attributes, key)) known++;
  extra.keepOthers(
    "attributes",
    attributes,
    known,
    (key) => plan.keys.has(key) || placeColumns.some((column) => column.key === key),
  );
}
