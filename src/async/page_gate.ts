/**
 * Lets tasks run side by side, and now and then one alone: who is to run alone waits for the others to
 * end, and nobody begins meanwhile.
 *
 * @example
 * ```ts
 * import { PageGate } from "./page_gate.ts";
 *
 * const gate = new PageGate();
 * const seen: string[] = [];
 * await Promise.all([
 *   gate.shared(async () => void seen.push(await Promise.resolve("page"))),
 *   gate.alone(() => Promise.resolve(void seen.push("checkpoint"))),
 * ]);
 * console.assert(seen.join() === "page,checkpoint");
 * ```
 */
export class PageGate {
  #running = 0;
  /** Settled when the one that runs alone has ended. */
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /**
   * Runs a task beside others.
   *
   * @param run The task.
   * @throws What the task throws.
   */
  async shared<T>(run: () => Promise<T>): Promise<T> {
    while (this.#closed !== undefined) await this.#closed;
    this.#running++;
    try {
      return await run();
    } finally {
      if (--this.#running === 0) this.#onIdle?.();
    }
  }

  /**
   * Runs a task while no other one runs.
   *
   * @param run The task. It must not ask for this gate itself.
   * @throws What the task throws.
   */
  async alone<T>(run: () => Promise<T>): Promise<T> {
    while (this.#closed !== undefined) await this.#closed;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    try {
      if (this.#running > 0) await new Promise<void>((onIdle) => this.#onIdle = onIdle);
      return await run();
    } finally {
      this.#onIdle = undefined;
      this.#closed = undefined;
      resolve();
    }
  }
}
