import * as z from "zod";
import { JsonNote } from "../snapshot/json_note.ts";
import { FREEZE, type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";
import type { Environment } from "../source/datocms/environments.ts";
import type { Storage } from "../storage/storage.ts";

const HOUR = 3_600_000;

/**
 * How long a copy is read at most, in milliseconds: the export that made it ends then. It began to count
 * before there was the copy, so that whatever copy is older isn't read any more, wherever its export runs.
 */
export const COPY_LIFE_MS: number = 24 * HOUR;
/** How much older a copy has to be to be deleted, in milliseconds: its own export tries to, until then. */
const MARGIN_MS = HOUR;
/** What changes in a copy so many milliseconds after it was begun is somebody's work. */
const MAKING_MS = 2 * HOUR;

/** The names of copies: when they were made, in seconds since 1970, and a random number. */
const NAME = /^sluice-freeze-(\d{1,12})-[0-9a-f]{8}$/;

/**
 * A name for a new copy that no other run has ever chosen.
 *
 * @param taken The environments that there are.
 */
export function copyName(taken: readonly Pick<Environment, "id">[]): string {
  for (;;) {
    const random = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(16).padStart(8, "0");
    const id = `sluice-freeze-${Math.floor(Date.now() / 1000)}-${random}`;
    // Whatever has that name after it was asked for is ours.
    if (!taken.some((environment) => environment.id === id)) return id;
  }
}

/** The copies among a project's environments. */
export interface FoundCopies {
  /** Those that no export reads any more: killed ones left them. */
  readonly stale: readonly string[];
  /** Those that exports may be reading. */
  readonly young: readonly string[];
  /** Those that no export reads, but in which somebody has changed something. */
  readonly edited: readonly string[];
}

/**
 * Finds the copies among environments, and which of them can be deleted without harm to anybody. One that
 * can't be proven to be left over counts as one that is read.
 *
 * @param environments All environments of a project.
 * @param now The time by the API's clock; without it, none is known to be old.
 * @param known The copy of an export that is known to have ended.
 */
export function findCopies(
  environments: readonly Environment[],
  now: Date | undefined,
  known?: string,
): FoundCopies {
  const found = { stale: [] as string[], young: [] as string[], edited: [] as string[] };
  // A clock that is ahead makes everything look old: the earlier one counts, of the API's and ours.
  const time = now === undefined ? NaN : Math.min(now.getTime(), Date.now());
  for (const { id, meta } of environments) {
    const [, seconds] = NAME.exec(id) ?? [];
    if (seconds === undefined || meta.primary !== false || meta.status === "destroying") continue;
    const created = Date.parse(meta.created_at ?? "");
    const isOver = time - Math.max(created, Number(seconds) * 1000) > COPY_LIFE_MS + MARGIN_MS;
    const isEdited = Date.parse(meta.last_data_change_at ?? "") - created > MAKING_MS;
    const kind = id !== known && !isOver ? "young" : isEdited ? "edited" : "stale";
    found[kind].push(id);
  }
  return found;
}

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
