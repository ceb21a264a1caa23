import { delay, LONGEST_TIMER } from "./delay.ts";

/** Tells the time and waits. What depends on time takes one, so that a test of it needn't wait. */
export interface Clock {
  /** Milliseconds since 1970 in UTC. Somebody may set it, so that it jumps. */
  now(): number;
  /** Milliseconds since some moment. Nobody sets it; it may stand still while the machine sleeps. */
  elapsed(): number;
  /**
   * Waits.
   *
   * @param ms How long, in milliseconds; more than 24 days count as 24 days.
   * @param options What ends the wait early.
   * @throws The signal's reason, as soon as it is aborted.
   */
  delay(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Calls something once.
   *
   * @param ms After how long, in milliseconds; more than 24 days count as 24 days.
   * @param run What is called. It must not throw.
   * @return Disposing of it before then cancels the call.
   */
  timer(ms: number, run: () => void): Disposable;
}

/** The machine's own clock. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  delay: (ms, { signal } = {}) => delay(ms, signal),
  timer(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
