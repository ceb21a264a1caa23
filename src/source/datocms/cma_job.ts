import { isObject } from "../../text/json.ts";

/**
 * The id of the job that an answer with status 202 holds; `undefined` if it holds none.
 *
 * @param body The parsed body.
 * @see {@link https://www.datocms.com/docs/content-management-api/async-jobs}
 */
export function jobId(body: unknown): string | undefined {
  const id = isObject(body) && isObject(body.data) ? body.data.id : undefined;
  return typeof id === "string" ? id : undefined;
}

/** What a job has answered. */
export interface JobResult {
  /** The HTTP status. */
  readonly status: number;
  /** The body. */
  readonly body: unknown;
}

/**
 * What a job has answered; `undefined` if the body isn't a job's result.
 *
 * @param body The parsed body of `/job-results/:id`.
 */
export function jobResult(body: unknown): JobResult | undefined {
  const attributes = isObject(body) && isObject(body.data) ? body.data.attributes : undefined;
  if (!isObject(attributes) || !Number.isInteger(attributes.status)) return undefined;
  return { status: Number(attributes.status), body: attributes.payload };
}
