import { createHash } from "node:crypto";
import type { Storage } from "../storage/storage.ts";

/** What an object's bytes are known by. */
export interface ObjectDigest {
  /** How many there are. */
  readonly size: number;
  /** SHA-256 of them, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Reads an object, for its size and digest.
 *
 * @param storage Where it is.
 * @param key Its key.
 * @param signal Aborts the reading.
 * @throws {StorageError} If it can't be read.
 */
export async function objectDigest(
  storage: Storage,
  key: string,
  signal: AbortSignal,
): Promise<ObjectDigest> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of await storage.get(key, { signal })) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { size, sha256: hash.digest("hex") };
}
