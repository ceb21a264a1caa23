import type { Clock } from "../async/clock.ts";
import { EXIT, type Problem, SluiceError } from "../error.ts";
import type { ExportReport } from "../export/export.ts";
import { failureOf } from "../report/failure.ts";
import {
  type DrillNews,
  type ExportEnd,
  jsonReport,
  type PruneOutcome,
} from "../report/json_report.ts";
import type { ProgressState } from "../report/progress_state.ts";
import { verdictOf, type VerdictRules } from "../report/verdict.ts";
import { LockedError, TakenOverError } from "../snapshot/lock/lock_errors.ts";
import type { Secrets } from "../text/secrets/secrets.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import type { ExportNotes } from "../snapshot/manifest.ts";
import { shownAddress } from "../text/printable.ts";
import { UnfinishedError } from "../export/unfinished.ts";
import type { FailureMemory } from "./failure_memory.ts";
import type { SendReport } from "./notify.ts";
import { drillText } from "./drill_due.ts";
import { prunedText } from "./prune_old.ts";
import { bestEffort } from "../async/limited.ts";
import { retryTime, type RetryWait } from "./retry_wait.ts";
import type { FailureRow } from "./schedule_notes.ts";
import type { TickResult, TickState } from "./tick.ts";

/** What is known of a tick so far. */
export interface Tick {
  /** When it began. */
  readonly now: Date;
  /** How long is waited after failures. */
  readonly wait: RetryWait;
  /** Cancels it. */
  readonly signal: AbortSignal;
  /** Which project and environment, once that is known. */
  readonly place: SnapshotPlace | undefined;
  /** What went wrong before. */
  failures: FailureRow | undefined;
  /** How far its export is. */
  progress: ProgressState;
  /** Tells what its export noted. */
  notes: (() => ExportNotes) | undefined;
}

/** Options of {@linkcode TickEnding}. */
export interface TickEndingOptions {
  /** Called with how each export ended that isn't to be resumed. Must not fail. */
  readonly notify?: SendReport | undefined;
  /** Keeps secrets out of what is told. */
  readonly redaction: Secrets;
  /** Where failures are remembered. */
  readonly failures: FailureMemory;
  /** What a snapshot may lack. */
  readonly rules?: VerdictRules | undefined;
  /** Tells the time. */
  readonly clock: Clock;
}

/** Another process has made the snapshot that was due. */
export class NotDueError extends Error {
  /** The error's name. */
  override readonly name = "NotDueError";
}

/** Why nothing is done while somebody else exports. */
export const BUSY = "Another process exports this project to the same place.";

/** What gives its ticks too little time. */
const TOO_SHORT = { code: "ticks_too_short" } as const;

/** Number of ticks in a row that bring nothing and count as a failure: the first ones may have been bad luck. */
const STUCK = 3;

/** Says how ticks ended that had something to do, remembers what went wrong, and tells who wants to know. */
export class TickEnding {
  readonly #options: TickEndingOptions;

  /**
   * @param options Where failures are remembered, and who is told.
   */
  constructor(options: TickEndingOptions) {
    this.#options = options;
  }

  /**
   * Ends a tick whose export made a snapshot.
   *
   * @param report What the export says.
   * @param tick The tick.
   * @param after What was done after it: what became of old snapshots, if there is a policy for them, and how the last
   * drill went, if there are any.
   */
  async succeeded(
    report: ExportReport,
    tick: Tick,
    { pruned, drilled }: {
      readonly pruned?: PruneOutcome | undefined;
      readonly drilled?: DrillNews | undefined;
    } = {},
  ): Promise<TickResult> {
    const { now, progress, signal } = tick;
    await this.forget(tick);
    const { status, exitCode } = verdictOf(report, this.#options.rules);
    const { startedAt, endedAt } = report.manifest;
    // From the first of its ticks on.
    const ms = Date.parse(endedAt) - Date.parse(startedAt);
    const message = status === "complete"
      ? `The snapshot at ${shownAddress(report.snapshot)} is complete.`
      : `The snapshot at ${report.snapshot} is complete except for what its report lists.`;
    const told = [
      message,
      ...pruned === undefined ? [] : [prunedText(pruned)],
      ...drilled === undefined ? [] : [drillText(drilled, now)],
    ].join("");
    const result = { ...tickResult(now, status, told), pruned: pruned ?? null };
    return await this.#ended({ report, exitCode, progress, ms }, result, signal, drilled);
  }

  /**
   * Forgets what went wrong before; what can't be deleted is forgotten by a later tick.
   *
   * @param tick The tick.
   */
  async forget({ place, signal }: Pick<Tick, "place" | "signal">): Promise<void> {
    await bestEffort(signal, (signal) => this.#options.failures.forget(place, signal));
  }

  /**
   * Ends a tick that something ended: its time, somebody else, or a failure.
   *
   * @param error What was thrown.
   * @param tick The tick.
   */
  async stopped(error: unknown, tick: Tick): Promise<TickResult> {
    const { now, signal } = tick;
    if (signal.aborted) return tickResult(now, "cancelled", "Stopped: a later export resumes it.");
    if (error instanceof LockedError) return tickResult(now, "busy", BUSY);
    // The other one has resumed it: nothing is wrong with the project or the destination.
    if (error instanceof TakenOverError) return tickResult(now, "busy", error.message, error);
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
    const { now, place, failures, signal } = tick;
    if (error.progressed) {
      if (failures?.stuck) await this.forget(tick);
      return tickResult(now, "unfinished", `The next tick resumes ${snapshot}.`);
    }
    const stuck = (failures?.stuck ?? 0) + 1;
    if (stuck >= STUCK) {
      const message =
        `${stuck} ticks in a row ended before anything new was added to the snapshot at ` +
        `${snapshot}: allow them more time.`;
      const failure = new SluiceError(message, EXIT.failed, { cause: error, ...TOO_SHORT });
      return await this.#failed(failure, tick, stuck);
    }
    const { count = 0, at = now.toISOString() } = failures ?? {};
    await this.#options.failures.keep({ count, at, stuck }, place, signal);
    const message =
      `The tick ended before anything new was added to the snapshot at ${snapshot}: the next ` +
      "tick tries again; if this happens again, allow more time.";
    return tickResult(now, "unfinished", message, TOO_SHORT);
  }

  async #failed(error: unknown, tick: Tick, stuck?: number): Promise<TickResult> {
    const { now, wait, progress, notes, signal } = tick;
    const { message, exitCode, code, facts } = failureOf(error, signal);
    const row = await this.#options.failures.add({ ...tick, stuck });
    const result = tickResult(now, "failed", message, {
      nextAt: retryTime(row, wait),
      code,
      facts,
    });
    // Nobody wants to be told at each tick that a project can't be found.
    if (row.at !== result.at) return result;
    const ms = this.#options.clock.now() - now.getTime();
    const end = { status: "failed", error: message, exitCode, progress, ms } as const;
    return await this.#ended({ ...end, notes: notes?.() }, result, signal);
  }

  async #ended(
    end: ExportEnd,
    result: TickResult,
    signal: AbortSignal,
    drill?: DrillNews,
  ): Promise<TickResult> {
    const { redaction } = this.#options;
    const { pruned } = result;
    const report = redaction.redactValue({
      ...jsonReport(end),
      ...(pruned && { pruned }),
      ...(drill && { drill }),
    });
    const notified = await this.#options.notify?.(report, signal) ?? null;
    return { ...result, report, notified };
  }
}

/**
 * What a tick did, as long as nobody is told.
 *
 * @param now When it began.
 * @param state How it ended.
 * @param message One sentence.
 * @param options When there is something to do again, and what the problem is.
 */
export function tickResult(
  now: Date,
  state: TickState,
  message: string,
  { nextAt, code, facts }: Problem & { readonly nextAt?: Date } = {},
): TickResult {
  return {
    at: now.toISOString(),
    state,
    message,
    nextAt: nextAt?.toISOString() ?? null,
    report: null,
    pruned: null,
    notified: null,
    ...(code !== undefined && { code, facts }),
  };
}
