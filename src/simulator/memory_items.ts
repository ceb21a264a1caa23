import type { Item, JsonObject, Resource, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { blocksOf } from "../cma_server/block_views.ts";
import { entityId } from "./entity_id.ts";
import { ItemIndex } from "./item_index.ts";
import { itemColumns, meets, sortedByRules } from "../cma_server/listing.ts";
import type { ItemQuery, Listing } from "../cma_server/stores.ts";
import type { DemoItems } from "./project.ts";
import { ref } from "./schema_builder.ts";
import {
  dated,
  published,
  scheduled,
  type ScheduleSketch,
  type StoredItem,
  withMeta,
} from "./stored_item.ts";

/** The account that makes new records. */
const CREATOR = "52759";
/** The most listings that are kept: others are asked for again anyway. */
const MOST_LISTED = 100;

/** What {@linkcode MemoryItems} needs to know of where it lives. */
export interface MemoryItemsOptions {
  /** Gives the environment's schema. */
  readonly schema: () => SchemaIndex;
  /** Tells the time of a change. */
  readonly now: () => Date;
  /** Called after each change with its time, and what there is of the record from then on. */
  readonly changed: (at: string, id: string, record: StoredItem | undefined) => void;
  /** Gives each new record and version a number that no other one has. */
  readonly nextNumber: () => number;
}

/**
 * Records held in memory, which can be edited as editors do: create, update, publish, unpublish, delete.
 * Ids are never used twice. An item once returned never changes: an edit puts a new object in its place.
 *
 * @example
 * ```ts
 * import { sampleProject } from "../demo/sample/sample_project.ts";
 *
 * const items = sampleProject().primary.items;
 * const { page } = items.list({
 *   version: "current",
 *   blocksToo: false,
 *   filters: [],
 *   orderBy: [],
 *   offset: 0,
 *   limit: 1,
 * });
 * items.delete(page[0]!.id);
 * console.assert(items.get(page[0]!.id, "current") === undefined);
 * ```
 */
export class MemoryItems implements DemoItems {
  readonly #records: Map<string, StoredItem>;
  readonly #options: MemoryItemsOptions;
  /** Listings that were asked for since the last change, since they are asked for page by page. */
  readonly #listed = new Map<string, readonly Item[]>();
  #index: ItemIndex | undefined;

  /**
   * Takes over the records to begin with.
   *
   * @param records The records, oldest first.
   * @param options Where the store lives.
   */
  constructor(records: Iterable<StoredItem>, options: MemoryItemsOptions) {
    this.#records = new Map(Array.from(records, (record) => [record.current.id, record]));
    this.#options = options;
  }

  /** The records with their versions, oldest first. */
  records(): readonly StoredItem[] {
    return [...this.#records.values()];
  }

  /**
   * A record with its versions.
   *
   * @param id The record's id; a block has no versions.
   */
  record(id: string): StoredItem | undefined {
    return this.#records.get(id);
  }

  /** Where the records' blocks are, what they refer to, and which values they have. */
  index(): ItemIndex {
    return this.#index ??= new ItemIndex(this.#records, this.#options.schema());
  }

  /** To be called when the schema is another one, so that what was found out by it is forgotten. */
  schemaChanged(): void {
    this.#listed.clear();
    this.#index = undefined;
  }

  /**
   * Puts a record, with all that there is of it, in the place of what there was.
   *
   * @param record The record.
   */
  put(record: StoredItem): Item {
    return this.#store({ schedules: undefined, ...record }, this.#now());
  }

  /** One page of a listing. */
  list({ offset, limit, ...query }: ItemQuery): Listing<Item> {
    const key = JSON.stringify(query);
    let found = this.#listed.get(key);
    if (found === undefined) {
      found = this.#find(query);
      if (this.#listed.size >= MOST_LISTED) this.#listed.clear();
      this.#listed.set(key, found);
    }
    return { total: found.length, page: found.slice(offset, offset + limit) };
  }

  /** A whole listing. */
  #find(query: Omit<ItemQuery, "offset" | "limit">): readonly Item[] {
    const schema = this.#options.schema();
    const fields = query.typeIds?.length === 1 ? schema.fields(query.typeIds[0]!) : [];
    const read = itemColumns(fields, query.locale ?? schema.locales[0] ?? "");
    const ids = query.ids && new Set(query.ids);
    const found = this.#all(query)
      .filter((item) => (!ids || ids.has(item.id)) && meets(item, query.filters, read));
    const rules = query.orderBy.length > 0
      ? query.orderBy
      : [{ column: "_updated_at", direction: "DESC" as const }];
    found.reverse();
    return sortedByRules(found, rules, read);
  }

  /** A record or block by its id. */
  get(id: string, version: Version): Item | undefined {
    const record = this.#records.get(id);
    if (record) return record[version];
    for (const one of this.#records.values()) {
      const item = one[version];
      const block = item && blocksOf(item, this.#options.schema()).find((block) => block.id === id);
      if (block) return block;
    }
    return undefined;
  }

  /** What is scheduled for a record. */
  schedules(id: string): readonly Resource[] {
    return this.#records.get(id)?.schedules ?? [];
  }

  /**
   * Schedules a record, in place of what was scheduled for it before. Neither its version nor the time of its
   * last change is another one then.
   *
   * @param id The record's id.
   * @param sketch What is to become of it; nothing takes back what was scheduled.
   * @throws {TypeError} If there is no such record.
   * @see {@link https://www.datocms.com/docs/content-management-api/resources/scheduled-publication/create}
   */
  schedule(id: string, sketch: ScheduleSketch): Item {
    return this.#store(
      scheduled(this.#record(id), sketch, () => String(this.#options.nextNumber())),
      this.#now(),
    );
  }

  /**
   * Creates a record: a draft, or a published one if its model has no drafts.
   *
   * @param itemTypeId The model's id.
   * @param attributes The values of its fields, blocks as whole objects.
   */
  create(itemTypeId: string, attributes: JsonObject): Item {
    const number = this.#options.nextNumber();
    const now = this.#now();
    const item: Item = {
      id: entityId(`item ${number}`),
      type: "item",
      attributes: { ...attributes, updated_at: now, created_at: now },
      relationships: {
        item_type: { data: ref("item_type", itemTypeId) },
        creator: { data: ref("account", CREATOR) },
      },
      meta: {
        created_at: now,
        updated_at: now,
        published_at: null,
        first_published_at: null,
        publication_scheduled_at: null,
        unpublishing_scheduled_at: null,
        status: "draft",
        is_valid: true,
        is_current_version_valid: true,
        is_published_version_valid: null,
        current_version: entityId(`version ${number}`),
        stage: null,
        has_children: null,
      },
    };
    return this.#save(item, undefined, now);
  }

  /**
   * Changes fields of a record.
   *
   * @param id The record's id.
   * @param attributes The new values of the fields to change.
   * @param createdAt Another date of creation, in ISO 8601: the API lets whoever updates a record set it.
   * @throws {TypeError} If there is no such record.
   * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/update}
   */
  update(id: string, attributes: JsonObject, createdAt?: string): Item {
    const { current, published } = dated(this.#record(id), createdAt);
    const now = this.#now();
    const item = {
      ...current,
      attributes: { ...current.attributes, ...attributes, updated_at: now },
      meta: {
        ...current.meta,
        updated_at: now,
        status: published ? "updated" : "draft",
        current_version: entityId(`version ${this.#options.nextNumber()}`),
      },
    };
    return this.#save(item, published && withMeta(published, { status: "updated" }), now);
  }

  /**
   * Makes the current version of a record public.
   *
   * @param id The record's id.
   * @throws {TypeError} If there is no such record.
   */
  publish(id: string): Item {
    const now = this.#now();
    return this.#store(published(this.#record(id).current, now), now);
  }

  /**
   * Takes a record back from the public.
   *
   * @param id The record's id.
   * @throws {TypeError} If there is no such record.
   */
  unpublish(id: string): Item {
    const { current } = this.#record(id);
    const item = withMeta(current, {
      status: "draft",
      published_at: null,
      is_published_version_valid: null,
    });
    return this.#store({ current: item }, this.#now());
  }

  /**
   * Deletes a record and its blocks.
   *
   * @param id The record's id.
   * @throws {TypeError} If there is no such record.
   */
  delete(id: string): void {
    const record = this.#record(id);
    this.#listed.clear();
    this.#index?.replace(record, undefined);
    this.#records.delete(id);
    this.#options.changed(this.#now(), id, undefined);
  }

  /** The time as the API writes it in records: with an offset, where uploads have a `Z`. */
  #now(): string {
    return this.#options.now().toISOString().replace("Z", "+00:00");
  }

  #all({ version, typeIds, blocksToo }: Omit<ItemQuery, "offset" | "limit">): Item[] {
    const schema = this.#options.schema();
    const types = typeIds && new Set(typeIds);
    const withBlocks = types ? schema.blockModels.some(({ id }) => types.has(id)) : blocksToo;
    const items: Item[] = [];
    for (const record of this.#records.values()) {
      const item = record[version];
      if (!item) continue;
      // Newest first is last here: a record is listed before its blocks.
      if (withBlocks) items.push(...blocksOf(item, schema));
      items.push(item);
    }
    return types ? items.filter((item) => types.has(item.relationships.item_type.data.id)) : items;
  }

  #record(id: string): StoredItem {
    const record = this.#records.get(id);
    if (!record) throw new TypeError(`There is no record with id ${JSON.stringify(id)}.`);
    return record;
  }

  #save(item: Item, before: Item | undefined, now: string): Item {
    const model = this.#options.schema().itemTypeOf(item);
    const draftMode = model?.attributes.draft_mode_active === true;
    return this.#store(
      draftMode ? { current: item, published: before } : published(item, now),
      now,
    );
  }

  /** What is scheduled stays so whatever else is done to the record. */
  #store(next: StoredItem, now: string): Item {
    const { id } = next.current;
    const before = this.#records.get(id);
    const record = { schedules: before?.schedules, ...next };
    this.#listed.clear();
    this.#index?.replace(before, record);
    this.#records.set(id, record);
    this.#options.changed(now, id, record);
    return record.current;
  }
}
