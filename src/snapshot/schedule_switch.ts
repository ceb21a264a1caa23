import * as z from "zod";
import type { Storage } from "../storage/storage.ts";
import { JsonNote } from "./json_note.ts";
import { SCHEDULE, type SnapshotPlace, snapshotsPrefix } from "./layout.ts";

/** Whether automatic exports are on. */
export interface ScheduleSwitch {
  /** Whether they are. */
  readonly enabled: boolean;
  /** Since when, in ISO 8601. */
  readonly changedAt: string;
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
