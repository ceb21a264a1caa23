import { printable } from "../../text/printable.ts";
import { CmaError } from "./cma_error.ts";
import { parseJson } from "../../text/json.ts";
import { isDeeperThan } from "./json_depth.ts";
import { DEEPEST } from "./unreadable.ts";

/**
 * Parses the body of an answer.
 *
 * @param bytes The body.
 * @param response The answer.
 * @param init The request.
 * @return The value; `undefined` if there is none.
 * @throws {NotJsonError} If the answer is a success, but not JSON.
 * @throws {TooDeepError} If it is nested so deep that it can't be walked through.
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
    throw new TooDeepError(
      `${host} answered ${
        init.method ?? "GET"
      } ${pathname} with JSON that is nested more than ${DEEPEST} levels deep, which nothing in DatoCMS is: check the API's address.`,
      bytes,
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

/** An answer is nested so deep that whoever walks through it would run out of stack. */
export class TooDeepError extends CmaError {
  readonly #bytes: Uint8Array;

  /**
   * @param message One sentence for the user.
   * @param bytes The answer's body.
   */
  constructor(message: string, bytes: Uint8Array) {
    super(message, { code: "api_address" });
    this.#bytes = bytes;
  }

  /** The answer's size in bytes. */
  get size(): number {
    return this.#bytes.byteLength;
  }

  /**
   * The answer's value, for whoever takes apart what can be worked with.
   *
   * @throws {CmaError} This error, if the answer isn't JSON anyway.
   */
  parse(): unknown {
    try {
      // Not with every digit of every number: that calls itself for each level.
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(this.#bytes));
    } catch {
      throw this;
    }
  }
}

/** A successful answer isn't JSON. */
export class NotJsonError extends Error {
  override readonly name = "NotJsonError";
}
