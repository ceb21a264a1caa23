import { createHmac } from "node:crypto";
import { delay } from "../async/delay.ts";
import { fetchOnce } from "../async/fetch_once.ts";
import { limited } from "../async/limited.ts";
import type { JsonReport } from "../report/json_report.ts";
import { redirectLocation, shownGoal } from "../http/redirect_location.ts";
import { askedWaitMs, backoffMs, type RetryPolicy } from "../async/retry.ts";

/** The header that signs what is sent: `sha256=` and the HMAC-SHA256 of the body in hexadecimal. */
export const SIGNATURE_HEADER = "X-Sluice-Signature";

/** Options of {@linkcode notify}. */
export interface NotifyOptions {
  /** Where it is sent. */
  readonly url: string;
  /** Signs it. @default It isn't signed */
  readonly secret?: string | undefined;
  /** Sends it. @default {fetch, which is kept from sending it again by itself} */
  readonly fetch?: typeof fetch | undefined;
  /** Waits between attempts. @default {delay} */
  readonly delay?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** How a message got on. */
export interface NotifyResult {
  /** Whether it was taken. */
  readonly sent: boolean;
  /** How often it was tried. */
  readonly attempts: number;
  /** Why it wasn't taken: a clause without the address, which may be a secret. */
  readonly problem?: string;
}

/** Sends the report of an export. */
export type SendReport = (report: JsonReport, signal: AbortSignal) => Promise<NotifyResult>;

/** How often it is tried, and how long it is waited in between. */
const POLICY: RetryPolicy = {
  maxAttempts: 4,
  baseDelayMs: 500,
  maxDelayMs: 4000,
  maxTotalWaitMs: 8000,
};
/** How long an attempt may take, in milliseconds. */
const ATTEMPT_MS = 5000;
/** How long all of it may take, in milliseconds. */
const TOTAL_MS = 15_000;

/**
 * Sends a text with `POST`, and tries again for some seconds if it isn't taken. Never fails. Whoever takes it,
 * but whose answer gets lost, gets it again, with the same `Idempotency-Key`.
 *
 * @param body The text: JSON.
 * @param options Where it is sent.
 *
 * @example
 * ```ts no-eval
 * import { notify } from "@sluice/datocms/schedule";
 *
 * await notify('{"status":"complete"}', { url: "https://example.com/hook", secret: "…" });
 * ```
 */
export async function notify(body: string, options: NotifyOptions): Promise<NotifyResult> {
  let attempts = 0;
  let problem = "it wasn't tried";
  const wait = options.delay ?? delay;
  const key = crypto.randomUUID();
  try {
    await limited(TOTAL_MS, options.signal, async (signal) => {
      for (let waited = 0;;) {
        attempts++;
        const failure = await attempt(body, key, options, signal);
        if (failure === undefined) return;
        problem = failure.problem;
        const ms = backoffMs(POLICY, attempts, failure.askedMs);
        waited += ms;
        const isOver = attempts >= POLICY.maxAttempts || waited > POLICY.maxTotalWaitMs;
        if (failure.isFinal || isOver) throw new Error(problem);
        await wait(ms, signal);
      }
    });
    return { sent: true, attempts };
  } catch {
    if (options.signal?.aborted) problem = "it was cancelled";
    return { sent: false, attempts, problem };
  }
}

/** Only DatoCMS means seconds by `X-RateLimit-Reset`: elsewhere it is a time of day. */
function withoutReset(headers: Headers): Headers {
  const others = new Headers(headers);
  others.delete("x-ratelimit-reset");
  return others;
}

interface Failure {
  readonly problem: string;
  readonly askedMs: number;
  readonly isFinal: boolean;
}

/** Why it wasn't taken; `undefined` if it was. */
async function attempt(
  body: string,
  key: string,
  options: NotifyOptions,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { url, secret, fetch: send = fetchOnce } = options;
  const headers = new Headers({
    "Content-Type": "application/json",
    "Idempotency-Key": `"${key}"`,
  });
  if (secret !== undefined) {
    const hmac = createHmac("sha256", secret).update(body).digest("hex");
    headers.set(SIGNATURE_HEADER, `sha256=${hmac}`);
  }
  try {
    return await limited(ATTEMPT_MS, signal, async (signal) => {
      // A redirect would turn it into a GET, or send it to somebody else.
      const init = { method: "POST", body, headers, signal, redirect: "manual" } as const;
      const response = await send(url, init);
      await response.body?.cancel();
      if (response.ok) return undefined;
      const { status } = response;
      const location = redirectLocation(response);
      const redirect = location === null
        ? ""
        : `, a redirect to ${shownGoal(location, url)}, which isn't followed`;
      return {
        problem: `its server answered ${status}${redirect}`,
        askedMs: askedWaitMs(withoutReset(response.headers)),
        isFinal: status < 500 && status !== 408 && status !== 425 && status !== 429,
      };
    });
  } catch (error) {
    const why = error instanceof DOMException && error.name === "TimeoutError"
      ? "its server didn't answer in time"
      : "its server can't be reached";
    return { problem: why, askedMs: 0, isFinal: signal.aborted };
  }
}
