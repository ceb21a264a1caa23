import type { Clock } from "../../async/clock.ts";

/** The storage's clock is told in whole seconds, and by several machines that differ a little. */
const STEP_MS = 2000;

/**
 * Tells how long ago it was made, by whichever clock says most: this machine's clock can be set back, the
 * other one stands still while the machine sleeps, and both do while it is frozen; the storage's continues.
 */
export class LockAge {
  readonly #clock: Clock;
  readonly #time: number;
  readonly #begun: number;
  readonly #storageNow: () => number | undefined;
  #storageTime: number | undefined;

  /**
   * Begins to count.
   *
   * @param storageNow The time by the storage's clock, if it is known, in milliseconds since 1970.
   * @param clock This machine's clocks.
   */
  constructor(storageNow: () => number | undefined, clock: Clock) {
    this.#clock = clock;
    this.#time = clock.now();
    this.#begun = clock.elapsed();
    this.#storageNow = storageNow;
    this.#storageTime = storageNow();
  }

  /** The age in milliseconds. */
  get ms(): number {
    const now = this.#storageNow();
    this.#storageTime ??= now;
    const there = now === undefined ? 0 : now - this.#storageTime! - STEP_MS;
    return Math.max(this.#clock.now() - this.#time, this.#clock.elapsed() - this.#begun, there);
  }
}
