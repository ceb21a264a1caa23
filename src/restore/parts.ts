import type { RestoreConflict } from "./living.ts";
import type { Loss } from "./phases.ts";
import type { PlanInput, Step } from "./plan.ts";
import { inOrder } from "./steps.ts";
import { Touched } from "./touched.ts";

/** Plans what is written, each part for its own kinds of resources. */
export interface RestoreParts {
  /**
   * Plans settings, models and all else that isn't content.
   *
   * @param input What it is decided on.
   * @param of The models whose validators step aside, and the ids of uploads whose file nobody has.
   */
  planSchema(
    input: PlanInput,
    of: { readonly relaxed: ReadonlySet<string>; readonly missingUploads: ReadonlySet<string> },
  ): Promise<{ readonly steps: readonly Step[] }>;
  /**
   * Plans uploads.
   *
   * @param input What it is decided on.
   * @return The steps, the ids of uploads whose file nobody has, and of those that have another one.
   */
  planUploads(
    input: PlanInput,
  ): Promise<
    {
      readonly steps: readonly Step[];
      readonly missing: ReadonlySet<string>;
      readonly replaced?: ReadonlySet<string> | undefined;
    }
  >;
  /**
   * Plans records.
   *
   * @param input What it is decided on.
   * @param of The ids of uploads whose file nobody has, and of those that have another one.
   * @return The steps, and the models whose validators would refuse what the snapshot holds.
   */
  planRecords(
    input: PlanInput,
    of: {
      readonly missingUploads: ReadonlySet<string>;
      readonly replacedUploads?: ReadonlySet<string> | undefined;
    },
  ): Promise<{ readonly steps: readonly Step[]; readonly relaxed: ReadonlySet<string> }>;
}

/** All that is written, in order, and what is lost by it. */
export interface PlannedSteps {
  /** The steps, by phase. */
  readonly steps: readonly Step[];
  /** What is lost. */
  readonly losses: readonly Loss[];
  /** What stays as the target has it. */
  readonly conflicts: readonly RestoreConflict[];
  /** What is made, changed and destroyed, where editors work. */
  readonly touched: Touched;
  /** The ids of uploads whose file nobody has. */
  readonly missing: ReadonlySet<string>;
  /** The ids of uploads that have another file in the target, as the snapshot has none. */
  readonly replaced: ReadonlySet<string>;
  /** The models whose validators step aside. */
  readonly relaxed: ReadonlySet<string>;
}

/**
 * Plans all that is written.
 *
 * @param input What it is decided on; losses are collected.
 * @param parts Plan their own kinds of resources.
 */
export async function planSteps(
  input: Omit<PlanInput, "onLoss" | "onConflict" | "onTouch">,
  parts: RestoreParts,
): Promise<PlannedSteps> {
  const losses: Loss[] = [];
  const conflicts: RestoreConflict[] = [];
  const touched = new Touched();
  const own: PlanInput = {
    ...input,
    onLoss: (loss) => losses.push(loss),
    onConflict: (conflict) => conflicts.push(conflict),
    onTouch: input.living && ((touch, type, id) => touched.add(touch, type, id)),
  };
  const uploads = await parts.planUploads(own);
  const { missing, replaced = new Set() } = uploads;
  const records = await parts.planRecords(own, {
    missingUploads: missing,
    replacedUploads: replaced,
  });
  const { relaxed } = records;
  const schema = await parts.planSchema(own, { relaxed, missingUploads: missing });
  const steps = inOrder([
    ...schema.steps,
    ...uploads.steps,
    ...records.steps,
  ]);
  return { steps, losses, conflicts, touched, missing, replaced, relaxed };
}
