import { crc32 } from "node:zlib";
import {
  type EntryPlace,
  headBytes,
  type IndexedBatch,
  ROW_BYTES,
  writeRow,
} from "./index_form.ts";

/** Rows whose keys begin with the same byte. */
interface Bucket {
  bytes: Uint8Array<ArrayBuffer>;
  count: number;
}

/** Rows that a bucket has room for at first. */
const FIRST_ROWS = 8;

/**
 * The rows of an index that is being made, in memory: at most 60 bytes for each.
 *
 * @example
 * ```ts
 * import { IndexRows } from "./index_rows.ts";
 *
 * const rows = new IndexRows();
 * rows.add([{ id: "a", offset: 0, size: 10, inside: 0, length: 10, crc32: 0 }], 0);
 * const pieces = [...rows.bytes([{ path: "uploads/batch_000.ndjson", size: 11 }])];
 * console.assert(pieces.length === 2);
 * ```
 */
export class IndexRows {
  readonly #buckets: readonly Bucket[] = Array.from({ length: 256 }, () => {
    return { bytes: new Uint8Array(0), count: 0 };
  });

  /** How many there are. */
  get count(): number {
    return this.#buckets.reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * Adds the rows of a batch's entries.
   *
   * @param entries The entries.
   * @param batch The batch's number.
   * @return The rows' bytes, for {@linkcode IndexRows.restore}.
   */
  add(
    entries: readonly (EntryPlace & { readonly id: string })[],
    batch: number,
  ): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(entries.length * ROW_BYTES);
    const view = new DataView(bytes.buffer);
    entries.forEach((entry, i) => writeRow(view, i * ROW_BYTES, entry.id, batch, entry));
    this.restore(bytes);
    return bytes;
  }

  /**
   * Adds rows as they are.
   *
   * @param bytes Whole rows.
   */
  restore(bytes: Uint8Array<ArrayBuffer>): void {
    for (let at = 0; at < bytes.length; at += ROW_BYTES) {
      const bucket = this.#buckets[bytes[at]!]!;
      const end = bucket.count * ROW_BYTES;
      if (end === bucket.bytes.length) {
        const rows = Math.max(FIRST_ROWS, Math.ceil(bucket.count * 1.5));
        const larger = new Uint8Array(rows * ROW_BYTES);
        larger.set(bucket.bytes);
        bucket.bytes = larger;
      }
      bucket.bytes.set(bytes.subarray(at, at + ROW_BYTES), end);
      bucket.count++;
    }
  }

  /**
   * The index, in pieces. The same rows make the same bytes, in whichever order they were added.
   *
   * @param batches The batches, by their numbers.
   * @param isSummed Whether it has checksums of its rows, as all but older ones. @default {true}
   */
  *bytes(
    batches: readonly IndexedBatch[],
    isSummed = true,
  ): Generator<Uint8Array<ArrayBuffer>, void> {
    // The checksums come before the rows.
    for (const bucket of this.#buckets) bucket.bytes = sorted(bucket);
    const sums = this.#buckets.map(({ bytes }) => crc32(bytes));
    yield headBytes(batches, this.#buckets.map(({ count }) => count), isSummed ? sums : undefined);
    for (const { bytes } of this.#buckets) if (bytes.length > 0) yield bytes.slice();
  }
}

function sorted({ bytes, count }: Bucket): Uint8Array<ArrayBuffer> {
  if (count === 0) return new Uint8Array();
  const view = new DataView(bytes.buffer);
  // The first byte is the same in all of them; six more fit into a number.
  const start = Float64Array.from({ length: count }, (_, row) => {
    return view.getUint32(row * ROW_BYTES + 1) * 0x1_0000 + view.getUint16(row * ROW_BYTES + 5);
  });
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  order.sort((a, b) => start[a]! - start[b]! || compareRows(view, a * ROW_BYTES, b * ROW_BYTES));
  const rows = new Uint8Array(count * ROW_BYTES);
  order.forEach((row, i) => {
    rows.set(bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES), i * ROW_BYTES);
  });
  return rows;
}

/**
 * Compares two rows as they follow each other in an index: by their keys, then the batches' numbers, then where the
 * entries are in there.
 *
 * @param view Has both.
 * @param a Where one begins.
 * @param b Where the other one begins.
 * @return Less than 0 if `a` comes first.
 */
export function compareRows(view: DataView, a: number, b: number): number {
  for (const at of [0, 4, 8, 12]) {
    const difference = view.getUint32(a + at) - view.getUint32(b + at);
    if (difference !== 0) return difference;
  }
  for (const at of [16, 20, 28]) {
    const difference = view.getUint32(a + at, true) - view.getUint32(b + at, true);
    if (difference !== 0) return difference;
  }
  return 0;
}
