import { blocksOf } from "../cma_server/block_views.ts";
import type { Field, Item, Json } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { isObject } from "../text/json.ts";
import { referencesOf } from "../content/item_references.ts";
import type { StoredItem } from "./stored_item.ts";

/**
 * What can be looked up about records without reading all of them: which one a block is in, who refers to
 * what, and who has which value. Both versions of each record count.
 */
export class ItemIndex {
  readonly #records: ReadonlyMap<string, StoredItem>;
  readonly #schema: SchemaIndex;
  readonly #blocks = new Map<string, string>();
  readonly #referrers = new Map<string, Set<string>>();
  readonly #children = new Map<string, Set<string>>();
  readonly #models = new Map<string, Set<string>>();
  /** Who has which value, by field; only of fields that were asked for. */
  readonly #values = new Map<string, Map<string, Set<string>>>();

  /**
   * Reads all records once.
   *
   * @param records The records by id.
   * @param schema The environment's schema.
   */
  constructor(records: ReadonlyMap<string, StoredItem>, schema: SchemaIndex) {
    this.#records = records;
    this.#schema = schema;
    for (const record of records.values()) this.replace(undefined, record);
  }

  /**
   * The id of the record that a block is in.
   *
   * @param block The block's id.
   */
  ownerOf(block: string): string | undefined {
    return this.#blocks.get(block);
  }

  /**
   * The ids of the records that refer to a record or upload, in one of their versions.
   *
   * @param id The record's or upload's id.
   */
  referrersOf(id: string): readonly string[] {
    return [...this.#referrers.get(id) ?? []];
  }

  /**
   * The ids of the records right below one in a tree.
   *
   * @param id The record's id.
   */
  childrenOf(id: string): readonly string[] {
    return [...this.#children.get(id) ?? []];
  }

  /**
   * The records of a model, oldest first.
   *
   * @param model The model's id.
   */
  recordsOf(model: string): StoredItem[] {
    return Array.from(this.#models.get(model) ?? [], (id) => this.#records.get(id)!);
  }

  /**
   * The ids of the records that have a value in a field, in one of their versions.
   *
   * @param field The field; none of a block model.
   * @param locale The value's locale; `undefined` if the field isn't localized.
   * @param value The value.
   */
  holdersOf(field: Field, locale: string | undefined, value: Json): readonly string[] {
    let values = this.#values.get(field.id);
    if (!values) {
      this.#values.set(field.id, values = new Map());
      for (const record of this.recordsOf(field.relationships.item_type.data.id)) {
        for (const key of keysOf(record, field)) put(values, key, record.current.id);
      }
    }
    return [...values.get(keyOf(locale, value)) ?? []];
  }

  /**
   * To be called when a record is put in the place of another.
   *
   * @param before What there was of the record.
   * @param after What there is of it.
   */
  replace(before: StoredItem | undefined, after: StoredItem | undefined): void {
    if (before) this.#each(before, take);
    if (after) return this.#each(after, put);
    // A record that stays keeps its place among those of its model.
    if (before) {
      take(this.#models, before.current.relationships.item_type.data.id, before.current.id);
    }
  }

  #each(
    record: StoredItem,
    change: (map: Map<string, Set<string>>, key: string, id: string) => void,
  ): void {
    const { current } = record;
    const model = current.relationships.item_type.data.id;
    if (change === put) put(this.#models, model, current.id);
    if (typeof current.attributes.parent_id === "string") {
      change(this.#children, current.attributes.parent_id, current.id);
    }
    for (const version of versionsOf(record)) {
      for (const { id } of referencesOf(version, this.#schema)) {
        change(this.#referrers, id, current.id);
      }
      for (const block of blocksOf(version, this.#schema)) {
        if (change === put) this.#blocks.set(block.id, current.id);
        else this.#blocks.delete(block.id);
      }
    }
    for (const field of this.#schema.fields(model)) {
      const values = this.#values.get(field.id);
      if (values) { for (const key of keysOf(record, field)) change(values, key, current.id); }
    }
  }
}

function versionsOf({ current, published }: StoredItem): Item[] {
  return published && published !== current ? [current, published] : [current];
}

function* keysOf(record: StoredItem, field: Field): Iterable<string> {
  const { api_key: key, localized } = field.attributes;
  for (const { attributes } of versionsOf(record)) {
    const value = attributes[key] ?? null;
    if (localized && isObject(value)) {
      for (const [locale, each] of Object.entries(value)) yield keyOf(locale, each);
    } else yield keyOf(undefined, value);
  }
}

function keyOf(locale: string | undefined, value: Json): string {
  return JSON.stringify([locale ?? null, value]);
}

function put(map: Map<string, Set<string>>, key: string, id: string): void {
  const ids = map.get(key);
  if (ids) ids.add(id);
  else map.set(key, new Set([id]));
}

function take(map: Map<string, Set<string>>, key: string, id: string): void {
  const ids = map.get(key);
  if (ids?.delete(id) && ids.size === 0) map.delete(key);
}
