import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { type Every, nextTime } from "../text/every.ts";
import type { Schedule } from "./schedule.ts";
import type { TickResult } from "./tick.ts";

/** Options of {@linkcode runTicks}. */
export interface RunTicksOptions {
  /** When it ticks, besides at once: a cron expression. */
  readonly ticks: Every;
  /** Called with each tick. */
  readonly onTick: (result: TickResult) => void;
  /** Ends it; a tick that is under way is cancelled. */
  readonly signal: AbortSignal;
  /** Tells the time, and waits. @default The machine's */
  readonly clock?: Clock | undefined;
}

/**
 * Ticks at once and then again and again, one tick at a time, until it is told to stop.
 *
 * @param schedule What ticks.
 * @param options When.
 *
 * @example
 * ```ts no-eval
 * import { runTicks, type Schedule } from "@sluice/datocms/schedule";
 *
 * declare const schedule: Schedule;
 * const stop = new AbortController();
 * Deno.addSignalListener("SIGTERM", () => stop.abort());
 * await runTicks(schedule, {
 *   ticks: "*\/2 * * * *",
 *   onTick: ({ at, state, message }) => console.log(at, state, message),
 *   signal: stop.signal,
 * });
 * ```
 */
export async function runTicks(
  schedule: Pick<Schedule, "tick">,
  { ticks, onTick, signal, clock = SYSTEM_CLOCK }: RunTicksOptions,
): Promise<void> {
  while (!signal.aborted) {
    onTick(await schedule.tick(signal));
    try {
      const time = clock.now();
      await clock.delay(nextTime(ticks, new Date(time)).getTime() - time, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
