import { ApiError } from "../../cma_server/answer.ts";

/** How many requests are let through in which time. */
export interface RateLimit {
  /** The number of requests in each window. */
  readonly limit: number;
  /** The length of a window, in milliseconds. */
  readonly windowMs: number;
  /** Where windows begin. @default {"first request"} */
  readonly windows?: RateWindows | undefined;
}

/**
 * Where the windows of a rate limit begin: at multiples of their length by the server's clock, as DatoCMS's do;
 * with the first request after the one before; or at every moment, so that none sees more than the limit.
 */
export type RateWindows = "aligned" | "first request" | "sliding";

/**
 * Counts requests in windows of time, as the API does.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits#cma-rate-limits}
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  #start = -Infinity;
  /** When the requests of the window came. */
  #counted: number[] = [];

  /**
   * Counts nothing yet.
   *
   * @param limit How many requests are let through in which time.
   * @param now Tells the time in milliseconds since 1970.
   */
  constructor(limit: RateLimit, now: () => number = Date.now) {
    this.#limit = limit;
    this.#now = now;
  }

  /**
   * Counts a request.
   *
   * @return The response headers that tell the client what is left.
   * @throws {ApiError} If the window's requests are used up.
   */
  take(): Record<string, string> {
    const { limit, windowMs, windows = "first request" } = this.#limit;
    const now = this.#now();
    if (windows === "sliding") {
      this.#counted = this.#counted.filter((at) => now - at < windowMs);
      this.#start = this.#counted[0] ?? now;
    } else if (now - this.#start >= windowMs || now < this.#start) {
      this.#start = windows === "aligned" ? now - now % windowMs : now;
      this.#counted = [];
    }
    this.#counted.push(now);
    const used = this.#counted.length;
    const headers = {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(Math.max(0, limit - used)),
    };
    if (used <= limit) return headers;
    if (windows === "sliding") this.#counted.pop();
    const seconds = Math.max(1, Math.ceil((this.#start + windowMs - now) / 1000));
    throw new ApiError(429, "RATE_LIMIT_EXCEEDED", {
      transient: true,
      headers: { ...headers, "x-ratelimit-reset": String(seconds) },
    });
  }
}
