import { createHash } from "node:crypto";
import type { Page } from "../content/resource.ts";
import {
  ObjectExistsError,
  type ObjectInfo,
  type Storage,
  StorageError,
} from "../storage/storage.ts";
import type { Claimant } from "./lock/claim.ts";
import { CLAIM, type SnapshotPlace, snapshotsPrefix } from "./layout.ts";
import type { Manifest, ManifestObject, Tally } from "./manifest.ts";
import { type Fingerprint, type ManifestContent, sealSnapshot } from "./seal.ts";
import { type SnapshotObject, snapshotSink, type SnapshotSinkOptions } from "./snapshot_sink.ts";
import type { Span } from "./span.ts";

export type { SnapshotObject, SnapshotSinkOptions, UnfinishedBatch } from "./snapshot_sink.ts";

/** Options of {@linkcode SnapshotWriter.create}. */
export interface CreateSnapshotOptions extends SnapshotPlace {
  /** When the export began. */
  readonly startedAt: Date;
  /** What the claim says about the export, besides when it began. */
  readonly claim: Readonly<Record<string, unknown>>;
  /** Who has the lock. @default Nobody */
  readonly claimant?: Claimant | undefined;
  /** Aborts what is being written. */
  readonly signal?: AbortSignal | undefined;
}

/** How an object that isn't one of the snapshot's is put into its folder. */
export interface PutAsideOptions {
  /** Whether it must not be there yet, whoever wrote it. @default {false} */
  readonly ifAbsent?: boolean | undefined;
  /** What it may replace. @default {What this writer knows to be there; nothing if it knows of nothing} */
  readonly replaces?: string | null | undefined;
  /** Aborts it. @default {The writer's} */
  readonly signal?: AbortSignal | undefined;
}

/** How an object is put into a snapshot. */
export interface PutObjectOptions extends PutAsideOptions {
  /** How many entries it holds, if it is a batch or a part of a table. */
  readonly count?: number | undefined;
  /** The size of its text in bytes, if it is compressed. */
  readonly plainSize?: number | undefined;
  /** Which resources it may hold something of. */
  readonly spans?: readonly Span[] | undefined;
}

const ENCODER = new TextEncoder();
/** Seconds whose folders are tried for: more exports don't begin at a time. */
const FOLDERS = 60;

/**
 * Writes a snapshot: claims a folder, keeps the list of what is in it, and seals it.
 *
 * A snapshot without `canary.txt` isn't complete, whatever else is there.
 *
 * @example
 * ```ts
 * import { LocalStorage } from "../storage/local/local_storage.ts";
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
  readonly #objects = new Map<string, SnapshotObject>();
  /** What the storage says of what was written, by path; also of what isn't an object of the snapshot. */
  readonly #written = new Map<string, Fingerprint>();
  #onWritten: ((size: Tally) => void) | undefined;
  #bytes = 0;

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
    const { startedAt, claim, claimant, signal } = options;
    const content = jsonBytes({
      formatVersion: 1,
      startedAt: startedAt.toISOString(),
      ...claim,
      generation: 1,
      ...(claimant && { writer: claimant.owner }),
    });
    const first = Math.floor(startedAt.getTime() / 1000);
    for (let second = first; second < first + FOLDERS; second++) {
      const prefix = `${snapshotsPrefix(options)}/snapshot_${second}`;
      const snapshot = new SnapshotWriter(storage, prefix, signal);
      try {
        const { sha256 } = await snapshot.put(CLAIM, content, { ifAbsent: true });
        claimant?.watch(prefix, sha256);
        return snapshot;
      } catch (error) {
        if (!(error instanceof ObjectExistsError)) throw error;
      }
    }
    throw new StorageError(
      `Can't begin a snapshot in ${storage.url}/${
        snapshotsPrefix(options)
      }, because the folders of ` +
        `${FOLDERS} seconds in a row are said to be taken: check the destination.`,
    );
  }

  /**
   * Continues a snapshot that was begun earlier.
   *
   * @param storage Where it is.
   * @param prefix Where it lies in there, without a trailing slash.
   * @param objects What was written so far.
   * @param signal Aborts what is being written.
   * @param infos What the storage says of what is there.
   */
  static resume(
    storage: Storage,
    prefix: string,
    objects: readonly SnapshotObject[],
    signal?: AbortSignal,
    infos: Iterable<ObjectInfo> = [],
  ): SnapshotWriter {
    const snapshot = new SnapshotWriter(storage, prefix, signal);
    for (const object of objects) snapshot.note(object);
    for (const info of infos) snapshot.#noteFingerprint(info);
    return snapshot;
  }

  /** What was written so far. */
  get objects(): readonly SnapshotObject[] {
    return [...this.#objects.values()];
  }

  /**
   * What the batches or the parts of tables below a path hold.
   *
   * @param prefix The path that theirs begin with.
   */
  tally(prefix: string): Tally {
    const own = this.objects.filter(({ path, count }) => {
      return path.startsWith(prefix) && count !== undefined;
    });
    return {
      count: own.reduce((sum, { count = 0 }) => sum + count, 0),
      bytes: own.reduce((sum, { size }) => sum + size, 0),
    };
  }

  /**
   * Follows how much there is.
   *
   * @param onWritten Called with how many objects there are and their size in bytes: now, and whenever one
   *   was written.
   */
  follow(onWritten: (size: Tally) => void): void {
    this.#onWritten = onWritten;
    onWritten(this.#size);
  }

  /** The snapshot's address. */
  get address(): string {
    return `${this.#storage.url}/${this.prefix}`;
  }

  /** Where the snapshot is. */
  get storage(): Storage {
    return this.#storage;
  }

  /**
   * Writes an object whose bytes are in memory, also in place of one that was written before.
   *
   * @param path Its path, relative to the snapshot.
   * @param bytes Its content.
   * @param options Whether it must not be there yet, and how many entries it holds.
   * @throws {StorageError} If it can't be written.
   */
  async put(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    { count, plainSize, spans, ...how }: PutObjectOptions = {},
  ): Promise<ManifestObject> {
    await this.putAside(path, bytes, how);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const counted = {
      ...(count !== undefined && { count }),
      ...(plainSize !== undefined && { plainSize }),
    };
    const object = { path, size: bytes.byteLength, sha256, ...counted };
    this.note({ ...object, ...(spans && { spans }) });
    return object;
  }

  /**
   * Writes an object that isn't one of the snapshot's, such as a checkpoint, also in place of one that was
   * written before.
   *
   * @param path Its path, relative to the snapshot.
   * @param bytes Its content.
   * @param options What it may replace, and the signal.
   * @throws {StorageError} If it can't be written.
   */
  async putAside(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    { ifAbsent, replaces = this.replacedAt(path), signal = this.#signal }: PutAsideOptions = {},
  ): Promise<void> {
    const info = await this.#storage.put(`${this.prefix}/${path}`, bytes, {
      ...(ifAbsent ? { ifAbsent } : { replaces }),
      signal,
    });
    this.#noteFingerprint(info);
  }

  /**
   * What an object that is put at a path may replace: what was written there before, or nothing.
   *
   * @param path The path, relative to the snapshot.
   */
  replacedAt(path: string): string | null | undefined {
    const written = this.#written.get(path);
    return written === undefined && !this.#objects.has(path) ? null : written?.etag;
  }

  /**
   * Notes an object that was written without this writer's help, such as one that was rewritten.
   *
   * @param object The object.
   * @param info What the storage says of it, if it was written anew.
   */
  note(object: SnapshotObject, info?: ObjectInfo): void {
    this.#bytes += object.size - (this.#objects.get(object.path)?.size ?? 0);
    this.#objects.set(object.path, object);
    if (info) this.#noteFingerprint(info);
    this.#onWritten?.(this.#size);
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
    return snapshotSink({
      storage: this.#storage,
      prefix: this.prefix,
      signal: this.#signal,
      replacedAt: (path) => this.replacedAt(path),
      note: (object, info) => this.note(object, info),
    }, options);
  }

  /**
   * Seals the snapshot: removes what isn't one of its objects, writes `manifest.json`, then `canary.txt`, if
   * all that was written is still there, and is what was written. Nobody else may write it.
   *
   * @param manifest The manifest, but for what the writer knows itself; asked again if something was left.
   * @param onLeftovers Called with what can't be removed, by path, and why.
   * @return The whole manifest.
   * @throws {StorageError} If it can't be written, or something isn't there any more.
   */
  async seal(
    manifest: () => ManifestContent,
    onLeftovers?: (paths: readonly string[], reason: string) => void,
  ): Promise<Manifest> {
    const written = this.#written;
    return await sealSnapshot(this, { written, manifest, onLeftovers, signal: this.#signal });
  }

  get #size(): Tally {
    return { count: this.#objects.size, bytes: this.#bytes };
  }

  #noteFingerprint({ key, etag, modifiedAt }: ObjectInfo): void {
    this.#written.set(key.slice(this.prefix.length + 1), {
      ...(etag !== undefined && { etag }),
      ...(modifiedAt && { modifiedAt: modifiedAt.getTime() }),
    });
  }
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(JSON.stringify(value, null, 2) + "\n");
}
