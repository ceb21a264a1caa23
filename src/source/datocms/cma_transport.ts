import { BodyTooLargeError, networkReason, readBody, readRefusal } from "../../http/body.ts";
import { parseBody } from "./cma_body.ts";
import { apiErrors, CmaError, gaveUp, refusal, type RequestContext } from "./cma_error.ts";
import { type CmaEvent, countOf, type ListingName, requested } from "./cma_event.ts";
import { pollJob } from "./cma_job.ts";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { fetchApi, RedirectError } from "./fetch_api.ts";
import { printable } from "../../text/printable.ts";
import { Secrets } from "../../text/secrets/secrets.ts";
import { proxyVariable } from "../../http/proxy.ts";
import { RateLimiter } from "../../http/rate_limiter.ts";
import { type Flight, RequestGate } from "../../http/request_gate.ts";
import {
  askedWaitMs,
  backoffMs,
  DEFAULT_RETRY_POLICY,
  type RetryPolicy,
} from "../../async/retry.ts";
import { Watchdog } from "../../http/watchdog.ts";

/** An answer of the API, read whole and understood. */
export interface CmaAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The answer's headers. */
  readonly headers: Headers;
  /** The parsed body; `undefined` if there is none. */
  readonly body: unknown;
  /** The body's size in bytes, as it came. */
  readonly bytes: number;
}

/** Options of {@linkcode CmaTransport}. */
export interface CmaTransportOptions {
  /** The API's address. @default {"https://site-api.datocms.com"} */
  readonly baseUrl?: string | undefined;
  /** The environment, for error messages. */
  readonly environment?: string | undefined;
  /** Paces the requests. @default {new RateLimiter()} */
  readonly limiter?: RateLimiter | undefined;
  /** The most requests per second, unless there is a limiter. @default All that the API allows */
  readonly maxRps?: number | undefined;
  /** The most requests in flight, however long answers take. @default {40} */
  readonly concurrency?: number | undefined;
  /** How failed requests are tried again. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** How long to wait for an answer's headers, in milliseconds. @default {60000} */
  readonly headersTimeoutMs?: number | undefined;
  /**
   * How long to wait for the next bytes of a body, in milliseconds. A whole body may take four times as
   * long, and a second more for each 4 KiB that came. @default {30000}
   */
  readonly stallTimeoutMs?: number | undefined;
  /** How long to wait for an asynchronous job, in milliseconds. @default {600000} */
  readonly jobTimeoutMs?: number | undefined;
  /** Measures the time, and waits. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Called with each request and retry. */
  readonly onEvent?: ((event: CmaEvent) => void) | undefined;
}

/** Options of {@linkcode CmaTransport.send}. */
export interface SendOptions {
  /** Aborts the request and its retries. */
  readonly signal?: AbortSignal | undefined;
  /** The largest body to accept, in bytes; also after it was decompressed. @default {33554432} */
  readonly maxBytes?: number | undefined;
  /** The listing that the request belongs to, for events. */
  readonly listing?: ListingName | undefined;
  /**
   * Whether the request may be sent again although it may have been carried out.
   *
   * @default Whether it only reads or deletes
   */
  readonly repeatable?: boolean | undefined;
  /** Whether a job that it starts isn't waited for: the answer tells the job then. @default {false} */
  readonly leavesJob?: boolean | undefined;
}

const MIB = 1024 * 1024;
/** What comes in one piece, such as the schema, is far smaller, and a page says what it accepts. */
const LARGEST_ANSWER = 32 * MIB;
/** A refusal's sentence isn't looked for in more than this (bytes). */
const LARGEST_REFUSAL = MIB;

/** Until the API has answered once, more attempts only hide a wrong address. */
const UNREACHED_ATTEMPTS = 4;

/**
 * Sends requests to the Content Management API: paced, retried, bounded in time and memory, jobs
 * polled. It sits under the official client as its `fetch`.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/technical-limits}
 * @see {@link https://www.datocms.com/docs/content-management-api/async-jobs}
 */
export class CmaTransport {
  /** The API's address, without credentials and trailing slash. */
  readonly baseUrl: string;
  /** Paces the requests. */
  readonly limiter: RateLimiter;
  /** Measures the time, and waits. */
  readonly clock: Clock;
  readonly #options: CmaTransportOptions;
  readonly #retry: RetryPolicy;
  readonly #gate: RequestGate;
  #reached = false;

  /**
   * Makes a transport; nothing is sent yet.
   *
   * @param options Limits and listeners.
   */
  constructor(options: CmaTransportOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    const { origin, pathname } = new URL(options.baseUrl ?? "https://site-api.datocms.com");
    this.baseUrl = origin + pathname.replace(/\/+$/, "");
    this.limiter = options.limiter ??
      new RateLimiter({ clock: this.clock, maxPerSecond: options.maxRps });
    this.#gate = new RequestGate({ ...this, most: options.concurrency });
    this.#retry = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  }

  /**
   * Sends a request until there is an answer worth returning, and polls the job if it is one.
   *
   * @param url The request's URL.
   * @param init Its method, headers and body.
   * @param options When to stop, and how much to accept.
   * @return A successful answer.
   * @throws {CmaError} If the API refuses, or can't be reached after all attempts.
   * @throws {BodyTooLargeError} If the body is larger than `maxBytes`.
   * @throws The signal's reason.
   */
  async send(url: string, init: RequestInit, options: SendOptions = {}): Promise<CmaAnswer> {
    try {
      const answer = await this.#sendUntilAnswered(url, init, options);
      if (answer.status !== 202 || options.leavesJob) return answer;
      return await this.#jobResult(url, init, answer, options);
    } catch (error) {
      throw secretsIn(init).redactError(error);
    }
  }

  async #sendUntilAnswered(
    url: string,
    init: RequestInit,
    options: SendOptions,
    accept?: (status: number) => boolean,
  ): Promise<CmaAnswer> {
    const context = this.#context(url, init);
    const { repeatable = isIdempotent(init) } = options;
    // Answers of one resource are about as large as each other.
    const [, kind = ""] = url.slice(this.baseUrl.length).split(/[/?]/, 2);
    const started = this.clock.elapsed();
    let queued = 0;
    for (let attempt = 1;; attempt++) {
      // Waiting for one's turn among many isn't waiting for an answer: it comes to an end by itself.
      queued -= this.clock.elapsed();
      const flight = await this.#gate.enter(kind, options.signal);
      queued += this.clock.elapsed();
      let problem: Problem;
      try {
        const answer = await this.#attempt(url, init, options, attempt, flight);
        const { status, body } = answer;
        if ((status >= 200 && status < 300) || accept?.(status)) return answer;
        // Before they are cut: a server may repeat what it was sent.
        const errors = secretsIn(init).redactValue(apiErrors(body) ?? []);
        const transient = errors.some((error) => error.transient);
        if (status !== 429 && status !== 408 && status < 500 && !transient) {
          throw refusal(status, errors, context);
        }
        problem = {
          reason: [`status ${status}`, ...errors.map((error) => printable(error.code, 60))].join(
            " ",
          ),
          codes: errors.map((error) => error.code),
          askedMs: askedWaitMs(answer.headers),
          // A refused request did nothing; any other POST may have been carried out.
          repeatable: status === 429 || (status < 500 && transient) || repeatable,
          isForAll: status === 429,
        };
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof CmaError || isForbidden(error)) throw error;
        if (error instanceof BodyTooLargeError) throw tooLarge(error, context);
        const reason = networkReason(error);
        problem = error instanceof RedirectError
          ? {
            reason,
            askedMs: 0,
            repeatable: error.isRead,
            advice: error.advice,
            code: "api_address",
          }
          : { reason, askedMs: 0, repeatable, isUnanswered: true };
      }
      const elapsedMs = this.clock.elapsed() - started;
      const waitMs = backoffMs(this.#retry, attempt, problem.askedMs);
      const { maxAttempts, maxTotalWaitMs } = this.#retry;
      const most = Math.min(maxAttempts, this.#reached ? maxAttempts : UNREACHED_ATTEMPTS);
      if (!problem.repeatable || attempt >= most || elapsedMs - queued + waitMs > maxTotalWaitMs) {
        throw gaveUp(context, {
          attempt,
          elapsedMs,
          reason: problem.reason,
          codes: problem.codes,
          isReached: this.#reached,
          isRateLimit: problem.isForAll === true,
          advice: problem.advice,
          code: problem.code,
          proxy: problem.isUnanswered ? proxyVariable(new URL(url)) : undefined,
          ...(problem.askedMs > maxTotalWaitMs ? { askedMs: problem.askedMs, maxTotalWaitMs } : {}),
        });
      }
      this.#options.onEvent?.({
        type: "retry",
        ...requested(url, init, options).about,
        reason: secretsIn(init).redact(problem.reason),
        attempt,
        waitMs,
      });
      if (problem.isForAll) this.limiter.pause(waitMs);
      await this.clock.delay(waitMs, { signal: options.signal });
    }
  }

  /** One attempt: headers in time, the body as long as it keeps coming, and JSON in it. */
  async #attempt(
    url: string,
    init: RequestInit,
    options: SendOptions,
    attempt: number,
    gated: Flight,
  ): Promise<CmaAnswer> {
    using flight = gated;
    const { headersTimeoutMs = 60_000, stallTimeoutMs = 30_000, onEvent } = this.#options;
    const started = this.clock.elapsed();
    using watchdog = new Watchdog(options.signal, this.clock);
    watchdog.expect(headersTimeoutMs, "an answer");
    const response = await fetchApi(url, { ...init, signal: watchdog.signal }, async () => {
      watchdog.rest();
      await flight.again(options.signal);
      watchdog.expect(headersTimeoutMs, "an answer");
    });
    flight.answered(response.headers);
    const { status, headers } = response;
    const how = { watchdog, stallMs: stallTimeoutMs, clock: this.clock, onBytes: flight.came };
    const { maxBytes = LARGEST_ANSWER } = options;
    const bytes = status < 400
      ? await readBody(response, { ...how, maxBytes })
      : await readRefusal(response, { ...how, maxBytes: LARGEST_REFUSAL });
    flight.ended(bytes.byteLength);
    const ms = this.clock.elapsed() - started;
    let body: unknown;
    try {
      body = parseBody(bytes, response, init);
    } finally {
      const { about, method, path, query } = requested(url, init, options);
      onEvent?.({
        type: "request",
        ...about,
        method,
        path,
        query,
        attempt,
        status,
        count: countOf(body),
        ms: Math.round(ms),
        bytes: bytes.byteLength,
        available: this.limiter.available,
      });
    }
    if (status < 500) this.#reached = true;
    return { status, headers, body, bytes: bytes.byteLength };
  }

  /** Waits for the job that a request has started. */
  async #jobResult(
    url: string,
    init: RequestInit,
    accepted: CmaAnswer,
    options: SendOptions,
  ): Promise<CmaAnswer> {
    const context = this.#context(url, init);
    return await pollJob(accepted, {
      what: context.what,
      timeoutMs: this.#options.jobTimeoutMs ?? 600_000,
      clock: this.clock,
      signal: options.signal,
      ask: (id) =>
        this.#sendUntilAnswered(
          `${this.baseUrl}/job-results/${encodeURIComponent(id)}`,
          { headers: init.headers ?? {} },
          options,
          (status) => status === 404,
        ),
      refuse: ({ status, body }) =>
        refusal(status, secretsIn(init).redactValue(apiErrors(body) ?? []), context),
    });
  }

  #context(url: string, init: RequestInit): RequestContext {
    return {
      what: `${init.method ?? "GET"} ${new URL(url).pathname}`,
      host: new URL(url).host,
      environment: this.#options.environment,
    };
  }
}

interface Problem {
  readonly reason: string;
  /** The codes of the errors in the answer. */
  readonly codes?: readonly string[];
  readonly askedMs: number;
  readonly repeatable: boolean;
  /** Whether it is the network's, or of whoever is on the way. */
  readonly isUnanswered?: boolean;
  /** What to do about it, if it is known. */
  readonly advice?: string;
  /** The code of the error that has that advice. */
  readonly code?: string;
  /** Whether other requests would meet the same problem now. */
  readonly isForAll?: boolean;
}

/** Whether Deno doesn't allow to ask this host: then no attempt helps. */
function isForbidden(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable;
}

/** The token that a request carries. */
function secretsIn({ headers }: RequestInit): Secrets {
  return new Secrets([new Headers(headers).get("authorization")?.replace(/^Bearer /, "")]);
}

/** The same error, as a sentence. */
function tooLarge({ limit }: BodyTooLargeError, { host, what }: RequestContext): BodyTooLargeError {
  const sized = limit % MIB === 0 ? `${limit / MIB} MiB` : `${limit} bytes`;
  return new BodyTooLargeError(
    limit,
    `${host} answered ${what} with more than ${sized}, which is more than Sluice reads at once: check the API's address, or leave it out.`,
    { code: "answer_too_large" },
  );
}

function isIdempotent({ method = "GET" }: RequestInit): boolean {
  return method === "GET" || method === "HEAD" || method === "DELETE";
}
