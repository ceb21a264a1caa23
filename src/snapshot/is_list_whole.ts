import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import type { SnapshotWithAssets } from "./find_snapshots.ts";
import { objectDigest } from "./object_digest.ts";

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
  try {
    const { sha256 } = await objectDigest(storage, index, signal);
    return sha256 === objects.find(({ path }) => path === assets.index)?.sha256;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return false;
    throw error;
  }
}
