import { ServeError } from "./failure.ts";

/** Readings of whole models that run at a time: each takes a core, and the storage's attention. */
const MOST = 4;

/** Lets a few readings of whole models run at a time, and turns the others away. */
export class Scans {
  #running = 0;

  /**
   * Runs one.
   *
   * @param scan Reads.
   * @return What it returns.
   * @throws {ServeError} If there are too many already.
   * @throws What it throws.
   */
  async run<T>(scan: () => Promise<T>): Promise<T> {
    if (this.#running >= MOST) {
      throw new ServeError(
        "OVERLOADED",
        `${MOST} other requests read whole models just now: ask again later.`,
        { headers: { "Retry-After": "2" } },
      );
    }
    this.#running++;
    try {
      return await scan();
    } finally {
      this.#running--;
    }
  }
}
