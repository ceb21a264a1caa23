import { createdAt } from "../../content/attributes.ts";
import type { Page, Resource } from "../../content/resource.ts";
import { type BatchEncoding, MAX_BYTES, MAX_ENTRIES } from "../../sink/batch_sink.ts";
import { compressionOf } from "../../sink/compression.ts";
import { TextWriter } from "../../sink/text_writer.ts";
import { batchEntries } from "../../snapshot/batch_entries.ts";
import type { SnapshotObject, SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { mayHold } from "../../snapshot/span.ts";
import { spanOfTimes, unionSpans } from "./union_spans.ts";

/** Options of {@linkcode amendBatches}. */
export interface AmendBatchesOptions {
  /** What the paths of the listing's batches begin with: `records/article/current/`. */
  readonly prefix: string;
  /** The path of a batch, relative to the snapshot. */
  readonly path: (batch: number) => string;
  /** How the batches are encoded. */
  readonly encoding: BatchEncoding;
  /** Whose the resources are: a model's id, or `UPLOADS`. */
  readonly of: string;
  /**
   * All resources that were changed or are gone: when each was created, in milliseconds since 1970.
   * One with `NaN` is looked for in all batches.
   */
  readonly ids: ReadonlyMap<string, number>;
  /** Those that are there, as they are now. The others are gone. */
  readonly changed: ReadonlyMap<string, Resource>;
  /** The most entries in the last batch, before a new one is begun. @default {5000} */
  readonly maxEntries?: number | undefined;
  /** Aborts it: each batch is then either as it was or amended. */
  readonly signal: AbortSignal;
}

/** What {@linkcode amendBatches} did. */
export interface AmendedBatches {
  /** Entries that were replaced by what is now there. */
  readonly replaced: number;
  /** Entries of resources that were in no batch. */
  readonly added: number;
  /** Entries that were left out: of resources that are gone, and repeated ones. */
  readonly removed: number;
}

/** A batch of the listing. */
interface Batch {
  readonly number: number;
  object: SnapshotObject;
}

/** What a look into the batches found. */
interface Findings {
  /** The batch of the first entry of each changed resource that has one. */
  readonly places: Map<string, Batch>;
  /** The batches in which something is to be replaced or left out. */
  readonly outdated: Set<Batch>;
  replaced: number;
  removed: number;
}

/** Entries are encoded this many at a time, as when batches are first written. */
const ENTRIES_AT_ONCE = 100;
const ENCODER = new TextEncoder();

/**
 * Brings the batches of a listing up to date: entries of changed resources are replaced where they are,
 * those of resources that are gone are left out, and resources that are in no batch are added to the last
 * batch that begins before them, or to a new one. Afterwards each is there once.
 *
 * Batches are read and written page by page; those that hold nothing outdated aren't written. Doing the
 * same again changes nothing, also after a crash that left some batches amended.
 *
 * @param snapshot The snapshot. None of these batches may be written by others meanwhile.
 * @param options Which batches, and what changed.
 * @return What was done.
 * @throws {StorageError} If a batch can't be read or written.
 * @throws {SyntaxError} If a batch isn't as it was written.
 * @throws The signal's reason.
 */
export async function amendBatches(
  snapshot: SnapshotWriter,
  options: AmendBatchesOptions,
): Promise<AmendedBatches> {
  const { changed, of, signal } = options;
  const batches = batchesOf(snapshot, options);
  const findings = await scan(snapshot, options, batches);
  const { places, outdated, replaced, removed } = findings;
  const missing = [...changed.values()].filter(({ id }) => !places.has(id)).sort(byTime);
  const { appended, fresh } = assign(missing, batches, options);

  // In order, the new ones last: what a crash leaves is then found again by what was noted until then.
  for (const batch of batches) {
    const more = appended.get(batch) ?? [];
    if (more.length === 0 && !outdated.has(batch)) continue;
    await rewrite(snapshot, options, batch, places, more);
  }
  await ReadableStream.from(chunks(fresh)).pipeTo(
    snapshot.sink({
      path: options.path,
      encoding: options.encoding,
      maxEntries: options.maxEntries,
      firstBatch: (batches.at(-1)?.number ?? -1) + 1,
      of,
    }),
    { signal },
  );
  return { replaced, added: missing.length, removed };
}

/** The listing's batches in order. */
function batchesOf(
  snapshot: SnapshotWriter,
  { prefix, path }: Pick<AmendBatchesOptions, "prefix" | "path">,
): Batch[] {
  return snapshot.objects
    .filter((object) => object.path.startsWith(prefix))
    .map((object) => ({ object, number: Number(/_(\d+)\.[\w.]+$/.exec(object.path)?.[1]) }))
    .filter(({ object, number }) => !Number.isNaN(number) && path(number) === object.path)
    .sort((a, b) => a.number - b.number);
}

/** Reads the batches that may hold something outdated. */
async function scan(
  snapshot: SnapshotWriter,
  { of, ids, changed, signal }: AmendBatchesOptions,
  batches: readonly Batch[],
): Promise<Findings> {
  // Somebody may have set another time of creation: both the one that is given and the latest count.
  const times = [...ids.values(), ...changed.values().map(createdAt)];
  // A batch may hold what was added to it before a crash, though its span doesn't say so.
  const homes = new Set(times.map((time) => homeOf(time, batches, of)));
  const findings: Findings = { places: new Map(), outdated: new Set(), replaced: 0, removed: 0 };
  for (const batch of batches) {
    const { object } = batch;
    const { spans, path } = object;
    if (!homes.has(batch) && !times.some((time) => mayHold(spans, of, time))) continue;
    const found: number[] = [];
    const pages = batchEntries<Resource>(snapshot.storage, `${snapshot.prefix}/${path}`, signal);
    for await (const page of pages) {
      for (const entry of page) {
        const latest = changed.get(entry.id);
        if (latest === undefined && !ids.has(entry.id)) continue;
        found.push(createdAt(entry));
        if (latest === undefined || findings.places.has(entry.id)) {
          findings.removed++;
        } else {
          findings.places.set(entry.id, batch);
          if (JSON.stringify(entry) === JSON.stringify(latest)) continue;
          findings.replaced++;
        }
        findings.outdated.add(batch);
      }
    }
    // What was added before a crash may not have been noted.
    const all = unionSpans(spans, spanOfTimes(of, found));
    batch.object = { ...object, ...(all && { spans: all }) };
    snapshot.note(batch.object);
  }
  return findings;
}

/** Which batches get the resources that are in none, and which resources need new batches. */
function assign(
  missing: readonly Resource[],
  batches: readonly Batch[],
  { of, maxEntries = MAX_ENTRIES }: AmendBatchesOptions,
): { appended: Map<Batch, Resource[]>; fresh: Resource[] } {
  const appended = new Map<Batch, Resource[]>();
  const fresh: Resource[] = [];
  for (const resource of missing) {
    const home = homeOf(createdAt(resource), batches, of);
    const more = home && appended.get(home) || [];
    const { count = 0, size = 0, plainSize = size } = home?.object ?? {};
    const isFull = count + more.length >= maxEntries || plainSize >= MAX_BYTES;
    if (home === undefined || home === batches.at(-1) && isFull) {
      fresh.push(resource);
      continue;
    }
    more.push(resource);
    appended.set(home, more);
  }
  return { appended, fresh };
}

/** The last batch that begins at or before a time. */
function homeOf(time: number, batches: readonly Batch[], of: string): Batch | undefined {
  return batches.findLast(({ object: { spans } }) => {
    if (spans === undefined || Number.isNaN(time)) return true;
    return spans.some((span) => span.of === of && span.from <= time);
  });
}

/** Writes a batch anew. */
async function rewrite(
  snapshot: SnapshotWriter,
  options: AmendBatchesOptions,
  batch: Batch,
  places: Map<string, Batch>,
  appended: readonly Resource[],
): Promise<void> {
  const { encoding, ids, changed, of, signal } = options;
  const { object } = batch;
  const { path } = object;
  const key = `${snapshot.prefix}/${path}`;
  const writer = new TextWriter(snapshot.storage, key, {
    compression: compressionOf(path),
    signal,
    replaces: snapshot.replacedAt(path),
  });
  const times = appended.map(createdAt);
  let count = 0;
  const write = async (entries: Page) => {
    if (entries.length === 0) return;
    await writer.write(encoding.encode(entries, count === 0));
    count += entries.length;
  };
  try {
    if (encoding.head) await writer.write(ENCODER.encode(encoding.head));
    for await (const page of batchEntries<Resource>(snapshot.storage, key, signal)) {
      const entries: Resource[] = [];
      for (const entry of page) {
        const latest = changed.get(entry.id);
        if (latest === undefined) {
          if (!ids.has(entry.id)) entries.push(entry);
        } else if (places.get(entry.id) === batch) {
          // Its place is taken now, so that a second entry is left out.
          places.delete(entry.id);
          entries.push(latest);
          times.push(createdAt(latest));
        }
      }
      await write(entries);
    }
    for (const entries of chunks(appended)) await write(entries);
    if (encoding.tail) await writer.write(ENCODER.encode(encoding.tail));
    const { size, plainSize, sha256, info } = await writer.close();
    const spans = unionSpans(object.spans, spanOfTimes(of, times));
    const written = { path, size, sha256, count, ...(plainSize !== undefined && { plainSize }) };
    snapshot.note({ ...written, ...(spans && { spans }) }, info);
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}

function* chunks(resources: readonly Resource[]): Generator<Page> {
  for (let from = 0; from < resources.length; from += ENTRIES_AT_ONCE) {
    yield resources.slice(from, from + ENTRIES_AT_ONCE);
  }
}

/** In order of creation; those that don't tell come last, and equals stay in order. */
function byTime(a: Resource, b: Resource): number {
  const [x, y] = [createdAt(a), createdAt(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return x - y;
}
