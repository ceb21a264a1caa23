/** How much is read at once, in bytes. */
const CHUNK = 64 * 1024;
/** The first block of a body has the size of a chunk; each further one twice as much, up to this (bytes). */
const LARGEST_BLOCK = 1024 * 1024;

/**
 * Reads a stream to its end into one piece of memory. Chunks aren't kept: those that `fetch` makes of a
 * compressed answer are of 4 KiB, but each holds 64 KiB of memory.
 *
 * @param body The stream; it is cancelled if it isn't read to its end.
 * @param onBytes Called with how many bytes there are after each chunk; what it throws ends the reading.
 * @return All bytes.
 * @throws The stream's error, or what `onBytes` throws.
 *
 * @example
 * ```ts
 * import { collectBytes } from "./collect_bytes.ts";
 *
 * const bytes = await collectBytes(new Blob(["Hello, ", "world"]).stream());
 * console.assert(new TextDecoder().decode(bytes) === "Hello, world");
 * ```
 */
export async function collectBytes(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onBytes?: (size: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const full: Uint8Array<ArrayBuffer>[] = [];
  let block = new Uint8Array(CHUNK);
  let filled = 0;
  let size = 0;
  try {
    for await (const chunk of chunksOf(body)) {
      size += chunk.length;
      onBytes?.(size);
      for (let rest = chunk; rest.length > 0;) {
        if (filled === block.length) {
          full.push(block);
          block = new Uint8Array(Math.min(2 * block.length, LARGEST_BLOCK));
          filled = 0;
        }
        const part = rest.subarray(0, block.length - filled);
        block.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
      }
    }
    return joined([...full, block.subarray(0, filled)], size);
  } finally {
    // Several large answers would else be in memory together until garbage is collected.
    for (const each of full) release(each);
  }
}

/** Puts blocks together; each is given back once it was copied. */
function joined(
  blocks: readonly Uint8Array<ArrayBuffer>[],
  size: number,
): Uint8Array<ArrayBuffer> {
  if (blocks.length === 1) return blocks[0]!;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
    release(block);
  }
  return bytes;
}

/** Gives memory back now. */
function release({ buffer }: Uint8Array<ArrayBuffer>): void {
  if (!buffer.detached) buffer.transfer(0);
}

/** The chunks of a stream, each valid until the next one; all in the same memory if the stream allows that. */
async function* chunksOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = byteReader(body);
  if (reader === undefined) return yield* body;
  let memory = new ArrayBuffer(CHUNK);
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(memory));
      isDone = done;
      if (done) return;
      yield value;
      memory = value.buffer;
    }
  } finally {
    // What it fails with while it is cancelled says nothing that would change the outcome.
    if (!isDone) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

/** Reads into memory of ours; `undefined` if the stream only gives chunks of its own. */
function byteReader(body: ReadableStream): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError && !body.locked) return undefined;
    throw error;
  }
}
