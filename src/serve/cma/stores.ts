import { blocksOf } from "../../cma_server/block_views.ts";
import {
  itemColumns,
  meets,
  type ReadColumn,
  sortedByRules,
  uploadColumn,
} from "../../cma_server/listing.ts";
import type {
  ItemQuery,
  ItemStore,
  Listing,
  ListQuery,
  OrderRule,
  UploadStore,
} from "../../cma_server/stores.ts";
import { concurrently } from "../../async/concurrently.ts";
import { relatedId } from "../../content/attributes.ts";
import type { Item, Resource, Upload, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { searchEntries } from "../../snapshot/batches.ts";
import type { OpenedSnapshot, Shelf } from "../shelf.ts";
import { listPlaced } from "./placed_listing.ts";

/** Records that are looked up by their ids at a time. */
const LOOKUPS = 8;

/** What the stores of a snapshot are made of. */
export interface StoreParts {
  /** The snapshot. */
  readonly opened: OpenedSnapshot;
  /** Its schema. */
  readonly schema: SchemaIndex;
  /** What is kept of snapshots between requests. */
  readonly shelf: Shelf;
  /** Aborts what several requests wait for. */
  readonly signal: AbortSignal;
}

/** The records of a snapshot. */
export class SnapshotItems implements ItemStore {
  readonly #parts: StoreParts;

  /**
   * @param parts Where they are.
   */
  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** One page of a listing. */
  async list(query: ItemQuery): Promise<Listing<Item>> {
    const { schema, opened, shelf, signal } = this.#parts;
    const { version, typeIds, blocksToo, locale = schema.locales[0] ?? "" } = query;
    if (query.ids !== undefined) return await this.#byIds(query, query.ids);
    const types = typeIds && new Set(typeIds);
    const withBlocks = types ? schema.blockModels.some(({ id }) => types.has(id)) : blocksToo;
    const isListed = (item: Item) => types?.has(relatedId(item, "item_type") ?? "") ?? true;
    const models = schema.models.filter(({ id }) =>
      withBlocks || types === undefined || types.has(id)
    );
    const groups = [];
    for (const model of models) {
      const paths = opened.content.recordBatches(model.attributes.api_key, version);
      if (paths.length === 0) continue;
      groups.push({
        paths,
        read: itemColumns(schema.fields(model.id), locale),
      });
    }
    return await listPlaced<Item>(
      {
        shelf,
        opened,
        key: JSON.stringify(["items", version, typeIds, blocksToo]),
        groups,
        order: { column: "_updated_at", direction: "DESC" },
        expand: withBlocks
          ? (item) => [...blocksOf(item, schema), item].filter(isListed)
          : undefined,
      },
      query,
      signal,
    );
  }

  /** A record or block by its id. */
  async get(id: string, version: Version): Promise<Item | undefined> {
    return await this.#record(id, version) ?? (await this.#blocks(new Set([id]), version)).get(id);
  }

  /** What is scheduled for a record. */
  async schedules(id: string): Promise<readonly Resource[]> {
    const { opened: { snapshot }, signal } = this.#parts;
    const all = await snapshot.settings("schedules", { signal }) ?? [];
    return all.filter((one) => relatedId(one, "item") === id);
  }

  async #record(id: string, version: Version): Promise<Item | undefined> {
    const { opened: { snapshot }, signal } = this.#parts;
    return (await snapshot.record(id, { signal }))?.[version];
  }

  async #byIds(query: ItemQuery, asked: readonly string[]): Promise<Listing<Item>> {
    const { schema, signal } = this.#parts;
    const { version, locale = schema.locales[0] ?? "" } = query;
    const found = new Map<string, Item>();
    const ids = new Set(asked);
    const lookUp = [...ids].map((id) => async () => {
      const item = await this.#record(id, version);
      if (item !== undefined) found.set(id, item);
    });
    await concurrently(lookUp, LOOKUPS, signal);
    const missing = ids.difference(new Set(found.keys()));
    if (missing.size > 0) {
      for (const [id, block] of await this.#blocks(missing, version)) found.set(id, block);
    }
    const read: ReadColumn<Item> = (item, column) => {
      return itemColumns(schema.fields(relatedId(item, "item_type") ?? ""), locale)(item, column);
    };
    const order = { column: "_updated_at", direction: "DESC" } as const;
    return pageOf([...found.values()], query, order, read);
  }

  /** Blocks by their ids: all records that may hold one are read. */
  async #blocks(ids: ReadonlySet<string>, version: Version): Promise<Map<string, Item>> {
    const { schema, shelf } = this.#parts;
    const texts = [...ids].map((id) => JSON.stringify(id));
    const may = (line: string) => texts.some((text) => line.includes(text));
    return await shelf.scans.run(async () => {
      const found = new Map<string, Item>();
      for await (const page of searchRecords(this.#parts, version, may)) {
        for (const block of page.flatMap((item) => blocksOf(item, schema))) {
          if (ids.has(block.id)) found.set(block.id, block);
        }
      }
      return found;
    });
  }
}

/** The uploads of a snapshot. */
export class SnapshotUploads implements UploadStore {
  readonly #parts: StoreParts;
  readonly #view: (upload: Upload) => Promise<Upload> | Upload;

  /**
   * @param parts Where they are.
   * @param view What is shown of each.
   */
  constructor(parts: StoreParts, view: (upload: Upload) => Promise<Upload> | Upload) {
    this.#parts = parts;
    this.#view = view;
  }

  /** One page of a listing. */
  async list(query: ListQuery): Promise<Listing<Upload>> {
    const { opened, shelf, signal } = this.#parts;
    const order = { column: "_created_at", direction: "DESC" } as const;
    if (query.ids !== undefined) {
      const found: Upload[] = [];
      const lookUp = [...new Set(query.ids)].map((id) => async () => {
        const upload = await opened.snapshot.upload(id, { signal });
        if (upload !== undefined) found.push(upload);
      });
      await concurrently(lookUp, LOOKUPS, signal);
      const { total, page } = pageOf(found, query, order, uploadColumn);
      return { total, page: await Promise.all(page.map(this.#view)) };
    }
    const { uploadBatches: paths } = opened.content;
    const groups = paths.length === 0 ? [] : [{ paths, read: uploadColumn }];
    const { total, page } = await listPlaced<Upload>(
      { shelf, opened, key: "uploads", groups, order },
      query,
      signal,
    );
    return { total, page: await Promise.all(page.map(this.#view)) };
  }

  /** An upload by its id. */
  async get(id: string): Promise<Upload | undefined> {
    const { opened: { snapshot }, signal } = this.#parts;
    const upload = await snapshot.upload(id, { signal });
    return upload && await this.#view(upload);
  }
}

/** A page of resources that are all there. */
function pageOf<T extends Resource>(
  found: T[],
  { filters, orderBy, offset, limit }: ListQuery,
  order: OrderRule,
  read: ReadColumn<T>,
): Listing<T> {
  // The order in which they were asked for, or came, tells nothing.
  found.sort((a, b) => a.id < b.id ? -1 : 1);
  const met = found.filter((one) => meets(one, filters, read));
  const sorted = sortedByRules(met, orderBy.length > 0 ? orderBy : [order], read);
  return { total: sorted.length, page: sorted.slice(offset, offset + limit) };
}

/**
 * The records that refer to something, in one version.
 *
 * @param parts The snapshot.
 * @param id What they refer to.
 * @param version Which version of them.
 * @param refers Whether a record does.
 * @param most Once there are more, no further ones are looked for.
 */
export async function referrersOf(
  parts: StoreParts,
  id: string,
  version: Version,
  refers: (item: Item) => boolean,
  most: number,
): Promise<Item[]> {
  const text = JSON.stringify(id);
  return await parts.shelf.scans.run(async () => {
    const found: Item[] = [];
    for await (const page of searchRecords(parts, version, (line) => line.includes(text))) {
      found.push(...page.filter(refers));
      if (found.length > most) break;
    }
    return found;
  });
}

/** All records in a version of which the lines may be what is looked for. */
async function* searchRecords(
  { schema, opened: { content }, signal }: StoreParts,
  version: Version,
  may: (line: string) => boolean,
): AsyncGenerator<readonly Item[], void> {
  for (const { attributes: { api_key: model } } of schema.models) {
    for (const path of content.recordBatches(model, version)) {
      yield* searchEntries<Item>(content.objects, content.key(path), may, signal);
    }
  }
}
