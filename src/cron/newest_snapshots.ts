import type { Storage } from "../sink/storage.ts";
import { findSnapshots } from "../snapshot/find_snapshots.ts";
import { CANARY, type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";

/** What the storage tells of the snapshots of a project and environment. */
export interface KnownSnapshots {
  /** The newest complete one. */
  readonly sealed: KnownSnapshot | undefined;
  /** The newest one, if it isn't complete and newer than that. */
  readonly unsealed: KnownSnapshot | undefined;
}

/** A snapshot as its name tells of it. */
export interface KnownSnapshot {
  /** Where it lies, without a trailing slash. */
  readonly prefix: string;
  /** When it began. */
  readonly begunAt: Date;
}

/** How many snapshots are looked at: with so many that aren't complete, it is as if there were none. */
const LOOK_BACK = 100;

/**
 * The newest snapshots of a project and environment.
 *
 * @param storage Where they are.
 * @param place Which project and environment.
 * @param signal Ends the search.
 * @throws {StorageError} If they can't be looked at.
 */
export async function newestSnapshots(
  storage: Storage,
  place: SnapshotPlace,
  signal: AbortSignal,
): Promise<KnownSnapshots> {
  const { snapshots } = await findSnapshots(storage, snapshotsPrefix(place), signal);
  for (const [index, prefix] of snapshots.slice(0, LOOK_BACK).entries()) {
    if (await storage.stat(`${prefix}/${CANARY}`, { signal }) === undefined) continue;
    return { sealed: known(prefix), unsealed: index === 0 ? undefined : known(snapshots[0]!) };
  }
  return {
    sealed: undefined,
    unsealed: snapshots[0] === undefined ? undefined : known(snapshots[0]),
  };
}

function known(prefix: string): KnownSnapshot {
  const second = Number(prefix.slice(prefix.lastIndexOf("_") + 1));
  return { prefix, begunAt: new Date(second * 1000) };
}
