import { EXIT, type ExitCode } from "../../error.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { exportCommand, RETRY_OPTIONS } from "./export.ts";

/** `sluice retry`, which is also `sluice export --retry-failed` */
export const retryCommand: Command = {
  name: "retry",
  summary: "Retry the assets that failed in the newest complete snapshot",
  description:
    "Downloads the asset files that are missing from the newest complete snapshot of the project and " +
    "environment, and updates its list of assets and its manifest. Nothing else of the snapshot is " +
    "read or written, and it stays complete all the while. An asset whose upload was deleted or " +
    "replaced since no longer counts as failed.",
  options: RETRY_OPTIONS,
  exitCodes: {
    ...exitCodesOf("the snapshot lacks nothing any more"),
    [EXIT.partial]: "the snapshot still lacks some assets, or something else",
  },
  examples: [
    { about: "What failed in the newest snapshot in ./snapshots", line: "sluice retry" },
    {
      about: "Of a sandbox environment, in S3",
      line: "sluice retry --environment staging --to s3://backups/datocms",
    },
    { about: "For programs", line: "sluice retry --json" },
  ],
  run({ config, ...context }: CommandContext): Promise<ExitCode> {
    return exportCommand.run({ ...context, config: { ...config, retryFailed: true } });
  },
};
