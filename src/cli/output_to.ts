import { EXIT, SluiceError } from "../error.ts";
import type { TextOutput } from "./io.ts";

/** How long to wait for a reader that has enough for now, in milliseconds. */
const PAUSE_MS = 10;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * A stream of the process as an output. It waits while nobody reads, as writing to a pipe does.
 *
 * @param stream The stream.
 * @param drop Tells which errors lose the text, but nothing else.
 */
export function outputTo(
  stream: { writeSync(bytes: Uint8Array): number },
  drop: (error: unknown) => boolean,
): TextOutput {
  const encoder = new TextEncoder();
  return {
    write(text) {
      try {
        for (let rest = encoder.encode(text); rest.length > 0;) {
          rest = rest.subarray(writeSome(stream, rest));
        }
      } catch (error) {
        if (drop(error)) return;
        const reason = error instanceof Error ? error.message : String(error);
        throw new SluiceError(
          `The command did its work, but its result can't be written to stdout: ${reason}.`,
          EXIT.failed,
          { cause: error },
        );
      }
    },
  };
}

function writeSome(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): number {
  for (;;) {
    try {
      return stream.writeSync(bytes);
    } catch (error) {
      // A program that shares the pipe, as npx does, may have made it one that doesn't wait by itself.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(NEVER, 0, 0, PAUSE_MS);
    }
  }
}
