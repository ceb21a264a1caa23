import type { Clock } from "../../async/clock.ts";
import { isObject } from "../../text/json.ts";
import { CmaError } from "./cma_error.ts";

/** What a request or a job has answered. */
export interface JobAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The parsed body. */
  readonly body: unknown;
}

/** How {@linkcode pollJob} waits for a job. */
export interface PollJobOptions<Answer extends JobAnswer> {
  /** What started the job, for errors: `GET /site`. */
  readonly what: string;
  /** How long to wait, in milliseconds. */
  readonly timeoutMs: number;
  /** Measures the time, and waits. */
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Asks for the result of the job with an id; the status is 404 until it is done. */
  readonly ask: (id: string) => Promise<Answer>;
  /** The error for a job that has failed. */
  readonly refuse: (result: JobAnswer) => Error;
}

/**
 * Waits for an asynchronous job, and for the one that it has started if it was only that.
 *
 * @param accepted The answer with status 202 that holds the job.
 * @param options How to ask, and how long.
 * @return The answer that the job has in place of the one with status 202.
 * @throws {CmaError} If it takes too long, or what comes isn't a job's result.
 * @throws What `refuse` gives.
 * @throws The signal's reason.
 * @see {@link https://www.datocms.com/docs/content-management-api/async-jobs}
 */
export async function pollJob<Answer extends JobAnswer>(
  accepted: Answer,
  { what, timeoutMs, clock, signal, ask, refuse }: PollJobOptions<Answer>,
): Promise<Answer> {
  const started = clock.elapsed();
  let id = jobId(accepted.body, what);
  for (let waitMs = 200;; waitMs = Math.min(waitMs * 1.5, 5000)) {
    const leftMs = timeoutMs - (clock.elapsed() - started);
    if (leftMs <= 0) {
      throw new CmaError(
        `The job that DatoCMS started for ${what} didn't end within ${
          timeoutMs / 1000
        } s: try again later, or see https://status.datocms.com.`,
      );
    }
    await clock.delay(Math.min(waitMs, leftMs), { signal });
    const found = await ask(id);
    // A result that is itself only accepted isn't there yet.
    if (found.status === 404 || found.status === 202) continue;
    const { status, body } = jobResult(found.body, what);
    if (status < 200 || status >= 300) throw refuse({ status, body });
    if (status !== 202) return { ...found, status, body };
    id = jobId(body, what);
  }
}

function jobId(body: unknown, what: string): string {
  const id = isObject(body) && isObject(body.data) ? body.data.id : undefined;
  if (typeof id === "string") return id;
  throw new CmaError(`Expected a job in the answer to ${what}, but it holds none.`);
}

function jobResult(body: unknown, what: string): JobAnswer {
  const attributes = isObject(body) && isObject(body.data) ? body.data.attributes : undefined;
  if (isObject(attributes) && Number.isInteger(attributes.status)) {
    return { status: Number(attributes.status), body: attributes.payload };
  }
  throw new CmaError(`Expected a job's result for ${what}, but what came has no status.`);
}
