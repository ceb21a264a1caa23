/** The most milliseconds that a timer can be set for, 24 days: one that is set for longer fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Waits.
 *
 * @param ms How long, in milliseconds; more than 24 days count as 24 days.
 * @param signal Ends the wait early.
 * @throws The signal's reason, as soon as it is aborted.
 */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, Math.min(ms, LONGEST_TIMER));
    signal?.addEventListener("abort", stop, { once: true });
  });
}
