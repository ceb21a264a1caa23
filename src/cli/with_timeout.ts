import { LONGEST_TIMER } from "../async/delay.ts";
import { durationMs } from "../text/duration.ts";
import type { Config } from "../config/options.ts";
import { SluiceError } from "../error.ts";
import type { CliIo } from "./io.ts";

/**
 * Runs a command for as long as `--timeout` allows: its signal is aborted then, for a reason that says so.
 *
 * @param config The configuration.
 * @param io The world around.
 * @param run Runs the command.
 * @throws {SluiceError} If the time is over first.
 */
export async function withTimeout<T>(
  { timeout }: Pick<Config, "timeout">,
  io: CliIo,
  run: (io: CliIo) => Promise<T>,
): Promise<T> {
  if (timeout === undefined) return await run(io);
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort(
      new SluiceError(
        `The command took longer than ${timeout} (--timeout): allow it more time, or continue an ` +
          "export with --resume.",
      ),
    );
  }, Math.min(durationMs(timeout), LONGEST_TIMER));
  try {
    return await run({ ...io, signal: AbortSignal.any([io.signal, over.signal]) });
  } catch (error) {
    throw over.signal.aborted && !io.signal.aborted ? over.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
