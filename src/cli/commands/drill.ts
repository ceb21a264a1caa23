import { CONFIG_FILE, EXPORT_KIND, OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { DRILLING } from "../../config/groups/drilling.ts";
import { READING } from "../../config/groups/reading.ts";
import { RESTORE_RUN } from "../../config/groups/restoring.ts";
import { SCHEDULE } from "../../config/groups/schedule.ts";
import { SOURCE } from "../../config/groups/source.ts";
import { toExportOptions } from "../../config/library_options.ts";
import { type Config, optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import { failureOf } from "../../report/failure.ts";
import { jsonText } from "../../report/json_report.ts";
import type { DrillEvent, DrillStage } from "../../restore/mod.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Command, CommandContext } from "../command.ts";
import type { CliIo } from "../io.ts";
import { newFile } from "../new_file.ts";
import { WorkLine } from "../progress/work_line.ts";
import { writeNote } from "../progress/write_error.ts";
import { advised } from "../report/advice.ts";
import { tellRestore } from "./restore.ts";
import { HOW_NAMED } from "./show.ts";

/** `sluice drill` */
export const drillCommand: Command = {
  name: "drill",
  summary: "Practise a restore in a new sandbox environment, and measure it",
  description:
    "Shows that a snapshot can be restored: verifies it, every byte; makes a sandbox environment sluice-drill-<time>, " +
    "a fork of the primary one; empties it but for its uploads; restores the snapshot into it, a sample of the records " +
    "unless --full; compares what is there with the snapshot; sends some files as new uploads and compares them; and " +
    "destroys the environment. It tells how long restoring took and how old the snapshot was. It writes to nothing " +
    "else, and destroys only environments that drills made: those that one left that was killed go with the next drill. " +
    `${HOW_NAMED} Default: the newest complete one.`,
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
    { full: EXPORT_KIND.full },
    DRILLING,
    { journal: RESTORE_RUN.journal, report: RESTORE_RUN.report },
    {
      concurrency: OUTPUT.concurrency,
      json: OUTPUT.json,
      logFormat: OUTPUT.logFormat,
      quiet: OUTPUT.quiet,
      verbose: OUTPUT.verbose,
    },
    TIMEOUT,
    CONFIG_FILE,
    { notifyUrl: SCHEDULE.notifyUrl, notifySecret: SCHEDULE.notifySecret },
  ),
  typedOnly: ["full"],
  optionHelp: {
    environment:
      "Only snapshots of this environment. Default: those of all; latest and dates mean the primary one.",
    full: "Restore all of the snapshot, not a sample of its records.",
    journal:
      "Where the drill notes what it makes, so that the next one can destroy it. Default: beside the snapshot.",
    notifyUrl:
      "URL to which the result of the drill is sent as JSON, by POST. Prefer the environment variable.",
    concurrency: "Maximum number of concurrent requests.",
  },
  exitCodes: {
    [EXIT.complete]: "passed: what was restored is as the snapshot holds it",
    [EXIT.failed]: "failed: the snapshot is damaged, or didn't come back as it was",
    [EXIT.usage]: "refused before anything was written",
    [EXIT.cancelled]: "cancelled; the environment was destroyed",
  },
  examples: [
    { about: "The newest snapshot, a sample of 200 records", line: "sluice drill" },
    { about: "All of it, with a report to keep", line: "sluice drill --full --report drill.html" },
    {
      about: "At most so many requests of the month's quota",
      line: "sluice drill --sample 50 --max-requests 2000",
    },
  ],
  run: runDrill,
};

/** What is done in each stage. */
const STAGES: Readonly<Record<DrillStage, string>> = {
  verify: "Verifying the snapshot",
  plan: "Planning",
  clean: "Destroying what earlier drills left",
  fork: "Making an environment",
  empty: "Emptying it",
  restore: "Restoring",
  assets: "Sending files as new uploads",
  destroy: "Destroying the environment",
};

async function runDrill(
  { config, words: [snapshot], io }: CommandContext,
): Promise<ExitCode> {
  const { drillSnapshot } = await import("../../restore/mod.ts");
  const { renderDrill } = await import("../report/drill_text.ts");
  using storage = openStorage(config.from);
  using journal = config.journal === undefined ? undefined : openStorage(config.journal);
  using line = new WorkLine(config, io);
  const { apiToken, baseUrl, maxRps, concurrency } = toExportOptions(config);
  // Whether there can be a report is known before anything is written.
  await using page = config.report ? await newFile(config.report, "report") : undefined;
  let result;
  try {
    result = await line.whileCancelable(
      "Cancelling: the environment is destroyed",
      () =>
        drillSnapshot({
          ...{ apiToken, baseUrl, maxRps, concurrency, storage, journal, snapshot },
          secrets: io.secrets?.known,
          project: config.project,
          fromEnvironment: config.environment,
          full: config.full,
          sample: config.drillSample,
          assets: config.drillAssets,
          seed: config.seed,
          keep: config.keep,
          maxRequests: config.maxRequests,
          onEvent: (event) => tell(event, line, io, config),
          signal: io.signal,
        }),
    );
  } catch (error) {
    // Who waits for a drill wants to know of one that wasn't possible, too.
    const { message, exitCode } = advised(failureOf(error, io.signal));
    const status = exitCode === EXIT.usage ? "refused" : "failed";
    if (!io.signal.aborted) await tellOthers({ status, exitCode, error: message }, config, io);
    throw error;
  }
  line[Symbol.dispose]();
  if (page !== undefined) {
    const { renderDrillPage } = await import("../report/drill_html.ts");
    await page.write(renderDrillPage(result));
    await page.finish();
  }
  if (config.json) io.stdout.write(jsonText(result));
  else if (!config.quiet || result.exitCode !== EXIT.complete) io.stdout.write(renderDrill(result));
  await tellOthers(result, config, io);
  return result.exitCode;
}

/** Sends how it went to whom that was asked for. */
async function tellOthers(told: object, config: Config, io: CliIo): Promise<void> {
  const { notifyUrl: url, notifySecret: secret } = config;
  if (url === undefined) return;
  const { notify } = await import("../../schedule/notify.ts");
  const body = JSON.stringify({ type: "drill", ...told });
  const { sent, problem } = await notify(body, { url, secret, signal: io.signal });
  if (sent) return;
  const message = `The notification wasn't taken, because ${problem}.`;
  writeNote(io, "warning", { code: "not_notified", message }, config);
}

/** Shows how far a drill is. */
function tell(event: DrillEvent, line: WorkLine, io: CliIo, config: Config): void {
  if (event.type === "drill") line.say(STAGES[event.stage]);
  else tellRestore(event, line, io, config);
}
