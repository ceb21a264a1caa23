import { Cron } from "croner";
import { durationMs, isDuration } from "./duration.ts";

/** How often something happens: a time such as `24h`, or a cron expression of five fields, in UTC. */
export type Every = string;

/** The last moment that a date can be, in milliseconds since the Unix epoch. */
const LAST_MOMENT = 8.64e15;

/**
 * Whether a text is a cron expression of five fields that ever comes true.
 *
 * @param text The text.
 */
export function isCronExpression(text: string): boolean {
  // Deno knows neither seconds nor names such as @daily.
  if (text.trim().split(/\s+/).length !== 5) return false;
  try {
    return nextOf(text, new Date()) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Whether a text says how often something happens.
 *
 * @param text The text.
 */
export function isEvery(text: string): text is Every {
  return isDuration(text) || isCronExpression(text);
}

/**
 * When something happens next.
 *
 * @param every How often it happens.
 * @param last When it last happened.
 * @throws {TypeError} If `every` doesn't say how often.
 *
 * @example
 * ```ts
 * import { nextTime } from "./every.ts";
 *
 * const last = new Date("2026-01-01T12:00:00Z");
 * console.assert(nextTime("24h", last).toISOString() === "2026-01-02T12:00:00.000Z");
 * console.assert(nextTime("0 3 * * *", last).toISOString() === "2026-01-02T03:00:00.000Z");
 * ```
 */
export function nextTime(every: Every, last: Date): Date {
  if (isDuration(every)) return new Date(Math.min(last.getTime() + durationMs(every), LAST_MOMENT));
  const next = nextOf(every, last);
  if (next === undefined) throw new TypeError(`Expected a time or a cron expression: ${every}`);
  return next;
}

/**
 * How long it takes from one time to the next.
 *
 * @param every How often it happens.
 * @param last When it last happened.
 * @return The time in milliseconds.
 */
export function spanMs(every: Every, last: Date): number {
  if (isDuration(every)) return durationMs(every);
  const next = nextTime(every, last);
  return nextTime(every, next).getTime() - next.getTime();
}

function nextOf(expression: string, last: Date): Date | undefined {
  return new Cron(expression, { timezone: "UTC", paused: true }).nextRun(last) ?? undefined;
}
