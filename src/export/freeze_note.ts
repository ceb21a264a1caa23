import * as z from "zod";
import type { Storage } from "../storage/storage.ts";
import { JsonNote } from "../snapshot/json_note.ts";
import { FREEZE, type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";

/** Which temporary copy an export reads from. */
export interface FreezeNote {
  /** The copy's name. */
  readonly environment: string;
  /** The address of the storage that the export writes to: a note may be copied with what is beside it. */
  readonly destination?: string | undefined;
}

/**
 * The note which temporary copy an export reads from. It outlives an export that is killed: whoever holds
 * the lock then knows that nobody reads from that copy any more.
 *
 * @param storage Where snapshots are written.
 * @param place Which project and environment.
 */
export function freezeNote(storage: Storage, place: SnapshotPlace): JsonNote<FreezeNote> {
  const schema = z.object({ environment: z.string(), destination: z.string().optional() });
  return new JsonNote(storage, `${snapshotsPrefix(place)}/${FREEZE}`, schema);
}
