import { type Clock, SYSTEM_CLOCK } from "./clock.ts";

/** How long a best effort may take, in milliseconds. */
const BEST_EFFORT_MS = 5000;

/**
 * Runs something for a limited time.
 *
 * @param ms The time in milliseconds; more than 24 days count as 24 days.
 * @param signal Ends it, too.
 * @param run What is run; its signal is aborted with a `TimeoutError` when the time is over.
 * @param clock Measures the time. @default {SYSTEM_CLOCK}
 * @return What it returns.
 * @throws What it throws.
 */
export async function limited<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
  clock: Clock = SYSTEM_CLOCK,
): Promise<T> {
  const controller = new AbortController();
  using _timer = clock.timer(ms, () => {
    controller.abort(new DOMException(`It took longer than ${Math.round(ms)} ms.`, "TimeoutError"));
  });
  return await run(signal ? AbortSignal.any([signal, controller.signal]) : controller.signal);
}

/**
 * Does something for at most 5 seconds, and doesn't fail.
 *
 * @param signal Ends it.
 * @param run Does it.
 * @return Whether it went well.
 */
export async function bestEffort(
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  try {
    await limited(BEST_EFFORT_MS, signal, run);
    return true;
  } catch {
    return false;
  }
}
