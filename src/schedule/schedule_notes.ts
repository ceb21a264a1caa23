import * as z from "zod";
import { type Every, isEvery } from "../text/every.ts";
import type { Storage } from "../storage/storage.ts";
import {
  SCHEDULE_FAILURES,
  SCHEDULE_TIMES,
  type SnapshotPlace,
  snapshotsPrefix,
} from "../snapshot/layout.ts";
import { JsonNote } from "../snapshot/json_note.ts";

export { scheduleSwitch } from "../snapshot/schedule_switch.ts";

/** What went wrong in a row. */
export interface FailureRow {
  /** How many exports failed; none if there were only ticks that brought nothing. */
  readonly count: number;
  /** When the last one did, in ISO 8601. */
  readonly at: string;
  /** How many ticks the latest were whose time was over before anything new came. @default {0} */
  readonly stuck?: number | undefined;
}

/** When a schedule exports. */
export interface ScheduleTimes {
  /** How often a snapshot begins. */
  readonly every: Every;
  /** How often it looks whether one is due. */
  readonly ticks: Every;
}

/**
 * The note that says when the schedule that ran last exports, for whoever asks in another process.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment.
 */
export function timesNote(storage: Storage, place: SnapshotPlace): JsonNote<ScheduleTimes> {
  const every = z.string().refine(isEvery);
  const schema = z.object({ every, ticks: every });
  return new JsonNote(storage, `${snapshotsPrefix(place)}/${SCHEDULE_TIMES}`, schema);
}

/**
 * The note of automatic exports that failed, for whoever tries again: it may be another process.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment; `undefined` if not even that can be found out.
 */
export function failureNote(
  storage: Storage,
  place: SnapshotPlace | undefined,
): JsonNote<FailureRow> {
  const count = z.number().int().min(0);
  const schema = z.object({ count, at: z.iso.datetime(), stuck: count.optional() });
  const prefix = place === undefined ? "content" : snapshotsPrefix(place);
  return new JsonNote(storage, `${prefix}/${SCHEDULE_FAILURES}`, schema);
}
