import { generatorStream } from "../async/generator_stream.ts";
import {
  type Compression,
  compressMember,
  MEMBER_BYTES,
  STORED_MEMBER_BYTES,
  takeMember,
} from "./compression.ts";

const LINE_FEED = 0x0a;
/** No line is longer than this (bytes): no record of the API is half as large. */
const LONGEST_LINE = 128 * 1024 * 1024;

/**
 * Compresses a text that comes in pieces, member by member. A member ends at a line's end; a line that is
 * longer than a member has members of its own. Where they end depends on the text alone, not on its pieces.
 *
 * @example
 * ```ts
 * import { Compressor } from "./members.ts";
 *
 * const compressor = new Compressor("gzip");
 * const text = new TextEncoder().encode('{"id":1}\n');
 * const members = [...compressor.push(text), ...compressor.end()];
 * console.assert(members.length === 1);
 * ```
 */
export class Compressor {
  readonly #compression: "gzip" | "zstd";
  /** The text of the next member: no more of it than this is in memory. */
  readonly #text = new Uint8Array(MEMBER_BYTES);
  #length = 0;
  /** Where the last line ends in it, or 0. */
  #lineEnd = 0;
  /** Whether it continues a line that is longer than a member. */
  #isLongLine = false;
  #isEmpty = true;

  /**
   * @param compression How.
   */
  constructor(compression: "gzip" | "zstd") {
    this.#compression = compression;
  }

  /**
   * Takes a piece of the text.
   *
   * @param piece The piece.
   * @return The members that it completes.
   */
  *push(piece: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>, void> {
    for (let at = 0; at < piece.length;) {
      let end = Math.min(piece.length, at + MEMBER_BYTES - this.#length);
      if (this.#isLongLine) {
        const lineEnd = piece.subarray(at, end).indexOf(LINE_FEED) + 1;
        if (lineEnd > 0) end = at + lineEnd;
      }
      const some = piece.subarray(at, end);
      const lineEnd = some.lastIndexOf(LINE_FEED) + 1;
      if (lineEnd > 0) this.#lineEnd = this.#length + lineEnd;
      this.#text.set(some, this.#length);
      this.#length += some.length;
      at = end;
      const isLongLineDone = this.#isLongLine && lineEnd > 0;
      if (this.#length < MEMBER_BYTES && !isLongLineDone) continue;
      this.#isLongLine = this.#lineEnd === 0;
      yield this.#take(this.#lineEnd || this.#length);
    }
  }

  /** Ends the text, and gives what is left of it: at least one member in all. */
  *end(): Generator<Uint8Array<ArrayBuffer>, void> {
    if (this.#length > 0 || this.#isEmpty) yield this.#take(this.#length);
  }

  #take(size: number): Uint8Array<ArrayBuffer> {
    const member = compressMember(this.#text.subarray(0, size), this.#compression);
    this.#text.copyWithin(0, size, this.#length);
    this.#length -= size;
    this.#lineEnd = 0;
    this.#isEmpty = false;
    return member;
  }
}

/** A text that isn't compressed as its name says, to its end. */
export class DecompressionError extends SyntaxError {
  /** The error's name. */
  override readonly name = "DecompressionError";
  /** What is wrong: a clause. */
  readonly reason: string;

  /**
   * @param compression How it should be compressed.
   * @param name What it is called.
   * @param cause What its message is the reason.
   */
  constructor(compression: "gzip" | "zstd", name: string, cause: SyntaxError) {
    super(`Expected ${compression} in ${name}, but ${cause.message}`, { cause });
    this.reason = `it isn't ${compression} as it is written: ${cause.message}`;
  }
}

/** A member of a compressed text. */
export interface Member {
  /** Where it begins (bytes). */
  readonly offset: number;
  /** How many bytes it takes. */
  readonly size: number;
  /** Its text. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/**
 * The members of a compressed text, one after the other: no more than one of them is in memory, however much text
 * a few bytes may say that they are.
 *
 * @param bytes The compressed text; it is cancelled if it isn't read to its end.
 * @param compression How it is compressed.
 * @param name What it is called in errors.
 * @throws {DecompressionError} If it isn't a text that {@linkcode Compressor} makes, to its end.
 */
export async function* readMembers(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  compression: "gzip" | "zstd",
  name: string,
): AsyncGenerator<Member, void> {
  let left = new Uint8Array(0);
  let offset = 0;
  const take = (): Member => {
    try {
      const { size, text } = takeMember(left, compression);
      const member = { offset, size, text };
      left = left.subarray(size);
      offset += size;
      return member;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new DecompressionError(compression, name, error);
    }
  };
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    pieces.push(chunk);
    size += chunk.length;
    if (size < STORED_MEMBER_BYTES) continue;
    left = joined(pieces, size);
    // As long as there is as much as the largest member takes, one of them is whole.
    while (left.length >= STORED_MEMBER_BYTES) yield take();
    pieces = [left];
    size = left.length;
  }
  left = joined(pieces, size);
  do yield take(); while (left.length > 0);
}

/**
 * The text of an object that may be compressed.
 *
 * @param bytes Its bytes.
 * @param compression How they are compressed.
 * @param name What it is called in errors.
 * @return A stream, which fails with a {@linkcode DecompressionError} if they aren't.
 */
export function decompressed(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  compression: Compression,
  name: string,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (compression === "none") return bytes;
  return generatorStream(({ signal }) => {
    // Whoever cancels doesn't wait for what is being read.
    const stoppable = bytes.pipeThrough(new TransformStream(), { signal });
    return textOf(readMembers(stoppable, compression, name), compression, name);
  });
}

async function* textOf(
  members: AsyncIterable<Member>,
  compression: "gzip" | "zstd",
  name: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let line = 0;
  for await (const { text } of members) {
    const lineEnd = text.lastIndexOf(LINE_FEED) + 1;
    line = lineEnd === 0 ? line + text.length : text.length - lineEnd;
    // Whoever reads lines holds the whole of each, and a few bytes can say that it is endless.
    if (line > LONGEST_LINE) {
      throw new DecompressionError(
        compression,
        name,
        new SyntaxError("a line is longer than any that is written"),
      );
    }
    if (text.length > 0) yield text;
  }
}

function joined(
  pieces: readonly Uint8Array<ArrayBuffer>[],
  size: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
