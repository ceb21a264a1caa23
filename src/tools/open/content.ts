import type { Page, Version } from "../../content/resource.ts";
import {
  assertForeign,
  batchFolders,
  readEntries,
  recordFolders,
  type SnapshotBatch,
} from "../../snapshot/batches.ts";
import { checkedReading } from "../../snapshot/checked_reading.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { readManifest } from "../../snapshot/read_manifest.ts";
import { ObjectNotFoundError, type Storage } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";
import { readable, readAt, streamAt } from "./reading.ts";

/** What a snapshot consists of, and how it is read. */
export class SnapshotContent {
  /** Where the snapshot and its asset files are. */
  readonly storage: Storage;
  /** Which snapshot. */
  readonly found: FoundSnapshot;
  /** What it says of itself; `undefined` if it has no manifest. */
  readonly manifest: Manifest | undefined;
  /** Reads its objects: what is read to its end is compared with the manifest. */
  readonly objects: Pick<Storage, "get">;
  /** The paths and sizes of its objects. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly #folders: ReadonlyMap<string, readonly SnapshotBatch[]>;

  private constructor(
    storage: Storage,
    found: FoundSnapshot,
    manifest: Manifest | undefined,
    sizes: ReadonlyMap<string, number>,
  ) {
    this.storage = storage;
    this.found = found;
    this.manifest = manifest;
    this.sizes = sizes;
    this.objects = checkedReading(storage, found.prefix, manifest?.objects ?? []);
    this.#folders = batchFolders(
      manifest?.objects ?? [...sizes.keys()].map((path) => ({ path })),
    );
  }

  /**
   * Learns what a snapshot consists of: by its manifest, or else by a listing.
   *
   * @param storage Where it is.
   * @param found Which one.
   * @param signal Aborts it.
   * @throws {SluiceError} If its manifest can't be read, or isn't the one that was sealed.
   * @throws {StorageError} If it can't be read.
   */
  static async open(
    storage: Storage,
    found: FoundSnapshot,
    signal: AbortSignal,
  ): Promise<SnapshotContent> {
    const { prefix } = found;
    let manifest: Manifest | undefined;
    try {
      manifest = await readManifest(storage, prefix, signal, true);
    } catch (error) {
      // DatoCMS's own exports have none.
      if (!(error instanceof ObjectNotFoundError)) {
        throw readable(error, `${storage.url}/${prefix}`, signal);
      }
    }
    if (manifest !== undefined) {
      const sizes = new Map(manifest.objects.map(({ path, size }) => [path, size]));
      return new SnapshotContent(storage, found, manifest, sizes);
    }
    const sizes = new Map<string, number>();
    for await (const page of storage.list(`${prefix}/`, { signal })) {
      for (const { key, size } of page) sizes.set(key.slice(prefix.length + 1), size);
    }
    try {
      assertForeign(prefix, (path) => sizes.has(path));
    } catch (error) {
      throw readable(error, `${storage.url}/${prefix}`, signal);
    }
    return new SnapshotContent(storage, found, undefined, sizes);
  }

  /** The snapshot's address, for people. */
  get address(): string {
    return shownAddress(`${this.storage.url}/${this.found.prefix}`);
  }

  /** Whether it was exported without its records, as tables only. */
  get isTablesOnly(): boolean {
    return this.manifest?.options.tables === "only";
  }

  /**
   * The key of an object.
   *
   * @param path Its path in the snapshot.
   */
  key(path: string): string {
    return `${this.found.prefix}/${path}`;
  }

  /** The paths of the batches of uploads. */
  get uploadBatches(): readonly string[] {
    return this.#batches("uploads");
  }

  /**
   * The paths of the batches of a model's records.
   *
   * @param apiKey The model's `api_key`.
   * @param version Which versions.
   */
  recordBatches(apiKey: string, version: Version): readonly string[] {
    return recordFolders(apiKey, version).flatMap((folder) => this.#batches(folder));
  }

  #batches(folder: string): string[] {
    return (this.#folders.get(folder) ?? []).map(({ path }) => path);
  }

  /**
   * The entries of a batch, in pages.
   *
   * @param path Its path in the snapshot.
   * @param signal Aborts the reading.
   * @throws {SluiceError} If it isn't as it was written.
   */
  async *entries<T>(path: string, signal: AbortSignal): AsyncGenerator<Page<T>, void> {
    const key = this.key(path);
    try {
      yield* readEntries<T>(this.objects, key, signal);
    } catch (error) {
      throw readable(error, `${this.storage.url}/${key}`, signal);
    }
  }

  /**
   * Reads something of the snapshot.
   *
   * @param signal Aborts it.
   * @param read Reads it.
   * @throws {SluiceError} If it isn't as it was written.
   */
  async read<T>(
    signal: AbortSignal | undefined,
    read: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return await readAt(this.address, signal, read);
  }

  /**
   * A stream of something in the snapshot.
   *
   * @param signal Aborts it.
   * @param read Reads it. What isn't as it was written makes a {@linkcode SluiceError}.
   */
  stream<T>(
    signal: AbortSignal | undefined,
    read: (signal: AbortSignal) => AsyncGenerator<T, void>,
  ): ReadableStream<T> {
    return streamAt(this.address, signal, read);
  }
}
