import type { Storage } from "../storage/storage.ts";
import { findSnapshots, secondsOf, SKEW_MS } from "../snapshot/find_snapshots.ts";
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
 * The newest snapshots of a project and environment, but for those that a clock that ran ahead gave their names.
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
  const found = await findSnapshots(storage, snapshotsPrefix(place), signal);
  // Until a wrong clock's time has come, nothing would be due.
  const now = Date.now() + SKEW_MS;
  const snapshots = found.snapshots.filter((prefix) => known(prefix).begunAt.getTime() <= now);
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
  return { prefix, begunAt: new Date(secondsOf(prefix) * 1000) };
}
