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
import { SINGLE } from "../../config/groups/downloading.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { LABELS, SNAPSHOT, TABLES } from "../../config/groups/snapshot.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../command_hint.ts";
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
  positionals: [{ name: "file" }],
  options: optionsOf(
    SOURCE,
    RECORD_SELECTION,
    RESOURCE_SELECTION,
    DESTINATION,
    S3,
    PUBLICITY,
    SINGLE,
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
  // What is set for downloads doesn't make a document of each export.
  typedOnly: optionsOf(SINGLE),
  optionHelp: {
    single:
      "Write a single JSON document of the project, its models, uploads and records to the file that follows " +
      "(.json or .json.gz, - for stdout), and no snapshot.",
  },
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
      about: "What is public, as one document and no snapshot",
      line: "sluice export --single project.json.gz",
    },
    {
      about: "In a cron job, with a log for programs",
      line: "sluice export --log-format json --json",
    },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { config, io, words: [file] } = context;
    if (config.single) {
      const { exportSingle } = await import("../export_single.ts");
      return await exportSingle(context, file);
    }
    if (file !== undefined) {
      throw new SluiceError(
        `sluice export takes options only, but was given ${
          JSON.stringify(printable(file, 60))
        }: see ` +
          `${PROGRAM} help export.`,
        EXIT.usage,
      );
    }
    if (config.dryRun) return await planCommand.run(context);
    const { runExport } = await import("../run_export.ts");
    const { report, exitCode } = await runExport(context, resumeCommand(context));
    if (!config.json && !config.quiet) {
      io.stdout.write(`\n${nextStep(report, context, RETRY_OPTIONS)}\n`);
    }
    return exitCode;
  },
};
