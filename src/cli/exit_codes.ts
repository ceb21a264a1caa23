import { EXIT, type ExitCode } from "../error.ts";

/** What the exit codes of an export mean, for help texts. */
export const EXIT_CODES = {
  [EXIT.complete]: "complete",
  [EXIT.failed]: "failed",
  [EXIT.usage]: "wrong command line or configuration, or the API refused the token",
  [EXIT.partial]:
    "complete, but without some assets, records or a resource named with --include, or with files " +
    "that --assets sync should have deleted",
  [EXIT.unfinished]: "stopped by its time budget",
  [EXIT.cancelled]: "cancelled",
} as const satisfies Readonly<Record<ExitCode, string>>;

/**
 * What the exit codes of a command that makes no snapshot mean.
 *
 * @param done What it means that all went well.
 */
export function exitCodesOf(done: string): Partial<Readonly<Record<ExitCode, string>>> {
  const { [EXIT.failed]: failed, [EXIT.usage]: usage, [EXIT.cancelled]: cancelled } = EXIT_CODES;
  return {
    [EXIT.complete]: done,
    [EXIT.failed]: failed,
    [EXIT.usage]: usage,
    [EXIT.cancelled]: cancelled,
  };
}
