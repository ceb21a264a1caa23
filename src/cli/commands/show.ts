import { READING } from "../../config/groups/reading.ts";
import { CONFIG_FILE, TIMEOUT, VIEW } from "../../config/groups/run.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { type OptionKey, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { renderSnapshot } from "../report/snapshot_text.ts";

/** The options of commands that read one snapshot. */
export const ONE_SNAPSHOT: readonly OptionKey[] = optionsOf(
  READING,
  { environment: SOURCE.environment },
  VIEW,
  TIMEOUT,
  CONFIG_FILE,
);
/** What the environment is to them. */
export const OF_ENVIRONMENT = "Only snapshots of this environment. Default: those of all; latest " +
  "and dates mean the primary one.";
/** How a snapshot is named, for help texts. */
export const HOW_NAMED =
  "The snapshot is named by its id (the seconds in its folder's name, or their first four digits or " +
  "more), a date or time, latest, or latest:<environment>, with <project>/, <environment>/ or both " +
  "before it if need be.";
/** The exit codes of these commands. */
export const NOT_THERE = "failed, or it isn't there";

/** `sluice show` */
export const showCommand: Command = {
  name: "show",
  summary: "Show what a snapshot holds",
  description:
    `Shows the state of a snapshot, its records by model, its failures, findings and warnings, and the ` +
    `options that it was made with. ${HOW_NAMED} Default: latest. Reads its manifest only: in S3 that ` +
    "takes three requests, and one for each thousand snapshots of each environment; without a manifest, " +
    "one for each thousand objects of it.",
  positionals: [{ name: "snapshot", snapshotOr: ["latest"] }],
  options: ONE_SNAPSHOT,
  optionHelp: { environment: OF_ENVIRONMENT },
  exitCodes: { ...exitCodesOf("it was shown"), [EXIT.failed]: NOT_THERE },
  examples: [
    { about: "The newest one in ./snapshots", line: "sluice show" },
    { about: "That of a day, in S3", line: "sluice show 2026-01-31 --from s3://backups/datocms" },
    { about: "For programs", line: "sluice show latest:staging --json" },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { showSnapshot } = await import("../../tools/show.ts");
    const { config, words: [snapshot], io } = context;
    const { project, environment } = config;
    using storage = openStorage(config.from);
    const shown = await showSnapshot(storage, snapshot, {
      project,
      environment,
      signal: io.signal,
    });
    if (config.json) {
      io.stdout.write(jsonText(shown));
      return EXIT.complete;
    }
    const model = shown.models[0]?.model ?? "site";
    const next = commandHint(`cat ${shown.name} ${model}`, context, { drop: ["environment"] });
    io.stdout.write(renderSnapshot(shown, { columns: io.columns(), next }));
    return EXIT.complete;
  },
};
