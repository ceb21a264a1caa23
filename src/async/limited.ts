import { LONGEST_TIMER } from "./delay.ts";

/**
 * Runs something for a limited time.
 *
 * @param ms The time in milliseconds; more than 24 days count as 24 days.
 * @param signal Ends it, too.
 * @param run What is run; its signal is aborted with a `TimeoutError` when the time is over.
 * @return What it returns.
 * @throws What it throws.
 */
export async function limited<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`It took longer than ${Math.round(ms)} ms.`, "TimeoutError"));
  }, Math.min(ms, LONGEST_TIMER));
  try {
    return await run(signal ? AbortSignal.any([signal, controller.signal]) : controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
