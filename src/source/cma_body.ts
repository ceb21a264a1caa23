import { printable } from "../text/printable.ts";
import { CmaError } from "./cma_error.ts";
import { parseJson } from "./json.ts";
import { isDeeperThan } from "./json_depth.ts";

/** So many levels nothing has that DatoCMS stores: a record's blocks are 5 levels deep at most. */
const DEEPEST = 1000;

/**
 * Parses the body of an answer.
 *
 * @param bytes The body.
 * @param response The answer.
 * @param init The request.
 * @return The value; `undefined` if there is none.
 * @throws {NotJsonError} If the answer is a success, but not JSON.
 * @throws {CmaError} If it is JSON that nobody could work with.
 */
export function parseBody(
  bytes: Uint8Array,
  { status, headers, url }: Response,
  init: RequestInit,
): unknown {
  if (status === 204 || (bytes.byteLength === 0 && status >= 400)) return undefined;
  if (isDeeperThan(bytes, DEEPEST)) {
    if (status >= 400) return undefined;
    const { host, pathname } = new URL(url);
    throw new CmaError(
      `${host} answered ${
        init.method ?? "GET"
      } ${pathname} with JSON that is nested more than ${DEEPEST} levels deep, which nothing in DatoCMS is: check --base-url.`,
    );
  }
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // A refusal with a page of HTML is still a refusal; a success without JSON is a fault on the way.
    if (status >= 400) return undefined;
    const said = headers.get("content-type") ?? "no content type";
    const type = printable(said, 60);
    throw new NotJsonError(`expected JSON, but the answer (status ${status}, ${type}) isn't`);
  }
}

/** A successful answer isn't JSON. */
export class NotJsonError extends Error {
  override readonly name = "NotJsonError";
}
