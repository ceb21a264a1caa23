import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import {
  headBytes,
  headSize,
  type IndexedBatch,
  type IndexHead,
  readHead,
  ROW_BYTES,
  writeRow,
} from "../../snapshot/index/index_form.ts";
import { compareRows } from "../../snapshot/index/index_rows.ts";
import { locateEntries } from "../../snapshot/index/locate_entries.ts";
import { RECORD_INDEX, UPLOAD_INDEX } from "../../snapshot/layout.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { ObjectNotFoundError } from "../../storage/storage.ts";
import { batchOf } from "./known_ids.ts";
import { writeSha256 } from "../../text/sha256_words.ts";
import type { Check } from "./check.ts";

/** Most indexes have their head in this many bytes. */
const FIRST_BYTES = 64 * 1024;

/**
 * Makes the indexes of a snapshot anew from its batches, and compares them: each row has to lead to its entry, and
 * each entry needs a row. Holds no rows.
 *
 * @param check The verification.
 * @param manifest The snapshot's manifest.
 * @param isThere Whether an object is there.
 * @throws {StorageError} If something can't be read.
 */
export async function checkIndexes(
  check: Check,
  { objects }: Manifest,
  isThere: (path: string) => boolean,
): Promise<void> {
  for (const path of [RECORD_INDEX, UPLOAD_INDEX]) {
    const listed = objects.find((object) => object.path === path);
    if (listed === undefined || !isThere(path)) continue;
    const isOf = (path: string) => (batchOf(path) === "uploads") === (listed.path === UPLOAD_INDEX);
    const expected = objects.filter(({ path }) => batchOf(path) !== undefined && isOf(path));
    try {
      const { batches, isInForm, rows } = await readIndex(check, path, listed.size);
      const named = JSON.stringify(batches.map(({ path, size }) => `${path} ${size}`).sort());
      if (named !== JSON.stringify(expected.map(({ path, size }) => `${path} ${size}`).sort())) {
        check.add("dangling", path, "it isn't of the batches that the manifest lists");
        continue;
      }
      if (!isInForm || !rows.equals(await rowsOf(check, batches))) {
        check.add("dangling", path, "it doesn't lead to the entries of the batches as they are");
      }
    } catch (error) {
      check.signal.throwIfAborted();
      // What a batch lacks was added when it was read the first time.
      if (error instanceof ObjectNotFoundError || error instanceof TypeError) continue;
      if (!(error instanceof SyntaxError)) throw error;
      check.add("unparsable", path, "it, or a batch that it is of, can't be read");
    }
  }
}

/** What stands for rows in any order, of which none has to be held. */
class RowSum {
  readonly #sum = new Uint32Array(8);
  readonly #words = new Uint32Array(8);

  add(row: Uint8Array): void {
    writeSha256(this.#words, row);
    // A number that gets too large begins anew.
    for (let i = 0; i < 8; i++) this.#sum[i]! += this.#words[i]!;
  }

  equals(other: RowSum): boolean {
    return this.#sum.every((part, i) => part === other.#sum[i]);
  }
}

/** The rows that an index of batches has. */
async function rowsOf(check: Check, batches: readonly IndexedBatch[]): Promise<RowSum> {
  const { storage, prefix, signal } = check;
  const rows = new RowSum();
  await check.each(batches.entries(), async ([number, { path }]) => {
    const row = new Uint8Array(ROW_BYTES);
    const view = new DataView(row.buffer);
    for await (const entries of locateEntries(storage, `${prefix}/${path}`, signal)) {
      for (const entry of entries) {
        writeRow(view, 0, entry.id, number, entry);
        rows.add(row);
      }
    }
  });
  return rows;
}

/** Reads an index: its batches, its rows, and whether its head and their order are as they are written. */
async function readIndex(
  { storage, prefix, signal }: Check,
  path: string,
  size: number,
): Promise<{ batches: readonly IndexedBatch[]; isInForm: boolean; rows: RowSum }> {
  const rows = new RowSum();
  const counts = new Uint32Array(256);
  const sums = new Uint32Array(256);
  let head: IndexHead | undefined;
  let headText = new Uint8Array();
  let isSorted = true;
  /** What has no end yet; after the first row, the row before it, too. */
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  let first = 0;
  for await (const chunk of await storage.get(`${prefix}/${path}`, { signal })) {
    signal.throwIfAborted();
    let bytes = new Uint8Array(Buffer.concat([rest, chunk]));
    rest = bytes;
    if (head === undefined) {
      const isWhole = bytes.length >= Math.min(size, FIRST_BYTES) &&
        bytes.length >= headSize(bytes, size);
      if (!isWhole) continue;
      head = readHead(bytes);
      headText = bytes.slice(0, head.rowsAt);
      bytes = bytes.slice(head.rowsAt);
    }
    const view = new DataView(bytes.buffer);
    const end = bytes.length - bytes.length % ROW_BYTES;
    for (let at = first; at < end; at += ROW_BYTES) {
      if (at > 0 && compareRows(view, at - ROW_BYTES, at) > 0) isSorted = false;
      const row = bytes.subarray(at, at + ROW_BYTES);
      counts[row[0]!]!++;
      sums[row[0]!] = crc32(row, sums[row[0]!]);
      rows.add(row);
    }
    first = end > 0 ? ROW_BYTES : 0;
    rest = bytes.slice(end - first);
  }
  if (head === undefined) throw new SyntaxError("it ends too early");
  const { batches } = head;
  const isInForm = isSorted && rest.length === first &&
    Buffer.compare(headBytes(batches, [...counts], head.sums && [...sums]), headText) === 0;
  return { batches, isInForm, rows };
}
