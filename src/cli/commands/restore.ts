import { ASSETS } from "../../config/groups/assets.ts";
import { FORM, READING } from "../../config/groups/reading.ts";
import { RESTORE_PART } from "../../config/groups/restore_part.ts";
import { RESTORE_RUN, RESTORING } from "../../config/groups/restoring.ts";
import { CONFIG_FILE, EXPORT_KIND, EXPORT_RUN, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION } from "../../config/groups/selection.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { toExportOptions } from "../../config/library_options.ts";
import { type Config, DEFAULTS, flagName, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { jsonText } from "../../report/json_report.ts";
import type { RestoreEvent, RestoreOptions, RestorePlan } from "../../restore/mod.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { durationMs } from "../../text/duration.ts";
import { printable } from "../../text/printable.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandHint } from "../command_hint.ts";
import { EXIT_CODES } from "../exit_codes.ts";
import type { CliIo } from "../io.ts";
import { newFile } from "../new_file.ts";
import { CHOICES, planData, readPlan, writePlan } from "../plan_file.ts";
import { WorkLine } from "../progress/work_line.ts";
import { writeNote } from "../progress/write_error.ts";
import { advised } from "../report/advice.ts";
import { creatorsOf } from "../restore_creators.ts";
import { PART, partOf } from "../restore_part.ts";
import { counted } from "../text/format.ts";
import { HOW_NAMED } from "./show.ts";

/** `sluice restore` */
export const restoreCommand: Command = {
  name: "restore",
  summary: "Restore a snapshot into a new sandbox environment, or one that is there",
  description:
    "Verifies the snapshot, reads what is there, and writes what differs: settings, models, uploads with their files, " +
    "records with their published and current versions, all with their ids. Then it reads the target again and " +
    "compares it with the snapshot. By default that is a new sandbox environment, a fork of the primary one, in which " +
    "all is destroyed that the snapshot lacks, but for uploads. The primary one is only written to with --into " +
    "primary, and once that was confirmed; where editors work, only what is gone is made again, and what they have " +
    `changed stays and is listed, unless --conflicts says otherwise. ${HOW_NAMED} ` +
    "Default: latest. What it does is noted in a journal beside the snapshot before it is done, so that --resume " +
    "continues after an interruption.",
  positionals: [{ name: "snapshot", snapshotOr: ["latest"] }],
  options: optionsOf(
    {
      apiToken: SOURCE.apiToken,
      apiTokenFile: SOURCE.apiTokenFile,
      environment: SOURCE.environment,
      baseUrl: SOURCE.baseUrl,
      maxRps: SOURCE.maxRps,
    },
    READING,
    RESTORING,
    { maxDelete: ASSETS.maxDelete },
    RESTORE_PART,
    { locale: FORM.locale },
    { models: RECORD_SELECTION.models, excludeModels: RECORD_SELECTION.excludeModels },
    RESTORE_RUN,
    { timeBudget: EXPORT_RUN.timeBudget },
    { resume: EXPORT_KIND.resume, dryRun: EXPORT_KIND.dryRun },
    {
      concurrency: OUTPUT.concurrency,
      json: OUTPUT.json,
      logFormat: OUTPUT.logFormat,
      quiet: OUTPUT.quiet,
      verbose: OUTPUT.verbose,
    },
    TIMEOUT,
    CONFIG_FILE,
  ),
  typedOnly: ["resume", "abort", "confirm", "plan", "planOut", "locale", "restoreInclude", ...PART],
  optionHelp: {
    environment:
      "Only snapshots of this environment. Default: those of all; latest and dates mean the primary one.",
    maxDelete:
      "Maximum number of things that --delete may destroy, or a share of the records; if there are more, nothing is " +
      "written (exit code 2). Default: no limit.",
    models: "Restore records, or with --only schema the schema, of these models only.",
    excludeModels: "Restore those of all models but these.",
    locale:
      "Restore only values in these locales, such as en,it, of the chosen records, in their current versions.",
    resume: "Continue the newest restore of this snapshot that was stopped or killed.",
    dryRun: "Write nothing; show what would be written, and the minimum time it takes.",
    timeBudget:
      "Begin nothing new once this time, such as 10m, is used up, and exit with code 4; --resume continues from there.",
    concurrency: "Maximum number of concurrent requests.",
  },
  exitCodes: {
    ...EXIT_CODES,
    [EXIT.complete]: "restored, and as the snapshot holds it",
    [EXIT.failed]: "failed, or the target isn't as the snapshot holds it",
    [EXIT.usage]: "refused before anything was written",
    [EXIT.partial]: "restored, but something is lost, such as references to assets without a file",
    [EXIT.unfinished]: "stopped by --time-budget or --max-writes; --resume continues",
  },
  examples: [
    { about: "What restoring the newest snapshot would do", line: "sluice restore --dry-run" },
    {
      about: "That of a day into a new sandbox environment",
      line: "sluice restore 2026-01-31 --into new:rescue",
    },
    {
      about: "Into an empty project, whose API token is given",
      line: "sluice restore --other-project --confirm Copy/main",
    },
    {
      about: "What is gone from the primary environment, as drafts",
      line: "sluice restore --into primary",
    },
    {
      about: "Go back to what was there before a restore",
      line: "sluice restore undo_1767323045 --delete",
    },
    { about: "Continue after an interruption", line: "sluice restore --resume" },
  ],
  run: runRestore,
};

async function runRestore(context: CommandContext): Promise<ExitCode> {
  const { config, words: [snapshot], io } = context;
  const other = (["resume", "dryRun", "plan", "planOut"] as const).find((key) => config[key]);
  if (config.abort && other !== undefined) {
    throw new SluiceError(
      `${flagName("abort")} and ${flagName(other)} contradict each other: give one of them.`,
      EXIT.usage,
    );
  }
  const { abortRestore, applyRestore, planRestore } = await import("../../restore/mod.ts");
  using storage = openStorage(config.from);
  using journal = config.journal === undefined ? undefined : openStorage(config.journal);
  using line = new WorkLine(config, io);
  const onEvent = (event: RestoreEvent) => tellRestore(event, line, io, config);
  const { apiToken, baseUrl, maxRps, concurrency } = toExportOptions(config);
  const file = config.plan === undefined ? undefined : await readPlan(config.plan);
  const reached = {
    apiToken,
    baseUrl,
    maxRps,
    concurrency,
    secrets: io.secrets?.known,
    storage,
    snapshot: snapshot ?? file?.snapshot,
    project: config.project,
    fromEnvironment: config.environment,
    journal,
    onEvent,
  };
  if (config.abort) {
    const aborted = await abortRestore({ ...reached, signal: io.signal });
    line[Symbol.dispose]();
    if (config.json) io.stdout.write(jsonText(aborted));
    else if (!config.quiet) io.stdout.write(abortText(aborted));
    return EXIT.complete;
  }
  // What isn't said is as an earlier run was begun, if it is resumed.
  const said = CHOICES.filter((key) => {
    return context.given.includes(key) || config[key] !== DEFAULTS[key];
  });
  const choices = file?.options ?? Object.fromEntries(said.map((key) => [key, config[key]]));
  const include = file === undefined ? config.restoreInclude : file.include;
  const part = file === undefined ? await partOf(config, context.given) : file.part;
  const planning = new AbortController();
  const cancel = () => planning.abort(io.signal.reason);
  if (io.signal.aborted) cancel();
  io.signal.addEventListener("abort", cancel);
  await using plan = await planRestore({
    ...reached,
    ...choices as Pick<RestoreOptions, Exclude<typeof CHOICES[number], "creators">>,
    creators: await creatorsOf(choices.creators),
    part,
    include,
    resume: config.resume,
    maxDelete: config.maxDelete,
    signal: planning.signal,
  });
  // From here on, what is in flight is ended first.
  io.signal.removeEventListener("abort", cancel);
  if (file !== undefined && file.digest !== plan.digest) {
    throw new SluiceError(
      `What would be done isn't any more what ${
        printable(config.plan!)
      } says, as the snapshot, the target or an ` +
        `option is another one: look at a new plan (${flagName("planOut")}).`,
      EXIT.usage,
      { code: "plan_changed" },
    );
  }
  line.clear();
  const { renderRestorePlan, renderRestoreResult } = await import("../report/restore_text.ts");
  if (config.planOut !== undefined) await writePlan(config.planOut, plan, choices, part, include);
  if (config.dryRun || config.planOut !== undefined) {
    if (config.json) io.stdout.write(jsonText(planData(plan)));
    else if (!config.quiet) io.stdout.write(renderRestorePlan(plan));
    return EXIT.complete;
  }
  if (!config.json && !config.quiet) io.stdout.write(`${renderRestorePlan(plan)}\n`);
  await confirm(plan, config, io);
  // The options are those of the plan.
  const planned = file === undefined ? context : {
    config: { ...config, ...file.options } as Config,
    given: [...new Set([...context.given, ...CHOICES])],
  };
  const hint = commandHint(`restore ${plan.snapshot}`, planned, { drop: ["resume", "plan"] });
  // Asked to stop, it ends what is in flight, and puts back what it changed for a while.
  const { timeBudget, maxWrites, verify } = config;
  // Whether there can be a report is known before anything is written.
  await using page = config.report ? await newFile(config.report, "report") : undefined;
  let result;
  try {
    result = await line.whileCancelable("Cancelling", () =>
      applyRestore(plan, {
        maxWrites,
        verify,
        stop: io.signal,
        timeBudgetMs: timeBudget === undefined ? undefined : durationMs(timeBudget),
      }));
  } catch (error) {
    const wasRefused = error instanceof SluiceError && error.exitCode === EXIT.usage;
    if (!wasRefused) {
      context.advise(`To continue it: ${hint} ${flagName("resume")}`);
      context.advise(`To give it up: ${hint} ${flagName("abort")}`);
    }
    throw error;
  }
  line[Symbol.dispose]();
  if (page !== undefined) {
    const { renderRestorePage } = await import("../report/restore_html.ts");
    await page.write(renderRestorePage(result));
    await page.finish();
  }
  if (config.json) io.stdout.write(jsonText(result));
  else if (!config.quiet || result.exitCode !== EXIT.complete) {
    io.stdout.write(renderRestoreResult(result));
  }
  return result.exitCode;
}

/**
 * Shows how far a restore is.
 *
 * @param event What happened.
 * @param line Shows it.
 * @param io Where warnings go.
 * @param config How.
 */
export function tellRestore(event: RestoreEvent, line: WorkLine, io: CliIo, config: Config): void {
  switch (event.type) {
    case "checking":
      return line.update("Verifying the snapshot", event);
    case "reading":
      return line.say(
        `Reading ${event.why === "plan" ? "what is there" : "the result"}: ${
          counted(event.requests, "request")
        }`,
      );
    case "comparing":
      return line.say(`Comparing ${event.now}`);
    case "environment": {
      const { environment, step, percent } = event;
      return line.say(
        `The environment ${environment}: ${step}${percent === null ? "" : `, ${percent} %`}`,
      );
    }
    case "phase":
      return line.say(`Writing ${event.phase}: ${counted(event.planned, "request")} planned`);
    case "wrote":
      return line.say(
        `Writing ${event.phase}: ${counted(event.count, event.resource, event.resource)} done`,
      );
    case "loss":
      return undefined;
    case "warning":
      line.clear();
      if (!config.quiet) writeNote(io, "warning", advised(event), config);
  }
}

/** Asks for what has to be typed, unless it was given. */
async function confirm(
  { confirmation, target: { environment, isPrimary } }: RestorePlan,
  config: Config,
  io: CliIo,
): Promise<void> {
  if (confirmation === undefined) return;
  const isOfPrimary = isPrimary || config.promote;
  const what = isOfPrimary ? "primary environment" : "environment";
  const question = config.promote
    ? `Type ${printable(confirmation)} to put the new environment in the primary one's place: `
    : isPrimary
    ? `Type ${printable(confirmation)} to write to its primary environment: `
    : `Type ${printable(confirmation)} to change what is in this environment: `;
  const given = config.confirm ?? await orCancelled(io.ask?.(question), io.signal);
  if (given?.trim() === confirmation) return;
  throw new SluiceError(
    `Writing to the ${what}${
      isOfPrimary && !isPrimary ? "" : ` ${printable(environment)}`
    } has to be confirmed by its name, ${JSON.stringify(printable(confirmation))}${
      given === undefined ? "" : ", which wasn't typed"
    }: nothing was written (${flagName("confirm")}).`,
    EXIT.usage,
    { code: "not_confirmed" },
  );
}

/** What a person types, unless the command is cancelled first. */
async function orCancelled<T>(typed: Promise<T> | undefined, signal: AbortSignal) {
  const cancelled = Promise.withResolvers<never>();
  const cancel = () => cancelled.reject(signal.reason);
  signal.addEventListener("abort", cancel);
  try {
    return await Promise.race([typed, cancelled.promise]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function abortText(
  { destroyed, putBack, kept, journal }: {
    readonly destroyed: string | null;
    readonly putBack: number;
    readonly kept: string | null;
    readonly journal: string;
  },
): string {
  const what = destroyed !== null
    ? `The environment ${printable(destroyed)} that the restore had made was destroyed.`
    : kept !== null
    ? `${counted(putBack, "thing")} put back; what was written to ${printable(kept)} stays.`
    : "The restore had made no environment yet.";
  return `Gave up the restore. ${what}\nJournal: ${printable(journal)}\n`;
}
