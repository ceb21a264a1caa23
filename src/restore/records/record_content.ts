import { createHash } from "node:crypto";
import { mapBlocks } from "../../content/blocks.ts";
import { type KeepReference, referencesOf, withReferences } from "../../content/item_references.ts";
import type { Field, Item, Json, JsonObject, Resource, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { isSame, keysOf } from "../../tools/diff/compare_json.ts";

/** Bytes of a digest of what a record holds. */
export const DIGEST_BYTES = 16;

/** What of a record's meta can be written. */
const DATES = ["created_at", "first_published_at"];

/** What records hold, as it is sent, and what of two contents isn't the same. */
export class RecordContent {
  readonly #schema: SchemaIndex;

  /** @param schema The snapshot's schema. */
  constructor(schema: SchemaIndex) {
    this.#schema = schema;
  }

  /**
   * What a record holds, as it is sent: the value of each field, with blocks as the API takes them, and the record
   * above it in a tree.
   *
   * @param item A version of the record, in nested form.
   * @param keep Whether a reference stays. Those in lists and inline records go, links in a text leave their words,
   * and what holds only one is empty then.
   * @param hasIds Whether blocks are sent with their ids.
   */
  values(item: Item, keep: KeepReference, hasIds = true): JsonObject {
    const attributes = this.#sent(withReferences(item, this.#schema, keep), hasIds);
    if (this.#schema.itemTypeOf(item)?.attributes.tree === true) {
      attributes.parent_id = item.attributes.parent_id ?? null;
    }
    return attributes;
  }

  /** The references that a version of a record holds, in its blocks, too. */
  references(item: Item): ReturnType<typeof referencesOf> {
    return referencesOf(item, this.#schema);
  }

  /**
   * What has to be sent to make one content of another: the fields that aren't the same, and if one has other
   * locales, all localized ones, as they must have the same.
   *
   * @param type The model's id.
   * @param from What is there.
   * @param to What is to be there.
   */
  difference(type: string, from: JsonObject, to: JsonObject): JsonObject {
    const fields = this.#schema.fields(type);
    const value = (of: JsonObject, { attributes: { api_key: key } }: Field) => {
      return getOwn(of, key) ?? null;
    };
    const movesLocales = fields.some((field) => {
      return field.attributes.localized && !hasSameKeys(value(from, field), value(to, field));
    });
    const difference: JsonObject = {};
    for (const field of fields) {
      const { api_key: key, localized } = field.attributes;
      if ((movesLocales && localized) || !isSame(value(from, field), value(to, field))) {
        setOwn(difference, key, value(to, field));
      }
    }
    const parent = getOwn(to, "parent_id");
    const isTree = parent !== undefined && !fields.some(({ attributes }) => {
      return attributes.api_key === "parent_id";
    });
    if (isTree && (getOwn(from, "parent_id") ?? null) !== parent) difference.parent_id = parent;
    return difference;
  }

  /**
   * A digest of what a record holds: two contents have the same one if nothing of them differs.
   *
   * @param type The model's id.
   * @param values What it holds, as it is sent.
   */
  digest(type: string, values: JsonObject): Uint8Array {
    const fields = this.#schema.fields(type);
    const held: Json[] = fields.map(({ attributes: { api_key: key, localized } }) => {
      const value = getOwn(values, key) ?? null;
      // A locale that holds nothing isn't the same as one that isn't there.
      return localized && isObject(value)
        ? Object.keys(value).sort().map((locale) => [locale, canonical(value[locale] ?? null)])
        : canonical(value);
    });
    if (this.#schema.itemType(type)?.attributes.tree === true) {
      held.push(getOwn(values, "parent_id") ?? null);
    }
    return createHash("sha256").update(JSON.stringify(held)).digest().subarray(0, DIGEST_BYTES);
  }

  /** A field's value that can be sent again without changing anything; none if there are no fields. */
  unchanged(type: string, values: JsonObject): JsonObject {
    const [field] = this.#schema.fields(type).toSorted((a, b) => size(a) - size(b));
    const same: JsonObject = {};
    if (field) {
      const { api_key: key } = field.attributes;
      setOwn(same, key, getOwn(values, key) ?? null);
    }
    return same;

    function size({ attributes: { api_key: key } }: Field): number {
      return JSON.stringify(getOwn(values, key) ?? null).length;
    }
  }

  /** The ids of the blocks that a version holds itself, not within others. */
  blockIds(item: Item): string[] {
    const ids: string[] = [];
    for (const field of this.#schema.fields(item.relationships.item_type.data.id)) {
      const { api_key: key, field_type: type, localized } = field.attributes;
      const value = getOwn(item.attributes, key) ?? null;
      for (const each of localized && isObject(value) ? Object.values(value) : [value]) {
        mapBlocks(each, type, (block) => {
          ids.push(typeof block === "string" ? block : block.id);
          return block as unknown as Json;
        });
      }
    }
    return ids;
  }

  #sent(item: Item, hasIds: boolean): JsonObject {
    const sent: JsonObject = {};
    for (const field of this.#schema.fields(item.relationships.item_type.data.id)) {
      const { api_key: key, field_type: type, localized } = field.attributes;
      const value = getOwn(item.attributes, key) ?? null;
      if (!localized || !isObject(value)) setOwn(sent, key, this.#withBlocks(value, type, hasIds));
      else {
        const locales: JsonObject = {};
        for (const [locale, each] of Object.entries(value)) {
          setOwn(locales, locale, this.#withBlocks(each, type, hasIds));
        }
        setOwn(sent, key, locales);
      }
    }
    return sent;
  }

  #withBlocks(value: Json, type: string, hasIds: boolean): Json {
    return mapBlocks(value, type, (block) => {
      if (typeof block === "string") return block;
      const { id, relationships: { item_type } } = block;
      const { data } = item_type;
      return {
        ...hasIds ? { id } : {},
        type: "item",
        attributes: this.#sent(block, hasIds),
        relationships: { item_type: { data: { id: data.id, type: "item_type" } } },
      };
    });
  }
}

/** The dates of a record that can be written, as far as it has them. */
export function datesOf({ meta }: Item): JsonObject {
  return Object.fromEntries(DATES.flatMap((key) => {
    const value = meta?.[key];
    return typeof value === "string" ? [[key, value]] : [];
  }));
}

/**
 * The dates of a record that aren't those of another one.
 *
 * @param from What is there.
 * @param to What is to be there.
 */
export function datesToSet(from: Item, to: Item): JsonObject {
  const there = datesOf(from);
  return Object.fromEntries(
    Object.entries(datesOf(to)).filter(([key, date]) => {
      const own = there[key];
      return typeof own !== "string" || Date.parse(own) !== Date.parse(String(date));
    }),
  );
}

/** A value as `isSame` takes it: keys in one order, and none that hold `null`. */
function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) {
    const own = value[key] ?? null;
    if (own !== null) setOwn(sorted, key, canonical(own));
  }
  return sorted;
}

/** Whether two localized values have the same locales. */
function hasSameKeys(a: Json, b: Json): boolean {
  if (!isObject(a) || !isObject(b)) return isObject(a) === isObject(b);
  return keysOf(a, b).every((key) => Object.hasOwn(a, key) && Object.hasOwn(b, key));
}

/**
 * What of a record is compared first, as text: only what isn't the same is looked at.
 *
 * @param record The record.
 * @param version Which version it is.
 */
export function comparedText({ attributes, meta }: Resource, version: Version): string {
  const own = { ...attributes };
  // Both are in the meta; if fields are called so, they tell more.
  for (const key of ["created_at", "updated_at"]) if (own[key] === meta?.[key]) delete own[key];
  if (version === "published") return JSON.stringify(own);
  const { status, stage, created_at, first_published_at } = meta ?? {};
  return JSON.stringify([own, status, stage, created_at, first_published_at]);
}
