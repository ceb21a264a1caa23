import { EXIT, SluiceError } from "../error.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import type { ExportEvent } from "../export/events.ts";
import type { Duration } from "../text/duration.ts";
import type { Every } from "../text/every.ts";
import { exportProject } from "../export/export.ts";
import { findPlace } from "../export/open_project.ts";
import type { ExportOptions } from "../export/options.ts";
import { bestEffort, limited } from "../async/limited.ts";
import { initialProgress, progressOf } from "../report/progress_state.ts";
import { secretsOf } from "../export/guarded.ts";
import type { Secrets } from "../text/secrets/secrets.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { withTelemetry } from "../telemetry/with_telemetry.ts";
import { drillIfDue } from "./drill_due.ts";
import { FailureMemory } from "./failure_memory.ts";
import { newestSnapshots } from "./newest_snapshots.ts";
import type { SendReport } from "./notify.ts";
import { dueTime, observe, type Observed } from "./observe.ts";
import { backingOff, idling, waitOf } from "./idling.ts";
import { pruneOld } from "./prune_old.ts";
import { retryTime } from "./retry_wait.ts";
import { scheduleSwitch, type ScheduleTimes, timesNote } from "./schedule_notes.ts";
import { planPrune, type PrunePolicy } from "../tools/prune_policy.ts";
import type { VerdictRules } from "../report/verdict.ts";
import type { ScheduleStatus } from "./schedule_status.ts";
import { statusOf } from "./status_of.ts";
import type { TickResult } from "./tick.ts";
import { NotDueError, type Tick, TickEnding } from "./tick_ending.ts";

/** Options of {@linkcode Schedule}. */
export interface ScheduleOptions {
  /** What is exported, and where to, with `since: "last"` by default; a time budget needs `resume`, too. */
  readonly exported: Omit<ExportOptions, "signal" | "beforeBegin" | "onNotes">;
  /** How often a snapshot begins. */
  readonly every: Every;
  /** How often it ticks: a cron expression. It says how long to wait after failures. */
  readonly ticks: Every;
  /** Called with how each export ended that isn't to be resumed. Must not fail. */
  readonly notify?: SendReport | undefined;
  /** What a snapshot may lack without being partial. */
  readonly rules?: VerdictRules | undefined;
  /** Which snapshots of the same project and environment stay after each export. @default {All} */
  readonly prune?: PrunePolicy | undefined;
  /**
   * After an export, a restore of a sample is practised if the last drill is older than this, such as `30d`: not with
   * a time budget. @default {undefined} for no drills
   */
  readonly drillEvery?: Duration | undefined;
  /** Tells the time, and waits. @default The machine's */
  readonly clock?: Clock | undefined;
}

/** How long it may take to find out whether there is something to do, in milliseconds. */
const LOOKING_MS = 30_000;

/**
 * Exports again and again, as often as a snapshot is due. All that it goes by is in the storage: each tick
 * may be in another process, several may come at once, and each may be killed.
 *
 * With a time budget, an export continues from tick to tick until its snapshot is sealed. After failures it
 * ticks less and less often.
 *
 * @example In a process of one's own that runs all the time
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { notify, runTicks, Schedule } from "@sluice/datocms/schedule";
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
 * import { openStorage } from "@sluice/datocms";
 * import { Schedule, statusHandler } from "@sluice/datocms/schedule";
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
  readonly #clock: Clock;
  readonly #failures: FailureMemory;
  readonly #ending: TickEnding;
  readonly #redaction: Secrets;
  #place: SnapshotPlace | undefined;
  #lastTick: TickResult | undefined;

  /**
   * Makes a schedule; nothing is done yet.
   *
   * @param options What is done, and when.
   * @throws {SluiceError} If the policy of old snapshots keeps nothing, or can't be understood; or if drills are
   * asked for within a time budget.
   */
  constructor(options: ScheduleOptions) {
    if (options.prune !== undefined) planPrune([], options.prune);
    if (options.drillEvery !== undefined && options.exported.timeBudgetMs !== undefined) {
      throw new SluiceError(
        "A drill takes longer than the time budget of a tick allows, so that none can be had on Deno Deploy yet: " +
          "leave out one of the two.",
        EXIT.usage,
        { code: "drill_budget" },
      );
    }
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#failures = new FailureMemory(options.exported.storage);
    this.#redaction = secretsOf(options.exported);
    this.#ending = new TickEnding({
      redaction: this.#redaction,
      failures: this.#failures,
      rules: options.rules,
      notify: options.notify,
      clock: this.#clock,
    });
  }

  /**
   * Looks whether there is something to do, and does it. Never fails.
   *
   * @param signal Cancels it.
   */
  async tick(signal: AbortSignal = new AbortController().signal): Promise<TickResult> {
    const result = this.#redaction.redactValue(await this.#tick(signal));
    this.#lastTick = result;
    return result;
  }

  /**
   * How the schedule stands.
   *
   * @param signal Ends the looking.
   * @param options Whether it is this schedule that runs. If it isn't, the status tells how often the one
   * exports that ran last.
   * @throws {SluiceError} If the project or the storage can't be read.
   */
  async status(
    signal?: AbortSignal,
    { runsHere = true }: { readonly runsHere?: boolean | undefined } = {},
  ): Promise<ScheduleStatus> {
    return await this.#redacted(this.#looking(signal, async (signal) => {
      const { exported: { storage } } = this.#options;
      const observed = await this.#observe(signal, runsHere ? this.#options : undefined);
      const now = new Date(this.#clock.now());
      const { at, state } = this.#lastTick ?? {};
      const lastTick = at !== undefined && state !== undefined ? { at, state } : null;
      const { times, failures } = observed;
      const retryAt = times && failures && retryTime(failures, waitOf(times, now));
      const context = { storage, now, retryAt, lastTick, signal };
      return this.#redaction.redactValue(await statusOf(observed, context));
    }));
  }

  /**
   * Which project and environment it exports.
   *
   * @param signal Ends the asking.
   * @throws {CmaError} If the project can't be read.
   */
  async place(signal?: AbortSignal): Promise<SnapshotPlace> {
    return this.#place ??= await this.#redacted(this.#findPlace(signal));
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
    await this.#redacted(this.#switch(enabled, place, signal));
  }

  async #switch(enabled: boolean, place: SnapshotPlace, signal?: AbortSignal): Promise<void> {
    const changedAt = new Date(this.#clock.now()).toISOString();
    const note = scheduleSwitch(this.#options.exported.storage, place);
    await note.write({ enabled, changedAt }, signal);
    // Who switches them on doesn't want to wait for what failed before.
    if (enabled) await this.#failures.forget(place, signal);
  }

  /** What is done, or fails with an error without secrets. */
  async #redacted<T>(done: Promise<T>): Promise<T> {
    try {
      return await done;
    } catch (error) {
      throw this.#redaction.redactError(error);
    }
  }

  async #tick(signal: AbortSignal): Promise<TickResult> {
    const now = new Date(this.#clock.now());
    const begun = this.#clock.elapsed();
    const tick: Tick = {
      now,
      wait: waitOf(this.#options, now),
      signal,
      place: this.#place,
      failures: this.#failures.newest(undefined, now.getTime()),
      progress: initialProgress(now.getTime()),
      notes: undefined,
    };
    try {
      const early = this.#place === undefined ? backingOff(tick) : undefined;
      if (early !== undefined) return early;
      const observed = await this.#looking(signal, (signal) => {
        return this.#observe(signal, this.#options);
      });
      await this.#noteTimes(observed, signal);
      tick.failures = observed.failures;
      const idle = idling(observed, tick);
      if (idle !== undefined) {
        // All could be looked at and is as it should be, so that what failed is over.
        if (idle.state === "waiting" && observed.failures) {
          await this.#ending.forget({ place: this.#place, signal });
        }
        return idle;
      }
      const { exported, exported: { timeBudgetMs }, prune: policy } = this.#options;
      const leftMs = () => (timeBudgetMs ?? Infinity) - (this.#clock.elapsed() - begun);
      const onEvent = (event: ExportEvent) => {
        tick.progress = progressOf(tick.progress, event, this.#clock.now());
        exported.onEvent?.(event);
      };
      const report = await withTelemetry(onEvent, (onEvent) => {
        return exportProject({
          ...exported,
          since: exported.since ?? "last",
          beforeBegin: (signal) => this.#assertDue(signal),
          onNotes: (read) => tick.notes = read,
          timeBudgetMs: timeBudgetMs && Math.max(1, leftMs()),
          signal,
          onEvent,
        });
      });
      const pruning = { policy, ms: leftMs(), signal, clock: this.#clock };
      const pruned = await pruneOld(exported, await this.place(signal), pruning);
      const drilled = await drillIfDue(exported, await this.place(signal), {
        every: this.#options.drillEvery,
        signal,
        clock: this.#clock,
      });
      return await this.#ending.succeeded(report, { ...tick, place: this.#place }, {
        pruned,
        drilled,
      });
    } catch (error) {
      return await this.#ending.stopped(error, { ...tick, place: this.#place });
    }
  }

  /**
   * Once the lock is held: another process may have made the snapshot since it was found due, or the
   * environment may have become the primary one, whose snapshots lie elsewhere.
   */
  async #assertDue(signal: AbortSignal): Promise<void> {
    const { exported } = this.#options;
    this.#place = await this.#findPlace(signal);
    const snapshots = await newestSnapshots(exported.storage, this.#place, signal);
    const { isDue } = dueTime(snapshots, {
      times: this.#options,
      now: new Date(this.#clock.now()),
    });
    if (!isDue) throw new NotDueError();
  }

  /** No export tells of these requests. */
  async #findPlace(signal?: AbortSignal): Promise<SnapshotPlace> {
    return await findPlace({ ...this.#options.exported, onEvent: undefined }, signal);
  }

  async #observe(
    signal: AbortSignal,
    times: ScheduleTimes | undefined,
  ): Promise<Observed> {
    const { exported: { storage } } = this.#options;
    const place = await this.place(signal);
    const now = new Date(this.#clock.now());
    const observed = await observe(storage, place, { times, now }, signal);
    return { ...observed, failures: this.#failures.newest(observed.failures, now.getTime()) };
  }

  /** Looks at something for a part of the tick's time at most. */
  async #looking<T>(
    signal: AbortSignal | undefined,
    look: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { timeBudgetMs = Infinity } = this.#options.exported;
    const ms = Math.min(LOOKING_MS, Math.max(timeBudgetMs / 2, 1000));
    try {
      return await limited(ms, signal, look, this.#clock);
    } catch (error) {
      if (signal?.aborted || !isTimeout(error)) throw error;
      throw new SluiceError(
        `The project and its snapshots couldn't be read within ${ms / 1000} s: see whether ` +
          "DatoCMS and the destination can be reached.",
        EXIT.failed,
        { cause: error },
      );
    }
  }

  /** Tells whoever asks for the status elsewhere how often this one exports. */
  async #noteTimes({ enabled, noted }: Observed, signal: AbortSignal): Promise<void> {
    const { exported: { storage }, every, ticks } = this.#options;
    if (!enabled || (noted?.every === every && noted.ticks === ticks)) return;
    await bestEffort(signal, async (signal) => {
      await timesNote(storage, await this.place(signal)).write({ every, ticks }, signal);
    });
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
