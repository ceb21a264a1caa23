import { EXIT, SluiceError } from "../error.ts";
import { type Manifest, statusOf } from "../snapshot/manifest.ts";
import { printable } from "../text/printable.ts";
import type { TargetPlace } from "./environment.ts";
import type { Living } from "./living.ts";
import type { RestoreOptions } from "./options.ts";
import type { FoundProject } from "./preflight.ts";
import type { RestorePlan } from "./restore_plan.ts";

/** What a project may let be changed in sandbox environments only. */
export const OF_SCHEMA: ReadonlySet<string> = new Set([
  ...["item_type", "field", "fieldset", "plugin", "workflow", "menu_item", "schema_menu_item"],
]);

/** How a target is written to in which editors work; also a new one, if it is to be treated so. */
export function livingOf(
  { conflicts, publish, delete: removes }: RestoreOptions,
  { isLiving }: TargetPlace,
  { begun, keepExtra, isUndo }: {
    readonly begun: Living | undefined;
    readonly keepExtra: boolean;
    readonly isUndo: boolean;
  },
): Living | undefined {
  const isNew = !isLiving && begun === undefined && publish !== "none" &&
    (conflicts ?? "overwrite") === "overwrite";
  if (isNew) return undefined;
  const isCareful = isLiving && !isUndo;
  return {
    conflicts: conflicts ?? begun?.conflicts ?? (isCareful ? "skip" : "overwrite"),
    publishes: publish === undefined ? begun?.publishes ?? !isCareful : publish === "snapshot",
    removes: isLiving ? removes ?? begun?.removes ?? false : !keepExtra,
  };
}

/** How much a plan destroys. */
export function destroyedBy({ writes }: Pick<RestorePlan, "writes">): number {
  return writes.filter(({ action, type }) => action === "destroy" && type !== "schedule")
    .reduce((sum, { count }) => sum + count, 0);
}

/**
 * Refuses to destroy what can't be told from what the snapshot lacks otherwise.
 *
 * @param manifest What the snapshot says of itself.
 * @throws {SluiceError} If it isn't complete.
 */
export function assertComplete(manifest: Manifest | undefined): void {
  if (manifest !== undefined && statusOf(manifest) === "complete") return;
  throw new SluiceError(
    `The snapshot ${
      manifest === undefined ? "has no manifest" : "is partial"
    }, so that nobody can tell what it lacks from what was deleted: nothing can be destroyed by it.`,
    EXIT.usage,
    { code: "delete_partial" },
  );
}

/**
 * Refuses a plan that destroys too much.
 *
 * @param plan The plan.
 * @param records How many records are there.
 * @param most The most that it may destroy.
 * @throws {SluiceError} If it destroys more.
 */
export function assertFewDestroyed(
  plan: Pick<RestorePlan, "writes">,
  records: number,
  most: RestoreOptions["maxDelete"],
): void {
  if (most === undefined) return;
  const count = destroyedBy(plan);
  const limit = typeof most === "number" ? most : Math.floor(records * parseFloat(most) / 100);
  if (count <= limit) return;
  throw new SluiceError(
    `The restore would destroy ${count} ${
      count === 1 ? "thing" : "things"
    }, and no more than ${limit} ${limit === 1 ? "is" : "are"} allowed: nothing was written.`,
    EXIT.usage,
    { code: "too_much_destroyed" },
  );
}

/** What is typed before something is written that nobody could want by mistake. */
export function confirmationOf(
  place: TargetPlace,
  project: FoundProject,
  living: Living | undefined,
  destroyed: number,
  promotes: boolean,
): string | undefined {
  if (promotes) return `${project.name}/${project.primary}`;
  if (place.isPrimary) {
    const name = `${project.name}/${place.environment}`;
    return living?.removes ? `${name} ${destroyed}` : name;
  }
  const overwrites = living?.conflicts === "overwrite" || living?.conflicts === "unless-edited";
  return place.isLiving && (overwrites || living?.removes) ? place.environment : undefined;
}

export function assertNoConflicts({ conflicts }: Pick<RestorePlan, "conflicts">): void {
  const [first] = conflicts;
  if (first === undefined) return;
  const { type, id, name } = first;
  throw new SluiceError(
    `The target has ${
      conflicts.length === 1 ? "something" : `${conflicts.length} things`
    } otherwise than the ` +
      `snapshot, such as the ${type.replaceAll("_", " ")} ${printable(id, 60)}${
        name === null ? "" : ` (${printable(name, 60)})`
      }: nothing was written.`,
    EXIT.usage,
    { code: "conflicts" },
  );
}

/**
 * Refuses to promote what isn't a fork of the primary environment that the restore makes.
 *
 * @param place Where it is restored to.
 * @param project The project.
 * @throws {SluiceError} If it isn't.
 */
export function assertPromotable({ forkOf }: TargetPlace, { primary }: FoundProject): void {
  if (forkOf === primary) return;
  throw new SluiceError(
    `Only a new environment that is made of the primary one, ${
      printable(primary, 100)
    }, can be promoted: of another one nobody knows what would be lost.`,
    EXIT.usage,
    { code: "restore_promote" },
  );
}
