import { crc32 } from "node:zlib";
import type { Item, Resource, Upload, Version } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import type { IndexedBatch } from "../../snapshot/index/index_form.ts";
import { type FoundEntry, IndexReader, type ReadBytes } from "../../snapshot/index/index_reader.ts";
import { IndexMaker } from "../../snapshot/index/make_index.ts";
import { compressionOf } from "../../sink/compression.ts";
import { decompressed } from "../../sink/members.ts";
import { RECORD_INDEX, UPLOAD_INDEX } from "../../snapshot/layout.ts";
import { isObject, parseJson } from "../../text/json.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import { safeApiKey } from "../../text/safe_name.ts";
import type { SnapshotContent } from "./content.ts";
import { scanForRecord, scanForUpload, type SnapshotRecord } from "./scan.ts";

/** Where ids are looked up that a snapshot has no index of. */
export type IndexUse = "auto" | "memory" | "beside" | "none";

/** An index that isn't larger than this (bytes) is read whole, and compared with its digest. */
const READ_WHOLE = 8 * 1024 * 1024;
const RECORDS = /^records\/([^/]+)\/(current|published)\//;

/** Finds records, uploads and lines of the list of assets by ids. */
export class Lookup {
  readonly #content: SnapshotContent;
  readonly #use: IndexUse;
  readonly #opened = new Map<string, IndexReader>();

  /**
   * @param content The snapshot.
   * @param use Where ids are looked up that it has no index of.
   */
  constructor(content: SnapshotContent, use: IndexUse) {
    this.#content = content;
    this.#use = use;
  }

  /**
   * A record by its id.
   *
   * @param id The id.
   * @param models The models' `api_key`s.
   * @param signal Aborts it.
   * @return `undefined` if there is none.
   */
  async record(
    id: string,
    models: readonly string[],
    signal: AbortSignal,
  ): Promise<SnapshotRecord | undefined> {
    const content = this.#content;
    const versions = ["current", "published"] satisfies Version[];
    const paths = models.flatMap((model) => {
      return versions.flatMap((version) => content.recordBatches(model, version));
    });
    const places = await this.#places(RECORD_INDEX, paths, id, signal);
    if (places === undefined) return await scanForRecord(content, models, id, signal);
    const found = new Map<Version, Item>();
    let model: string | undefined;
    for (const place of places) {
      const [, folder, version] = RECORDS.exec(place.batch.path) ?? [];
      const own = models.find((model) => safeApiKey(model) === folder || model === folder);
      if (own === undefined || found.has(version as Version)) continue;
      model ??= own;
      found.set(version as Version, await entryAt<Item>(content, place, id, signal));
    }
    if (model === undefined) return undefined;
    return { model, current: found.get("current"), published: found.get("published") };
  }

  /**
   * An upload by its id.
   *
   * @param id The id.
   * @param signal Aborts it.
   * @return `undefined` if there is none.
   */
  async upload(id: string, signal: AbortSignal): Promise<Upload | undefined> {
    const content = this.#content;
    const places = await this.#places(UPLOAD_INDEX, content.uploadBatches, id, signal);
    if (places === undefined) return await scanForUpload(content, id, signal);
    const [place] = places;
    return place && await entryAt<Upload>(content, place, id, signal);
  }

  /**
   * What the list of assets says of an upload. The list is read once: then 60 bytes of memory are held for each of
   * its lines at most.
   *
   * @param list The list's path.
   * @param id The upload's id.
   * @param signal Aborts it.
   * @return `undefined` if it says nothing.
   */
  async asset(list: string, id: string, signal: AbortSignal): Promise<unknown> {
    const content = this.#content;
    const index = await this.#once(list, () => this.#made(list, [list], signal, "upload_id"));
    const [place] = await index.find(id, signal);
    return place && await entryAt(content, place, id, signal, "upload_id");
  }

  /** Where the index of some batches says that an id is; `undefined` if none says it. */
  async #places(
    path: string,
    batches: readonly string[],
    id: string,
    signal: AbortSignal,
  ): Promise<FoundEntry[] | undefined> {
    const index = await this.#index(path, batches, signal);
    try {
      return await index?.find(id, signal);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // One that was made later isn't of the snapshot, which may be as it was.
      if (!this.#content.sizes.has(path)) return undefined;
      throw new SyntaxError(`${path} isn't as it was written: ${error.message}`, { cause: error });
    }
  }

  /** The index of some batches; `undefined` if there is none, and none is to be made. */
  async #index(
    path: string,
    batches: readonly string[],
    signal: AbortSignal,
  ): Promise<IndexReader | undefined> {
    const content = this.#content;
    if (this.#use === "none" || batches.length === 0) return undefined;
    const opened = this.#opened.get(path);
    if (opened !== undefined) return opened;
    if (content.manifest !== undefined && content.sizes.has(path)) {
      return await this.#once(path, () => ownIndex(content, path, batches, signal));
    }
    const beside = await this.#beside(path, batches, signal);
    if (beside !== undefined) return beside;
    if (this.#use === "auto") return undefined;
    return await this.#once(path, () => this.#made(path, batches, signal));
  }

  /** An index that was made later, of these batches as they are. */
  async #beside(
    path: string,
    batches: readonly string[],
    signal: AbortSignal,
  ): Promise<IndexReader | undefined> {
    const { storage } = this.#content;
    const key = this.#besideKey(path);
    const info = await storage.stat(key, { signal });
    if (info === undefined) return undefined;
    try {
      const index = await IndexReader.open(rangeReader(storage, key), info.size, signal);
      const isChecked = index.head.sums !== undefined;
      if (!isChecked || !isOf(index, this.#content, batches)) return undefined;
      this.#opened.set(path, index);
      return index;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return undefined;
    }
  }

  #besideKey(path: string): string {
    return `${this.#content.found.prefix}.idx/${path.slice(path.lastIndexOf("/") + 1)}`;
  }

  async #made(
    path: string,
    paths: readonly string[],
    signal: AbortSignal,
    name?: string,
  ): Promise<IndexReader> {
    const { objects, storage, found: { prefix }, sizes } = this.#content;
    const batches = paths.map((path): IndexedBatch => ({ path, size: sizes.get(path) ?? 0 }));
    const maker = new IndexMaker(path);
    await maker.make({ storage: objects, prefix, batches, signal, name });
    const bytes = await new Blob([...maker.bytes(batches)]).bytes();
    if (this.#use === "beside" && name === undefined) {
      await storage.put(this.#besideKey(path), bytes, { signal });
    }
    return await IndexReader.open(bytesReader(bytes), bytes.length, signal);
  }

  async #once(path: string, open: () => Promise<IndexReader>): Promise<IndexReader> {
    const opened = this.#opened.get(path) ?? await open();
    this.#opened.set(path, opened);
    return opened;
  }
}

/** The index that belongs to a snapshot. */
async function ownIndex(
  content: SnapshotContent,
  path: string,
  batches: readonly string[],
  signal: AbortSignal,
): Promise<IndexReader> {
  const key = content.key(path);
  const size = content.sizes.get(path)!;
  let read = rangeReader(content.storage, key);
  if (size <= READ_WHOLE) {
    read = bytesReader(await new Response(await content.objects.get(key, { signal })).bytes());
  }
  const index = await IndexReader.open(read, size, signal);
  if (size > READ_WHOLE && index.head.sums === undefined) {
    // An older one, whose ranges have no checksums: it is compared with its digest once.
    for await (const _ of await content.objects.get(key, { signal }));
  }
  if (isOf(index, content, batches)) return index;
  throw new SyntaxError(`${path} isn't the index of what the manifest lists`);
}

/** Whether an index is of just these batches, as far as sizes and counts tell. */
function isOf(
  { head }: IndexReader,
  { sizes, manifest }: SnapshotContent,
  batches: readonly string[],
): boolean {
  const named = new Map(head.batches.map(({ path, size }) => [path, size]));
  if (named.size !== batches.length) return false;
  if (!batches.every((path) => named.get(path) === sizes.get(path))) return false;
  if (manifest === undefined) return true;
  const counts = manifest.objects.filter(({ path }) => named.has(path));
  return counts.reduce((sum, { count = 0 }) => sum + count, 0) === head.count;
}

/** Reads an entry, and makes sure that it is the one that was looked for. */
async function entryAt<T extends Resource>(
  content: SnapshotContent,
  { batch: { path, size: all }, offset, size, inside, length, crc32: sum }: FoundEntry,
  id: string,
  signal: AbortSignal,
  name = "id",
): Promise<T> {
  const address = shownAddress(`${content.storage.url}/${content.key(path)}`);
  const wrong = () =>
    new SluiceError(
      `${address} isn't what was written there, because ${
        JSON.stringify(printable(id, 60))
      } isn't where its ` +
        "index says, as it was: verify the snapshot, and read another one.",
      EXIT.failed,
      { code: "snapshot_damaged", facts: { address } },
    );
  if (offset + size > all) throw wrong();
  const range = { start: offset, end: offset + size };
  const bytes = await content.storage.get(content.key(path), { range, signal });
  const text = await new Response(decompressed(bytes, compressionOf(path), path)).bytes();
  const own = text.subarray(inside, inside + length);
  if (own.length !== length || crc32(own) !== sum) throw wrong();
  const entry = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(own));
  if (!isObject(entry) || entry[name] !== id) throw wrong();
  return entry as unknown as T;
}

function bytesReader(bytes: Uint8Array<ArrayBuffer>): ReadBytes {
  return (start, end) => Promise.resolve(bytes.subarray(start, end));
}

function rangeReader(storage: SnapshotContent["storage"], key: string): ReadBytes {
  return async (start, end, signal) => {
    const bytes = await storage.get(key, { range: { start, end }, signal });
    return await new Response(bytes).bytes();
  };
}
