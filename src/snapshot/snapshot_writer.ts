import { createHash } from "node:crypto";
import type { Page, Resource } from "../content/resource.ts";
import {
  type BatchEncoding,
  batchSink,
  type BegunBatch,
  type WrittenBatch,
} from "../sink/batch_sink.ts";
import { ObjectExistsError, type Storage, StorageError } from "../sink/storage.ts";
import { shownAddress } from "../text/shown_address.ts";
import { CANARY, CLAIM, MANIFEST, type SnapshotPlace, snapshotsPrefix } from "./layout.ts";
import type { Manifest, ManifestObject, Tally } from "./manifest.ts";
import { joined, type Span, spanOf } from "./span.ts";

/** Options of {@linkcode SnapshotWriter.create}. */
export interface CreateSnapshotOptions extends SnapshotPlace {
  /** When the export began. */
  readonly startedAt: Date;
  /** What the claim says about the export, besides when it began. */
  readonly claim: Readonly<Record<string, unknown>>;
  /** Aborts what is being written. */
  readonly signal?: AbortSignal | undefined;
}

/** An object of a snapshot, and which resources it may hold something of, if that is known. */
export interface SnapshotObject extends ManifestObject {
  /** The spans in which these resources were created. */
  readonly spans?: readonly Span[] | undefined;
  /** How many records its rows are of, if it is a part of a table of records. */
  readonly records?: number | undefined;
}

/** How an object is put into a snapshot. */
export interface PutObjectOptions {
  /** Whether it must not be there yet. @default {false} */
  readonly ifAbsent?: boolean | undefined;
  /** How many entries it holds, if it is a batch or a part of a table. */
  readonly count?: number | undefined;
  /** Which resources it may hold something of. */
  readonly spans?: readonly Span[] | undefined;
  /** How many records its rows are of, if it is a part of a table of records. */
  readonly records?: number | undefined;
}

/** How a sink of a snapshot writes. */
export interface SnapshotSinkOptions {
  /** The path of a batch, relative to the snapshot. */
  readonly path: (batch: number) => string;
  /** How entries become bytes. */
  readonly encoding: BatchEncoding;
  /** The most entries in a batch. */
  readonly maxEntries?: number | undefined;
  /** The number of the first batch. @default {0} */
  readonly firstBatch?: number | undefined;
  /** Whose the entries are, for the batches' spans: a model's id, or `UPLOADS`. @default No spans */
  readonly of?: string | undefined;
  /** What the first batch holds already, and when those resources were created. @default Nothing */
  readonly begun?: BegunBatch & { readonly span?: Span | undefined } | undefined;
  /** Told what was appended to a batch that isn't written to its end, and of all its entries. */
  readonly onAppended?:
    | ((bytes: readonly Uint8Array<ArrayBuffer>[], unfinished: UnfinishedBatch) => void)
    | undefined;
  /** Told of each batch once it is written. */
  readonly onBatch?: ((batch: WrittenBatch) => void) | undefined;
}

/** What a batch holds that gets more entries. */
export interface UnfinishedBatch {
  /** How many entries. */
  readonly count: number;
  /** When they were created, if the batch has a span. */
  readonly span?: Span | undefined;
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
  readonly #objects = new Map<string, SnapshotObject>();

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
    const first = Math.floor(startedAt.getTime() / 1000);
    for (let second = first; second < first + FOLDERS; second++) {
      const prefix = `${snapshotsPrefix(options)}/snapshot_${second}`;
      const snapshot = new SnapshotWriter(storage, prefix, signal);
      try {
        await snapshot.put(CLAIM, content, { ifAbsent: true });
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
   * Goes on with a snapshot that was begun earlier.
   *
   * @param storage Where it is.
   * @param prefix Where it lies in there, without a trailing slash.
   * @param objects What was written so far.
   * @param signal Aborts what is being written.
   */
  static resume(
    storage: Storage,
    prefix: string,
    objects: readonly SnapshotObject[],
    signal?: AbortSignal,
  ): SnapshotWriter {
    const snapshot = new SnapshotWriter(storage, prefix, signal);
    for (const object of objects) snapshot.#objects.set(object.path, object);
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
    { ifAbsent, count, spans, records }: PutObjectOptions = {},
  ): Promise<ManifestObject> {
    const key = `${this.prefix}/${path}`;
    await this.#storage.put(key, bytes, { ifAbsent, signal: this.#signal });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const object = { path, size: bytes.byteLength, sha256, ...(count !== undefined && { count }) };
    this.note({ ...object, ...(spans && { spans }), ...(records !== undefined && { records }) });
    return object;
  }

  /**
   * Notes an object that was written without this writer's help, such as one that was rewritten.
   *
   * @param object The object.
   */
  note(object: SnapshotObject): void {
    this.#objects.set(object.path, object);
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
    const { of, begun, onAppended } = options;
    let unfinished: UnfinishedBatch = { count: begun?.count ?? 0, span: begun?.span };
    return batchSink(this.#storage, {
      key: (batch) => `${this.prefix}/${options.path(batch)}`,
      encoding: options.encoding,
      maxEntries: options.maxEntries,
      firstBatch: options.firstBatch,
      begun,
      signal: this.#signal,
      onEntries: (entries, bytes) => {
        const span = of === undefined
          ? undefined
          : joined(unfinished.span, spanOf(of, entries as Page<Resource>));
        unfinished = { count: unfinished.count + entries.length, span };
        onAppended?.(bytes, unfinished);
      },
      onBatch: (written) => {
        const { key, size, sha256, count } = written;
        const { span } = unfinished;
        unfinished = { count: 0 };
        const path = key.slice(start);
        this.note({ path, size, sha256, count, ...(span && { spans: [span] }) });
        options.onBatch?.(written);
      },
    });
  }

  /**
   * Seals the snapshot: writes `manifest.json`, then `canary.txt`, if all that was written is still there.
   *
   * @param manifest The manifest, but for what the writer knows itself.
   * @param tidy Removes what is no part of it, when all but `canary.txt` is written.
   * @return The whole manifest.
   * @throws {StorageError} If it can't be written, or something isn't there any more.
   */
  async seal(
    manifest: Omit<Manifest, "formatVersion" | "objects">,
    tidy: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Manifest> {
    await this.#assertWhole();
    const objects = this.objects
      .map(({ spans: _spans, records: _records, ...object }): ManifestObject => object)
      .sort((a, b) => a.path < b.path ? -1 : 1);
    const whole = { formatVersion: 1 as const, ...manifest, objects } as Manifest;
    await this.putJson(MANIFEST, whole);
    await tidy();
    await this.put(CANARY, ENCODER.encode(`${whole.endedAt}\n`));
    return whole;
  }

  /** Makes sure that nobody deleted a part of it meanwhile, as a lifecycle rule may. */
  async #assertWhole(): Promise<void> {
    const missing = new Map(this.objects.map(({ path, size }) => [`${this.prefix}/${path}`, size]));
    const options = { signal: this.#signal };
    for await (const page of this.#storage.list(`${this.prefix}/`, options)) {
      for (const { key, size } of page) if (missing.get(key) === size) missing.delete(key);
    }
    for (const [key, size] of missing) {
      // A listing may be late.
      const found = await this.#storage.stat(key, options);
      if (found?.size === size) continue;
      throw new StorageError(
        `The snapshot ${shownAddress(this.address)} can't be sealed, because ${
          JSON.stringify(key)
        } was ${
          found === undefined ? "deleted" : `changed from ${size} to ${found.size} bytes`
        } since it was written: see what does that, as a lifecycle rule may, then export again.`,
      );
    }
  }
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(JSON.stringify(value, null, 2) + "\n");
}
