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
  const isOfContent = error instanceof SyntaxError || error instanceof TypeError ||
    error instanceof ObjectNotFoundError;
  if (!isOfContent || signal.aborted) return error;
  const why = printable(error.message.replace(/\.$/, ""), 300);
  return new SluiceError(
    `${shownAddress(address)} can't be read as a snapshot: ${why}. Name another one.`,
    EXIT.failed,
    { cause: error, code: "snapshot_unreadable" },
  );
}
