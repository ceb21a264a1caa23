import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { isObject } from "../../text/json.ts";
import { INCOMPLETE } from "./s3_error.ts";

/** How often, for how long, and after how long a request is tried again. */
export interface S3RetryOptions {
  /** How often it is tried at least, if it fails each time. */
  readonly attempts: number;
  /** Milliseconds after the first failure in which it is tried again, however often. */
  readonly retryFor: number;
  /** Whether the server has answered before: then it may be starting again while nothing listens. */
  readonly hasAnswered: boolean;
  /** Milliseconds until the second attempt, at most; they double with every further one. */
  readonly retryDelay: number;
  /** Measures the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** The longest wait between two attempts, in milliseconds. */
const LONGEST = 20_000;
/** How much longer S3 is left alone when it says that it is too much. */
const WHEN_BUSY = 5;
/** How much longer it is left alone when nothing listens there any more. */
const WHEN_DOWN = 10;

const BUSY = [
  "SlowDown",
  "ServiceUnavailable",
  "TooManyRequests",
  "ThrottlingException",
  // Two writers came at once, or one came while the object was being deleted.
  "ConditionalRequestConflict",
  "OperationAborted",
];
const DOWN = ["ECONNREFUSED"];
const TRANSIENT = [
  "ECONNRESET",
  "ENOTFOUND",
  "TimeoutError",
  "RequestTimeout",
  // Without a status it is about one of many objects that are being deleted.
  "InternalError",
  INCOMPLETE,
];
const TRANSIENT_STATUS = [429, 500, 502, 503, 504];
/** The SDK learns from the answer how much this machine's clock is off, and signs with the right time. */
const LEARNED = ["RequestTimeTooSkewed"];

/**
 * Tries a request again when S3 is busy or the connection breaks, as the AWS SDK's standard mode does,
 * with waits drawn by lot. The SDK's own waits can't be ended: their timers would keep a cancelled program
 * alive.
 *
 * @param run Sends the request.
 * @param options How often, and after how long.
 * @return What it gives.
 * @throws What the last attempt throws, or the signal's reason.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export async function withS3Retries<T>(
  run: () => Promise<T>,
  options: S3RetryOptions,
): Promise<T> {
  const { attempts, retryFor, retryDelay, hasAnswered, clock = SYSTEM_CLOCK, signal } = options;
  let failedAt: number | undefined;
  for (let attempt = 1;; attempt++) {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      failedAt ??= clock.elapsed();
      const verdict = judge(error);
      const left = failedAt + retryFor - clock.elapsed();
      const isEnough = attempt >= attempts;
      if (verdict === "final" || (isEnough && left <= 0)) throw error;
      const factor = verdict === "busy"
        ? WHEN_BUSY
        : verdict === "down" && hasAnswered
        ? WHEN_DOWN
        : 1;
      const longest = Math.min(LONGEST, retryDelay * factor * 2 ** (attempt - 1));
      const wait = longest * Math.random();
      await clock.delay(isEnough ? Math.min(wait, left) : wait, { signal });
    }
  }
}

function judge(error: unknown): "final" | "busy" | "down" | "transient" {
  if (!(error instanceof Error)) return "final";
  const code = "code" in error ? String(error.code) : error.name;
  const metadata = "$metadata" in error ? error.$metadata : undefined;
  const { httpStatusCode = 0, clockSkewCorrected = false } = isObject(metadata) ? metadata : {};
  const status = Number(httpStatusCode);
  if (BUSY.includes(error.name) || status === 429 || status === 503) return "busy";
  if (DOWN.includes(code)) return "down";
  const transient = [code, error.name].some((name) => [...TRANSIENT, ...LEARNED].includes(name)) ||
    // An answer to HEAD has no body that would say so.
    (status === 403 && clockSkewCorrected === true);
  return transient || TRANSIENT_STATUS.includes(status) ? "transient" : "final";
}
