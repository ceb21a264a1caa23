import { EXIT, SluiceError } from "../../error.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { RestoreOptions } from "../options.ts";
import { lackOf } from "../preflight.ts";
import type { EarlierRestore } from "../settled.ts";
import { type RestoreChoice, settledChoice } from "./choice.ts";

/**
 * The part that is restored: what it was begun with, if it is resumed.
 *
 * @param options The options.
 * @param earlier The restore that is resumed.
 * @throws {SluiceError} If that contradicts itself.
 */
export function partOf(
  { part, delete: removes }: Pick<RestoreOptions, "part" | "delete">,
  earlier: EarlierRestore | undefined,
): RestoreChoice | undefined {
  const given = settledChoice(part);
  if (given !== undefined && removes) {
    throw new SluiceError(
      "A part of a snapshot destroys nothing: restore all of it to destroy what it lacks.",
      EXIT.usage,
      { code: "restore_choice" },
    );
  }
  if (earlier === undefined) return given;
  const begun = settledChoice(earlier.plan.options?.part);
  if (given === undefined || JSON.stringify(given) === JSON.stringify(begun)) return begun;
  throw new SluiceError(
    "The restore was begun with another part of the snapshot: resume it without saying which, or give it up.",
    EXIT.usage,
    { code: "restore_choice" },
  );
}

/**
 * Refuses a snapshot that doesn't hold what is restored of it.
 *
 * @param snapshot The snapshot.
 * @param part What is restored of it.
 * @throws {SluiceError} If so.
 */
export function assertHolds({ name, manifest }: Snapshot, part: RestoreChoice | undefined): void {
  if (manifest === undefined) return;
  const lack = lackOf(manifest, part?.only);
  if (lack.length === 0) return;
  throw new SluiceError(
    part === undefined
      ? `The snapshot ${name} isn't the whole project (${
        lack.join("; ")
      }): what it lacks can't be told from what was deleted. Restore a part that it has, or another snapshot.`
      : `The snapshot ${name} doesn't have all that was chosen (${lack.join("; ")}).`,
    EXIT.usage,
    { code: "snapshot_partial" },
  );
}
