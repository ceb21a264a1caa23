import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import {
  type EntryPlace,
  headSize,
  type IndexedBatch,
  type IndexHead,
  indexKey,
  KEY_BYTES,
  readHead,
  readRow,
  ROW_BYTES,
} from "./index_form.ts";

/** Where an entry is, and in which batch. */
export interface FoundEntry extends EntryPlace {
  /** The batch. */
  readonly batch: IndexedBatch;
}

/** Reads some bytes of an index. */
export type ReadBytes = (
  start: number,
  end: number,
  signal: AbortSignal,
) => Promise<Uint8Array<ArrayBuffer>>;

/** The first bytes of an index that are read at once: most have their head in them. */
const FIRST_BYTES = 64 * 1024;
const NO_ROWS = new Uint8Array(0);

/** Looks ids up in an index: takes its head once, and for each id the rows whose keys begin with the same byte. */
export class IndexReader {
  /** The batches that it names, and how many rows it has. */
  readonly head: IndexHead;
  readonly #read: ReadBytes;

  private constructor(head: IndexHead, read: ReadBytes) {
    this.head = head;
    this.#read = read;
  }

  /**
   * Opens an index.
   *
   * @param read Reads its bytes.
   * @param size How many there are.
   * @param signal Aborts it.
   * @throws {SyntaxError} If it isn't one.
   */
  static async open(read: ReadBytes, size: number, signal: AbortSignal): Promise<IndexReader> {
    let bytes = await read(0, Math.min(size, FIRST_BYTES), signal);
    const needed = headSize(bytes, size);
    if (needed > bytes.length) bytes = await read(0, needed, signal);
    return new IndexReader(readHead(bytes), read);
  }

  /**
   * Where the entries with an id are.
   *
   * @param id The id.
   * @param signal Aborts it.
   * @return None if there are none. Whoever reads an entry has to check that it has the id.
   * @throws {SyntaxError} If the index isn't as it is written.
   */
  async find(id: string, signal: AbortSignal): Promise<FoundEntry[]> {
    const { rowsAt, until, batches, sums } = this.head;
    const key = indexKey(id);
    const first = until[key[0]! - 1] ?? 0;
    const end = until[key[0]!]!;
    const bytes = first === end
      ? NO_ROWS
      : await this.#read(rowsAt + first * ROW_BYTES, rowsAt + end * ROW_BYTES, signal);
    if (bytes.length !== (end - first) * ROW_BYTES) throw new SyntaxError("it ends too early");
    // Else a key that is another one would look like an id that isn't there.
    if (sums !== undefined && crc32(bytes) !== sums[key[0]!]) {
      throw new SyntaxError("its rows aren't those that were written");
    }
    const rows = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let [low, high] = [0, end - first];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * ROW_BYTES;
      if (Buffer.compare(rows.subarray(at, at + KEY_BYTES), key) < 0) low = middle + 1;
      else high = middle;
    }
    const found: FoundEntry[] = [];
    for (let at = low * ROW_BYTES; at < bytes.length; at += ROW_BYTES) {
      if (!rows.subarray(at, at + KEY_BYTES).equals(key)) break;
      const { batch: number, ...place } = readRow(view, at);
      const batch = batches[number];
      if (batch === undefined) throw new SyntaxError("a row is of a batch that it doesn't name");
      found.push({ ...place, batch });
    }
    return found;
  }
}
