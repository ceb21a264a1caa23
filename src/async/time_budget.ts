import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { LONGEST_TIMER } from "./delay.ts";

/** The part of a budget that is kept for ending cleanly, and the most of it (milliseconds). */
const ENDING = { share: 0.2, most: 10_000 };

/**
 * A time budget: first nothing new is begun, so that all that is under way is ended; what isn't ended by
 * then is aborted.
 */
export class TimeBudget implements Disposable {
  /** Aborted when nothing new is to be begun. */
  readonly stop: AbortSignal;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  readonly #timers: readonly Disposable[];

  /**
   * Starts the clock.
   *
   * @param ms The budget in milliseconds; more than 24 days count as 24 days.
   * @param reason The reason that {@linkcode TimeBudget.signal} is aborted with.
   * @param clock Measures the time. @default {SYSTEM_CLOCK}
   */
  constructor(ms: number, reason: () => unknown, clock: Clock = SYSTEM_CLOCK) {
    const most = Math.min(ms, LONGEST_TIMER);
    const [stop, over] = [new AbortController(), new AbortController()];
    this.stop = stop.signal;
    this.signal = over.signal;
    const ending = Math.min(most * ENDING.share, ENDING.most);
    const end = (controller: AbortController) => () => controller.abort(reason());
    this.#timers = [clock.timer(most - ending, end(stop)), clock.timer(most, end(over))];
  }

  /** Stops the clock. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
  }
}
