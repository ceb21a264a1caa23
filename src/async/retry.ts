/** How often and how long a request is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  /** The first wait, in milliseconds; each further one is twice as long. */
  readonly baseDelayMs: number;
  /** The longest single wait that is chosen by us, in milliseconds. */
  readonly maxDelayMs: number;
  /** The longest that a request may wait in all, in milliseconds. */
  readonly maxTotalWaitMs: number;
}

/** The policy used when none is given. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 8,
  baseDelayMs: 500,
  maxDelayMs: 20_000,
  maxTotalWaitMs: 5 * 60_000,
};

/**
 * How long to wait before the next attempt: exponential with jitter, so that many readers don't come
 * back at once, and never shorter than what the server asks for.
 *
 * @param policy The policy in force.
 * @param attempt The attempt that failed, from 1.
 * @param askedMs What the server asks for, in milliseconds (0 if it doesn't).
 * @return The wait in milliseconds.
 */
export function backoffMs(policy: RetryPolicy, attempt: number, askedMs = 0): number {
  const longest = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  return Math.ceil(Math.max(askedMs, longest * (0.5 + Math.random() / 2)));
}

/**
 * What `X-RateLimit-Reset` or `Retry-After` ask for.
 *
 * @param headers An answer's headers.
 * @return The wait in milliseconds; 0 if neither is there.
 * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits}
 */
export function askedWaitMs(headers: Headers): number {
  const reset = 1000 * Number(headers.get("x-ratelimit-reset") ?? 0);
  return Math.max(Number.isFinite(reset) ? reset : 0, retryAfterMs(headers), 0);
}

function retryAfterMs(headers: Headers): number {
  const value = headers.get("retry-after");
  if (value === null) return 0;
  const ms = 1000 * Number(value);
  if (Number.isFinite(ms)) return ms;
  const date = Date.parse(value);
  if (Number.isNaN(date)) return 0;
  // By the server's clock, if it tells: ours may differ.
  const now = Date.parse(headers.get("date") ?? "");
  return date - (Number.isNaN(now) ? Date.now() : now);
}
