import { concurrently } from "../async/concurrently.ts";
import type { Item, ItemType, Page, Version } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { isPublic } from "../snapshot/written_entries.ts";
import { namesBlocks } from "../source/datocms/block_names.ts";
import { census } from "../source/datocms/census.ts";
import type { CmaClient, Query } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";
import { pageCount } from "../source/datocms/listing.ts";
import { BY_ID } from "../source/datocms/pack_queue.ts";
import { packsOf } from "../source/datocms/packs.ts";
import { FLAT_LIMIT, isListedUpdated, recordLimit } from "../source/datocms/records.ts";
import { totalOf } from "../source/datocms/listing.ts";
import { MODELS_AT_ONCE } from "./converge/converge_records.ts";
import type { RecordListing } from "./selection.ts";

/** What an export would read of one model, and how. */
export interface PlannedModel {
  /** The model's `api_key`. */
  readonly model: string;
  /** How many records it has. */
  readonly current: number;
  /** How many of them have a published version; `null` if those aren't read. */
  readonly published: number | null;
  /** Whether its rows come in one answer with those of other models. */
  readonly together: boolean;
  /** How many records are read again with their blocks; at most, where it isn't known which have some. */
  readonly blocks: number;
  /** How many published versions are read by themselves; the others are the current ones. */
  readonly updated: number;
  /** How many requests that takes; those that are for several models count in part. */
  readonly requests: number;
}

/** What an export would read of all records. */
export interface PlannedRecords {
  /** The models, by `api_key`. */
  readonly models: readonly PlannedModel[];
  /** How many requests it takes. */
  readonly requests: number;
  /** How many it would take to list all records in both versions with their blocks. */
  readonly requestsListed: number;
}

/** What {@linkcode planRecords} uses. */
export interface PlanRecordsParts {
  /** Reads the API. */
  readonly client: CmaClient;
  /** The project's schema. */
  readonly schema: SchemaIndex;
  /** Which records would be read. */
  readonly recordListings: readonly RecordListing[];
  /** Whether each published version is read by itself. */
  readonly verifyPublished: boolean;
  /** The most requests at a time. */
  readonly concurrency: number;
}

/** A model, as far as it was counted. */
interface Counted {
  readonly model: ItemType;
  current: number;
  published: number;
  blocks: number;
  updated: number;
  /** With how many others it shares an answer; `undefined` if it is listed alone. */
  readonly shared: number | undefined;
}

/**
 * Finds out how an export would read records, and in how many requests.
 *
 * @param parts Which records.
 * @param signal Aborts it.
 * @throws {CmaError} If the API can't be read.
 */
export async function planRecords(
  parts: PlanRecordsParts,
  signal: AbortSignal,
): Promise<PlannedRecords> {
  const { client, schema, recordListings, verifyPublished, concurrency } = parts;
  const versions = new Set(recordListings.map(({ version }) => version));
  const withPublished = versions.has("published");
  const models = [...new Map(recordListings.map(({ model }) => [model.id, model])).values()];
  const counted: Counted[] = [];
  let asked = 0;
  const alone: Counted[] = [];
  for await (const part of census(client, models, { signal, onRequest: () => asked++ })) {
    if ("alone" in part) {
      const model = part.alone;
      alone.push({ model, current: 0, published: 0, blocks: 0, updated: 0, shared: undefined });
      continue;
    }
    for (const { model, rows } of part.together) {
      counted.push({ model, ...countsOf(rows, schema, model), shared: part.together.length });
    }
  }
  await concurrently(
    alone.map((one) => (signal: AbortSignal) => countAlone(parts, one, signal)),
    concurrency,
    signal,
  );
  counted.push(...alone);

  const isDerived = withPublished && !verifyPublished;
  const sum = (of: (one: Counted) => number) => counted.reduce((sum, one) => sum + of(one), 0);
  const isFlat = ({ model }: Counted) => !schema.holdsBlocks(model.id);
  const updatedOf = (one: Counted) => isDerived ? one.updated : 0;
  const isListed = (one: Counted) => {
    return isFlat(one) && one.shared === undefined && isListedUpdated(updatedOf(one));
  };
  const listedUpdated = (one: Counted) =>
    Math.max(1, Math.ceil((one.updated - 1) / (FLAT_LIMIT - 1)));
  const rows = (one: Counted) => one.shared === undefined ? pageCount(one.current, FLAT_LIMIT) : 0;
  const published = (one: Counted) => {
    return withPublished && verifyPublished
      ? pageCount(one.published, recordLimit(schema, one.model))
      : 0;
  };
  const isChecked = isDerived && counted.some((one) => one.published > one.updated);
  const lists = packsOf(models.map(({ id }) => id), { most: MODELS_AT_ONCE }).length;
  const looks = Math.ceil(models.length / MODELS_AT_ONCE);
  const requests = asked + sum(rows) + sum(published) + Number(isChecked) +
    Math.ceil(sum(({ blocks }) => blocks) / BY_ID.nested) +
    Math.ceil(sum((one) => isFlat(one) ? 0 : updatedOf(one)) / BY_ID.nested) +
    Math.ceil(sum((one) => isFlat(one) && !isListed(one) ? updatedOf(one) : 0) / BY_ID.flat) +
    sum((one) => isListed(one) ? listedUpdated(one) : 0) +
    // What has changed meanwhile, and how many there are in the end.
    (looks + lists) * versions.size;
  const requestsOf = (one: Counted) => {
    const updated = isListed(one)
      ? listedUpdated(one)
      : updatedOf(one) / BY_ID[isFlat(one) ? "flat" : "nested"];
    const first = one.shared === undefined ? rows(one) : 1 / one.shared;
    return first + one.blocks / BY_ID.nested + updated + published(one);
  };
  return {
    models: counted.map((one) => ({
      model: one.model.attributes.api_key,
      current: one.current,
      published: withPublished ? one.published : null,
      together: one.shared !== undefined,
      blocks: one.blocks,
      updated: withPublished ? verifyPublished ? one.published : one.updated : 0,
      requests: Math.round(requestsOf(one) * 100) / 100,
    })).sort((a, b) => a.model < b.model ? -1 : 1),
    requests,
    requestsListed: looks * versions.size + sum((one) => {
      const limit = recordLimit(schema, one.model);
      return pageCount(one.current, limit) + (withPublished ? pageCount(one.published, limit) : 0);
    }),
  };
}

function countsOf(
  rows: Page<Item>,
  schema: SchemaIndex,
  model: ItemType,
): Pick<Counted, "current" | "published" | "blocks" | "updated"> {
  return {
    current: rows.length,
    published: rows.filter(({ meta }) => isPublic(meta?.status) === true).length,
    blocks: rows.filter((row) => namesBlocks(row, schema, model.id)).length,
    updated: rows.filter(({ meta }) => meta?.status === "updated").length,
  };
}

async function countAlone(
  { client, schema, recordListings }: PlanRecordsParts,
  one: Counted,
  signal: AbortSignal,
): Promise<void> {
  const { model } = one;
  const of = async (version: Version, more: Query = {}) => {
    const query = { filter: { type: model.id, ...more }, version };
    const total = await totalOf(client, "/items", query, signal);
    if (total !== undefined) return total;
    throw new CmaError(
      'Expected "meta.total_count" in the answer to GET /items, but it is missing.',
    );
  };
  one.current = await of("current");
  // Which ones name some isn't known before they are read.
  one.blocks = schema.holdsBlocks(model.id) ? one.current : 0;
  if (!recordListings.some(({ version }) => version === "published")) return;
  one.published = await of("published");
  try {
    one.updated = await of("published", { fields: { _status: { eq: "updated" } } });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
    one.updated = one.published;
  }
}
