import { EXIT, type ExitCode, type Problem, SluiceError } from "../error.ts";
import { printable } from "../text/printable.ts";

/** How a failure is told. */
export interface Failure extends Problem {
  /** One sentence. */
  readonly message: string;
  /** The exit code. */
  readonly exitCode: ExitCode;
  /** Where it comes from in the code, if it is a fault of Sluice. */
  readonly stack?: string | undefined;
}

/** The code of a fault of Sluice. */
const UNKNOWN = "unknown_error";
/** The longest message that is shown. */
const LONGEST = 4000;
/** The most lines of a stack. */
const MOST_LINES = 50;

/**
 * How an error is told to the user.
 *
 * @param error What was thrown.
 * @param signal What cancels the command.
 */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  const isTold = error instanceof SluiceError &&
    (error.exitCode === EXIT.cancelled || error === signal.reason);
  // Whatever it fails with now: it was told to stop.
  if (signal.aborted && !isTold) return { message: "Cancelled.", exitCode: EXIT.cancelled };
  if (error instanceof SluiceError) {
    const { exitCode, code, facts, cause } = error;
    // A command may give it an exit code of its own.
    const isFault = code === UNKNOWN && cause instanceof Error;
    const stack = isFault ? stackOf(cause) : undefined;
    return { message: printable(error.message, LONGEST), exitCode, code, facts, stack };
  }
  if (error instanceof Deno.errors.NotCapable) {
    const message = `Deno may not do this: ${printable(error.message, LONGEST)}.`;
    return { message, exitCode: EXIT.failed };
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    message: `Something went wrong that Sluice doesn't know about (${
      printable(said, LONGEST)
    }): please report this message.`,
    exitCode: EXIT.failed,
    code: UNKNOWN,
    stack: error instanceof Error ? stackOf(error) : undefined,
  };
}

/** An error's message may hold what a server sent, and its stack begins with the message. */
function stackOf({ stack = "" }: Error): string {
  return stack.split("\n").slice(0, MOST_LINES).map((line) => printable(line, 1000)).join("\n");
}
