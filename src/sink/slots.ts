/**
 * A number of slots that work takes in turns, so that no more than that is done at a time.
 *
 * @example
 * ```ts
 * import { Slots } from "./slots.ts";
 *
 * const slots = new Slots(4);
 * using _slot = await slots.take();
 * ```
 */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /**
   * Makes slots, all of them free.
   *
   * @param count How many there are.
   */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a slot, behind those who came before.
   *
   * @param signal Ends the waiting.
   * @return The slot; its disposal frees it.
   * @throws The signal's reason.
   */
  async take(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let taken = true;
    return {
      [Symbol.dispose]: () => {
        if (taken) this.#pass();
        taken = false;
      },
    };
  }

  /** Gives a slot to whoever waits the longest. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(go);
        reject(signal?.reason);
      };
      const go = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.add(go);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
