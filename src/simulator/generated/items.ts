import type { Item, Resource, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { blocksOf } from "../../cma_server/block_views.ts";
import { itemColumns, meets, type ReadColumn, sortedByRules } from "../../cma_server/listing.ts";
import type { Filter, ItemQuery, Listing } from "../../cma_server/stores.ts";
import type { DemoItems } from "../project.ts";
import { itemTypeId } from "../schema_builder.ts";
import { countByModel } from "./block_plan.ts";
import type { GeneratedIds } from "./ids.ts";
import { PeriodicIndex } from "./periodic_index.ts";
import { type RecordMaker, STATUS_PERIOD } from "./record_maker.ts";
import { modelKey } from "./schema.ts";

/** What {@linkcode GeneratedItems} lists. */
export interface GeneratedItemsOptions {
  /** How many records there are. */
  readonly records: number;
  /** How many models they belong to, in turn. */
  readonly models: number;
  /** Makes the records. */
  readonly maker: RecordMaker;
  /** The project's ids. */
  readonly ids: GeneratedIds;
  /** The project's schema. */
  readonly schema: SchemaIndex;
}

/** Orders that are the order of the records' numbers. */
const NATURAL = new Set(["id", "_created_at", "_updated_at"]);
const RANGES = new Set(["gt", "gte", "lt", "lte"]);
/** Columns that no record has a value in. */
const SCHEDULED = new Set(["_publication_scheduled_at", "_unpublishing_scheduled_at"]);

/**
 * Records made up when they are read. Pages are found by counting, however far the offset, as long as
 * the order is that of creation, last change or id, and the filters ask for models, status, or ranges
 * of those dates. Anything else is answered by going through all records.
 */
export class GeneratedItems implements DemoItems {
  readonly #options: GeneratedItemsOptions;

  /**
   * Lists what a maker makes.
   *
   * @param options What to list.
   */
  constructor(options: GeneratedItemsOptions) {
    this.#options = options;
  }

  /** A record or block by its id. */
  get(id: string, version: Version): Item | undefined {
    const decoded = this.#options.ids.decode(id);
    if (!decoded || decoded.kind === "upload" || decoded.index >= this.#options.records) return;
    const item = this.#options.maker.item(decoded.index, version);
    if (decoded.kind === "record" || !item) return item;
    return blocksOf(item, this.#options.schema).find((block) => block.id === id);
  }

  /** Nothing is scheduled for any record. */
  schedules(): readonly Resource[] {
    return [];
  }

  /** One page of a listing. */
  list(query: ItemQuery): Listing<Item> {
    const { schema } = this.#options;
    const fields = query.typeIds?.length === 1 ? schema.fields(query.typeIds[0]!) : [];
    const read = itemColumns(fields, query.locale ?? schema.locales[0] ?? "");
    if (query.ids) return paged(this.#byIds(query, query.ids, read), query);

    const rest = query.filters.filter((filter) => !isCounted(filter, query.version));
    const [order] = query.orderBy;
    const natural = query.orderBy.every(({ column, direction }) =>
      NATURAL.has(column) && direction === order?.direction &&
      !(column === "_updated_at" && query.version === "published")
    );
    const ascending = order?.direction === "ASC";
    if (natural && rest.length === 0) return this.#counted(query, ascending);

    const everything = { ...query, offset: 0, limit: Infinity };
    let items = this.#counted(everything, natural && ascending).page
      .filter((item) => meets(item, rest, read));
    if (!natural) items = sortedByRules(items, query.orderBy, read);
    return paged(items, query);
  }

  /** The page at an offset, found without looking at what is before it. */
  #counted(query: ItemQuery, ascending: boolean): Listing<Item> {
    const index = new PeriodicIndex(this.#weights(query));
    const [low, high] = this.#range(query);
    const first = index.before(low);
    const total = index.before(high) - first;
    const page: Item[] = [];
    const end = Math.min(total, query.offset + query.limit);
    let entries: { readonly index: number; readonly items: readonly Item[] } | undefined;
    for (let n = query.offset; n < end; n++) {
      const at = index.at(first + (ascending ? n : total - 1 - n));
      if (entries?.index !== at.index) {
        entries = { index: at.index, items: this.#entries(at.index, query) };
      }
      // A record comes before its blocks in both directions.
      page.push(entries.items[ascending ? at.part : at.parts - 1 - at.part]!);
    }
    return { total, page };
  }

  /** How many entries the listing has of each record, for a period of records. */
  #weights({ typeIds, version, filters, blocksToo }: ItemQuery): number[] {
    const { models, maker } = this.#options;
    const types = typeIds && new Set(typeIds);
    const weights: number[] = [];
    for (let index = 0; index < models * STATUS_PERIOD; index++) {
      const status = maker.status(index);
      const model = index % models;
      const there = version === "current" || status !== "draft";
      const asked = filters.every(({ column, operator, value }) => {
        if (SCHEDULED.has(column)) return value === "false";
        return column !== "_status" || (operator === "eq" || operator === "in") ===
            [value].flat().includes(status);
      });
      let weight = !types || types.has(itemTypeId(modelKey(model))) ? 1 : 0;
      for (const [key, count] of countByModel(maker.plan(model))) {
        if (types ? types.has(itemTypeId(key)) : blocksToo) weight += count;
      }
      weights.push(there && asked ? weight : 0);
    }
    return weights;
  }

  /** The listing's entries of a record: itself, its blocks, or both. */
  #entries(index: number, { typeIds, version, blocksToo }: ItemQuery): Item[] {
    const { maker, schema } = this.#options;
    const item = maker.item(index, version)!;
    const types = typeIds && new Set(typeIds);
    const withBlocks = types ? schema.blockModels.some(({ id }) => types.has(id)) : blocksToo;
    const items = withBlocks ? [item, ...blocksOf(item, schema)] : [item];
    return types ? items.filter((one) => types.has(one.relationships.item_type.data.id)) : items;
  }

  /** The records whose dates are in the asked ranges: they follow each other. */
  #range({ filters, version }: ItemQuery): [number, number] {
    const { maker, records } = this.#options;
    let [low, high] = [0, records];
    for (const filter of filters) {
      if (!RANGES.has(filter.operator) || !isCounted(filter, version)) continue;
      const upTo = filter.operator === "lt" || filter.operator === "lte";
      const time = filter.column === "_created_at"
        ? (index: number) => maker.createdAt(index)
        : (index: number) => maker.updatedAt(index);
      const minute = Math.floor(Date.parse(String(filter.value)) / 60_000) * 60_000;
      const strict = filter.operator === "gt" || filter.operator === "lte";
      const border = firstIndex(
        records,
        (index) => strict ? time(index) > minute : time(index) >= minute,
      );
      if (upTo) high = Math.min(high, border);
      else low = Math.max(low, border);
    }
    return [low, Math.max(low, high)];
  }

  #byIds(query: ItemQuery, ids: readonly string[], read: ReadColumn<Item>): Item[] {
    const found = [...new Set(ids)].map((id) => this.get(id, query.version))
      .filter((item) => item !== undefined)
      .filter((item) => meets(item, query.filters, read));
    const rules = query.orderBy.length > 0
      ? query.orderBy
      : [{ column: "_updated_at", direction: "DESC" as const }];
    return sortedByRules(found, rules, read);
  }
}

/** Whether records that meet a filter can be counted without looking at each. */
function isCounted({ column, operator }: Filter, version: Version): boolean {
  if (SCHEDULED.has(column)) return operator === "exists";
  if (column === "_status") return ["eq", "neq", "in", "not_in"].includes(operator);
  if (column === "_updated_at" && version === "published") return false;
  return (column === "_created_at" || column === "_updated_at") && RANGES.has(operator);
}

/** The first index from 0 to `count` for which a condition holds that holds for all after it. */
function firstIndex(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function paged<T>(items: readonly T[], { offset, limit }: ItemQuery): Listing<T> {
  return { total: items.length, page: items.slice(offset, offset + limit) };
}
