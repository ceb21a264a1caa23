import assert from "node:assert/strict";
import type { Clock } from "../../src/async/clock.ts";

/** A clock for what waits for nothing but it: thousands of its moments pass at once. */
export class QuickClock implements Clock {
  readonly #due = new Set<{ readonly at: number; readonly run: () => void }>();
  #elapsed = 0;

  now(): number {
    return this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  delay(ms: number): Promise<void> {
    return new Promise((resolve) => void this.timer(ms, resolve));
  }

  timer(ms: number, run: () => void): Disposable {
    const due = { at: this.#elapsed + ms, run };
    this.#due.add(due);
    return { [Symbol.dispose]: () => void this.#due.delete(due) };
  }

  /** Lets as much time pass as something takes that waits for this clock. */
  async passWhile<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => isDone = true);
    for (;;) {
      for (let at = 0; at < 20; at++) await Promise.resolve();
      if (isDone) return await done;
      let [next] = this.#due;
      for (const due of this.#due) if (due.at < next!.at) next = due;
      assert.ok(next, "what waits, waits for ever");
      this.#due.delete(next);
      this.#elapsed = next.at;
      next.run();
    }
  }
}
