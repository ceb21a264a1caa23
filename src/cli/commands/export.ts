import { ASSET_SOURCE, ASSETS } from "../../config/groups/assets.ts";
import { DESTINATION, PUBLICITY, S3 } from "../../config/groups/destination.ts";
import {
  CONFIG_FILE,
  EXPORT_KIND,
  EXPORT_RUN,
  OUTPUT,
  TIMEOUT,
  VERDICT,
} from "../../config/groups/run.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { LABELS, SNAPSHOT, TABLES } from "../../config/groups/snapshot.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { optionsOf } from "../../config/options.ts";
import type { ExitCode } from "../../error.ts";
import type { Command, CommandContext } from "../command.ts";
import { nextStep, resumeCommand } from "../report/next_step.ts";
import { planCommand } from "./plan.ts";

/** The options of `sluice retry`. */
export const RETRY_OPTIONS = optionsOf(
  SOURCE,
  DESTINATION,
  S3,
  PUBLICITY,
  ASSET_SOURCE,
  VERDICT,
  OUTPUT,
  TIMEOUT,
  CONFIG_FILE,
);

/** `sluice export` */
export const exportCommand: Command = {
  name: "export",
  summary: "Export a project into a new snapshot",
  description:
    "Reads the models, records in all versions and locales, uploads, settings and asset " +
    "files of a project, and writes them into a new folder below the destination. The snapshot is " +
    "complete once it holds canary.txt. Asset files are shared by the snapshots of a project: files " +
    "that are already there aren't downloaded again.",
  options: optionsOf(
    SOURCE,
    RECORD_SELECTION,
    RESOURCE_SELECTION,
    DESTINATION,
    S3,
    PUBLICITY,
    ASSETS,
    ASSET_SOURCE,
    SNAPSHOT,
    TABLES,
    LABELS,
    EXPORT_RUN,
    EXPORT_KIND,
    VERDICT,
    OUTPUT,
    TIMEOUT,
    CONFIG_FILE,
  ),
  examples: [
    { about: "The whole project, to ./snapshots", line: "DATOCMS_API_TOKEN=… sluice export" },
    {
      about: "A sandbox environment, to S3",
      line: "sluice export --environment staging --to s3://backups/datocms",
    },
    {
      about: "Two models as CSV tables, without asset files",
      line: "sluice export --models article,page --tables-only --format csv --no-assets",
    },
    {
      about: "Only the assets that failed in the last snapshot",
      line: "sluice retry",
    },
    {
      about: "In a cron job, with a log for programs",
      line: "sluice export --log-format json --json",
    },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { config, io } = context;
    if (config.dryRun) return await planCommand.run(context);
    const { runExport } = await import("../run_export.ts");
    const { report, exitCode } = await runExport(context, resumeCommand(context));
    if (!config.json && !config.quiet) {
      io.stdout.write(`\n${nextStep(report, context, RETRY_OPTIONS)}\n`);
    }
    return exitCode;
  },
};
