import { SluiceError } from "../error.ts";
import { type Every, nextTime } from "../every.ts";
import type { Storage } from "../sink/storage.ts";
import { ExportLock } from "../snapshot/export_lock.ts";
import { type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";
import { type KnownSnapshots, newestSnapshots } from "./newest_snapshots.ts";
import { failureNote, type FailureRow, scheduleSwitch } from "./schedule_notes.ts";

/** What the storage tells of a schedule. */
export interface Observed extends KnownSnapshots {
  /** Whether automatic exports are on. */
  readonly enabled: boolean;
  /** Whether an export runs right now. */
  readonly isLocked: boolean;
  /** What went wrong in a row, if anything did. */
  readonly failures: FailureRow | undefined;
  /** When the next snapshot is due; `undefined` if there is none yet: at once. */
  readonly dueAt: Date | undefined;
}

/**
 * Looks at all that a schedule's state is made of. Nothing of it is kept in memory: processes come and go.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment.
 * @param every How often a snapshot begins.
 * @param signal Ends it.
 * @throws {StorageError} If the storage can't be read.
 * @throws {SluiceError} If the note that switches exports on and off can't be understood.
 */
export async function observe(
  storage: Storage,
  place: SnapshotPlace,
  every: Every,
  signal: AbortSignal,
): Promise<Observed> {
  const note = scheduleSwitch(storage, place);
  const [found, failures, isLocked, snapshots] = await Promise.all([
    note.read(signal),
    failureNote(storage, place).read(signal),
    ExportLock.isHeld(storage, snapshotsPrefix(place), signal),
    newestSnapshots(storage, place, signal),
  ]);
  if (found === null) {
    throw new SluiceError(
      `Whether automatic exports are on can't be told, because ${storage.url}/${note.key} can't be ` +
        "understood: write it anew with sluice schedule enable or sluice schedule disable.",
    );
  }
  return {
    ...snapshots,
    enabled: found?.enabled ?? true,
    isLocked,
    failures: failures ?? undefined,
    dueAt: dueTime(snapshots, every),
  };
}

/**
 * When the next snapshot is due: one that isn't complete doesn't count.
 *
 * @param snapshots The snapshots that there are.
 * @param every How often one begins.
 */
export function dueTime({ sealed }: KnownSnapshots, every: Every): Date | undefined {
  return sealed && nextTime(every, sealed.begunAt);
}
