import { ApiError } from "../../cma_server/answer.ts";

/** How many requests are let through in which time. */
export interface RateLimit {
  /** The number of requests in each window. */
  readonly limit: number;
  /** The length of a window, in milliseconds. */
  readonly windowMs: number;
}

/**
 * Counts requests in fixed windows of time, as the API does.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits#cma-rate-limits}
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  #start = -Infinity;
  #count = 0;

  /**
   * Begins its first window with the first request.
   *
   * @param limit How many requests are let through in which time.
   */
  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /**
   * Counts a request.
   *
   * @return The response headers that tell the client what is left.
   * @throws {ApiError} If the window's requests are used up.
   */
  take(): Record<string, string> {
    const { limit, windowMs } = this.#limit;
    const now = performance.now();
    if (now - this.#start >= windowMs) {
      this.#start = now;
      this.#count = 0;
    }
    this.#count++;
    const headers = {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(Math.max(0, limit - this.#count)),
    };
    if (this.#count <= limit) return headers;
    const seconds = Math.max(1, Math.ceil((this.#start + windowMs - now) / 1000));
    throw new ApiError(429, "RATE_LIMIT_EXCEEDED", {
      transient: true,
      headers: { ...headers, "x-ratelimit-reset": String(seconds) },
    });
  }
}
