/**
 * A snapshot becomes a project again: what would be written is planned first, then written in phases, and then compared
 * with the snapshot.
 *
 * @example A rehearsal in a sandbox environment
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { applyRestore, planRestore } from "@sluice/datocms/restore";
 *
 * await using plan = await planRestore({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 *   snapshot: "latest",
 * });
 * const { status, target } = await applyRestore(plan);
 * console.log(status, target.environment);
 * ```
 *
 * @module
 */
export { abortRestore, applyRestore, planRestore } from "./restore.ts";
export type { AbortedRestore } from "./abort.ts";
export { RESTORE_KINDS, type RestoreChoice, type RestoreKind } from "./chosen/choice.ts";
export { drillSnapshot } from "./drill/drill.ts";
export {
  DRILL_KEEPS,
  DRILL_STAGES,
  type DrillEvent,
  type DrillKeep,
  type DrillOptions,
  type DrillStage,
} from "./drill/options.ts";
export type { DrillResult, DrillScope, LastDrill } from "./drill/result.ts";
export type { TriedAssets } from "./drill/trial_uploads.ts";
export type { Mention, Mentions } from "./mentions.ts";
export type { NewIds } from "./ids/new_ids.ts";
export type { NewIdOf } from "./ids/renumbering.ts";
export type { RestoreEvent } from "./events.ts";
export type {
  ApplyRestoreOptions,
  JournalOptions,
  RestoreOptions,
  TargetConnection,
  VerifyRestore,
} from "./options.ts";
export type { CreatorChoice, CreatorMap } from "./creators.ts";
export type { NewUrlOf, NewUrls } from "./upload_urls.ts";
export { INCLUDED, type IncludedName } from "./included/kinds.ts";
export type { Included } from "./included/plan_included.ts";
export { type ConflictPolicy, CONFLICTS, type RestoreConflict } from "./living.ts";
export { type Loss, type Phase, PHASES } from "./phases.ts";
export type { PlannedWrites } from "./plan.ts";
export type { Promotion } from "./promote.ts";
export type { RestoreHooks } from "./hooks.ts";
export type { RestoreResult, RestoreVerification } from "./report.ts";
export type { RestorePlan, RestoreTarget } from "./restore_plan.ts";
export type { RestoreDifference, Verified } from "./verify/difference.ts";
export { LEFT_OUT, type LeftOut, type LeftOutWhen } from "./verify/left_out.ts";
