import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";

/** Options of {@linkcode RateLimiter}. */
export interface RateLimiterOptions {
  /** Requests per window until the API tells its own limit. @default {60} */
  readonly limit?: number;
  /** The window's length in milliseconds. @default {3000} */
  readonly windowMs?: number;
  /** Measures the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/**
 * Keeps requests under the API's rate limit: a bucket of tokens, each of which comes back one window
 * after it was taken. So a short export may burst, and no window ever sees more than the limit.
 *
 * It learns from the answers: `X-RateLimit-Limit` sets the bucket's size (plans differ), and when
 * `X-RateLimit-Remaining` is less than what the bucket holds, somebody else uses the same quota and the
 * difference is taken out.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits}
 *
 * @example
 * ```ts
 * import { RateLimiter } from "./rate_limiter.ts";
 *
 * const limiter = new RateLimiter({ limit: 2, windowMs: 10 });
 * await limiter.acquire();
 * console.assert(limiter.available === 1);
 * ```
 */
export class RateLimiter {
  readonly #windowMs: number;
  readonly #clock: Clock;
  #limit: number;
  /** When each token that was taken comes back, earliest first (ms of {@linkcode Clock.elapsed}). */
  #returns: number[] = [];
  #pausedUntil = 0;

  /**
   * Makes a limiter whose bucket is full.
   *
   * @param options The limit to begin with.
   */
  constructor(options: RateLimiterOptions = {}) {
    this.#limit = options.limit ?? 60;
    // Requests that leave evenly may arrive closer together: a little more than the window is safe.
    this.#windowMs = (options.windowMs ?? 3000) * 1.05;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Requests that could be sent right now. */
  get available(): number {
    const now = this.#clock.elapsed();
    let back = 0;
    while (back < this.#returns.length && this.#returns[back]! <= now) back++;
    if (back > 0) this.#returns.splice(0, back);
    return Math.max(0, this.#limit - this.#returns.length);
  }

  /** Requests per window. */
  get limit(): number {
    return this.#limit;
  }

  /** Requests per second that the limit allows in the long run. */
  get perSecond(): number {
    return this.#limit / (this.#windowMs / 1000);
  }

  /**
   * Waits for a token and takes it.
   *
   * @param signal Ends the wait.
   * @throws The signal's reason.
   */
  async acquire(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const now = this.#clock.elapsed();
      if (now >= this.#pausedUntil && this.available > 0) break;
      const next = Math.max(this.#pausedUntil, this.available > 0 ? 0 : this.#returns[0] ?? 0);
      await this.#clock.delay(Math.max(1, next - now), { signal });
    }
    this.#returns.push(this.#clock.elapsed() + this.#windowMs);
  }

  /**
   * Learns from an answer.
   *
   * @param headers The answer's headers.
   */
  learn(headers: Headers): void {
    const limit = wholeNumber(headers.get("x-ratelimit-limit"));
    if (limit !== undefined && limit > 0) this.#limit = limit;
    const remaining = wholeNumber(headers.get("x-ratelimit-remaining"));
    if (remaining === undefined) return;
    const back = this.#clock.elapsed() + this.#windowMs;
    for (let spent = this.available - remaining; spent > 0; spent--) this.#returns.push(back);
  }

  /**
   * Lets nobody send for a while: the API said that it has enough.
   *
   * @param ms How long, in milliseconds.
   */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.elapsed() + ms);
  }
}

/** A header's number, up to a million: no plan has more, and each token that is taken out is kept. */
function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
