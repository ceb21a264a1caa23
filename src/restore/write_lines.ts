import type { Storage } from "../storage/storage.ts";

/**
 * Writes things as JSON, each in a line.
 *
 * @param storage Where.
 * @param key The object.
 * @param things The things.
 * @param signal Aborts it.
 * @throws {StorageError} If it can't be written.
 */
export async function writeLines(
  storage: Storage,
  key: string,
  things: Iterable<unknown> | AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const encoder = new TextEncoder();
  const bytes = ReadableStream.from(things).pipeThrough(
    new TransformStream<unknown, Uint8Array<ArrayBuffer>>({
      transform: (one, controller) => {
        controller.enqueue(encoder.encode(`${JSON.stringify(one)}\n`));
      },
    }),
  );
  await storage.put(key, bytes, { signal });
}
