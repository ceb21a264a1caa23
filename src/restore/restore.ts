import { abort, type AbortedRestore } from "./abort.ts";
import { apply } from "./apply.ts";
import { planWith } from "./make_plan.ts";
import type { ApplyRestoreOptions, JournalOptions, RestoreOptions } from "./options.ts";
import type { RestoreParts } from "./parts.ts";
import { planRecords } from "./records/plan_records.ts";
import type { RestoreResult } from "./report.ts";
import type { RestorePlan } from "./restore_plan.ts";
import { planSchema } from "./schema/plan.ts";
import { planUploads } from "./uploads/plan.ts";

/** Who plans what. */
export const PARTS: RestoreParts = { planRecords, planSchema, planUploads };

/**
 * Plans a restore: a snapshot becomes a project again, in a new sandbox environment or in another, empty project.
 * Nothing is written: the snapshot is verified, with every reference and asset file; the API token's permissions and
 * the project are looked at; and what is there is read, into a temporary directory that goes when the plan is disposed.
 *
 * @param options Which snapshot, and where to.
 * @return What would be written.
 * @throws {SluiceError} If the snapshot is damaged or isn't whole, or the target isn't one that may be written to; the
 * exit code is then `EXIT.usage`.
 * @throws {CmaError} If the API refuses, or can't be reached.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { planRestore } from "@sluice/datocms/restore";
 *
 * await using plan = await planRestore({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 *   into: "new:rehearsal",
 * });
 * for (const { action, type, count } of plan.writes) console.log(action, count, type);
 * console.log(plan.requests, "requests");
 * ```
 */
export async function planRestore(options: RestoreOptions): Promise<RestorePlan> {
  return await planWith(options, PARTS);
}

/**
 * Carries out a plan of {@linkcode planRestore}, phase by phase, and compares what is there then with the snapshot.
 * What it did is in the journal beside the snapshots, so that a plan with `resume` continues if it was stopped or
 * killed: what is there is then found by its id and content, and nothing is written twice.
 *
 * @param plan The plan; it has to be disposed of afterwards.
 * @param options How far.
 * @return What was written, what is lost, and what differs.
 * @throws {SluiceError} If it can't go on, is stopped, or another restore writes to the same environment.
 * @throws {CmaError} If the API refuses, or can't be reached.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { applyRestore, planRestore } from "@sluice/datocms/restore";
 *
 * await using plan = await planRestore({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 * });
 * const { status, losses, verification } = await applyRestore(plan);
 * console.log(status, losses.length, verification?.differences.length);
 * ```
 */
export async function applyRestore(
  plan: RestorePlan,
  options: ApplyRestoreOptions = {},
): Promise<RestoreResult> {
  return await apply(plan, options);
}

/**
 * Gives up a restore that was stopped or killed: puts back what it had changed for a while, and destroys the sandbox
 * environment that it made. What it wrote to an environment that was there before stays.
 *
 * @param options Which snapshot was restored, and where its journal is.
 * @return What was done.
 * @throws {SluiceError} If there is no such restore, or it still runs.
 * @throws {CmaError} If the API refuses, or can't be reached.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { abortRestore, applyRestore, planRestore } from "@sluice/datocms/restore";
 *
 * const options = {
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 * };
 * await using plan = await planRestore(options);
 * try {
 *   await applyRestore(plan, { stop: AbortSignal.timeout(60_000) });
 * } catch {
 *   console.log((await abortRestore(options)).destroyed);
 * }
 * ```
 */
export async function abortRestore(options: JournalOptions): Promise<AbortedRestore> {
  return await abort(options);
}
