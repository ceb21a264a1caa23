import type { Field, Item } from "../../content/resource.ts";
import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import { getOwn } from "../../text/own.ts";
import { align } from "./align.ts";
import type { FieldChange } from "./changes.ts";
import { compareJson, isSame, keysOf, type Path, pathText, valueChange } from "./compare_json.ts";
import { compareDocuments } from "./compare_documents.ts";
import type { Pair, SchemaPair } from "./schema_pair.ts";

/** Attributes that the API adds to records: they are in their meta, too. */
const TIMES = new Set(["created_at", "updated_at"]);

/** Where values are, and what they are compared by. */
export interface Place {
  /** Their schemas. */
  readonly schemas: SchemaPair;
  /** Where they are. */
  readonly path: Path;
  /** Their locale. */
  readonly locale: string | null;
}

/**
 * Compares the attributes of two records or blocks.
 *
 * @param before The earlier one; without it, all that the later one holds is there as a whole.
 * @param after The later one.
 * @param place Where they are.
 */
export function compareItems(
  before: Item | undefined,
  after: Item | undefined,
  place: Place,
): FieldChange[] {
  const [a, b] = [attributesOf(before), attributesOf(after)];
  const fields = place.schemas.fields(typeOf(before), typeOf(after));
  const known = new Set<string>();
  const changes: FieldChange[] = [];
  for (const field of fields) {
    for (const side of [field.before, field.after]) if (side) known.add(side.attributes.api_key);
    changes.push(...compareField(field, a, b, place));
  }
  for (const key of keysOf(a, b)) {
    if (known.has(key) || TIMES.has(key)) continue;
    changes.push(
      ...compareJson(getOwn(a, key), getOwn(b, key), [...place.path, key], place.locale),
    );
  }
  return changes;
}

/** The id of an item's model, as far as it tells. */
export function typeOf(item: Item | undefined): string | undefined {
  const id: unknown = item?.relationships?.item_type?.data?.id;
  return typeof id === "string" ? id : undefined;
}

function attributesOf(item: Item | undefined): JsonObject {
  return item !== undefined && isObject(item.attributes) ? item.attributes : {};
}

function compareField(
  { before, after }: Pair<Field>,
  a: JsonObject,
  b: JsonObject,
  { schemas, path: above, locale }: Place,
): FieldChange[] {
  const { api_key: key, field_type: type } = (after ?? before)!.attributes;
  const path = [...above, key];
  const [from, to] = [valuesOf(before, a, locale), valuesOf(after, b, locale)];
  const isOneType = before?.attributes.field_type === after?.attributes.field_type;
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((own) => {
    const [one, other] = [from.get(own), to.get(own)];
    if (isSame(one, other)) return [];
    return isOneType
      ? compareValues(type, one, other, { schemas, path, locale: own })
      : [valueChange(path, one, other, own)];
  });
}

/** A field's values by locale. */
function valuesOf(
  field: Field | undefined,
  attributes: JsonObject,
  locale: string | null,
): Map<string | null, Json> {
  if (field === undefined) return new Map();
  const value = getOwn(attributes, field.attributes.api_key);
  if (field.attributes.localized && isObject(value)) return new Map(Object.entries(value));
  return value === undefined ? new Map() : new Map([[locale, value]]);
}

function compareValues(
  type: string,
  before: Json | undefined,
  after: Json | undefined,
  place: Place,
): FieldChange[] {
  const { path, locale } = place;
  if (type === "rich_text" || type === "single_block") {
    const lists = [before, after].map((value) => Array.isArray(value) ? value : one(value));
    return compareBlocks(lists[0]!, lists[1]!, place);
  }
  if (type === "structured_text" && isObject(before) && isObject(after)) {
    return compareDocuments(before, after, place, compareBlock);
  }
  return compareJson(before, after, path, locale);
}

function one(value: Json | undefined): Json[] {
  return value === undefined || value === null ? [] : [value];
}

/** Compares blocks with those of the same id. */
function compareBlocks(
  before: readonly Json[],
  after: readonly Json[],
  place: Place,
): FieldChange[] {
  const { path, locale } = place;
  const { kept, moved, removed, added } = align(before.map(blockId), after.map(blockId));
  const at = (block: Json) => pathText([...path, blockId(block)]);
  const changes: [at: number, FieldChange][] = [];
  for (const [i, j] of [...kept, ...moved]) {
    for (const change of compareBlock(before[i]!, after[j]!, place)) changes.push([j, change]);
  }
  for (const [i, j] of moved) {
    changes.push([j, { path: at(after[j]!), locale, change: "moved", before: i, after: j }]);
  }
  for (const j of added) {
    changes.push([j, valueChange([...path, blockId(after[j]!)], null, after[j], locale)]);
  }
  for (const i of removed) {
    changes.push([i, valueChange([...path, blockId(before[i]!)], before[i], null, locale)]);
  }
  return changes.sort(([a], [b]) => a - b).map(([, change]) => change);
}

/** Compares two blocks of the same id. */
function compareBlock(before: Json, after: Json, { schemas, path, locale }: Place): FieldChange[] {
  const own = [...path, blockId(after)];
  if (!isObject(before) || !isObject(after)) return compareJson(before, after, own, locale);
  const [a, b] = [before as unknown as Item, after as unknown as Item];
  const [from, to] = [typeOf(a), typeOf(b)];
  if (from === undefined || to === undefined || !schemas.isOne(from, to)) {
    return compareJson(before, after, own, locale);
  }
  return compareItems(a, b, { schemas, path: own, locale });
}

/** A block's id; blocks may be there as ids alone. */
export function blockId(block: Json): string {
  if (typeof block === "string") return block;
  return isObject(block) && typeof block.id === "string" ? block.id : JSON.stringify(block);
}
