import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";

/**
 * A signal that aborts when its parent does, or when what it guards makes no progress in time.
 *
 * `AbortSignal.any` and `AbortSignal.timeout` would do the same, but hold on to a long-lived parent and
 * to their timer until they are collected: an export guards millions of reads with one parent.
 *
 * @example Give up on a server that doesn't answer
 * ```ts no-eval
 * import { Watchdog } from "./watchdog.ts";
 *
 * using watchdog = new Watchdog();
 * watchdog.expect(30_000, "an answer");
 * const response = await fetch("https://site-api.datocms.com", { signal: watchdog.signal });
 * ```
 */
export class Watchdog implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #clock: Clock;
  #timer: Disposable | undefined;

  /**
   * @param parent Aborting it aborts the guarded work with the same reason.
   * @param clock Measures the time. @default {SYSTEM_CLOCK}
   */
  constructor(parent?: AbortSignal, clock: Clock = SYSTEM_CLOCK) {
    this.#clock = clock;
    this.#parent = parent;
    if (parent?.aborted) this.#controller.abort(parent.reason);
    else parent?.addEventListener("abort", this.#follow, { once: true });
  }

  /** The signal to give to the guarded work. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Starts the clock again: the next call has to come in time.
   *
   * @param ms How long to wait for it, in milliseconds; more than 24 days count as 24 days.
   * @param what What is waited for, for the error's text.
   */
  expect(ms: number, what: string): void {
    this.rest();
    this.#timer = this.#clock.timer(ms, () => {
      this.#controller.abort(new StallError(`waited ${ms / 1000} s for ${what}`));
    });
  }

  /** Stops the clock until the next call of {@linkcode Watchdog.expect}. */
  rest(): void {
    this.#timer?.[Symbol.dispose]();
  }

  /** Stops the clock, and lets go of the parent. */
  [Symbol.dispose](): void {
    this.rest();
    this.#parent?.removeEventListener("abort", this.#follow);
  }

  readonly #follow = () => this.#controller.abort(this.#parent!.reason);
}

/** Nothing came for too long. */
export class StallError extends Error {
  override readonly name = "StallError";
}
