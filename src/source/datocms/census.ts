import { createdAt } from "../../content/attributes.ts";
import type { Item, ItemType, Page } from "../../content/resource.ts";
import { BodyTooLargeError } from "../../http/body.ts";
import { isObject } from "../../text/json.ts";
import { modelIdOf } from "./block_names.ts";
import { TooDeepError } from "./cma_body.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { modelLists, packsOf } from "./packs.ts";
import { FLAT_LIMIT } from "./records.ts";

/** Models in one address, at most. */
const MODELS_AT_ONCE = 100;
/** The largest answer that is asked for at once (bytes). */
const LARGEST = 16 * 1024 * 1024;
/** Lists of models that are asked for at a time: where answers are slow, one after another is what takes longest. */
const LISTS_AT_ONCE = 3;

/** All rows of one model, from one answer. */
export interface ModelRows {
  /** The model. */
  readonly model: ItemType;
  /** Its records with ids in place of their blocks, by creation. */
  readonly rows: Page<Item>;
}

/** A part of a {@linkcode census}: models whose rows came together, or one that has to be read alone. */
export type CensusPart =
  | { readonly together: readonly ModelRows[]; readonly bytes: number }
  | { readonly alone: ItemType };

/** How a {@linkcode census} is made. */
export interface CensusOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Nothing more is asked for once it is aborted. */
  readonly stop?: AbortSignal | undefined;
  /** Called with each request. */
  readonly onRequest?: (() => void) | undefined;
  /** Called with some records of a page that was only good for finding out how large models are. */
  readonly onSample?: ((rows: Page<Item>) => void) | undefined;
  /** Called when the API doesn't do what its documentation says. */
  readonly onFallback?: ((message: string) => void) | undefined;
}

/**
 * Finds out how the records of some models are listed in the fewest requests, and hands on those that come
 * in one page with those of other models. Such a page is of one moment, so that it needs no order and no
 * overlap. It is taken only if it holds as many different records as it announces, each of a model that was
 * asked for.
 *
 * @param client Reads the API.
 * @param models The models.
 * @param options When to stop, and whom to tell.
 * @return Each model once.
 * @throws {CmaError} If the API can't be read.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/instances}
 */
export async function* census(
  client: CmaClient,
  models: readonly ItemType[],
  { signal, stop, onRequest, onSample, onFallback }: CensusOptions,
): AsyncGenerator<CensusPart, void> {
  const byId = new Map(models.map((model) => [model.id, model]));
  const lists = packsOf(byId.keys(), { most: MODELS_AT_ONCE });
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const asked: {
    readonly ids: readonly string[];
    readonly page: Promise<ListsPage | undefined>;
  }[] = [];
  const ask = () => {
    while (asked.length < LISTS_AT_ONCE && !stop?.aborted) {
      const ids = lists.shift();
      if (ids === undefined) return;
      if (ids.length > 1) onRequest?.();
      const page = ids.length === 1 ? Promise.resolve(undefined) : pageOf(client, ids, either);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      page.catch(() => {});
      asked.push({ ids, page });
    }
  };
  try {
    for (ask(); asked.length > 0; ask()) {
      const [{ ids, page }] = asked as [typeof asked[0]];
      const models = ids.map((id) => byId.get(id)!);
      const { rows, total, bytes = 0, problem } = await page ?? {};
      asked.shift();
      if (problem !== undefined) {
        onFallback?.(`DatoCMS was asked for records of ${ids.length} models, and ${problem}`);
      }
      const shares = rows && sharesOf(rows, new Set(ids));
      if (rows === undefined || total === undefined || shares === undefined) {
        for (const alone of models) yield { alone };
      } else if (rows.length === total) {
        const rowsOf = Map.groupBy(rows, (row) => modelIdOf(row));
        yield {
          together: models.map((model) => ({ model, rows: inOrder(rowsOf.get(model.id) ?? []) })),
          bytes,
        };
      } else if (rows.length === FLAT_LIMIT && total > rows.length) {
        onSample?.(rows);
        const limits = { limit: FLAT_LIMIT, most: MODELS_AT_ONCE };
        const { together, alone } = modelLists(ids, shares, total, limits);
        lists.push(...together.map((some) => [...some]));
        // Before whoever takes the rows is busy with the first of them.
        ask();
        // The large ones first: they take longest.
        for (const id of alone) yield { alone: byId.get(id)! };
      } else {
        for (const alone of models) yield { alone };
      }
      if (stop?.aborted) return;
    }
  } finally {
    end.abort(new DOMException("No more models are counted.", "AbortError"));
    await Promise.allSettled(asked.map(({ page }) => page));
  }
}

/** What some models have, as far as it fits into a page. */
interface ListsPage {
  readonly rows?: Page<Item>;
  readonly total?: number;
  readonly bytes?: number;
  /** Why it can't be had: a clause. */
  readonly problem?: string;
}

/** The first page of what some models have; nothing if it can't be had at once. */
async function pageOf(
  client: CmaClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ListsPage> {
  const query = {
    filter: { type: ids.join(",") },
    version: "current",
    page: { offset: 0, limit: FLAT_LIMIT },
  };
  try {
    const options = { signal, maxBytes: LARGEST };
    const { body, bytes } = await client.get<unknown>("/items", query, options);
    const { data = undefined, meta = undefined } = isObject(body) ? body : {};
    const total: unknown = isObject(meta) ? meta.total_count : undefined;
    if (!Array.isArray(data) || !data.every(isItem) || !Number.isSafeInteger(total)) return {};
    const rows = data as unknown as Item[];
    const asked = new Set(ids);
    const stray = rows.some((row) => !asked.has(modelIdOf(row) ?? ids[0]!));
    if (stray) return { problem: "sent some of others." };
    return { rows, total: Number(total), bytes };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BodyTooLargeError || error instanceof TooDeepError) return {};
    if (!(error instanceof CmaError) || !isRefused(error)) throw error;
    return { problem: `refused that: ${error.message}` };
  }
}

/** Whether it was refused for what it asks for: one model at a time may be another matter. */
function isRefused({ status }: CmaError): boolean {
  return status >= 400 && status < 500 && status !== 401;
}

function isItem(value: unknown): boolean {
  return isObject(value) && typeof value.id === "string";
}

/** How many of the rows are of each model; `undefined` if one comes twice or doesn't tell its model. */
function sharesOf(
  rows: Page<Item>,
  models: ReadonlySet<string>,
): ReadonlyMap<string, number> | undefined {
  if (new Set(rows.map(({ id }) => id)).size < rows.length) return undefined;
  const shares = new Map<string, number>();
  for (const row of rows) {
    const model = modelIdOf(row);
    if (model === undefined || !models.has(model)) return undefined;
    shares.set(model, (shares.get(model) ?? 0) + 1);
  }
  return shares;
}

/** By creation and id, as the API orders them; those that don't tell come last. */
function inOrder(rows: Page<Item>): Page<Item> {
  const keyed = rows.map((row) => ({ row, time: createdAt(row) }));
  keyed.sort((a, b) => {
    const [x, y] = [a.time, b.time].map((time) => Number.isNaN(time) ? Infinity : time);
    if (x !== y) return x! < y! ? -1 : 1;
    return a.row.id < b.row.id ? -1 : Number(a.row.id > b.row.id);
  });
  return keyed.map(({ row }) => row);
}
