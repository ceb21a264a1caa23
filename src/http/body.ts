import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { collectBytes } from "../async/collect_bytes.ts";
import { EXIT, type Problem, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";
import { StallError, type Watchdog } from "./watchdog.ts";

/** A body is larger than what the reader is willing to hold. */
export class BodyTooLargeError extends SluiceError {
  /** The error's name. */
  override readonly name = "BodyTooLargeError";
  /** The limit that was exceeded, in bytes. */
  readonly limit: number;

  /**
   * @param limit The limit that was exceeded, in bytes.
   * @param message One sentence for the user.
   * @param problem The same for programs.
   */
  constructor(
    limit: number,
    message = `The answer is larger than ${limit} bytes.`,
    problem: Problem = {},
  ) {
    super(message, EXIT.failed, problem);
    this.limit = limit;
  }
}

/** Options of {@linkcode readBody}. */
export interface ReadBodyOptions {
  /** Stops the reading when the next bytes don't come in time. */
  readonly watchdog: Watchdog;
  /** How long to wait for the next bytes, in milliseconds. */
  readonly stallMs: number;
  /** The largest body to hold, in bytes. */
  readonly maxBytes: number;
  /** Measures how long it takes. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** Called with the number of bytes that have come, whenever some do. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Responses that live as long as their bodies. */
const owners = new WeakMap<ReadableStream, Response>();

/** How many waits for bytes a whole body may take. */
const WAITS = 4;
/** What a body has to bring in each millisecond that it takes beyond. */
const BYTES_PER_MS = 4 * 1024 / 1000;

/**
 * Makes sure that a body doesn't only drip: it may take four times `stallMs`, and a second more for each 4 KiB
 * that came.
 *
 * @param bytes How many bytes came.
 * @param ms How long that took, in milliseconds.
 * @param stallMs How long to wait for bytes once, in milliseconds.
 * @throws {StallError} If that is too slow.
 */
export function assertPace(bytes: number, ms: number, stallMs: number): void {
  if (ms <= WAITS * stallMs + bytes / BYTES_PER_MS) return;
  throw new StallError(`only ${bytes} bytes came in ${(ms / 1000).toFixed(1)} s`);
}

/**
 * Reads a whole body, as long as it keeps coming and isn't too large.
 *
 * @param response The answer whose body is read.
 * @param options How long to wait, and how much to hold.
 * @return The body's bytes.
 * @throws {BodyTooLargeError} If the body is larger than `maxBytes`.
 * @throws {StallError} If no bytes come for `stallMs`, or too few.
 */
export async function readBody(
  response: Response,
  { watchdog, stallMs, maxBytes, clock = SYSTEM_CLOCK, onBytes }: ReadBodyOptions,
): Promise<Uint8Array> {
  const started = clock.elapsed();
  watchdog.expect(stallMs, "the next bytes of the answer");
  return await collectBytes(responseBody(response), (size) => {
    if (size > maxBytes) throw new BodyTooLargeError(maxBytes);
    onBytes?.(size);
    assertPace(size, clock.elapsed() - started, stallMs);
    watchdog.expect(stallMs, "the next bytes of the answer");
  });
}

/**
 * Reads what a refusal says, as {@linkcode readBody} does. One that is too large says nothing.
 *
 * @param response The answer that refuses.
 * @param options How long to wait, and how much to hold.
 * @return The body's bytes; none if there are too many.
 * @throws {StallError} If no bytes come for `stallMs`, or too few.
 */
export async function readRefusal(
  response: Response,
  options: ReadBodyOptions,
): Promise<Uint8Array> {
  try {
    return await readBody(response, options);
  } catch (error) {
    if (error instanceof BodyTooLargeError) return new Uint8Array();
    throw error;
  }
}

/**
 * The body of an answer, which ends when the signal that `fetch` was given is aborted. On Deno 2.9 it doesn't
 * by itself once the response was collected as garbage: a read that waits then continues waiting for ever.
 *
 * @param response The answer.
 * @return Its body; an empty one if it has none.
 *
 * @example
 * ```ts
 * import { responseBody } from "./body.ts";
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

/**
 * What went wrong on the network, in a few words for an error's sentence: without the address, which may
 * be long, and which the sentence has already.
 *
 * @param error What `fetch` or a body's reader failed with.
 */
export function networkReason(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const detail = cause instanceof Error ? cause.message : message;
  return printable(detail.replace(/^error sending request .*?\): /s, ""), 200);
}
