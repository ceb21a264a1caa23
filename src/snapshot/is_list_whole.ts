import { createHash } from "node:crypto";
import { ObjectNotFoundError, type Storage } from "../sink/storage.ts";
import type { SnapshotWithAssets } from "./find_snapshots.ts";

/**
 * Whether a snapshot's list of what became of each asset is there, and is what its manifest says: one that was
 * cut between two lines can't be told from a whole one otherwise.
 *
 * @param storage Where the snapshot is.
 * @param snapshot The snapshot.
 * @param signal Aborts the reading.
 * @throws {StorageError} If it can't be read.
 */
export async function isListWhole(
  storage: Storage,
  { index, manifest: { assets, objects } }: SnapshotWithAssets,
  signal: AbortSignal,
): Promise<boolean> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of await storage.get(index, { signal })) hash.update(chunk);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return false;
    throw error;
  }
  return hash.digest("hex") === objects.find(({ path }) => path === assets.index)?.sha256;
}
