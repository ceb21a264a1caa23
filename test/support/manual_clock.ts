import { type Clock, SYSTEM_CLOCK } from "../../src/async/clock.ts";
import { turn } from "./until.ts";

/** Something that is to happen at a time. */
interface Due {
  readonly at: number;
  readonly run: () => void;
}

/**
 * A clock that stands still until it is moved: what waits by it waits for a test, and not for time to pass.
 */
export class ManualClock implements Clock {
  readonly #start = SYSTEM_CLOCK.now();
  readonly #due = new Set<Due>();
  #elapsed = 0;
  #shift = 0;

  /** How much is waited for. */
  get waiting(): number {
    return this.#due.size;
  }

  /** In how many milliseconds something is due; `undefined` if nothing waits. */
  get next(): number | undefined {
    const next = this.#next();
    return next && next.at - this.#elapsed;
  }

  now(): number {
    return this.#start + this.#shift + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  delay(ms: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const stop = () => {
        timer[Symbol.dispose]();
        reject(signal!.reason);
      };
      const timer = this.timer(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  timer(ms: number, run: () => void): Disposable {
    const due = { at: this.#elapsed + Math.max(0, ms), run };
    this.#due.add(due);
    return { [Symbol.dispose]: () => void this.#due.delete(due) };
  }

  /** Sets the time of day, as somebody may; what is waited for doesn't come sooner. */
  shift(ms: number): void {
    this.#shift += ms;
  }

  /**
   * Lets time pass, and all happen that is due by then, in its turn.
   *
   * @param ms How much, in milliseconds.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await turn();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#elapsed = Math.max(this.#elapsed, next.at);
      this.#due.delete(next);
      next.run();
      await turn();
    }
    this.#elapsed = end;
    await turn();
  }

  /**
   * Lets as much time pass as something takes: whenever it waits, until what it waits for.
   *
   * @param work What waits for this clock.
   * @param most What is due later than that isn't waited for, such as the time limit of a request that is
   * under way, in milliseconds.
   */
  async passWhile<T>(work: Promise<T>, most = Infinity): Promise<T> {
    let isDone = false;
    const done = work.finally(() => isDone = true);
    done.catch(() => {});
    for (await turn(); !isDone; await turn()) {
      const { next } = this;
      if (next !== undefined && next <= most) await this.advance(next);
    }
    return await done;
  }

  #next(): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) if (first === undefined || due.at < first.at) first = due;
    return first;
  }
}

/** The machine's clock, but nothing that is waited for takes longer than some milliseconds. */
export const HASTY_CLOCK: Clock = {
  ...SYSTEM_CLOCK,
  delay: (ms, options) => SYSTEM_CLOCK.delay(Math.min(ms, 5), options),
};
