import type { Page } from "../content/resource.ts";
import type { WrittenObject } from "../storage/object_writer.ts";
import type { Storage } from "../storage/storage.ts";
import type { Compression } from "./compression.ts";
import { TextWriter } from "./text_writer.ts";

/** How the entries of a batch are turned into bytes. */
export interface BatchEncoding {
  /** Comes first in every batch. */
  readonly head?: string | undefined;
  /** Comes last in every batch. */
  readonly tail?: string | undefined;
  /**
   * Encodes some entries.
   *
   * @param entries The entries.
   * @param isFirst Whether they are the first of their batch.
   */
  encode(entries: Page<object>, isFirst: boolean): Uint8Array<ArrayBuffer>;
}

/** A batch that was written. */
export interface WrittenBatch extends WrittenObject {
  /** Its number. */
  readonly batch: number;
  /** How many entries it holds. */
  readonly count: number;
  /** Size of its text in bytes, if it is compressed. */
  readonly plainSize?: number | undefined;
}

/** The first entries of a batch that an earlier run has begun, as they were written then. */
export interface BegunBatch {
  /** How many there are. */
  readonly count: number;
  /** Reads their bytes, with what comes before the first one. */
  readonly bytes: () => AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** The most entries in a batch, unless something else is asked for. */
export const MAX_ENTRIES = 5000;
/** A batch of at least this size (bytes) gets no more entries, unless something else is asked for. */
export const MAX_BYTES = 32 * 1024 * 1024;

/** Options of {@linkcode batchSink}. */
export interface BatchSinkOptions {
  /** The key of a batch. */
  readonly key: (batch: number) => string;
  /** How entries become bytes. */
  readonly encoding: BatchEncoding;
  /**
   * How batches are compressed: as gzip members or zstd frames of at most 256 KiB of their text each.
   *
   * @default {"none"}
   */
  readonly compression?: Compression | undefined;
  /** The most entries in a batch; `Infinity` for one batch of any size. @default {5000} */
  readonly maxEntries?: number | undefined;
  /**
   * A batch of at least this size (bytes, before it is compressed) gets no more entries, however they come in
   * pages.
   *
   * @default 32 MiB; any size if it may have any number of entries
   */
  readonly maxBytes?: number | undefined;
  /** The MIME type of the objects. */
  readonly contentType?: string | undefined;
  /** What a batch may replace, by its key. @default {Whatever is there} */
  readonly replaces?: ((key: string) => string | null | undefined) | undefined;
  /** Aborts the batch that is being written. */
  readonly signal?: AbortSignal | undefined;
  /** The number of the first batch. @default {0} */
  readonly firstBatch?: number | undefined;
  /** What the first batch holds already. @default Nothing */
  readonly begun?: BegunBatch | undefined;
  /** Called with entries that were written to a batch that gets more of them, and of their bytes. */
  readonly onEntries?:
    | ((entries: Page<object>, bytes: readonly Uint8Array<ArrayBuffer>[]) => void)
    | undefined;
  /** Called with each batch once it is in the storage. */
  readonly onBatch?: ((batch: WrittenBatch) => void) | undefined;
}

/** Entries are encoded this many at a time: a page of large records needn't be in memory twice. */
const ENTRIES_AT_ONCE = 100;

/**
 * A sink that writes pages into numbered objects, each easy to load in one go. A batch is in the
 * storage once it is full or the stream ends; without entries nothing is written.
 *
 * @param storage Where to write.
 * @param options Keys, encoding and sizes.
 * @return A sink that takes one page at a time.
 * @throws {RangeError} If `maxEntries` isn't a whole number above 0, or `Infinity`.
 *
 * @example
 * ```ts
 * import { batchSink, LocalStorage, NDJSON } from "@sluice/datocms";
 *
 * const storage = new LocalStorage(await Deno.makeTempDir());
 * const sink = batchSink(storage, { key: (batch) => `batch_${batch}.ndjson`, encoding: NDJSON });
 * await ReadableStream.from([[{ id: "1" }], [{ id: "2" }]]).pipeTo(sink);
 * ```
 */
export function batchSink(
  storage: Storage,
  options: BatchSinkOptions,
): WritableStream<Page<object>> {
  const { maxEntries = 1 } = options;
  if (!(maxEntries > 0 && Math.trunc(maxEntries) === maxEntries)) {
    throw new RangeError(
      `The most entries in a batch must be a whole number above 0: current value is ${maxEntries}`,
    );
  }
  let batches: Batches;
  return new WritableStream({
    start(controller) {
      // A stream aborts its sink only after the write that is under way: the signal ends that one.
      const { signal } = options;
      const either = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
      batches = new Batches(storage, { ...options, signal: either });
    },
    write: (page) => batches.write(page),
    close: () => batches.end(),
    abort: (reason) => batches.abort(reason),
  }, { highWaterMark: 1 });
}

class Batches {
  readonly #storage: Storage;
  readonly #options: BatchSinkOptions;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #begun: BegunBatch | undefined;
  #writer: TextWriter | undefined;
  #batch: number;
  #count = 0;

  constructor(storage: Storage, options: BatchSinkOptions) {
    this.#storage = storage;
    this.#options = options;
    this.#begun = options.begun;
    this.#batch = options.firstBatch ?? 0;
    this.#maxEntries = options.maxEntries ?? MAX_ENTRIES;
    // Any number of entries is one object, however large: a second one would take its place.
    this.#maxBytes = options.maxBytes ?? (this.#maxEntries === Infinity ? Infinity : MAX_BYTES);
  }

  async write(page: Page<object>): Promise<void> {
    try {
      for (let from = 0; from < page.length;) {
        const writer = this.#writer ?? await this.#open();
        const room = Math.min(ENTRIES_AT_ONCE, this.#maxEntries - this.#count);
        from += await this.#append(writer, page.slice(from, from + room));
        const isFull = this.#count >= this.#maxEntries || writer.size >= this.#maxBytes;
        if (isFull) await this.end();
      }
    } catch (error) {
      await this.abort(error);
      throw error;
    }
  }

  /** Begins a batch; the first one with what it holds already. */
  async #open(): Promise<TextWriter> {
    const { compression, contentType, replaces, signal } = this.#options;
    const key = this.#options.key(this.#batch);
    const options = { compression, contentType, signal, replaces: replaces?.(key) };
    const writer = new TextWriter(this.#storage, key, options);
    this.#writer = writer;
    const begun = this.#begun;
    if (begun === undefined) return writer;
    for await (const bytes of begun.bytes()) await writer.write(bytes);
    this.#begun = undefined;
    this.#count = begun.count;
    return writer;
  }

  /** Appends some entries, the first of them at least, and says how many. */
  async #append(writer: TextWriter, entries: Page<object>): Promise<number> {
    const { encoding, onEntries } = this.#options;
    const isFirst = this.#count === 0;
    const head = isFirst && encoding.head ? [ENCODER.encode(encoding.head)] : [];
    const bytes = [...head, encoding.encode(entries, isFirst)];
    const size = bytes.reduce((sum, { byteLength }) => sum + byteLength, writer.size);
    // The batch ends with the entry that fills it, whichever come together with that.
    if (size >= this.#maxBytes && entries.length > 1) {
      return await this.#append(writer, entries.slice(0, entries.length >> 1));
    }
    for (const each of bytes) await writer.write(each);
    this.#count += entries.length;
    onEntries?.(entries, bytes);
    return entries.length;
  }

  /** Ends the batch that is being written, if any. */
  async end(): Promise<void> {
    const writer = this.#writer ?? (this.#begun && await this.#open());
    if (writer === undefined) return;
    const { encoding, onBatch } = this.#options;
    if (encoding.tail) await writer.write(ENCODER.encode(encoding.tail));
    const written = await writer.close();
    onBatch?.({ ...written, batch: this.#batch, count: this.#count });
    this.#writer = undefined;
    this.#count = 0;
    this.#batch++;
  }

  async abort(reason: unknown): Promise<void> {
    await this.#writer?.abort(reason);
    this.#writer = undefined;
  }
}

const ENCODER = new TextEncoder();
