/** How often something may happen: so many times in so many seconds. */
export interface Rate {
  /** How many times. */
  readonly limit: number;
  /** In how many seconds. */
  readonly seconds: number;
}

/** What is left of a rate. */
export interface RateLeft {
  /** Whether this time is allowed. */
  readonly isAllowed: boolean;
  /** How many times are left. */
  readonly remaining: number;
  /** Seconds until there are all again, at least 1. */
  readonly resetSeconds: number;
}

interface Window {
  from: number;
  count: number;
}

/** Counts in fixed windows, for each key by itself. Windows that are over are forgotten. */
export class RateWindows {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();
  #sweepAt: number;

  /**
   * @param rate How often is allowed.
   * @param now A time in milliseconds that nobody sets back.
   */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
    this.#sweepAt = now() + rate.seconds * 1000;
  }

  /**
   * Whether there were too many already. Doesn't count.
   *
   * @param key What is counted.
   */
  isOver(key: string): boolean {
    const window = this.#windows.get(key);
    return window !== undefined && this.#now() - window.from < this.#rate.seconds * 1000 &&
      window.count >= this.#rate.limit;
  }

  /**
   * Counts once.
   *
   * @param key What is counted.
   */
  take(key: string): RateLeft {
    const now = this.#now();
    const ms = this.#rate.seconds * 1000;
    if (now >= this.#sweepAt) {
      for (const [key, { from }] of this.#windows) if (now - from >= ms) this.#windows.delete(key);
      this.#sweepAt = now + ms;
    }
    let window = this.#windows.get(key);
    if (window === undefined || now - window.from >= ms) {
      window = { from: now, count: 0 };
      this.#windows.set(key, window);
    }
    window.count++;
    return {
      isAllowed: window.count <= this.#rate.limit,
      remaining: Math.max(0, this.#rate.limit - window.count),
      resetSeconds: Math.max(1, Math.ceil((window.from + ms - now) / 1000)),
    };
  }
}
