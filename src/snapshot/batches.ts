import { TextLineStream } from "@std/streams/text-line-stream";
import type { Page, Version } from "../content/resource.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { parseJson } from "../text/json.ts";
import { safeApiKey } from "../text/safe_name.ts";
import { dataEntries } from "./data_entries.ts";
import { CLAIM, MANIFEST } from "./layout.ts";
import type { Manifest, ManifestObject } from "./manifest.ts";
import { readBatch } from "./read_batch.ts";
import { readManifest } from "./read_manifest.ts";
import { isNdjson, readText } from "./read_text.ts";

/** A batch by its path in the snapshot, with the number of its entries if a manifest says it. */
export type SnapshotBatch = Pick<ManifestObject, "path" | "count">;

/** The batches of a snapshot by folder, such as `uploads` or `records/article/current`. */
export interface SnapshotBatches {
  /** The batches of each folder, in their order. */
  readonly folders: ReadonlyMap<string, readonly SnapshotBatch[]>;
  /** What says so; `undefined` if there is no manifest, and the batches are those that are there. */
  readonly manifest: Manifest | undefined;
}

/** Entries in a page. */
const PAGE = 100;
const BATCH =
  /^(uploads|records\/[^/]+\/(?:current|published))\/\w+\.(?:ndjson|json)(?:\.gz|\.zst)?$/;

/**
 * The batches of a snapshot: those that its manifest lists, or else those that are there.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts it.
 * @throws {SyntaxError} If its manifest can't be understood, or is missing.
 * @throws {StorageError} If it can't be read.
 */
export async function snapshotBatches(
  storage: Pick<Storage, "get" | "list">,
  prefix: string,
  signal: AbortSignal,
): Promise<SnapshotBatches> {
  const manifest = await readManifest(storage, prefix, signal).catch((error) => {
    // DatoCMS's own exports have none.
    if (!(error instanceof ObjectNotFoundError)) throw error;
    return undefined;
  });
  if (manifest) return { folders: batchFolders(manifest.objects), manifest };
  const found: SnapshotBatch[] = [];
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const { key } of page) found.push({ path: key.slice(prefix.length + 1) });
  }
  assertForeign(prefix, (path) => found.some((batch) => batch.path === path));
  return { folders: batchFolders(found), manifest };
}

/**
 * Makes sure that a snapshot without a manifest is a Project Export of DatoCMS, which never has one.
 *
 * @param prefix Where it lies, without a trailing slash.
 * @param has Whether it holds an object of some path.
 * @throws {SyntaxError} If it is one of this program that has lost its manifest.
 */
export function assertForeign(prefix: string, has: (path: string) => boolean): void {
  if (has(CLAIM)) throw new SyntaxError(`${prefix}/${MANIFEST} isn't there`);
}

/**
 * The batches among the objects of a snapshot, by folder and in their order.
 *
 * @param objects The objects.
 */
export function batchFolders(objects: Iterable<SnapshotBatch>): Map<string, SnapshotBatch[]> {
  const folders = new Map<string, SnapshotBatch[]>();
  for (const { path, count } of objects) {
    const folder = BATCH.exec(path)?.[1];
    if (folder === undefined) continue;
    const own = folders.get(folder);
    if (own) own.push({ path, count });
    else folders.set(folder, [{ path, count }]);
  }
  // The numbers have three digits or more.
  for (const own of folders.values()) {
    own.sort(({ path: a }, { path: b }) => a.length - b.length || (a < b ? -1 : 1));
  }
  return folders;
}

/**
 * The folders that may hold a model's batches; a Project Export of DatoCMS doesn't escape names.
 *
 * @param apiKey The model's `api_key`.
 * @param version Which versions of records.
 */
export function recordFolders(apiKey: string, version: Version): string[] {
  return [...new Set([safeApiKey(apiKey), apiKey])].map((name) => `records/${name}/${version}`);
}

/**
 * Reads a batch in pages, whichever way it is written.
 *
 * @param storage Where the batch is.
 * @param key The batch's key.
 * @param signal Aborts the reading.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If the batch isn't what its name says.
 * @throws {TypeError} If it isn't UTF-8.
 * @throws The signal's reason.
 */
export function readEntries<T>(
  storage: Pick<Storage, "get">,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>, void> {
  return isNdjson(key) ? readBatch(storage, key, signal) : dataEntries(storage, key, signal);
}

/**
 * Reads those entries of a batch whose text may hold something. The others aren't parsed, where each is on a line
 * of its own: that takes a fraction of the time.
 *
 * @param storage Where the batch is.
 * @param key The batch's key.
 * @param may Whether an entry's JSON text may hold it.
 * @param signal Aborts the reading.
 * @return Pages of entries, among which may be others.
 * @throws {ObjectNotFoundError} If there is no such batch.
 * @throws {SyntaxError} If the batch isn't what its name says.
 * @throws {TypeError} If it isn't UTF-8.
 * @throws The signal's reason.
 */
export async function* searchEntries<T>(
  storage: Pick<Storage, "get">,
  key: string,
  may: (text: string) => boolean,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>, void> {
  if (!isNdjson(key)) {
    yield* dataEntries(storage, key, signal);
    return;
  }
  const bytes = await readText(storage, key, signal);
  const text = bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  let page: T[] = [];
  let lines = 0;
  for await (const line of text.pipeThrough(new TextLineStream())) {
    if (++lines % PAGE === 0) signal?.throwIfAborted();
    if (!may(line)) continue;
    page.push(parseJson(line) as T);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
