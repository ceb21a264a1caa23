import { SluiceError } from "../error.ts";
import { isDuration } from "../text/duration.ts";
import { nextTime, spanMs } from "../text/every.ts";
import type { Storage } from "../storage/storage.ts";
import { type LastDrill, lastDrillNote } from "../restore/drill/result.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";
import { shownAddress } from "../text/printable.ts";
import { type KnownSnapshots, newestSnapshots } from "./newest_snapshots.ts";
import {
  failureNote,
  type FailureRow,
  scheduleSwitch,
  type ScheduleTimes,
  timesNote,
} from "./schedule_notes.ts";

/** When snapshots begin, and what time it is. */
export interface Timing {
  /** How often one begins, and how often it ticks; `undefined` if that isn't known. */
  readonly times: ScheduleTimes | undefined;
  /** The time. */
  readonly now: Date;
}

/** What the storage tells of a schedule. */
export interface Observed extends KnownSnapshots {
  /** Whether automatic exports are on. */
  readonly enabled: boolean;
  /** Whether an export runs right now. */
  readonly isLocked: boolean;
  /** What went wrong in a row, if anything did. */
  readonly failures: FailureRow | undefined;
  /** How the last drill went, if there was one. */
  readonly lastDrill: LastDrill | undefined;
  /** When the schedule that ran last exports, if that is known. */
  readonly noted: ScheduleTimes | undefined;
  /** When the schedule exports that was looked at, if that is known. */
  readonly times: ScheduleTimes | undefined;
  /** When the next snapshot begins; `undefined` if there is none yet, or if that isn't known. */
  readonly dueAt: Date | undefined;
  /** Whether that is now. */
  readonly isDue: boolean;
}

/** The earliest that a snapshot begins before its time, in milliseconds. */
const MOST_EARLY_MS = 600_000;

/**
 * Looks at all that a schedule's state is made of. Nothing of it is kept in memory: processes come and go.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment.
 * @param timing When snapshots begin; without times, as the note says that the last schedule left.
 * @param signal Ends it.
 * @throws {StorageError} If the storage can't be read.
 * @throws {SluiceError} If the note that switches exports on and off can't be understood.
 */
export async function observe(
  storage: Storage,
  place: SnapshotPlace,
  timing: Timing,
  signal: AbortSignal,
): Promise<Observed> {
  const note = scheduleSwitch(storage, place);
  const [found, failures, isLocked, snapshots, left, drill] = await Promise.all([
    note.read(signal),
    failureNote(storage, place).read(signal),
    ExportLock.isHeld(storage, snapshotsPrefix(place), signal),
    newestSnapshots(storage, place, signal),
    timesNote(storage, place).read(signal),
    lastDrillNote(storage, snapshotsPrefix(place)).read(signal),
  ]);
  if (found === null) {
    throw new SluiceError(
      `Whether automatic exports are on can't be determined, because ${
        shownAddress(`${storage.url}/${note.key}`)
      } can't be ` +
        "understood: switch them on or off, which rewrites it.",
      undefined,
      { code: "schedule_unreadable" },
    );
  }
  const noted = left ?? undefined;
  const times = timing.times ?? noted;
  return {
    ...snapshots,
    noted,
    times,
    enabled: found?.enabled ?? true,
    isLocked,
    failures: failures ?? undefined,
    lastDrill: drill ?? undefined,
    ...dueTime(snapshots, { ...timing, times }),
  };
}

/**
 * When the next snapshot begins, and whether that is now: one that isn't complete doesn't count.
 *
 * A snapshot begins some moments after its tick. That it is due as many moments after a later one must not
 * keep it waiting for the one after that: with ticks as far apart as snapshots, every other one would be left out.
 *
 * @param snapshots The snapshots that there are.
 * @param timing When one begins.
 */
export function dueTime(
  { sealed, unsealed }: KnownSnapshots,
  { times, now }: Timing,
): Pick<Observed, "dueAt" | "isDue"> {
  if (sealed === undefined) return { dueAt: undefined, isDue: true };
  // What was begun was due.
  if (times === undefined) return { dueAt: undefined, isDue: unsealed !== undefined };
  const { every, ticks } = times;
  const dueAt = nextTime(every, sealed.begunAt);
  // A cron expression says exactly when.
  const early = isDuration(every)
    ? Math.min(spanMs(ticks, now) / 2, spanMs(every, now) / 2, MOST_EARLY_MS)
    : 0;
  return { dueAt, isDue: dueAt.getTime() - early <= now.getTime() };
}
