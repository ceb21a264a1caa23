import { crc32, createDeflateRaw } from "node:zlib";
import { compressed } from "./compressed.ts";
import type { Bytes } from "./snapshot_source.ts";

/** A file of a zip. */
export interface ZipEntry {
  /** Its path. */
  readonly name: string;
  /** Its bytes. They are read before the next entry is asked for. */
  readonly bytes: AsyncIterable<Bytes>;
  /** Whether it is compressed. @default {false} */
  readonly isCompressed?: boolean | undefined;
  /** Whether it may have 4 GiB or more. @default {false} */
  readonly isLarge?: boolean | undefined;
  /** Whether the zip does without it when its bytes fail. @default {It fails as they do} */
  readonly isLeftOut?: ((error: unknown) => boolean) | undefined;
}

/** Above this, sizes, places and numbers of entries are written in the larger form (zip64). */
const LARGEST = 0xffffffff;
/** Entries of the list that are put together: each alone would take several times its size. */
const AT_ONCE = 500;
const MOST_ENTRIES = 0xffff;
/** Versions of the format that are needed to read an entry: with deflate, and with zip64. */
const [DEFLATE, ZIP64] = [20, 45];
/** Written by a Unix program, of the version with zip64. */
const MADE_BY = 3 << 8 | ZIP64;
/** Sizes and digest come after the bytes, and names are UTF-8. */
const FLAGS = 1 << 3 | 1 << 11;
const METHOD = 8;
/** The longest part of bytes that deflate has as they are. */
const LONGEST_BLOCK = 0xffff;
/** A file that its owner may write and all may read. */
const MODE = 0o100644 << 16 >>> 0;
const ENCODER = new TextEncoder();

/**
 * Makes a zip while its entries are read. Nothing but the list of entries is kept in memory: about 60 bytes and
 * the name of each. Also what isn't compressed is deflated, so that programs that read a zip from its beginning
 * know where each entry ends.
 *
 * An entry whose bytes fail and that may be left out isn't in the list at the end, which says what the zip holds:
 * programs don't see what was written of it.
 *
 * @param entries The entries.
 * @param modifiedAt When they were last changed, in UTC; no earlier than 1980.
 * @throws {RangeError} If an entry is larger than it may be, or a name longer than 65,535 bytes.
 * @throws What entries fail with.
 */
export async function* zip(
  entries: AsyncIterable<ZipEntry>,
  modifiedAt: Date,
): AsyncGenerator<Bytes, void> {
  const time = dosTime(modifiedAt);
  const list: Bytes[] = [];
  let recent: Bytes[] = [];
  let count = 0;
  let at = 0;
  for await (const { name, bytes, isCompressed, isLarge = false, isLeftOut } of entries) {
    const path = ENCODER.encode(name);
    if (path.length > MOST_ENTRIES) throw new RangeError(`The name ${name} is too long for a zip`);
    const entry = { path, time, isLarge, at };
    const head = localHeader(entry);
    at += head.length;
    yield head;
    const read = { crc: 0, size: 0 };
    let packed = 0;
    try {
      const known = counted(bytes, read);
      const deflated = isCompressed ? compressed(known, createDeflateRaw()) : stored(known);
      for await (const piece of deflated) {
        at += piece.length;
        packed += piece.length;
        yield piece;
      }
    } catch (error) {
      if (isLeftOut?.(error)) continue;
      throw error;
    }
    if (!isLarge && Math.max(read.size, packed) >= LARGEST) {
      throw new RangeError(`${name} is larger than 4 GiB`);
    }
    const sizes = { ...read, packed };
    const end = descriptor(sizes, isLarge);
    at += end.length;
    yield end;
    recent.push(listed(entry, sizes));
    count++;
    if (recent.length < AT_ONCE) continue;
    list.push(joined(...recent));
    recent = [];
  }
  if (recent.length > 0) list.push(joined(...recent));
  const start = at;
  for (const entries of list) {
    at += entries.length;
    yield entries;
  }
  yield listEnd(count, start, at);
}

async function* counted(
  bytes: AsyncIterable<Bytes>,
  read: { crc: number; size: number },
): AsyncGenerator<Bytes, void> {
  for await (const piece of bytes) {
    read.crc = crc32(piece, read.crc);
    read.size += piece.length;
    yield piece;
  }
}

/** Bytes in the form of deflate, but as they are. */
async function* stored(bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += LONGEST_BLOCK) {
      const part = piece.subarray(at, at + LONGEST_BLOCK);
      yield joined(new Uint8Array(1), [2, part.length], [2, part.length ^ LONGEST_BLOCK], part);
    }
  }
  // The last block, which is empty.
  yield joined(new Uint8Array([1]), [2, 0], [2, LONGEST_BLOCK]);
}

/** What is known of an entry before its bytes. */
interface EntryHead {
  readonly path: Bytes;
  readonly time: number;
  readonly isLarge: boolean;
  readonly at: number;
}

/** What is known of an entry after its bytes: CRC-32, and sizes in bytes. */
interface EntrySizes {
  readonly crc: number;
  readonly size: number;
  readonly packed: number;
}

function localHeader({ path, time, isLarge }: EntryHead): Bytes {
  // The larger form of what comes after the bytes is announced here.
  const extra = isLarge ? wide(0, 0) : NO_BYTES;
  const sizes = isLarge ? LARGEST : 0;
  return joined(
    [4, 0x04034b50],
    [2, isLarge ? ZIP64 : DEFLATE],
    [2, FLAGS],
    [2, METHOD],
    [4, time],
    [4, 0],
    [4, sizes],
    [4, sizes],
    [2, path.length],
    [2, extra.length],
    path,
    extra,
  );
}

function descriptor({ crc, size, packed }: EntrySizes, isLarge: boolean): Bytes {
  const width = isLarge ? 8 : 4;
  return joined([4, 0x08074b50], [4, crc], [width, packed], [width, size]);
}

function listed({ path, time, isLarge, at }: EntryHead, { crc, size, packed }: EntrySizes): Bytes {
  const isFar = at >= LARGEST;
  const needs = [...isLarge ? [size, packed] : [], ...isFar ? [at] : []];
  const extra = needs.length > 0 ? wide(...needs) : NO_BYTES;
  return joined(
    [4, 0x02014b50],
    [2, MADE_BY],
    [2, extra.length > 0 ? ZIP64 : DEFLATE],
    [2, FLAGS],
    [2, METHOD],
    [4, time],
    [4, crc],
    [4, isLarge ? LARGEST : packed],
    [4, isLarge ? LARGEST : size],
    [2, path.length],
    [2, extra.length],
    // No comment, on the first disk, and nothing of the file's inside.
    [2, 0],
    [2, 0],
    [2, 0],
    [4, MODE],
    [4, isFar ? LARGEST : at],
    path,
    extra,
  );
}

function listEnd(count: number, start: number, end: number): Bytes {
  const few = Math.min(count, MOST_ENTRIES);
  const near = Math.min(start, LARGEST);
  const size = Math.min(end - start, LARGEST);
  const short = joined(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, few],
    [2, few],
    [4, size],
    [4, near],
    [2, 0],
  );
  if (few < MOST_ENTRIES && near < LARGEST && size < LARGEST) return short;
  return joined(
    [4, 0x06064b50],
    // How long the rest of this part is.
    [8, 44],
    [2, MADE_BY],
    [2, ZIP64],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, end - start],
    [8, start],
    // Where this part begins.
    [4, 0x07064b50],
    [4, 0],
    [8, end],
    [4, 1],
    short,
  );
}

/** The numbers of an entry that may be too large for their places. */
function wide(...numbers: number[]): Bytes {
  return joined([2, 1], [2, 8 * numbers.length], ...numbers.map((n): Part => [8, n]));
}

const NO_BYTES = new Uint8Array();

/** Bytes as they are, or a number in so many bytes, the lowest first. */
type Part = Bytes | readonly [width: 2 | 4 | 8, value: number];

function joined(...parts: Part[]): Bytes {
  const size = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) bytes.set(part, at);
    else if (part[0] === 2) view.setUint16(at, part[1], true);
    else if (part[0] === 4) view.setUint32(at, part[1], true);
    else view.setBigUint64(at, BigInt(part[1]), true);
    at += sizeOf(part);
  }
  return bytes;
}

function sizeOf(part: Part): number {
  return part instanceof Uint8Array ? part.length : part[0];
}

/** Time and date as MS-DOS has them: two seconds are the least. */
function dosTime(at: Date): number {
  const day = (at.getUTCFullYear() - 1980) << 9 | (at.getUTCMonth() + 1) << 5 | at.getUTCDate();
  const time = at.getUTCHours() << 11 | at.getUTCMinutes() << 5 | at.getUTCSeconds() >> 1;
  return (day << 16 | time) >>> 0;
}
