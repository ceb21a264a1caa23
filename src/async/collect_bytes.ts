/** How much is read at once, and room is made for at first, in bytes. */
const CHUNK = 64 * 1024;

/**
 * Reads a stream to its end into one piece of memory, which grows. Chunks aren't kept: those that `fetch`
 * makes of a compressed answer are of 4 KiB, but each holds 64 KiB of memory.
 *
 * @param body The stream; it is cancelled if it isn't read to its end.
 * @param onBytes Told how many bytes there are after each chunk; what it throws ends the reading.
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
  let bytes = new Uint8Array(CHUNK);
  let size = 0;
  try {
    for await (const chunk of chunksOf(body)) {
      const needed = size + chunk.length;
      onBytes?.(needed);
      // What was there before is moved, and not left to the garbage collector.
      if (needed > bytes.length) {
        bytes = new Uint8Array(bytes.buffer.transfer(Math.max(needed, 2 * bytes.length)));
      }
      bytes.set(chunk, size);
      size = needed;
    }
  } catch (error) {
    // Several answers that are too large would else be in memory together until it is collected.
    bytes.buffer.transfer(0);
    throw error;
  }
  return bytes.subarray(0, size);
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
