import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

/** Bytes that differ from place to place, so that lost or swapped ones are noticed. */
export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0, x = seed; i < words.length; i++) words[i] = x = (x * 1664525 + 1013904223) >>> 0;
  return new Uint8Array(words.buffer, 0, size);
}

/** Cuts bytes into chunks of a size, or of sizes taken in turns. */
export function chunksOf(
  bytes: Uint8Array<ArrayBuffer>,
  ...sizes: [number, ...number[]]
): Uint8Array<ArrayBuffer>[] {
  const chunks = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? sizes[0];
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** What a {@linkcode TestBody} does after its last chunk. */
export type Ending = "close" | "stall" | Error;

/** A body that keeps count of what is asked of it. */
export class TestBody extends ReadableStream<Uint8Array<ArrayBuffer>> {
  readonly #seen: { pulled: number; cancelled: boolean; reason: unknown };
  readonly #stalled: Promise<void>;

  constructor(chunks: Iterable<Uint8Array<ArrayBuffer>>, ending: Ending = "close") {
    const seen = { pulled: 0, cancelled: false, reason: undefined as unknown };
    const stalled = Promise.withResolvers<void>();
    const iterator = chunks[Symbol.iterator]();
    super({
      pull(controller): Promise<void> | void {
        const { done, value } = iterator.next();
        if (!done) {
          seen.pulled += value.length;
          controller.enqueue(value);
        } else if (ending === "close") controller.close();
        else if (ending === "stall") {
          stalled.resolve();
          return new Promise(() => {});
        } else controller.error(ending);
      },
      cancel(reason) {
        seen.cancelled = true;
        seen.reason = reason;
      },
    }, { highWaterMark: 0 });
    this.#seen = seen;
    this.#stalled = stalled.promise;
  }

  /** Bytes that were taken out. */
  get pulled(): number {
    return this.#seen.pulled;
  }

  /** Whether it was cancelled. */
  get cancelled(): boolean {
    return this.#seen.cancelled;
  }

  /** What it was cancelled with. */
  get reason(): unknown {
    return this.#seen.reason;
  }

  /** Fulfilled when all chunks are taken and more is waited for (with the ending `"stall"`). */
  get stalled(): Promise<void> {
    return this.#stalled;
  }
}

/** All items of a stream. */
export async function collect<T>(stream: ReadableStream<T>): Promise<T[]> {
  return await Array.fromAsync(stream);
}

/** All bytes of a stream. */
export async function bytesIn(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(stream).bytes();
}

/** Checks that a stream has certain bytes; faster for many of them than `deepEqual()`. */
export async function assertBytes(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  expected: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const actual = await bytesIn(stream);
  assert.equal(actual.length, expected.length);
  assert.ok(Buffer.from(actual.buffer).equals(expected), "The bytes differ.");
}
