/** Takes the clock away from the timers of one length: they fire when they are told to. */
export class HeldTimers implements Disposable {
  readonly #set = globalThis.setTimeout;
  readonly #clear = globalThis.clearTimeout;
  readonly #held = new Map<unknown, () => void>();

  /**
   * Holds back the timers that are set from now on, until it is disposed.
   *
   * @param milliseconds Their length; one that nothing else has.
   */
  constructor(milliseconds: number) {
    const set = (run: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) => {
      if (delay !== milliseconds) return this.#set(run, delay, ...args);
      const timer = this.#set(() => {}, 0);
      this.#clear(timer);
      this.#held.set(timer, () => run(...args));
      return timer;
    };
    globalThis.setTimeout = Object.assign(set, this.#set);
    globalThis.clearTimeout = (timer) => {
      if (!this.#held.delete(timer)) this.#clear(timer);
    };
  }

  /** How many are set and neither fired nor cleared. */
  get waiting(): number {
    return this.#held.size;
  }

  /** Lets those fire that are set. */
  fire(): void {
    const due = [...this.#held.values()];
    this.#held.clear();
    for (const run of due) run();
  }

  /** Gives the clock back. */
  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#set;
    globalThis.clearTimeout = this.#clear;
  }
}
