import { initialProgress, progressOf, type ProgressState } from "../cli/progress/progress_state.ts";
import { type ExportEnd, type JsonReport, jsonReport } from "../cli/report/json_report.ts";
import { failureOf } from "../cli/failure.ts";
import { EXIT, SluiceError } from "../error.ts";
import { withTelemetry } from "../telemetry/with_telemetry.ts";
import type { ExportEvent } from "../events.ts";
import { exportProject, type ExportReport } from "../export.ts";
import type { ExportOptions } from "../export_options.ts";
import { limited } from "../limited.ts";
import { LockedError } from "../snapshot/export_lock.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { UnfinishedError } from "../unfinished.ts";
import { guardBeginning, NotDueError } from "./begin_guard.ts";
import { type Every, spanMs } from "./every.ts";
import { findPlace } from "./find_place.ts";
import { newestSnapshots } from "./newest_snapshots.ts";
import type { NotifyResult } from "./notify.ts";
import { dueTime, observe, type Observed } from "./observe.ts";
import { oneMore, retryTime, type RetryWait } from "./retry_wait.ts";
import { failureNote, type FailureRow } from "./schedule_notes.ts";
import type { ScheduleStatus } from "./schedule_status.ts";
import { statusOf } from "./status_of.ts";
import type { TickResult, TickState } from "./tick.ts";

/** Options of {@linkcode Schedule}. */
export interface ScheduleOptions {
  /** What is exported, and where to. */
  readonly exported: Omit<ExportOptions, "signal">;
  /** How often a snapshot begins. */
  readonly every: Every;
  /** How often it ticks: a cron expression. */
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
/** How long a note about failures may take to be written or deleted, in milliseconds. */
const NOTE_MS = 5000;

/**
 * Exports again and again, as often as a snapshot is due. All that it goes by is in the storage: each tick
 * may be in another process, several may come at once, and each may be killed.
 *
 * With a time budget, an export goes on from tick to tick until its snapshot is sealed. After failures it
 * ticks less and less often.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage } from "../sink/local_storage.ts";
 * import { Schedule } from "./schedule.ts";
 *
 * const schedule = new Schedule({
 *   exported: {
 *     apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *     storage: new LocalStorage("./snapshots"),
 *     resume: true,
 *     timeBudgetMs: 50_000,
 *   },
 *   every: "24h",
 *   ticks: "*\/2 * * * *",
 * });
 * const { state } = await schedule.tick();
 * ```
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #now: () => number;
  #place: SnapshotPlace | undefined;
  /** What couldn't be written down, or what couldn't be looked up. */
  #failures: FailureRow | undefined;
  #lastTick: TickResult | undefined;

  /**
   * Makes a schedule; nothing is done yet.
   *
   * @param options What is done, and when.
   */
  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
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

  async #tick(signal: AbortSignal): Promise<TickResult> {
    const now = new Date(this.#now());
    const begun = performance.now();
    let progress = initialProgress(now.getTime());
    let failures = this.#failures;
    try {
      if (this.#place === undefined && failures && retryTime(failures, this.#wait(now)) > now) {
        return this.#backingOff(failures, now);
      }
      const observed = await this.#looking(signal, (signal) => this.#observe(signal));
      failures = observed.failures;
      const idle = this.#idle(observed, now);
      if (idle !== undefined) return idle;
      const { exported } = this.#options;
      const { timeBudgetMs, storage } = exported;
      const onEvent = (event: ExportEvent) => {
        progress = progressOf(progress, event, this.#now());
        exported.onEvent?.(event);
      };
      const report = await withTelemetry(onEvent, (onEvent) => {
        return exportProject({
          ...exported,
          storage: guardBeginning(storage, (signal) => this.#assertDue(signal)),
          timeBudgetMs: timeBudgetMs && Math.max(1, timeBudgetMs - (performance.now() - begun)),
          signal,
          onEvent,
        });
      });
      return await this.#succeeded(report, { now, progress, failures, signal });
    } catch (error) {
      return await this.#stopped(error, { now, progress, failures, signal });
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
    if (failures !== undefined && retryTime(failures, this.#wait(now)) > now) {
      return this.#backingOff(failures, now);
    }
    return undefined;
  }

  #backingOff(failures: FailureRow, now: Date): TickResult {
    const times = failures.count === 1 ? "once" : `${failures.count} times in a row`;
    return tickResult(now, "backing_off", `The export failed ${times}: it is tried again later.`, {
      nextAt: retryTime(failures, this.#wait(now)),
    });
  }

  /** Once the lock is held: another process may have made the snapshot since it was found due. */
  async #assertDue(signal?: AbortSignal): Promise<void> {
    const { exported: { storage }, every } = this.#options;
    const place = await this.place(signal);
    const snapshots = await newestSnapshots(storage, place, signal ?? new AbortController().signal);
    const dueAt = dueTime(snapshots, every);
    if (dueAt !== undefined && dueAt.getTime() > this.#now()) throw new NotDueError();
  }

  async #succeeded(report: ExportReport, tick: Tick): Promise<TickResult> {
    const { now, progress, failures, signal } = tick;
    const { storage } = this.#options.exported;
    this.#failures = undefined;
    // What stays is overwritten by the next failure, or deleted by the next success.
    if (failures !== undefined) {
      await quietly((signal) => failureNote(storage, this.#place).delete(signal), signal);
    }
    const isWhole = report.status === "complete" && report.deletion?.problem === undefined;
    const exitCode = isWhole ? EXIT.complete : EXIT.partial;
    const { startedAt, endedAt } = report.manifest;
    // From the first of its ticks on.
    const ms = Date.parse(endedAt) - Date.parse(startedAt);
    const message = isWhole
      ? `The snapshot at ${report.snapshot} is complete.`
      : `The snapshot at ${report.snapshot} is complete but for what its report names.`;
    return await this.#ended({ report, exitCode, progress, ms }, {
      ...tickResult(now, isWhole ? "complete" : "partial", message),
    }, signal);
  }

  async #stopped(error: unknown, tick: Tick): Promise<TickResult> {
    const { now, progress, signal } = tick;
    if (signal.aborted) return tickResult(now, "cancelled", "Stopped: a later export goes on.");
    if (error instanceof LockedError) return tickResult(now, "busy", BUSY);
    if (error instanceof NotDueError) {
      return tickResult(now, "waiting", "Another process has just made the snapshot.");
    }
    if (error instanceof UnfinishedError && error.snapshot !== undefined && !progress.sealed) {
      return tickResult(now, "unfinished", `The next tick goes on with ${error.snapshot}.`);
    }
    const { message, exitCode } = failureOf(error, signal);
    const row = await this.#countFailure(tick);
    const nextAt = retryTime(row, this.#wait(now));
    const result = tickResult(now, "failed", message, { nextAt });
    // Nobody wants to be told at each tick that a project can't be found.
    if (row.at !== result.at) return result;
    const ms = this.#now() - now.getTime();
    return await this.#ended(
      { status: "failed", error: message, exitCode, progress, ms },
      result,
      signal,
    );
  }

  /** Writes down that it failed, unless a project can't be found again and again. */
  async #countFailure({ now, failures, signal }: Tick): Promise<FailureRow> {
    const { storage } = this.#options.exported;
    const note = failureNote(storage, this.#place);
    const wait = this.#wait(now);
    let before = failures;
    if (this.#place === undefined) {
      await quietly(async (signal) => {
        before = await note.read(signal) ?? before;
      }, signal);
      if (before !== undefined && retryTime(before, wait) > now) return this.#failures = before;
    }
    const row = oneMore(before, now, wait);
    const isWritten = await quietly((signal) => note.write(row, signal), signal);
    this.#failures = isWritten && this.#place !== undefined ? undefined : row;
    return row;
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
    const [noted, own] = [observed.failures, this.#failures];
    // Our own, if the storage couldn't take it.
    const failures = own && (noted === undefined || noted.at < own.at) ? own : noted;
    return { ...observed, failures };
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

/** What is known of a tick that ends. */
interface Tick {
  readonly now: Date;
  readonly progress: ProgressState;
  readonly failures: FailureRow | undefined;
  readonly signal: AbortSignal;
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

/** Does something for a short time, and tells whether that went well. */
async function quietly(
  run: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await limited(NOTE_MS, signal, run);
    return true;
  } catch {
    return false;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
