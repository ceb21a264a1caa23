/**
 * Tasks that run at the same time, of which one that ends may be the reason to begin others. Whoever begins
 * them waits for the next end, and looks then for what may begin.
 *
 * @example
 * ```ts
 * import { Tasks } from "./tasks.ts";
 *
 * const tasks = new Tasks();
 * let done = 0;
 * tasks.begin(async () => void (done += await 1));
 * while (tasks.size > 0) await tasks.next();
 * console.assert(done === 1);
 * ```
 */
export class Tasks {
  readonly #stop = new AbortController();
  #size = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake = () => {};

  /** Is aborted once a task failed, or {@linkcode Tasks.stop} was called. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** How many tasks are running. */
  get size(): number {
    return this.#size;
  }

  /**
   * Begins a task.
   *
   * @param run The task.
   */
  begin(run: () => Promise<void>): void {
    this.#size++;
    void run().catch((error) => {
      if (this.#failure !== undefined) return;
      this.#failure = { error };
      this.#stop.abort(error);
    }).finally(() => {
      this.#size--;
      this.#wake();
    });
  }

  /**
   * Waits until a task ends.
   *
   * @throws The first failure of a task.
   */
  async next(): Promise<void> {
    if (this.#size > 0) await new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Aborts the signal, and waits until no task is running.
   *
   * @param reason Why.
   */
  async stop(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    while (this.#size > 0) await new Promise<void>((resolve) => this.#wake = resolve);
  }
}
