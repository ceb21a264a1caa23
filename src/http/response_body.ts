/** Responses that live as long as their bodies. */
const owners = new WeakMap<ReadableStream, Response>();

/**
 * The body of an answer, which ends when the signal that `fetch` was given is aborted. On Deno 2.9 it doesn't
 * by itself once the response was collected as garbage: a read that waits then continues waiting for ever.
 *
 * @param response The answer.
 * @return Its body; an empty one if it has none.
 *
 * @example
 * ```ts
 * import { responseBody } from "./response_body.ts";
 *
 * const body = responseBody(new Response("Hello"));
 * console.assert(await new Response(body).text() === "Hello");
 * ```
 */
export function responseBody(response: Response): ReadableStream<Uint8Array<ArrayBuffer>> {
  const body = response.body ?? new Blob().stream();
  owners.set(body, response);
  return body;
}
