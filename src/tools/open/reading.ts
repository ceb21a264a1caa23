import { generatorStream } from "../../async/generator_stream.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { ObjectNotFoundError } from "../../storage/storage.ts";
import { printable, shownAddress } from "../../text/printable.ts";

const NEVER = new AbortController().signal;

/**
 * Reads something of a snapshot.
 *
 * @param address The snapshot's address, for people.
 * @param signal Aborts it.
 * @param read Reads it.
 * @throws {SluiceError} If it isn't as it was written.
 */
export async function readAt<T>(
  address: string,
  signal: AbortSignal | undefined = NEVER,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await read(signal);
  } catch (error) {
    throw readable(error, address, signal);
  }
}

/**
 * A stream of something in a snapshot.
 *
 * @param address The snapshot's address, for people.
 * @param signal Aborts it.
 * @param read Reads it. What isn't as it was written makes a {@linkcode SluiceError}.
 */
export function streamAt<T>(
  address: string,
  signal: AbortSignal | undefined = NEVER,
  read: (signal: AbortSignal) => AsyncGenerator<T, void>,
): ReadableStream<T> {
  return generatorStream(async function* (stop) {
    const either = AbortSignal.any([signal, stop.signal]);
    either.throwIfAborted();
    try {
      for await (const page of read(either)) {
        yield page;
        either.throwIfAborted();
      }
    } catch (error) {
      throw readable(error, address, either);
    }
  });
}

/**
 * An error as users read it: that of content that isn't as it was written says where that is.
 *
 * @param error The error.
 * @param address Where the content is.
 * @param signal What is thrown once it is aborted stays as it is.
 */
export function readable(error: unknown, address: string, signal: AbortSignal): unknown {
  if (!isOfContent(error, signal)) return error;
  return unreadable(shownAddress(address), error, { code: "snapshot_unreadable" });
}

/**
 * Whether an error is that of content that isn't as it was written.
 *
 * @param error The error.
 * @param signal Once it is aborted no error is.
 */
export function isOfContent(error: unknown, signal: AbortSignal): error is Error {
  if (signal.aborted) return false;
  return error instanceof SyntaxError || error instanceof TypeError ||
    error instanceof ObjectNotFoundError;
}

/**
 * The error of a snapshot that can't be read.
 *
 * @param what The snapshot, as it is shown.
 * @param cause Why.
 * @param options What to do about it, and the error's code.
 */
export function unreadable(
  what: string,
  cause: Error,
  { advice = "Name another one", code }: {
    readonly advice?: string;
    readonly code?: string | undefined;
  } = {},
): SluiceError {
  const why = printable(cause.message.replace(/\.$/, ""), 300);
  return new SluiceError(
    `${what} can't be read as a snapshot: ${why}. ${advice}.`,
    EXIT.failed,
    { cause, code },
  );
}
