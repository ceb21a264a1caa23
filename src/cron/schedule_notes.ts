import * as z from "zod";
import type { Storage } from "../sink/storage.ts";
import {
  SCHEDULE,
  SCHEDULE_FAILURES,
  type SnapshotPlace,
  snapshotsPrefix,
} from "../snapshot/layout.ts";
import { JsonNote } from "./json_note.ts";

/** Whether automatic exports are on. */
export interface ScheduleSwitch {
  /** Whether they are. */
  readonly enabled: boolean;
  /** Since when, in ISO 8601. */
  readonly changedAt: string;
}

/** Exports that failed in a row. */
export interface FailureRow {
  /** How many. */
  readonly count: number;
  /** When the last one did, in ISO 8601. */
  readonly at: string;
}

/**
 * The note that switches automatic exports of a project and environment on and off. Without one, they
 * are on.
 *
 * @param storage Where snapshots are.
 * @param place Which project and environment.
 */
export function scheduleSwitch(storage: Storage, place: SnapshotPlace): JsonNote<ScheduleSwitch> {
  const schema = z.object({ enabled: z.boolean(), changedAt: z.iso.datetime() });
  return new JsonNote(storage, `${snapshotsPrefix(place)}/${SCHEDULE}`, schema);
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
  const schema = z.object({ count: z.number().int().min(1), at: z.iso.datetime() });
  const prefix = place === undefined ? "content" : snapshotsPrefix(place);
  return new JsonNote(storage, `${prefix}/${SCHEDULE_FAILURES}`, schema);
}
