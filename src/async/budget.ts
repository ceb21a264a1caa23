/**
 * Bounds how many things are in flight at a time: pages, whichever stream they belong to, that are
 * requested, wait in a queue, or are being written; or assets being fetched. A slow sink so slows the
 * requests down, and memory stays bounded.
 *
 * @example
 * ```ts
 * import { Budget } from "./budget.ts";
 *
 * const budget = new Budget(2);
 * const place = await budget.acquire();
 * console.assert(budget.inFlight === 1);
 * place[Symbol.dispose]();
 * console.assert(budget.inFlight === 0);
 * ```
 */
export class Budget {
  readonly #size: number;
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  /**
   * Makes a budget.
   *
   * @param size How many may be in flight.
   * @throws {RangeError} If `size` isn't a whole number above 0.
   */
  constructor(size: number) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new RangeError(
        `A budget must be a whole number above 0: current value is ${size}`,
      );
    }
    this.#size = size;
  }

  /** How many are in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Waits for a place; first come, first served.
   *
   * @param signal Ends the wait.
   * @return The place, to be disposed when what it was for is done.
   * @throws The signal's reason.
   */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#inFlight < this.#size) this.#inFlight++;
    else await this.#wait(signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting = this.#waiting.filter((waiter) => waiter !== enter);
        reject(signal!.reason);
      };
      this.#waiting.push(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Hands the place to the next in line, or gives it back. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inFlight--;
  }
}
