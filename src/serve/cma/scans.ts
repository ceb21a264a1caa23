import { ApiError } from "../../cma_server/answer.ts";

/** How many models are read through at a time. */
const MOST = 4;

/** Bounds how many requests read through whole models at a time. */
export class Scans {
  #running = 0;

  /**
   * Reads something through.
   *
   * @param scan Reads it.
   * @throws {ApiError} If too much is being read through already: the client is to ask again.
   */
  async run<T>(scan: () => Promise<T>): Promise<T> {
    if (this.#running >= MOST) {
      throw new ApiError(503, "SERVICE_UNAVAILABLE", {
        transient: true,
        details: { message: "too many requests read through all records: ask again" },
        headers: { "Retry-After": "1" },
      });
    }
    this.#running++;
    try {
      return await scan();
    } finally {
      this.#running--;
    }
  }
}
