import { compressionOf } from "../sink/compression.ts";
import { decompressed } from "../sink/members.ts";
import type { GetOptions, Storage } from "../storage/storage.ts";

/**
 * Reads the text of an object of a snapshot, whether it is compressed or not: its name says it.
 *
 * @param storage Where it is.
 * @param key Its key.
 * @param signal Aborts the reading.
 * @return Its bytes; the stream fails with a `SyntaxError` if it isn't compressed as its name says.
 * @throws {ObjectNotFoundError} If there is no such object.
 * @throws {StorageError} If it can't be read.
 */
export async function readText(
  storage: Pick<Storage, "get">,
  key: string,
  signal?: GetOptions["signal"],
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return decompressed(await storage.get(key, { signal }), compressionOf(key), key);
}

/**
 * Whether an object is a text with an entry on each line, compressed or not.
 *
 * @param key Its key or path.
 */
export function isNdjson(key: string): boolean {
  return /\.ndjson(\.gz|\.zst)?$/.test(key);
}
