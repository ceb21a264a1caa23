import type { JsonObject } from "../text/json.ts";
import type { Snapshot } from "../tools/open.ts";
import type { Touch } from "./touched.ts";

/** What becomes of what the target has otherwise than the snapshot, where editors work. */
export const CONFLICTS = ["overwrite", "unless-edited", "skip", "fail"] as const;

/** One of {@linkcode CONFLICTS}. */
export type ConflictPolicy = typeof CONFLICTS[number];

/** Something that both have, each otherwise, and that stays as the target has it. */
export interface RestoreConflict {
  /** The API's name of the type of resource, such as `item`. */
  readonly type: string;
  /** Its id. */
  readonly id: string;
  /** What people call it, if anything: of a record, its model. */
  readonly name: string | null;
  /** Whether it was changed in the target since the snapshot; `null` if nobody knows. */
  readonly isEdited: boolean | null;
}

/** How a target is written to in which editors work, as this restore didn't make it. */
export interface Living {
  /** What becomes of what the target has otherwise. */
  readonly conflicts: ConflictPolicy;
  /** Whether records are published and unpublished as in the snapshot. */
  readonly publishes: boolean;
  /** Whether what the snapshot lacks is destroyed. */
  readonly removes: boolean;
}

/** What decides what may be overwritten. */
export interface ConflictInput {
  /** How the target is written to, if editors work there. @default Whatever differs is overwritten */
  readonly living?: Living | undefined;
  /** Whether something may be written at all, by its type and id. @default All may */
  readonly isInScope?: ((type: string, id: string) => boolean) | undefined;
  /**
   * Whether an earlier run of this restore meant to write something, by its type and id: nothing else that is there is
   * overwritten then, as what undoes it doesn't hold it. @default There was no earlier run
   */
  readonly isOurs?: ((type: string, id: string) => boolean) | undefined;
  /** The target as it was before an earlier run of this restore. @default There was no earlier run */
  readonly earlierTarget?: Pick<Snapshot, "record"> | undefined;
  /** Called with each thing that is made, changed or destroyed. */
  readonly onTouch?: ((touch: Touch, type: string, id: string) => void) | undefined;
  /** Called with each thing that stays as the target has it. */
  readonly onConflict?: ((conflict: RestoreConflict) => void) | undefined;
}

/**
 * Whether something may be written at all.
 *
 * @param input What is planned.
 * @param type The API's name of its type.
 * @param id Its id.
 */
export function isInScope({ isInScope }: ConflictInput, type: string, id: string): boolean {
  return isInScope?.(type, id) ?? true;
}

/**
 * Whether something that the target has otherwise than the snapshot may be written. If not, that is told.
 *
 * @param input What is planned.
 * @param conflict What it is.
 */
export function mayOverwrite(
  { living, isInScope, isOurs, onConflict }: ConflictInput,
  conflict: RestoreConflict,
): boolean {
  const { type, id, isEdited } = conflict;
  if (living === undefined) return true;
  if (isInScope?.(type, id) === false) return false;
  const isWanted = isOurs === undefined
    ? living.conflicts === "overwrite" ||
      (living.conflicts === "unless-edited" && isEdited === false)
    : isOurs(type, id);
  if (!isWanted) onConflict?.(conflict);
  return isWanted;
}

/**
 * Whether what the target has and the snapshot lacks is destroyed.
 *
 * @param input What is planned.
 */
export function removesExtras(
  { living, isOwn, keepExtra }: ConflictInput & {
    readonly isOwn: boolean;
    readonly keepExtra: boolean;
  },
): boolean {
  return living?.removes ?? (isOwn && !keepExtra);
}

/**
 * Whether something was changed after it was exported, as far as its times and versions tell.
 *
 * @param present What the target says of it.
 * @param wanted What the snapshot says of it.
 */
export function isEditedSince(
  present: JsonObject | undefined,
  wanted: JsonObject | undefined,
): boolean {
  const version = present?.current_version;
  if (version !== undefined && version === wanted?.current_version) return false;
  return !(Date.parse(String(present?.updated_at)) <= Date.parse(String(wanted?.updated_at)));
}
