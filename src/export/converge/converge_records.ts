import { concurrently } from "../../async/concurrently.ts";
import { isObject } from "../../text/json.ts";
import { createdAt } from "../../content/attributes.ts";
import { suffixOf } from "../../sink/compression.ts";
import type { Item, ItemType, Version } from "../../content/resource.ts";
import { amendBatches } from "./amend_batches.ts";
import { encodingOf, recordsFolder, recordsPath } from "../../snapshot/layout.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { NESTED_LIMIT } from "../../source/datocms/records.ts";
import { recordsById } from "../../source/datocms/records_by_id.ts";
import {
  type ChangedResource,
  type ChangedResources,
  collectChanged,
  timeOf,
} from "./changed_resources.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { Selection } from "../selection.ts";
import type { Tallies } from "../tallies.ts";
import { converge, type ConvergeParts } from "./converge.ts";

/** What {@linkcode convergeRecords} uses. */
export interface ConvergeRecordsParts extends ConvergeParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Which records are exported. */
  readonly selection: Pick<Selection, "recordListings" | "wantsPublished">;
  /** Where they are written. */
  readonly snapshot: SnapshotWriter;
  /** Where they are counted. */
  readonly tallies: Tallies;
  /** How they are written. */
  readonly settings: Pick<ExportSettings, "compress" | "layout" | "tables">;
  /** When the export began. */
  readonly startedAt: Date;
  /** The most requests at a time. */
  readonly concurrency: number;
}

/** Models in one query: an address has a length. */
export const MODELS_AT_ONCE = 100;

/**
 * Brings records that changed since the export began up to date. Everything has to be written, and
 * nothing else is written meanwhile.
 *
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function convergeRecords(
  parts: ConvergeRecordsParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { selection, state, checkpoints } = parts;
  const models = new Map(selection.recordListings.map(({ model }) => [model.id, model]));
  if (models.size === 0) return true;
  return await converge(parts, {
    what: "records",
    since: state.changedSince,
    find: (since) => changedRecords(parts, [...models.keys()], since, signal),
    amend: (of, some) => amendRecords(parts, models.get(of)!, some, signal),
    onPass: async (since) => {
      state.changedSince = since;
      await checkpoints.save();
    },
  });
}

async function changedRecords(
  parts: ConvergeRecordsParts,
  models: readonly string[],
  since: Date,
  signal: AbortSignal,
): Promise<ChangedResources> {
  const { selection } = parts;
  const changed: ChangedResources = new Map();
  const columns: [Version, string, string][] = [["current", "_updated_at", "updated_at"]];
  if (selection.wantsPublished) columns.push(["published", "_published_at", "published_at"]);
  await concurrently(
    columns.map(([version, column, attribute]) => async (signal) => {
      for (let at = 0; at < models.length; at += MODELS_AT_ONCE) {
        const some = models.slice(at, at + MODELS_AT_ONCE);
        await collectChanged(parts, changed, {
          path: "/items",
          query: { version, filter: { type: some.join(",") } },
          ordered: some.map((type) => ({ version, filter: { type } })),
          column,
          timeOf: ({ meta }) => timeOf(meta?.[attribute]),
          since,
        }, (resource, before) => {
          const { meta, relationships } = resource;
          const of = relationships?.item_type?.data;
          // One that doesn't say which model it is of can't be found in the snapshot.
          if (!isObject(of) || typeof of.id !== "string") return undefined;
          const { updated_at, published_at, current_version, status } = meta ?? {};
          return {
            of: of.id,
            time: createdAt(resource),
            states: {
              ...before?.states,
              [version]: JSON.stringify([updated_at, published_at, current_version, status]),
            },
          };
        }, signal);
      }
    }),
    columns.length,
    signal,
  );
  const chosen = new Set(selection.recordListings.map(({ model }) => model.id));
  for (const [id, { of }] of changed) if (!chosen.has(of)) changed.delete(id);
  return changed;
}

/**
 * Reads records of a model again, by their ids, and brings both their versions up to date.
 *
 * @param parts What is read, and where it goes.
 * @param model The model.
 * @param some The records.
 * @param signal Ends it: each object is then either as it was or up to date.
 * @param read How they are read. @default By their ids
 * @throws {CmaError} If they can't be read.
 * @throws {StorageError} If they can't be written.
 */
export async function amendRecords(
  parts: ConvergeRecordsParts,
  model: ItemType,
  some: ReadonlyMap<string, ChangedResource>,
  signal: AbortSignal,
  read: typeof readAgain = readAgain,
): Promise<void> {
  const { selection, snapshot, tallies, settings, startedAt } = parts;
  const { layout, compress } = settings;
  const isAside = settings.tables === "only";
  const key = model.attributes.api_key;
  const versions: Version[] = selection.wantsPublished ? ["current", "published"] : ["current"];
  for (const version of versions) {
    const items = await read(parts, [...some.keys()], version, signal);
    const batches = {
      prefix: recordsFolder(key, version, isAside),
      path: (batch: number) =>
        recordsPath(key, version, batch, layout, isAside) + suffixOf(compress),
      encoding: encodingOf(layout),
      of: model.id,
      signal,
    };
    /** Brings some up to date, and tells whether one of them wasn't where it was looked for. */
    const amendAll = async (ids: ReadonlyMap<string, number>): Promise<boolean> => {
      const changed = new Map(items.filter(({ id }) => ids.has(id)).map((item) => [item.id, item]));
      const { added } = await amendBatches(snapshot, { ...batches, ids, changed });
      return added > 0;
    };
    const times = new Map([...some].map(([id, { time }]) => [id, time]));
    const isMissing = await amendAll(times);
    // What is older than the export should have been there: somebody may have changed its creation date.
    const old = [...times.keys()].filter((id) => times.get(id)! < startedAt.getTime());
    if (isMissing && old.length > 0) await amendAll(new Map(old.map((id) => [id, NaN])));
    if (!isAside) tallies.setRecords(key, version, snapshot.tally(batches.prefix));
  }
}

/** Reads records again, with their blocks. Those that are gone, or have no such version, aren't there. */
async function readAgain(
  parts: ConvergeRecordsParts,
  ids: readonly string[],
  version: Version,
  signal: AbortSignal,
): Promise<Item[]> {
  const requests = Array.from(
    { length: Math.ceil(ids.length / NESTED_LIMIT) },
    (_, part) => ids.slice(part * NESTED_LIMIT, (part + 1) * NESTED_LIMIT),
  );
  const read: Item[] = [];
  await concurrently(
    requests.map((some) => async (signal) => {
      read.push(...await readPart(parts, some, version, signal));
    }),
    parts.concurrency,
    signal,
  );
  return read;
}

async function readPart(
  { client, journal }: ConvergeRecordsParts,
  ids: readonly string[],
  version: Version,
  signal: AbortSignal,
): Promise<Iterable<Item>> {
  const found = await recordsById(client, ids, {
    version,
    nested: true,
    signal,
    onUnreadable: (entry) => {
      if (journal.isLost(entry.id)) return;
      journal.addUnreadable(`${version} records that changed`, entry);
    },
  });
  if (found !== undefined) return found.values();
  throw new CmaError(
    `Expected ${ids.length} records or fewer, asked for by their ids, from GET /items, but the API ` +
      "sent others: check that no proxy answers without asking the API, and the API's address.",
    { code: "api_address" },
  );
}
