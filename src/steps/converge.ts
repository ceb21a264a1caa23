import { concurrently } from "../concurrently.ts";
import { createdAt } from "../content/created_at.ts";
import type { Item, ItemType, Page, Resource, Upload, Version } from "../content/resource.ts";
import { encodingOf } from "../sink/encodings.ts";
import { amendBatches } from "../snapshot/amend_batches.ts";
import { recordsPath, uploadsPath } from "../snapshot/layout.ts";
import type { Tally } from "../snapshot/manifest.ts";
import type { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { UPLOADS } from "../snapshot/span.ts";
import { type ChangedSince, changedSince } from "../source/changed_since.ts";
import type { ExportContext } from "./export_context.ts";

/** So often what changed meanwhile is looked for again: a project that never rests has to end, too. */
const PASSES = 3;
/** So many changed resources of a kind are brought up to date in a pass. */
const MOST_CHANGED = 10_000;
/** So many are read again before they are put into the snapshot. */
const AT_ONCE = 300;
/** The most records in one answer that holds their blocks. */
const NESTED_LIMIT = 30;
/** Models in one query: an address has a length. */
const MODELS_AT_ONCE = 100;
/** So many that still change are named in the manifest. */
const NAMED = 20;

/** A resource that changed. */
interface Changed {
  /** Its model's id, or `UPLOADS`. */
  readonly of: string;
  readonly time: number;
  /** Changes with each change. */
  readonly state: string;
  /** An upload is whole in the listing; a record has to be read again with its blocks. */
  readonly upload?: Upload;
}

/** Finds what changed. */
type Find = (since: Date) => Promise<Map<string, Changed>>;
/** Brings some resources of one model up to date in the snapshot. */
type Amend = (of: string, some: ReadonlyMap<string, Changed>) => Promise<void>;

/**
 * Brings records that changed since the export began up to date, so that the snapshot gets close to what
 * the project was at one moment. What still changes after some passes is told.
 *
 * Everything has to be written, and nothing else is written meanwhile.
 */
export async function convergeRecords(context: ExportContext, signal: AbortSignal): Promise<void> {
  const { run, checkpoints } = context;
  const models = new Map(run.recordListings.map(({ model }) => [model.id, model]));
  if (models.size === 0) return;
  await converge(context, {
    what: "records",
    since: checkpoints.changedSince,
    find: (since) => changedRecords(context, [...models.keys()], since, signal),
    amend: (of, some) => amendRecords(context, models.get(of)!, some, signal),
    onPass: async (since) => {
      checkpoints.changedSince = since;
      await checkpoints.save();
    },
  });
}

/** Brings uploads that changed since the export began up to date, before their files are fetched. */
export async function convergeUploads(context: ExportContext, signal: AbortSignal): Promise<void> {
  const { checkpoints } = context;
  await converge(context, {
    what: "uploads",
    since: checkpoints.changedSince,
    find: (since) => changedUploads(context, since, signal),
    amend: (_, some) => amendUploads(context, some, signal),
  });
}

async function converge(
  { run, checkpoints }: ExportContext,
  { what, since, find, amend, onPass }: {
    readonly what: "records" | "uploads";
    readonly since: Date;
    readonly find: Find;
    readonly amend: Amend;
    readonly onPass?: (since: Date) => Promise<void>;
  },
): Promise<void> {
  const states = new Map<string, string>();
  for (let pass = 1;; pass++) {
    const now = run.serverTime;
    const changed = await find(since);
    // The filter is coarse: what was brought up to date already is found again.
    for (const [id, { state }] of changed) if (states.get(id) === state) changed.delete(id);
    if (changed.size === 0) return;
    if (pass > PASSES) {
      return run.findings.add(
        "still_changing",
        `${changed.size} ${what} changed again while the export brought them up to date, so they may be ` +
          `newer or older than others: ${[...changed.keys()].slice(0, NAMED).join(", ")}` +
          `${changed.size > NAMED ? ", …" : "."}`,
      );
    }
    // What was collected for tables has to be written before it can be amended.
    await checkpoints.save();
    for (const [of, all] of Map.groupBy(changed, ([, { of }]) => of)) {
      for (let at = 0; at < all.length; at += AT_ONCE) {
        await amend(of, new Map(all.slice(at, at + AT_ONCE)));
      }
    }
    for (const [id, { state }] of changed) states.set(id, state);
    since = now;
    await onPass?.(now);
    run.emit({ type: "converged", resource: what, pass, count: changed.size });
  }
}

async function changedRecords(
  context: ExportContext,
  models: readonly string[],
  since: Date,
  signal: AbortSignal,
): Promise<Map<string, Changed>> {
  const { run } = context;
  const changed = new Map<string, Changed>();
  const columns: [Version, string, string][] = [["current", "_updated_at", "updated_at"]];
  if (wantsPublished(context)) columns.push(["published", "_published_at", "published_at"]);
  for (const [version, column, attribute] of columns) {
    for (let at = 0; at < models.length; at += MODELS_AT_ONCE) {
      const some = models.slice(at, at + MODELS_AT_ONCE);
      await collect(context, changed, {
        path: "/items",
        query: { version, filter: { type: some.join(",") } },
        ordered: some.map((type) => ({ version, filter: { type } })),
        column,
        timeOf: ({ meta }) => timeOf(meta?.[attribute]),
        since,
      }, (resource) => {
        const { meta, relationships } = resource as Item;
        const { updated_at, published_at, current_version, status } = meta ?? {};
        return {
          of: relationships.item_type.data.id,
          time: createdAt(resource),
          state: JSON.stringify([updated_at, published_at, current_version, status]),
        };
      }, signal);
    }
  }
  const chosen = new Set(run.recordListings.map(({ model }) => model.id));
  for (const [id, { of }] of changed) if (!chosen.has(of)) changed.delete(id);
  return changed;
}

async function changedUploads(
  context: ExportContext,
  since: Date,
  signal: AbortSignal,
): Promise<Map<string, Changed>> {
  const changed = new Map<string, Changed>();
  await collect(context, changed, {
    path: "/uploads",
    ordered: [undefined],
    column: "_updated_at",
    timeOf: ({ attributes }) => timeOf(attributes?.updated_at),
    since,
  }, (resource) => {
    const upload = resource as Upload;
    return { of: UPLOADS, time: createdAt(upload), state: JSON.stringify(upload), upload };
  }, signal);
  return changed;
}

async function collect(
  { run }: ExportContext,
  changed: Map<string, Changed>,
  changes: ChangedSince,
  toChanged: (resource: Resource) => Changed,
  signal: AbortSignal,
): Promise<void> {
  const onFallback = (message: string) => run.warn("api_fallback", message);
  for await (const page of changedSince(run.client, changes, { signal, onFallback })) {
    for (const resource of page) {
      if (changed.size < MOST_CHANGED) changed.set(resource.id, toChanged(resource));
    }
    if (changed.size < MOST_CHANGED) continue;
    run.findings.add(
      "many_changes",
      `More than ${MOST_CHANGED} resources of ${changes.path} changed during the export: the others are ` +
        "as they were when they were read.",
    );
    return;
  }
}

async function amendRecords(
  context: ExportContext,
  model: ItemType,
  some: ReadonlyMap<string, Changed>,
  signal: AbortSignal,
): Promise<void> {
  const { run, snapshot, tables, options, startedAt } = context;
  const { layout = "ndjson" } = options;
  const key = model.attributes.api_key;
  const versions: Version[] = wantsPublished(context) ? ["current", "published"] : ["current"];
  for (const version of versions) {
    const items = await readAgain(context, [...some.keys()], version, signal);
    const batches = {
      prefix: `records/${key}/${version}/`,
      path: (batch: number) => recordsPath(key, version, batch, layout),
      encoding: encodingOf(layout),
      of: model.id,
      signal,
    };
    const times = new Map([...some].map(([id, { time }]) => [id, time]));
    const amendAll = async (ids: ReadonlyMap<string, number>) => {
      const changed = new Map(items.filter(({ id }) => ids.has(id)).map((item) => [item.id, item]));
      const { added } = options.tables === "only"
        ? { added: 0 }
        : await amendBatches(snapshot, { ...batches, ids, changed });
      await tables?.amendRecords({
        version,
        of: model.id,
        ids,
        items: [...changed.values()],
        signal,
      });
      return added;
    };
    const added = await amendAll(times);
    // What is older than the export should have been there: somebody may have changed its creation date.
    const old = [...times.keys()].filter((id) => times.get(id)! < startedAt.getTime());
    if (added > 0 && old.length > 0) await amendAll(new Map(old.map((id) => [id, NaN])));
    const tally = written(snapshot, batches.prefix);
    if (options.tables !== "only") (run.records[key] ??= {})[version] = tally;
  }
}

async function amendUploads(
  { run, snapshot, tables, options }: ExportContext,
  some: ReadonlyMap<string, Changed>,
  signal: AbortSignal,
): Promise<void> {
  const { layout = "ndjson" } = options;
  const ids = new Map([...some].map(([id, { time }]) => [id, time]));
  const changed = new Map([...some].map(([id, { upload }]) => [id, upload!]));
  await amendBatches(snapshot, {
    prefix: "uploads/",
    path: (batch) => uploadsPath(batch, layout),
    encoding: encodingOf(layout),
    of: UPLOADS,
    ids,
    changed,
    signal,
  });
  await tables?.amendUploads({ ids, uploads: [...changed.values()], signal });
  run.resources.uploads = written(snapshot, "uploads/");
}

/** Reads records again, with their blocks. Those that are gone, or have no such version, aren't there. */
async function readAgain(
  { run }: ExportContext,
  ids: readonly string[],
  version: Version,
  signal: AbortSignal,
): Promise<Item[]> {
  const parts = Array.from(
    { length: Math.ceil(ids.length / NESTED_LIMIT) },
    (_, part) => ids.slice(part * NESTED_LIMIT, (part + 1) * NESTED_LIMIT),
  );
  const read: Item[] = [];
  await concurrently(
    parts.map((part) => async (signal) => {
      const query = {
        filter: { ids: part.join(",") },
        version,
        nested: true,
        page: { limit: NESTED_LIMIT },
      };
      const { body } = await run.client.get<{ data: Page<Item> }>("/items", query, { signal });
      read.push(...body.data);
    }),
    run.concurrency,
    signal,
  );
  return read;
}

function wantsPublished({ run }: ExportContext): boolean {
  return run.recordListings.some(({ version }) => version === "published");
}

/** What the objects below a path hold. */
function written({ objects }: SnapshotWriter, prefix: string): Tally {
  const own = objects.filter(({ path }) => path.startsWith(prefix));
  return {
    count: own.reduce((sum, { count = 0 }) => sum + count, 0),
    bytes: own.reduce((sum, { size }) => sum + size, 0),
  };
}

function timeOf(value: unknown): number {
  return typeof value === "string" ? Date.parse(value) : NaN;
}
