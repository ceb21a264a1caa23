import { EXIT, type ExitCode } from "../error.ts";

/** What the exit codes of `sluice` mean, for help texts. */
export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.complete, "complete"],
  [EXIT.failed, "failed"],
  [EXIT.usage, "the command line or the configuration is wrong"],
  [
    EXIT.partial,
    "complete, but without some assets or a resource that --include names, or with files that " +
    "--assets sync should have deleted",
  ],
  [EXIT.unfinished, "stopped by its time budget"],
  [EXIT.cancelled, "cancelled"],
];
