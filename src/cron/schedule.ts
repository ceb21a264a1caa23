import { failureOf } from "../cli/failure.ts";
import { initialProgress, progressOf, type ProgressState } from "../cli/progress/progress_state.ts";
import { type ExportEnd, type JsonReport, jsonReport } from "../cli/report/json_report.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { ExportEvent } from "../events.ts";
import { exportProject, type ExportReport } from "../export.ts";
import type { ExportNotes } from "../export_notes.ts";
import type { ExportOptions } from "../export_options.ts";
import { limited } from "../limited.ts";
import { LockedError } from "../snapshot/export_lock.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { withTelemetry } from "../telemetry/with_telemetry.ts";
import { UnfinishedError } from "../unfinished.ts";
import { type Every, spanMs } from "./every.ts";
import { FailureMemory } from "./failure_memory.ts";
import { findPlace } from "./find_place.ts";
import { newestSnapshots } from "./newest_snapshots.ts";
import type { NotifyResult } from "./notify.ts";
import { dueTime, observe, type Observed } from "./observe.ts";
import { quietly } from "./quietly.ts";
import { retryTime, type RetryWait } from "./retry_wait.ts";
import { type FailureRow, scheduleSwitch } from "./schedule_notes.ts";
import type { ScheduleStatus } from "./schedule_status.ts";
import { statusOf } from "./status_of.ts";
import type { TickResult, TickState } from "./tick.ts";

/** Options of {@linkcode Schedule}. */
export interface ScheduleOptions {
  /** What is exported, and where to; with a time budget, `resume` is needed, too. */
  readonly exported: Omit<ExportOptions, "signal" | "beforeBegin" | "onNotes">;
  /** How often a snapshot begins. */
  readonly every: Every;
  /** How often it ticks: a cron expression. It says how long to wait after failures. */
  readonly ticks: Every;
  /** Told how each export ended that isn't to be gone on with. Must not fail. */
  readonly notify?:
    | ((report: JsonReport, signal: AbortSignal) => Promise<NotifyResult>)
    | undefined;
  /** The time in milliseconds since the Unix epoch. @default {Date.now} */
  readonly now?: (() => number) | undefined;
}

/** How long it may take to find out whether there is something to do, in milliseconds. */
const LOOKING_MS = 30_000;
/** So many ticks in a row that bring nothing are a failure: the first ones may have been bad luck. */
const STUCK = 3;

/**
 * Exports again and again, as often as a snapshot is due. All that it goes by is in the storage: each tick
 * may be in another process, several may come at once, and each may be killed.
 *
 * With a time budget, an export goes on from tick to tick until its snapshot is sealed. After failures it
 * ticks less and less often.
 *
 * @example In a process of one's own that runs all the time
 * ```ts no-eval
 * import { LocalStorage, notify, runTicks, Schedule } from "@sluice/datocms";
 *
 * const ticks = "*\/2 * * * *";
 * const schedule = new Schedule({
 *   exported: {
 *     apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *     storage: new LocalStorage("./snapshots"),
 *     resume: true,
 *   },
 *   every: "24h",
 *   ticks,
 *   notify: (report, signal) => {
 *     return notify(JSON.stringify(report), { url: "https://example.com/hook", signal });
 *   },
 * });
 * await runTicks(schedule, {
 *   ticks,
 *   onTick: ({ at, state, message }) => console.log(at, state, message),
 *   signal: new AbortController().signal,
 * });
 * ```
 *
 * @example In a process that may be stopped after a minute, such as on Deno Deploy
 * ```ts no-eval
 * import { openStorage, Schedule, statusHandler } from "@sluice/datocms";
 *
 * const ticks = "*\/2 * * * *";
 * const schedule = new Schedule({
 *   exported: {
 *     apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *     storage: openStorage("s3://backups/datocms"),
 *     resume: true,
 *     timeBudgetMs: 50_000,
 *     lockTtlMs: 60_000,
 *   },
 *   every: "24h",
 *   ticks,
 * });
 * Deno.cron("sluice export", ticks, async () => console.log((await schedule.tick()).message));
 * Deno.serve(statusHandler(schedule));
 * ```
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #now: () => number;
  readonly #failures: FailureMemory;
  #place: SnapshotPlace | undefined;
  #lastTick: TickResult | undefined;

  /**
   * Makes a schedule; nothing is done yet.
   *
   * @param options What is done, and when.
   */
  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#failures = new FailureMemory(options.exported.storage);
  }

  /**
   * Looks whether there is something to do, and does it. Never fails.
   *
   * @param signal Cancels it.
   */
  async tick(signal: AbortSignal = new AbortController().signal): Promise<TickResult> {
    const result = await this.#tick(signal);
    this.#lastTick = result;
    return result;
  }

  /**
   * How the schedule stands.
   *
   * @param signal Ends the looking.
   * @throws {SluiceError} If the project or the storage can't be read.
   */
  async status(signal?: AbortSignal): Promise<ScheduleStatus> {
    return await this.#looking(signal, async (signal) => {
      const { exported: { storage }, every } = this.#options;
      const observed = await this.#observe(signal);
      const now = new Date(this.#now());
      const { at, state } = this.#lastTick ?? {};
      const lastTick = at !== undefined && state !== undefined ? { at, state } : null;
      const retryAt = observed.failures && retryTime(observed.failures, this.#wait(now));
      return await statusOf(observed, { storage, every, now, retryAt, lastTick, signal });
    });
  }

  /**
   * Which project and environment it exports.
   *
   * @param signal Ends the asking.
   * @throws {CmaError} If the project can't be read.
   */
  async place(signal?: AbortSignal): Promise<SnapshotPlace> {
    return this.#place ??= await findPlace(this.#options.exported, signal);
  }

  /**
   * Switches exports of this project and environment on or off, in whatever process.
   *
   * @param enabled Whether they are on.
   * @param signal Ends the switching.
   * @throws {SluiceError} If the project can't be read, or the storage can't be written.
   */
  async setEnabled(enabled: boolean, signal?: AbortSignal): Promise<void> {
    const place = await this.place(signal);
    const changedAt = new Date(this.#now()).toISOString();
    await scheduleSwitch(this.#options.exported.storage, place).write(
      { enabled, changedAt },
      signal,
    );
    // Who switches them on doesn't want to wait for what failed before.
    if (enabled) await this.#failures.forget(place, signal);
  }

  async #tick(signal: AbortSignal): Promise<TickResult> {
    const now = new Date(this.#now());
    const begun = performance.now();
    const progress = initialProgress(now.getTime());
    const tick: Tick = { now, progress, failures: this.#failures.own, notes: undefined, signal };
    try {
      if (this.#place === undefined && this.#isTooEarly(tick.failures, now)) {
        return this.#backingOff(tick.failures, now);
      }
      const observed = await this.#looking(signal, (signal) => this.#observe(signal));
      tick.failures = observed.failures;
      const idle = this.#idle(observed, now);
      if (idle !== undefined) return idle;
      const { exported } = this.#options;
      const { timeBudgetMs } = exported;
      const onEvent = (event: ExportEvent) => {
        tick.progress = progressOf(tick.progress, event, this.#now());
        exported.onEvent?.(event);
      };
      const report = await withTelemetry(onEvent, (onEvent) => {
        return exportProject({
          ...exported,
          beforeBegin: (signal) => this.#assertDue(signal),
          onNotes: (read) => tick.notes = read,
          timeBudgetMs: timeBudgetMs && Math.max(1, timeBudgetMs - (performance.now() - begun)),
          signal,
          onEvent,
        });
      });
      return await this.#succeeded(report, tick);
    } catch (error) {
      return await this.#stopped(error, tick);
    }
  }

  /** Why there is nothing to do, if there isn't. */
  #idle({ enabled, dueAt, isLocked, failures }: Observed, now: Date): TickResult | undefined {
    if (!enabled) {
      return tickResult(now, "disabled", "Automatic exports of this project are switched off.");
    }
    if (dueAt !== undefined && dueAt > now) {
      return tickResult(now, "waiting", "No snapshot is due.", { nextAt: dueAt });
    }
    if (isLocked) return tickResult(now, "busy", BUSY);
    return this.#isTooEarly(failures, now) ? this.#backingOff(failures, now) : undefined;
  }

  #isTooEarly(failures: FailureRow | undefined, now: Date): failures is FailureRow {
    return failures !== undefined && retryTime(failures, this.#wait(now)) > now;
  }

  #backingOff(failures: FailureRow, now: Date): TickResult {
    const times = failures.count === 1 ? "once" : `${failures.count} times in a row`;
    return tickResult(now, "backing_off", `The export failed ${times}: it is tried again later.`, {
      nextAt: retryTime(failures, this.#wait(now)),
    });
  }

  /** Once the lock is held: another process may have made the snapshot since it was found due. */
  async #assertDue(signal: AbortSignal): Promise<void> {
    const { exported: { storage }, every } = this.#options;
    const snapshots = await newestSnapshots(storage, await this.place(signal), signal);
    const dueAt = dueTime(snapshots, every);
    if (dueAt !== undefined && dueAt.getTime() > this.#now()) throw new NotDueError();
  }

  async #succeeded(report: ExportReport, tick: Tick): Promise<TickResult> {
    const { now, progress, failures, signal } = tick;
    // What stays is overwritten by the next failure, or deleted by the next success.
    if (failures !== undefined) await this.#forgetFailures(signal);
    const isWhole = report.status === "complete" && report.deletion?.problem === undefined;
    const exitCode = isWhole ? EXIT.complete : EXIT.partial;
    const { startedAt, endedAt } = report.manifest;
    // From the first of its ticks on.
    const ms = Date.parse(endedAt) - Date.parse(startedAt);
    const message = isWhole
      ? `The snapshot at ${report.snapshot} is complete.`
      : `The snapshot at ${report.snapshot} is complete but for what its report names.`;
    const result = tickResult(now, isWhole ? "complete" : "partial", message);
    return await this.#ended({ report, exitCode, progress, ms }, result, signal);
  }

  async #stopped(error: unknown, tick: Tick): Promise<TickResult> {
    const { now, signal } = tick;
    if (signal.aborted) return tickResult(now, "cancelled", "Stopped: a later export goes on.");
    if (error instanceof LockedError) return tickResult(now, "busy", BUSY);
    if (error instanceof NotDueError) {
      return tickResult(now, "waiting", "Another process has just made the snapshot.");
    }
    if (error instanceof UnfinishedError && error.snapshot !== undefined && !tick.progress.sealed) {
      return await this.#unfinished(error, error.snapshot, tick);
    }
    return await this.#failed(error, tick);
  }

  /** Its time was over: a failure only if that is so again and again, and nothing comes of it. */
  async #unfinished(error: UnfinishedError, snapshot: string, tick: Tick): Promise<TickResult> {
    const { now, failures, signal } = tick;
    if (error.progressed) {
      if (failures?.stuck) await this.#forgetFailures(signal);
      return tickResult(now, "unfinished", `The next tick goes on with ${snapshot}.`);
    }
    const stuck = (failures?.stuck ?? 0) + 1;
    if (stuck >= STUCK) {
      const message =
        `${stuck} ticks in a row were over before anything new came to the snapshot at ` +
        `${snapshot}: give them more time (--time-budget).`;
      return await this.#failed(
        new SluiceError(message, EXIT.failed, { cause: error }),
        tick,
        stuck,
      );
    }
    const { count = 0, at = now.toISOString() } = failures ?? {};
    await this.#failures.keep({ count, at, stuck }, this.#place, signal);
    const message =
      `The tick's time was over before anything new came to the snapshot at ${snapshot}: ` +
      "the next tick tries again; if that happens again, give them more time (--time-budget).";
    return tickResult(now, "unfinished", message);
  }

  async #failed(error: unknown, tick: Tick, stuck?: number): Promise<TickResult> {
    const { now, progress, notes, signal } = tick;
    const { message, exitCode } = failureOf(error, signal);
    const wait = this.#wait(now);
    const row = await this.#failures.add({ ...tick, place: this.#place, stuck }, wait);
    const result = tickResult(now, "failed", message, { nextAt: retryTime(row, wait) });
    // Nobody wants to be told at each tick that a project can't be found.
    if (row.at !== result.at) return result;
    const ms = this.#now() - now.getTime();
    const end = { status: "failed", error: message, exitCode, progress, ms } as const;
    return await this.#ended({ ...end, notes: notes?.() }, result, signal);
  }

  async #forgetFailures(signal: AbortSignal): Promise<void> {
    await quietly(signal, (signal) => this.#failures.forget(this.#place, signal));
  }

  async #ended(end: ExportEnd, result: TickResult, signal: AbortSignal): Promise<TickResult> {
    const report = jsonReport(end);
    const notified = await this.#options.notify?.(report, signal) ?? null;
    return { ...result, report, notified };
  }

  async #observe(signal: AbortSignal): Promise<Observed> {
    const { exported: { storage }, every } = this.#options;
    const place = await this.place(signal);
    const observed = await observe(storage, place, every, signal);
    return { ...observed, failures: this.#failures.newest(observed.failures) };
  }

  /** Looks at something for a part of the tick's time at most. */
  async #looking<T>(
    signal: AbortSignal | undefined,
    look: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { timeBudgetMs = Infinity } = this.#options.exported;
    const ms = Math.min(LOOKING_MS, Math.max(timeBudgetMs / 2, 1000));
    try {
      return await limited(ms, signal, look);
    } catch (error) {
      if (signal?.aborted || !isTimeout(error)) throw error;
      throw new SluiceError(
        `The project and its snapshots couldn't be looked at within ${ms / 1000} s: see whether ` +
          "DatoCMS and the destination can be reached.",
        EXIT.failed,
        { cause: error },
      );
    }
  }

  #wait(now: Date): RetryWait {
    const { every, ticks } = this.#options;
    return { tickMs: spanMs(ticks, now), everyMs: spanMs(every, now) };
  }
}

/** What is known of a tick so far. */
interface Tick {
  readonly now: Date;
  readonly signal: AbortSignal;
  progress: ProgressState;
  failures: FailureRow | undefined;
  notes: (() => ExportNotes) | undefined;
}

/** Another process has made the snapshot that was due. */
class NotDueError extends Error {
  override readonly name = "NotDueError";
}

const BUSY = "Another process exports this project to the same place.";

function tickResult(
  now: Date,
  state: TickState,
  message: string,
  { nextAt }: { readonly nextAt?: Date } = {},
): TickResult {
  return {
    at: now.toISOString(),
    state,
    message,
    nextAt: nextAt?.toISOString() ?? null,
    report: null,
    notified: null,
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
