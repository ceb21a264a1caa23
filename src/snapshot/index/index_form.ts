import { Buffer } from "node:buffer";
import { isObject, parseJson } from "../../text/json.ts";
import { writeSha256 } from "../../text/sha256_words.ts";

/** What an index begins with. */
const MAGIC = "SLUICEIX";
const VERSION = 1;
/** An index has a number for each first byte of keys: how many rows begin with it or a smaller one. */
const FIRST_BYTES = 256;
/** Where the names of batches begin. */
const NAMES_AT = 24 + 4 * FIRST_BYTES;
/** No index names more batches than fit into this (bytes). */
const LONGEST_NAMES = 256 * 1024 * 1024;

/** The size of a row in bytes. */
export const ROW_BYTES = 40;
/** The size of a row's key in bytes. */
export const KEY_BYTES = 16;

/** Where an entry is. */
export interface EntryPlace {
  /** Where the bytes begin that have to be read. */
  readonly offset: number;
  /** How many these are. */
  readonly size: number;
  /** Where the entry begins in their text. */
  readonly inside: number;
  /** How many bytes of text it has. */
  readonly length: number;
  /** CRC-32 of these. */
  readonly crc32: number;
}

/** A batch as an index names it. */
export interface IndexedBatch {
  /** Its path in the snapshot. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
}

/** What stands before an index's rows. */
export interface IndexHead {
  /** The batches, by the numbers that rows have of them. */
  readonly batches: readonly IndexedBatch[];
  /** How many rows there are. */
  readonly count: number;
  /** Where they begin (bytes). */
  readonly rowsAt: number;
  /** How many rows have keys that begin with a byte or a smaller one, by the byte. */
  readonly until: Uint32Array;
  /** CRC-32 of the rows whose keys begin with a byte, by the byte; `undefined` if it is an older one, without. */
  readonly sums: readonly number[] | undefined;
}

/**
 * What an id is looked up by: the first 16 bytes of its SHA-256.
 *
 * @param id The id.
 */
export function indexKey(id: string): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(KEY_BYTES);
  writeKey(new DataView(key.buffer), 0, id);
  return key;
}

/** The words of a key. */
const WORDS = new Uint32Array(KEY_BYTES / 4);

function writeKey(view: DataView, at: number, id: string): void {
  writeSha256(WORDS, id);
  WORDS.forEach((word, i) => view.setUint32(at + 4 * i, word));
}

/**
 * Writes a row.
 *
 * @param view Where to.
 * @param at Its first byte there.
 * @param id The entry's id, which it is looked up by.
 * @param batch The number of its batch.
 * @param place Where it is in there.
 * @throws {RangeError} If a number is too large: no batch is that large.
 */
export function writeRow(
  view: DataView,
  at: number,
  id: string,
  batch: number,
  { offset, size, inside, length, crc32 }: EntryPlace,
): void {
  writeKey(view, at, id);
  for (const [i, number] of [batch, offset, size, inside, length, crc32].entries()) {
    if (number > 0xffff_ffff) throw new RangeError(`${number} doesn't fit into a row of an index`);
    view.setUint32(at + KEY_BYTES + 4 * i, number, true);
  }
}

/**
 * Reads a row.
 *
 * @param view Where it is.
 * @param at Its first byte there.
 */
export function readRow(view: DataView, at: number): EntryPlace & { readonly batch: number } {
  const number = (i: number) => view.getUint32(at + KEY_BYTES + 4 * i, true);
  return {
    batch: number(0),
    offset: number(1),
    size: number(2),
    inside: number(3),
    length: number(4),
    crc32: number(5),
  };
}

/**
 * What stands before the rows.
 *
 * @param batches The batches, by their numbers.
 * @param counts How many rows have keys that begin with a byte, by the byte.
 * @param sums CRC-32 of these rows, by the byte; nothing for the form of before.
 */
export function headBytes(
  batches: readonly IndexedBatch[],
  counts: readonly number[],
  sums: readonly number[] | undefined,
): Uint8Array<ArrayBuffer> {
  const names = new TextEncoder().encode(
    JSON.stringify({ batches: batches.map(({ path, size }) => ({ path, size })), crc32: sums }),
  );
  const bytes = new Uint8Array(NAMES_AT + names.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, counts.reduce((sum, count) => sum + count, 0), true);
  view.setUint32(20, names.length, true);
  let until = 0;
  counts.forEach((count, byte) => view.setUint32(24 + 4 * byte, until += count, true));
  bytes.set(names, NAMES_AT);
  return bytes;
}

/**
 * How many bytes stand before the rows.
 *
 * @param start The first bytes of the index.
 * @param size The index's size, if it is known.
 * @throws {SyntaxError} If it isn't an index of a version that this program knows.
 */
export function headSize(start: Uint8Array<ArrayBuffer>, size?: number): number {
  if (start.length < NAMES_AT || Buffer.from(start.subarray(0, 8)).toString("latin1") !== MAGIC) {
    throw new SyntaxError("it isn't an index");
  }
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw new SyntaxError(`its version is ${version}, not ${VERSION}`);
  const rowsAt = view.getUint32(12, true);
  const count = view.getUint32(16, true);
  const names = view.getUint32(20, true);
  const isWhole = size === undefined || size === rowsAt + count * ROW_BYTES;
  if (!isWhole || names > LONGEST_NAMES || rowsAt !== NAMES_AT + names) {
    throw new SyntaxError("its sizes don't agree");
  }
  return rowsAt;
}

/**
 * Reads what stands before the rows.
 *
 * @param bytes The first bytes of the index, {@linkcode headSize} of them or more.
 * @throws {SyntaxError} If it isn't as it is written.
 */
export function readHead(bytes: Uint8Array<ArrayBuffer>): IndexHead {
  const rowsAt = headSize(bytes);
  if (bytes.length < rowsAt) throw new SyntaxError("it ends too early");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(16, true);
  const until = new Uint32Array(FIRST_BYTES);
  for (let byte = 0; byte < FIRST_BYTES; byte++) {
    until[byte] = view.getUint32(24 + 4 * byte, true);
    if (until[byte]! < (until[byte - 1] ?? 0)) throw new SyntaxError("its counts don't agree");
  }
  if (until[FIRST_BYTES - 1] !== count) throw new SyntaxError("its counts don't agree");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(NAMES_AT, rowsAt));
  const names = parseJson(text);
  const batches = isObject(names) && Array.isArray(names.batches) ? names.batches : undefined;
  const isNamed = batches?.every((batch) => {
    return isObject(batch) && typeof batch.path === "string" && typeof batch.size === "number";
  });
  if (!isNamed) throw new SyntaxError("it doesn't name its batches");
  const sums = isObject(names) ? names.crc32 : undefined;
  const isSummed = Array.isArray(sums) && sums.length === FIRST_BYTES &&
    sums.every((sum) => typeof sum === "number");
  if (sums !== undefined && !isSummed) throw new SyntaxError("its checksums aren't numbers");
  return {
    batches: batches as unknown as IndexedBatch[],
    count,
    rowsAt,
    until,
    sums: sums as number[] | undefined,
  };
}
