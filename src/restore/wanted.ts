import type { Resource } from "../content/resource.ts";
import { changedSnapshot, type ReadSnapshot } from "./changed_snapshot.ts";
import type { Creators } from "./creators.ts";
import { type NewIds, newIdsOf } from "./ids/new_ids.ts";
import { renumbered } from "./ids/renumbered.ts";
import { Renumbering } from "./ids/renumbering.ts";

/** A snapshot as it is to be in a target. */
export interface Wanted extends ReadSnapshot {
  /** What numeric ids become. @default There are none, or the target has them */
  readonly ids?: Renumbering | undefined;
  /** What is told of that. */
  readonly newIds?: NewIds | undefined;
  /** Who takes the place of creators. @default Nobody does */
  readonly creators?: Creators | undefined;
}

/** What a snapshot is changed by. */
export interface WantedInput extends ReadSnapshot {
  /** Whether anything in it has a numeric id. */
  readonly isOld: boolean;
  /** The target as it is. */
  readonly target: ReadSnapshot;
  /** Who takes the place of creators. @default Nobody does */
  readonly creators?: Creators | undefined;
}

/**
 * A snapshot as it is to be in a target: other ids are in the place of numeric ones that the target lacks, and others
 * may be in the place of creators.
 *
 * @param input The snapshot, and what it is changed by.
 * @param signal Aborts the reading.
 */
export async function wantedIn(input: WantedInput, signal: AbortSignal): Promise<Wanted> {
  const { creators } = input;
  const own = await withNewIds(input, signal);
  if (creators === undefined) return own;
  const change = {
    schema: await own.snapshot.schema({ signal }),
    one: <T extends Resource>(resource: T) => creators.changed(resource),
    oldId: (_type: string, id: string) => id,
  };
  return { ...own, ...await changedSnapshot(own, change, signal), creators };
}

async function withNewIds(
  { snapshot, source, isOld, target }: WantedInput,
  signal: AbortSignal,
): Promise<Wanted> {
  const from = { snapshot, source };
  const ids = isOld ? await Renumbering.of(from, target, signal) : undefined;
  if (ids === undefined) return from;
  const change = renumbered(await snapshot.schema({ signal }), ids);
  const changed = await changedSnapshot(from, change, signal);
  return { ...changed, ids, newIds: await newIdsOf(ids, changed, signal) };
}
