import * as z from "zod";
import { EXPORT_DEFAULTS } from "../../export/export_settings.ts";
import { durationMs } from "../../text/duration.ts";
import { DURATION, duration, oneOf, under } from "../option.ts";

/** Whether failures that are known already are a reason for exit code 3. */
export const KNOWN_FAILURES = ["fail", "ok"] as const;
/** How logs can be written. */
export const LOG_FORMATS = ["text", "json"] as const;
/** The most things that may be done at a time. */
export const MAX_CONCURRENCY = 64;

const { option, onOff } = under("Run");

/** How an export is run, whoever begins it. */
export const EXPORT_RUN = {
  since: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<snapshot>",
    expects: "last, none, or the name of a snapshot",
    help:
      "Reuse what hasn't changed since a snapshot: last (the newest one that can be reused), a name " +
      "as list shows it, or none. The new snapshot doesn't depend on it. export's default is none, " +
      "schedule's last.",
    toExport: (since) => ({ since }),
  }),
  fullEvery: option({
    kind: "number",
    schema: z.number().int().min(1).default(EXPORT_DEFAULTS.fullEvery),
    placeholder: "<number>",
    expects: "a whole number of at least 1",
    help: "With --since last, read all records again for one of this many snapshots.",
    toExport: (fullEvery) => ({ fullEvery }),
  }),
  freeze: onOff(EXPORT_DEFAULTS.freeze, {
    help:
      "Export a temporary copy of the environment, so that nothing changes during the export; " +
      "the copy is deleted at the end. Needs an API token that may create and delete " +
      "environments.",
    toExport: (freeze) => ({ freeze }),
  }),
  timeBudget: option({
    kind: "text",
    schema: duration.optional(),
    placeholder: "<time>",
    expects: DURATION,
    help: "Stop at the end of a page once this time, such as 50s, is used up, and exit with code " +
      "4; --resume continues from there.",
    toExport: (time) => ({ timeBudgetMs: durationMs(time) }),
  }),
};

/** What an export that somebody begins can be instead of a new one. */
export const EXPORT_KIND = {
  full: onOff(false, { help: "Read all records this time, whatever SLUICE_SINCE says." }),
  resume: onOff(EXPORT_DEFAULTS.resume, {
    help:
      "Resume the newest incomplete snapshot, if the project, environment, schema and options " +
      "are the same; otherwise begin a new one.",
    toExport: (resume) => ({ resume }),
  }),
  retryFailed: onOff(false, {
    help:
      "The same as sluice retry: only retry the assets that failed in the newest complete snapshot.",
  }),
  dryRun: onOff(false, {
    help: "Write nothing; show what would be read, and the minimum time it takes.",
  }),
};

/** What a snapshot may lack. */
export const VERDICT = {
  maxFailures: option({
    kind: "number",
    schema: z.number().int().min(0).optional(),
    placeholder: "<number>",
    expects: "a whole number of at least 0",
    help: "Fail if more assets than this can't be downloaded, instead of exiting with code 3.",
    toExport: (maxFailures) => ({ maxFailures }),
  }),
  knownFailures: option({
    kind: "text",
    schema: z.enum(KNOWN_FAILURES).default("fail"),
    placeholder: "<what>",
    choices: KNOWN_FAILURES,
    expects: oneOf(KNOWN_FAILURES),
    help:
      "Whether assets that failed for the same reason in the previous snapshot cause exit code " +
      "3.",
  }),
  strict: onOff(false, {
    help: "Exit with code 3 also if something was left out because the API token may not read it.",
  }),
};

/** How long a command that ends by itself may take. */
export const TIMEOUT = {
  timeout: option({
    kind: "text",
    schema: duration.optional(),
    placeholder: "<time>",
    expects: DURATION,
    help: "Fail if the command takes longer than this, such as 10m or 1h30m.",
  }),
};

/** What all commands have that take a while. */
export const OUTPUT = {
  concurrency: option({
    kind: "number",
    schema: z.number().int().min(1).max(MAX_CONCURRENCY).default(EXPORT_DEFAULTS.concurrency),
    placeholder: "<number>",
    expects: `a whole number from 1 to ${MAX_CONCURRENCY}`,
    help:
      "Maximum number of concurrent requests, pages and assets. Fewer requests are sent at a time where they keep up with the API's rate limit.",
    toExport: (concurrency) => ({ concurrency }),
  }),
  json: onOff(false, { help: "Write the result to stdout as JSON." }),
  logFormat: option({
    kind: "text",
    schema: z.enum(LOG_FORMATS).default("text"),
    placeholder: "<form>",
    choices: LOG_FORMATS,
    expects: oneOf(LOG_FORMATS),
    help: "Format of the progress on stderr: text for people, or one JSON object per line.",
  }),
  quiet: onOff(false, {
    help: "Write nothing if all goes well, and only what is wrong otherwise.",
  }),
  verbose: onOff(false, { help: "Also log each request and each asset." }),
};

/** How a command that only shows something writes it. */
export const VIEW = {
  json: OUTPUT.json,
  logFormat: OUTPUT.logFormat,
  verbose: OUTPUT.verbose,
};

/** Where else options come from. */
export const CONFIG_FILE = {
  config: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<file>",
    expects: "the path of a JSON file",
    help: 'JSON file with options, such as sluice.json: an object with keys like "excludeModels".',
    notInFile: true,
    path: "file",
  }),
};
