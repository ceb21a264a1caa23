import {
  constants,
  crc32,
  gzipSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";

/** How the bytes of a text are kept. */
export type Compression = "none" | "gzip" | "zstd";

/**
 * A compressed text is a sequence of gzip members or zstd frames, none of which holds more of it than this
 * (bytes): each can be read without those before it.
 */
export const MEMBER_BYTES: number = 256 * 1024;
/** No member takes more than this (bytes): what can't be compressed is stored, in blocks with a few bytes more. */
export const STORED_MEMBER_BYTES: number = MEMBER_BYTES + 1024;

/** The level of gzip by measurement, see docs/benchmarks.md. */
const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;
/** Deflate, no name, no time, and no system: the same text makes the same bytes wherever it is compressed. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** The CRC-32 and the size of a member's text. */
const GZIP_TRAILER_BYTES = 8;
const SUFFIXES = { none: "", gzip: ".gz", zstd: ".zst" } as const satisfies Record<
  Compression,
  string
>;

/**
 * What the name of a text ends with, after its own extension.
 *
 * @param compression How it is compressed.
 */
export function suffixOf(compression: Compression): "" | ".gz" | ".zst" {
  return SUFFIXES[compression];
}

/**
 * How a text is compressed, as its name says.
 *
 * @param key Its key or path.
 */
export function compressionOf(key: string): Compression {
  return key.endsWith(".gz") ? "gzip" : key.endsWith(".zst") ? "zstd" : "none";
}

/**
 * The name that a text would have if it weren't compressed.
 *
 * @param key Its key or path.
 */
export function plainName(key: string): string {
  const suffix = suffixOf(compressionOf(key));
  return suffix === "" ? key : key.slice(0, -suffix.length);
}

/**
 * Compresses a member. The same text always makes the same bytes.
 *
 * @param text The text: at most {@linkcode MEMBER_BYTES}.
 * @param compression How.
 */
export function compressMember(
  text: Uint8Array<ArrayBuffer>,
  compression: "gzip" | "zstd",
): Uint8Array<ArrayBuffer> {
  if (compression === "gzip") {
    const member = withoutBuffer(
      gzipSync(text, { level: GZIP_LEVEL, chunkSize: STORED_MEMBER_BYTES }),
    );
    member.set(GZIP_HEADER);
    return member;
  }
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = constants;
  const params = { [ZSTD_c_compressionLevel]: ZSTD_LEVEL, [ZSTD_c_checksumFlag]: 1 };
  // Deno 2.9 begins a second, empty frame where one is larger than a chunk.
  return withoutBuffer(zstdCompressSync(text, { params, chunkSize: STORED_MEMBER_BYTES }));
}

/** A member, taken from the bytes that it begins. */
export interface TakenMember {
  /** How many of the bytes are the member's. */
  readonly size: number;
  /** Its text. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/**
 * Takes the first member of some bytes.
 *
 * @param bytes The whole member at least, or {@linkcode STORED_MEMBER_BYTES}.
 * @param compression How they are compressed.
 * @throws {SyntaxError} If they don't begin with a whole member: a reason, without what it is about.
 */
export function takeMember(
  bytes: Uint8Array<ArrayBuffer>,
  compression: "gzip" | "zstd",
): TakenMember {
  try {
    return compression === "gzip" ? takeGzip(bytes) : takeZstd(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new SyntaxError(reasonOf(error), { cause: error });
  }
}

function takeGzip(bytes: Uint8Array<ArrayBuffer>): TakenMember {
  const start = GZIP_HEADER.length;
  if (bytes.length < start + GZIP_TRAILER_BYTES) throw new SyntaxError("it ends too early");
  if (GZIP_HEADER.some((byte, at) => bytes[at] !== byte)) {
    throw new SyntaxError("something else than a member follows");
  }
  const options = { info: true, maxOutputLength: MEMBER_BYTES, chunkSize: MEMBER_BYTES / 4 };
  const { buffer, engine } = inflateRawSync(bytes.subarray(start), options) as unknown as {
    readonly buffer: Uint8Array<ArrayBuffer>;
    readonly engine: { readonly bytesWritten: number };
  };
  const end = start + engine.bytesWritten;
  const size = end + GZIP_TRAILER_BYTES;
  if (size > bytes.length) throw new SyntaxError("it ends too early");
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, GZIP_TRAILER_BYTES);
  if (
    trailer.getUint32(0, true) !== crc32(buffer) || trailer.getUint32(4, true) !== buffer.length
  ) {
    throw new SyntaxError("a checksum is wrong");
  }
  return { size, text: withoutBuffer(buffer) };
}

function takeZstd(bytes: Uint8Array<ArrayBuffer>): TakenMember {
  const size = zstdFrameSize(bytes);
  const options = { maxOutputLength: MEMBER_BYTES, chunkSize: STORED_MEMBER_BYTES };
  return { size, text: withoutBuffer(zstdDecompressSync(bytes.subarray(0, size), options)) };
}

/** The same bytes as what they are everywhere else. */
function withoutBuffer({ buffer, byteOffset, length }: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}

const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The size of the zstd frame that some bytes begin with: decompressing takes one at a time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8878#name-zstandard-frames
 */
function zstdFrameSize(bytes: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const assertHas = (size: number) => {
    if (size > bytes.length) throw new SyntaxError("it ends too early");
  };
  assertHas(5);
  if (view.getUint32(0, true) !== ZSTD_MAGIC) {
    throw new SyntaxError("something else than a frame follows");
  }
  const descriptor = bytes[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  let at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
  for (let isLast = false; !isLast;) {
    assertHas(at + 3);
    const block = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16;
    isLast = (block & 1) === 1;
    // A block of one byte that is repeated holds it once.
    at += 3 + ((block >> 1 & 3) === 1 ? 1 : block >> 3);
  }
  const size = at + ((descriptor & 4) === 0 ? 0 : 4);
  assertHas(size);
  return size;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_BUFFER_TOO_LARGE") return "a part of it is larger than any that is written";
  if (code === "Z_BUF_ERROR") return "it ends too early";
  return "its bytes are damaged";
}
