import { spanMs } from "../text/every.ts";
import type { Observed } from "./observe.ts";
import { retryTime, type RetryWait } from "./retry_wait.ts";
import type { ScheduleTimes } from "./schedule_notes.ts";
import type { TickResult } from "./tick.ts";
import { BUSY, type Tick, tickResult } from "./tick_ending.ts";

/** How long is waited after failures. */
export function waitOf({ every, ticks }: ScheduleTimes, now: Date): RetryWait {
  return { tickMs: spanMs(ticks, now), everyMs: spanMs(every, now) };
}

/** Why there is nothing to do, if there isn't. */
export function idling(
  { enabled, dueAt, isDue, isLocked }: Observed,
  tick: Tick,
): TickResult | undefined {
  const { now } = tick;
  if (!enabled) {
    return tickResult(now, "disabled", "Automatic exports of this project are off.");
  }
  if (dueAt !== undefined && !isDue) {
    return tickResult(now, "waiting", "No snapshot is due.", { nextAt: dueAt });
  }
  return isLocked ? tickResult(now, "busy", BUSY) : backingOff(tick);
}

/** That it is too early after a failure, if it is. */
export function backingOff({ failures, now, wait }: Tick): TickResult | undefined {
  if (failures === undefined) return undefined;
  const nextAt = retryTime(failures, wait);
  if (nextAt <= now) return undefined;
  const times = failures.count === 1 ? "once" : `${failures.count} times in a row`;
  const message = `The export failed ${times}: it will be retried later.`;
  return tickResult(now, "backing_off", message, { nextAt });
}
