import { READING } from "../../config/groups/reading.ts";
import { RETENTION, UNUSED } from "../../config/groups/retention.ts";
import { CONFIG_FILE, EXPORT_KIND, OUTPUT, TIMEOUT, VIEW } from "../../config/groups/run.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { writeNote } from "../progress/write_error.ts";
import { WorkLine } from "../progress/work_line.ts";
import { renderPrune } from "../report/prune_text.ts";
import type { UnusedAssets } from "../../tools/unused_assets.ts";
import { counted } from "../text/format.ts";

/** `sluice prune` */
export const pruneCommand: Command = {
  name: "prune",
  summary: "Remove old snapshots, and keep some of each day, week or month",
  description:
    "Keeps the snapshots that at least one of --keep-last, --keep-daily, … asks for, and removes the " +
    "others, each environment's by itself. Sealed snapshots count, complete or partial. An environment's " +
    "newest sealed snapshot, its newest complete one and the newest one with assets always stay, and so does " +
    "one that an export can resume; an environment that is being exported isn't touched. A snapshot's " +
    "seal goes first, so that nothing that is left by an interrupted prune claims to be complete. Asset files " +
    "stay, as snapshots share them, unless --unused-assets is given: then those go that no snapshot of any " +
    "environment refers to, for which the list of assets of each snapshot is read. In S3 that takes a request for each thousand snapshots, two or three for " +
    "each snapshot, and four or more for each one that is removed.",
  options: optionsOf(
    READING,
    { environment: SOURCE.environment },
    RETENTION,
    UNUSED,
    { dryRun: EXPORT_KIND.dryRun },
    VIEW,
    { quiet: OUTPUT.quiet },
    TIMEOUT,
    CONFIG_FILE,
  ),
  optionHelp: {
    environment: "Only snapshots of this environment. Default: those of all.",
    dryRun: "Remove nothing; show what would be removed.",
  },
  typedOnly: ["unusedAssets"],
  exitCodes: {
    ...exitCodesOf("all was removed that isn't to be kept; there may have been nothing"),
    [EXIT.usage]:
      "wrong command line or configuration, or no --keep-… says which snapshots to keep",
    [EXIT.partial]: "some couldn't be removed: they are locked, or being exported",
  },
  examples: [
    {
      about: "What would be removed of ./snapshots",
      line: "sluice prune --keep-daily 7 --keep-monthly 12 --dry-run",
    },
    {
      about: "Keep those of the last 30 days, and one of each year, in S3",
      line: "sluice prune --keep-within 30d --keep-yearly 10 --from s3://backups/datocms",
    },
    {
      about: "Also remove what killed exports left, for programs",
      line: "sluice prune --keep-last 10 --incomplete-older-than 1d --json",
    },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { listSnapshots } = await import("../../tools/list.ts");
    const { applyPrune } = await import("../../tools/prune.ts");
    const { planPrune } = await import("../../tools/prune_policy.ts");
    const { config, given, io } = context;
    const { project, environment, dryRun } = config;
    const { signal } = io;
    // What is wrong with the policy is told before anything is read.
    planPrune([], config);
    using storage = openStorage(config.from);
    const pages = listSnapshots(storage, { project, environment, signal });
    const snapshots = (await Array.fromAsync(pages)).flat();
    const plan = planPrune(snapshots, config);
    const result = await applyPrune(storage, plan, { dryRun, signal });
    for (const warning of result.warnings) {
      if (!config.quiet) writeNote(io, "warning", warning, config);
    }
    let assets: readonly UnusedAssets[] | undefined;
    if (given.includes("unusedAssets") && config.unusedAssets) {
      const { removeUnusedAssets } = await import("../../tools/unused_assets.ts");
      using line = new WorkLine(config, io);
      let [lists, files] = [0, 0];
      const gone = new Set(result.remove.map(({ name }) => name));
      const isRemoved = ({ name }: { readonly name: string }) => gone.has(name);
      assets = await removeUnusedAssets(storage, {
        project,
        dryRun,
        // Those that are gone aren't found, and those that couldn't be removed count.
        without: dryRun ? plan.remove.filter(isRemoved).map(({ prefix }) => prefix) : [],
        onProgress: (read, looked) => {
          lists += read;
          files += looked;
          line.say(`${counted(lists, "list")} of assets read, ${counted(files, "file")} looked at`);
        },
        signal,
      });
    }
    const isPartial = result.failed.length > 0 ||
      assets?.some(({ problem }) => problem !== undefined) === true;
    const freed = result.freed + (assets ?? []).reduce((sum, { freed }) => sum + freed, 0);
    if (config.json) io.stdout.write(jsonText({ ...result, freed, ...(assets && { assets }) }));
    else if (!config.quiet || isPartial) {
      const removal = dryRun ? commandHint("prune", context) : undefined;
      io.stdout.write(renderPrune(result, { from: config.from, removal, assets }));
    }
    return isPartial ? EXIT.partial : EXIT.complete;
  },
};
