/**
 * Snapshots again and again, in a process of one's own.
 *
 * @example A snapshot each night
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { runTicks, Schedule } from "@sluice/datocms/schedule";
 *
 * const ticks = "*\/5 * * * *";
 * const schedule = new Schedule({
 *   exported: {
 *     apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *     storage: new LocalStorage("./snapshots"),
 *     resume: true,
 *   },
 *   every: "0 3 * * *",
 *   ticks,
 * });
 * await runTicks(schedule, {
 *   ticks,
 *   onTick: ({ at, state, message }) => console.log(at, state, message),
 *   signal: new AbortController().signal,
 * });
 * ```
 *
 * @module
 */
export type { DrillNews, JsonReport, PruneOutcome } from "../report/json_report.ts";
export type { PrunePolicy } from "../tools/prune_policy.ts";
export type { LastDrill } from "../restore/drill/result.ts";
export type { Retried } from "../report/progress_state.ts";
export type { VerdictRules } from "../report/verdict.ts";
export type { Every } from "../text/every.ts";
export {
  notify,
  type NotifyOptions,
  type NotifyResult,
  type SendReport,
  SIGNATURE_HEADER,
} from "./notify.ts";
export { runTicks, type RunTicksOptions } from "./run_ticks.ts";
export { Schedule, type ScheduleOptions } from "./schedule.ts";
export type { LastExport, ScheduleStatus, UnfinishedSnapshot } from "./schedule_status.ts";
export { statusHandler } from "./status_handler.ts";
export type { TickResult, TickState } from "./tick.ts";
