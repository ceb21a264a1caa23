import { createHash } from "node:crypto";
import type { Page } from "../content/resource.ts";
import { type BatchEncoding, batchSink, type WrittenBatch } from "../sink/batch_sink.ts";
import { ObjectExistsError, type Storage } from "../sink/storage.ts";
import { CANARY, CLAIM, MANIFEST, type SnapshotPlace, snapshotsPrefix } from "./layout.ts";
import type { Manifest, ManifestObject } from "./manifest.ts";

/** Options of {@linkcode SnapshotWriter.create}. */
export interface CreateSnapshotOptions extends SnapshotPlace {
  /** When the export began. */
  readonly startedAt: Date;
  /** What the claim says about the export, besides when it began. */
  readonly claim: Readonly<Record<string, unknown>>;
  /** Aborts what is being written. */
  readonly signal?: AbortSignal | undefined;
}

/** How a sink of a snapshot writes. */
export interface SnapshotSinkOptions {
  /** The path of a batch, relative to the snapshot. */
  readonly path: (batch: number) => string;
  /** How entries become bytes. */
  readonly encoding: BatchEncoding;
  /** The most entries in a batch. */
  readonly maxEntries?: number | undefined;
  /** Told of each batch once it is written. */
  readonly onBatch?: ((batch: WrittenBatch) => void) | undefined;
}

const ENCODER = new TextEncoder();

/**
 * Writes a snapshot: claims a folder, keeps the list of what is in it, and seals it.
 *
 * A snapshot without `canary.txt` isn't complete, whatever else is there.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "../sink/local_storage.ts";
 * import { SnapshotWriter } from "./snapshot_writer.ts";
 *
 * const snapshot = await SnapshotWriter.create(new LocalStorage(await Deno.makeTempDir()), {
 *   projectId: "123",
 *   startedAt: new Date(),
 *   claim: {},
 * });
 * await snapshot.putJson("site.json", { data: { id: "123", type: "site" } });
 * console.assert(snapshot.objects.length === 2);
 * ```
 */
export class SnapshotWriter {
  /** Where the snapshot lies in its storage, without a trailing slash. */
  readonly prefix: string;
  readonly #storage: Storage;
  readonly #signal: AbortSignal | undefined;
  readonly #objects: ManifestObject[] = [];

  private constructor(storage: Storage, prefix: string, signal: AbortSignal | undefined) {
    this.#storage = storage;
    this.prefix = prefix;
    this.#signal = signal;
  }

  /**
   * Claims a folder of its own for a new snapshot. If another export began in the same second, the
   * folder's name is that of the next second that is free.
   *
   * @param storage Where to write.
   * @param options Whose snapshot it is.
   * @throws {StorageError} If the storage can't be written to.
   */
  static async create(storage: Storage, options: CreateSnapshotOptions): Promise<SnapshotWriter> {
    const { startedAt, claim, signal } = options;
    const content = jsonBytes({ formatVersion: 1, startedAt: startedAt.toISOString(), ...claim });
    for (let second = Math.floor(startedAt.getTime() / 1000);; second++) {
      const prefix = `${snapshotsPrefix(options)}/snapshot_${second}`;
      const snapshot = new SnapshotWriter(storage, prefix, signal);
      try {
        await snapshot.put(CLAIM, content, { ifAbsent: true });
        return snapshot;
      } catch (error) {
        if (!(error instanceof ObjectExistsError)) throw error;
      }
    }
  }

  /** What was written so far. */
  get objects(): readonly ManifestObject[] {
    return this.#objects;
  }

  /**
   * Writes an object whose bytes are in memory.
   *
   * @param path Its path, relative to the snapshot.
   * @param bytes Its content.
   * @param options Whether it must not be there yet, and how many entries it holds.
   * @throws {StorageError} If it can't be written.
   */
  async put(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    { ifAbsent, count }: { readonly ifAbsent?: boolean; readonly count?: number } = {},
  ): Promise<ManifestObject> {
    const key = `${this.prefix}/${path}`;
    await this.#storage.put(key, bytes, { ifAbsent, signal: this.#signal });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const object = {
      path,
      size: bytes.byteLength,
      sha256,
      ...(count === undefined ? {} : { count }),
    };
    this.#objects.push(object);
    return object;
  }

  /**
   * Writes a value as a JSON file that a person can read.
   *
   * @param path Its path, relative to the snapshot.
   * @param value The value.
   * @throws {StorageError} If it can't be written.
   */
  async putJson(path: string, value: unknown): Promise<ManifestObject> {
    return await this.put(path, jsonBytes(value));
  }

  /**
   * A sink that writes pages into batches of this snapshot.
   *
   * @param options Paths and encoding.
   */
  sink(options: SnapshotSinkOptions): WritableStream<Page<object>> {
    const start = this.prefix.length + 1;
    return batchSink(this.#storage, {
      key: (batch) => `${this.prefix}/${options.path(batch)}`,
      encoding: options.encoding,
      maxEntries: options.maxEntries,
      signal: this.#signal,
      onBatch: (batch) => {
        const { key, size, sha256, count } = batch;
        this.#objects.push({ path: key.slice(start), size, sha256, count });
        options.onBatch?.(batch);
      },
    });
  }

  /**
   * Seals the snapshot: writes `manifest.json`, then `canary.txt`.
   *
   * @param manifest The manifest, but for what the writer knows itself.
   * @return The whole manifest.
   * @throws {StorageError} If it can't be written.
   */
  async seal(manifest: Omit<Manifest, "formatVersion" | "objects">): Promise<Manifest> {
    const objects = this.#objects.toSorted((a, b) => a.path < b.path ? -1 : 1);
    const whole = { formatVersion: 1 as const, ...manifest, objects } as Manifest;
    await this.putJson(MANIFEST, whole);
    await this.put(CANARY, ENCODER.encode(`${whole.endedAt}\n`));
    return whole;
  }
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(JSON.stringify(value, null, 2) + "\n");
}
