import { isNdjson, readText } from "../../snapshot/read_text.ts";
import { toText } from "@std/streams/to-text";
import { generatorStream } from "../../async/generator_stream.ts";
import type { Page, Version } from "../../content/resource.ts";
import type { SchemaIndex } from "../../content/schema_index.ts";
import { SluiceError } from "../../error.ts";
import {
  readEntries,
  recordFolders,
  type SnapshotBatches,
  snapshotBatches,
} from "../../snapshot/batches.ts";
import { checkedBytes } from "../../snapshot/checked_reading.ts";
import { dataEntries } from "../../snapshot/data_entries.ts";
import { findSnapshot, type FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { MANIFEST } from "../../snapshot/layout.ts";
import type { Manifest, ManifestObject } from "../../snapshot/manifest.ts";
import { isAsSealed } from "../../snapshot/manifest_digest.ts";
import { readJson, readSnapshotSchema } from "../../snapshot/read_schema.ts";
import { type ObjectInfo, ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import { isObject, type Json, type JsonObject } from "../../text/json.ts";
import { shownAddress } from "../../text/printable.ts";
import { ndjsonBytes } from "../../transform/encode_ndjson.ts";
import { unreadable } from "../open/reading.ts";
import type { TransferOptions } from "./contents.ts";
import { SnapshotDamagedError } from "./damage.ts";

/** A piece of bytes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * A sealed snapshot, or a Project Export of DatoCMS, as what something else is made of: each of its objects is
 * compared with the manifest while it is read, and one that isn't as it was sealed ends with an error.
 */
export class SnapshotSource implements Pick<Storage, "get" | "list"> {
  /** Where the snapshot is, asset files too. */
  readonly storage: Storage;
  /** Which one it is. */
  readonly found: FoundSnapshot;
  /** Aborts the reading. */
  readonly signal: AbortSignal;
  /** When it was read from the API. */
  readonly readAt: Date;
  readonly #manifestText: string;
  readonly #manifest: Manifest | undefined;
  readonly #objects: ReadonlyMap<string, ManifestObject> | undefined;
  readonly #onProgress: TransferOptions["onProgress"];
  readonly #end = new AbortController();
  #isExpected: (path: string) => boolean = () => false;
  #bytes = 0;
  #totalBytes = 0;

  private constructor(
    storage: Storage,
    found: FoundSnapshot,
    { text, manifest }: { readonly text: string; readonly manifest?: Manifest | undefined },
    { signal, onProgress }: TransferOptions,
  ) {
    this.storage = storage;
    this.found = found;
    this.signal = signal ? AbortSignal.any([signal, this.#end.signal]) : this.#end.signal;
    this.readAt = new Date(manifest?.endedAt ?? Number(found.id) * 1000);
    this.#manifestText = text;
    this.#manifest = manifest;
    this.#objects = manifest &&
      new Map(manifest.objects.map((object) => [object.path, object]));
    this.#onProgress = onProgress;
  }

  /**
   * Finds a snapshot, and reads what tells what is in it.
   *
   * @param storage Where the snapshot is.
   * @param snapshot What names it, or the snapshot.
   * @param options Of which project, and the signal.
   * @return The snapshot, its batches and its schema.
   * @throws {SluiceError} If it isn't there, isn't complete, has no records, or its manifest was changed.
   * @throws {StorageError} If it can't be read.
   */
  static async open(
    storage: Storage,
    snapshot: string | FoundSnapshot,
    options: TransferOptions,
  ): Promise<OpenedSource> {
    const { project, signal = new AbortController().signal } = options;
    const found = typeof snapshot === "string"
      ? await findSnapshot(storage, snapshot, { project, signal })
      : snapshot;
    const text = await storage.get(`${found.prefix}/${MANIFEST}`, { signal }).then(
      toText,
      (error) => {
        // DatoCMS's own exports have none.
        if (!(error instanceof ObjectNotFoundError)) throw error;
        return undefined;
      },
    );
    const address = `${storage.url}/${found.prefix}`;
    return await understood(address, signal, async () => {
      if (text !== undefined && isAsSealed(text) === false) {
        throw new SnapshotDamagedError(
          found.name,
          MANIFEST,
          "its text isn't the one that was sealed",
        );
      }
      const sealed = text === undefined
        ? undefined
        : new SnapshotSource(storage, found, { text }, options);
      const batches = await snapshotBatches(sealed ?? storage, found.prefix, signal);
      const { manifest } = batches;
      if (manifest?.options.tables === "only") {
        throw new SluiceError(
          `${shownAddress(address)} was exported as tables only: it has no records.`,
        );
      }
      const source = new SnapshotSource(storage, found, { text: text ?? "", manifest }, options);
      const schema = await readSnapshotSchema(source, found.prefix, source.signal);
      return { source, batches, manifest, schema };
    });
  }

  /**
   * Ends the reading as soon as a signal is aborted.
   *
   * @param signal The signal.
   */
  endWith(signal: AbortSignal): void {
    signal.addEventListener("abort", () => this.#end.abort(signal.reason), { once: true });
  }

  /**
   * Says what is read for the most part: progress counts it alone, and tells how much it is if the manifest does.
   *
   * @param isRead Whether an object is counted, by its path.
   * @param withAssets Whether asset files are.
   */
  expect(isRead: (path: string) => boolean, withAssets: boolean): void {
    const { objects = [], assets } = this.#manifest ?? {};
    this.#isExpected = isRead;
    this.#totalBytes = objects.reduce((sum, { path, size }) => sum + (isRead(path) ? size : 0), 0);
    if (withAssets && assets) this.#totalBytes += assets.downloaded.bytes + assets.kept.bytes;
  }

  /** How many bytes will be read. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** The snapshot's address. */
  get address(): string {
    return `${this.storage.url}/${this.found.prefix}`;
  }

  /** Reads an object of the snapshot; the stream fails if it isn't as it was sealed. */
  async get(key: string): Promise<ReadableStream<Bytes>> {
    const path = key.slice(this.found.prefix.length + 1);
    if (path === MANIFEST) return new Blob([this.#manifestText]).stream();
    if (this.#objects === undefined) {
      const bytes = await this.storage.get(key, { signal: this.signal });
      return this.#isExpected(path) ? generatorStream(() => this.counted(bytes)) : bytes;
    }
    const object = this.#objects.get(path);
    const fail = (what: string) => new SnapshotDamagedError(this.found.name, path, what);
    if (object === undefined) throw fail("the manifest doesn't list it");
    const bytes = await this.storage.get(key, { signal: this.signal }).catch((error) => {
      throw error instanceof ObjectNotFoundError ? fail("it isn't there") : error;
    });
    const { size, sha256: digest } = object;
    return generatorStream(() => {
      const checked = checkedBytes(bytes, { size, algorithm: "sha256", digest }, fail);
      return this.#isExpected(path) ? this.counted(checked) : checked;
    });
  }

  /**
   * Passes on bytes that were read for what is made of the snapshot.
   *
   * @param bytes The bytes.
   */
  async *counted(bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
    for await (const piece of bytes) {
      this.#bytes += piece.length;
      const totalBytes = Math.max(this.#bytes, this.#totalBytes);
      this.#onProgress?.({ bytes: this.#bytes, totalBytes });
      yield piece;
    }
  }

  /** Lists the objects of the snapshot whose keys begin with a prefix. */
  list(prefix: string): ReadableStream<readonly ObjectInfo[]> {
    if (this.#objects === undefined) return this.storage.list(prefix, { signal: this.signal });
    const listed = [...this.#objects.values()]
      .map(({ path, size }) => ({ key: `${this.found.prefix}/${path}`, size }))
      .filter(({ key }) => key.startsWith(prefix));
    return ReadableStream.from([listed]);
  }

  /**
   * Reads a batch as JSON texts that each end with a line feed, in whichever layout it is written.
   *
   * @param path The batch's path in the snapshot.
   * @throws {SluiceError} If it isn't as it was sealed, or can't be understood.
   */
  async *lines(path: string): AsyncGenerator<Bytes, void> {
    const key = `${this.found.prefix}/${path}`;
    try {
      if (isNdjson(path)) return yield* await readText(this, key, this.signal);
      const pages = dataEntries<JsonObject>(this, key, this.signal);
      for await (const page of pages) yield ndjsonBytes(page);
    } catch (error) {
      throw notUnderstood(this.address, error, this.signal);
    }
  }

  /**
   * Reads the entries of a batch in pages.
   *
   * @param path The batch's path in the snapshot.
   * @throws {SluiceError} If it isn't as it was sealed, or can't be understood.
   */
  async *entries<T>(path: string): AsyncGenerator<Page<T>, void> {
    try {
      yield* readEntries<T>(this, `${this.found.prefix}/${path}`, this.signal);
    } catch (error) {
      throw notUnderstood(this.address, error, this.signal);
    }
  }

  /**
   * Reads an object of the form `{ "data": … }`.
   *
   * @param path The object's path in the snapshot.
   * @return What is in it; `undefined` if there is no such object.
   * @throws {SluiceError} If it isn't as it was sealed, or not of this form.
   */
  async data(path: string): Promise<unknown> {
    const key = `${this.found.prefix}/${path}`;
    if (this.#objects !== undefined && !this.#objects.has(path)) return undefined;
    return await understood(this.address, this.signal, async () => {
      const file = await readJson(this, key, this.signal).catch((error) => {
        if (this.#objects === undefined && error instanceof ObjectNotFoundError) return undefined;
        throw error;
      });
      if (file === undefined) return undefined;
      if (!isObject(file) || file.data === undefined) {
        throw new SyntaxError(`expected { "data": … } in ${key}`);
      }
      return file.data;
    });
  }
}

/** A snapshot that can be read. */
export interface OpenedSource {
  /** Reads it. */
  readonly source: SnapshotSource;
  /** Its batches by folder. */
  readonly batches: SnapshotBatches;
  /** Its manifest; `undefined` for a Project Export of DatoCMS. */
  readonly manifest: Manifest | undefined;
  /** Its models. */
  readonly schema: SchemaIndex;
}

/**
 * The paths of the batches of a folder, in their order.
 *
 * @param batches The snapshot's batches.
 * @param folder The folder's path in it.
 */
export function pathsOf({ folders }: SnapshotBatches, folder: string): string[] {
  return (folders.get(folder) ?? []).map(({ path }) => path);
}

/**
 * The paths of all batches of records, model by model.
 *
 * @param opened The snapshot.
 * @param version Which versions of records.
 */
export function recordPaths(
  { batches, schema }: Pick<OpenedSource, "batches" | "schema">,
  version: Version,
): string[] {
  return schema.models.flatMap(({ attributes: { api_key: key } }) => {
    return recordFolders(key, version).flatMap((folder) => pathsOf(batches, folder));
  });
}

/**
 * The project: its name, locales and settings; `undefined` if `site.json` doesn't tell.
 *
 * @param source The snapshot.
 */
export async function siteOf(source: SnapshotSource): Promise<Json | undefined> {
  const site = await readJson(source, `${source.found.prefix}/site.json`, source.signal);
  return isObject(site) ? site.data : undefined;
}

async function understood<T>(
  address: string,
  signal: AbortSignal,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw notUnderstood(address, error, signal);
  }
}

/** The error of a snapshot whose objects are there, but not what their names say. */
function notUnderstood(address: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof SyntaxError || error instanceof TypeError)) return error;
  return unreadable(shownAddress(address), error);
}
