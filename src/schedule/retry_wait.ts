import type { FailureRow } from "./schedule_notes.ts";

/** Failures this much older than the longest wait are of another time, in milliseconds. */
const SLACK_MS = 3_600_000;

/** How long to wait after exports that failed. */
export interface RetryWait {
  /** How far apart ticks are, in milliseconds. */
  readonly tickMs: number;
  /** How far apart exports are that don't fail, in milliseconds. */
  readonly everyMs: number;
}

/**
 * When an export is tried again after some that failed: the wait doubles with each, from two ticks up to
 * the time between exports that don't fail.
 *
 * @param row The failures.
 * @param wait How long the shortest and the longest wait are.
 *
 * @example
 * ```ts
 * import { retryTime } from "./retry_wait.ts";
 *
 * const row = { count: 3, at: "2026-01-01T00:00:00.000Z" };
 * const wait = { tickMs: 60_000, everyMs: 3_600_000 };
 * console.assert(retryTime(row, wait).toISOString() === "2026-01-01T00:08:00.000Z");
 * ```
 */
export function retryTime({ count, at }: FailureRow, { tickMs, everyMs }: RetryWait): Date {
  const ms = count === 0 ? 0 : Math.min(everyMs, tickMs * 2 ** Math.min(count, 40));
  return new Date(Date.parse(at) + ms);
}

/**
 * The row with one more failure. One that lies far back is over: since then, something else went well.
 *
 * @param row The failures before, if any.
 * @param now When the next one happened.
 * @param wait How long is waited in between.
 */
export function oneMore(row: FailureRow | undefined, now: Date, wait: RetryWait): FailureRow {
  const goesOn = row !== undefined &&
    now.getTime() < Date.parse(row.at) + 2 * wait.everyMs + SLACK_MS;
  return { count: goesOn ? row.count + 1 : 1, at: now.toISOString() };
}
