/** The storage's clock is told in whole seconds, and by several machines that differ a little. */
const STEP_MS = 2000;

/**
 * Tells how long ago it was made, by whichever clock says most: this machine's clock can be set back, the
 * other one stands still while the machine sleeps, and both do while it is frozen; the storage's continues.
 */
export class LockAge {
  readonly #time = Date.now();
  readonly #begun = performance.now();
  readonly #storageNow: () => number | undefined;
  #storageTime: number | undefined;

  /**
   * Begins to count.
   *
   * @param storageNow The time by the storage's clock, if it is known, in milliseconds since 1970.
   */
  constructor(storageNow: () => number | undefined) {
    this.#storageNow = storageNow;
    this.#storageTime = storageNow();
  }

  /** The age in milliseconds. */
  get ms(): number {
    const now = this.#storageNow();
    this.#storageTime ??= now;
    const there = now === undefined ? 0 : now - this.#storageTime! - STEP_MS;
    return Math.max(Date.now() - this.#time, performance.now() - this.#begun, there);
  }
}
