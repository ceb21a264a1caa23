import {
  ASSET_MODES,
  type Config,
  KNOWN_FAILURES,
  LAYOUTS,
  LOG_FORMATS,
  MAX_CONCURRENCY,
  type OptionKey,
  RESOURCE_NAMES,
  SSE,
  STRUCTURED_TEXT,
  TABLE_FORMATS,
} from "./schema.ts";

/** What an option of this type is, and so how text becomes its value. */
export type KindOf<T> = T extends boolean ? "switch"
  : T extends number ? "number"
  : T extends string ? "text"
  : "list";

/** The parts of a list of options, in its order. */
export const OPTION_GROUPS = [
  "Project",
  "Selection",
  "Destination",
  "Tables",
  "Run",
  "Schedule",
] as const;

/** What is known of an option besides the form of its value. */
export interface OptionInfo<Kind = "switch" | "number" | "text" | "list"> {
  /** What it is: a `switch` has no value on the command line, a `list` is separated by commas. */
  readonly kind: Kind;
  /** The part of a list of options that it belongs to. */
  readonly group: typeof OPTION_GROUPS[number];
  /** One letter that stands for it on the command line. */
  readonly alias?: string;
  /** The environment variable. @default {"SLUICE_" and its name, as in SLUICE_ASSET_HOST} */
  readonly env?: string;
  /** What stands for its value in a list of options. */
  readonly placeholder?: string;
  /** All values that it, or each entry of its list, can have. */
  readonly choices?: readonly string[];
  /** Whether it can be turned off, as a switch can: `--no-assets`. Its value is `false` then. */
  readonly canBeOff?: true;
  /** What a value must be: "… must be …". */
  readonly expects: string;
  /** What it does. */
  readonly help: string;
  /** Whether its value is never shown and never read from a file. */
  readonly secret?: true;
  /** Whether a file can't hold it. */
  readonly notInFile?: true;
  /** What it is the path of, if it can be one: `~` at its start is the home directory. */
  readonly path?: "file" | "directory";
  /**
   * Whether an empty variable is an error: an unset secret of a CI would otherwise choose another project,
   * another place or everything.
   */
  readonly neverEmpty?: true;
}

const truth = "true or false";
const DURATION = "a time with units, such as 50s, 10m or 1h30m";

/** All options, in the order of help texts. */
export const OPTIONS: {
  readonly [Key in OptionKey]-?: OptionInfo<KindOf<NonNullable<Config[Key]>>>;
} = {
  apiToken: {
    kind: "text",
    group: "Project",
    env: "DATOCMS_API_TOKEN",
    placeholder: "<token>",
    expects: "an API token as in Project settings → API tokens, without spaces",
    help: "API token that may use the Content Management API. Prefer the environment variable: " +
      "other programs can see command lines.",
    secret: true,
    neverEmpty: true,
  },
  apiTokenFile: {
    kind: "text",
    group: "Project",
    placeholder: "<file>",
    expects: "the path of a file that holds an API token",
    help: "File that holds the API token, such as a Docker or Kubernetes secret.",
    path: "file",
    neverEmpty: true,
  },
  environment: {
    kind: "text",
    group: "Project",
    alias: "e",
    env: "DATOCMS_ENVIRONMENT",
    placeholder: "<name>",
    expects: "the name of an environment, as in Project settings → Environments",
    help: "Environment to export. Default: the primary one.",
    neverEmpty: true,
  },
  baseUrl: {
    kind: "text",
    group: "Project",
    env: "DATOCMS_BASE_URL",
    placeholder: "<url>",
    expects: "an http or https URL such as https://site-api.datocms.com",
    help: "URL of the API. Default: https://site-api.datocms.com.",
    neverEmpty: true,
  },
  assetHost: {
    kind: "text",
    group: "Project",
    placeholder: "<origin>",
    expects: "an http or https origin such as https://assets.example.com, without a path",
    help: "Origin to download asset files from, instead of the host in their URLs.",
  },
  models: {
    kind: "list",
    group: "Selection",
    placeholder: "<a,b>",
    expects: "API keys of models, separated by commas",
    help: "Export records of these models only.",
    neverEmpty: true,
  },
  excludeModels: {
    kind: "list",
    group: "Selection",
    placeholder: "<a,b>",
    expects: "API keys of models, separated by commas",
    help: "Leave out records of these models.",
    neverEmpty: true,
  },
  include: {
    kind: "list",
    group: "Selection",
    placeholder: "<x,y>",
    choices: RESOURCE_NAMES,
    expects: "names of resources, separated by commas",
    help: "Export these resources only, besides the project and its models.",
    neverEmpty: true,
  },
  exclude: {
    kind: "list",
    group: "Selection",
    placeholder: "<x,y>",
    choices: RESOURCE_NAMES,
    expects: "names of resources, separated by commas",
    help: "Leave out these resources.",
    neverEmpty: true,
  },
  published: {
    kind: "switch",
    group: "Selection",
    expects: truth,
    help: "Leave out the published versions of records.",
  },
  to: {
    kind: "text",
    group: "Destination",
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help: "Where to write snapshots: a directory, a file: URL or s3://bucket[/prefix].",
    path: "directory",
    neverEmpty: true,
  },
  assets: {
    kind: "text",
    group: "Destination",
    placeholder: "<mode>",
    choices: ASSET_MODES,
    canBeOff: true,
    expects: `${ASSET_MODES.join(", ")} or false`,
    help:
      "What to do with asset files no longer used by any upload: keep them, or delete them once " +
      "the snapshot is complete (sync). With --no-assets (or false), no asset files are downloaded " +
      "or deleted; their metadata is still exported.",
  },
  maxDelete: {
    kind: "text",
    group: "Destination",
    placeholder: "<n|n%>",
    expects: "a number of files, or a share of them such as 10%",
    help: "Maximum number of files that --assets sync may delete; if there are more, it deletes " +
      "none. Default: 100 files or 10 %, whichever is more.",
  },
  sse: {
    kind: "text",
    group: "Destination",
    placeholder: "<form>",
    choices: SSE,
    expects: oneOf(SSE),
    help: "Server-side encryption of what is written to S3. Default: the bucket's own.",
  },
  sseKmsKeyId: {
    kind: "text",
    group: "Destination",
    placeholder: "<key>",
    expects: "the id or ARN of a KMS key",
    help: "KMS key for --sse aws:kms.",
  },
  storageClass: {
    kind: "text",
    group: "Destination",
    placeholder: "<class>",
    expects: "a storage class whose objects can be read at once, such as STANDARD_IA",
    help: "S3 storage class of asset files, such as STANDARD_IA.",
  },
  allowPublic: {
    kind: "switch",
    group: "Destination",
    expects: truth,
    help: "Export even if the S3 bucket is public.",
  },
  clean: {
    kind: "switch",
    group: "Destination",
    expects: truth,
    help: "Remove what killed exports left unfinished more than a day ago.",
  },
  layout: {
    kind: "text",
    group: "Destination",
    placeholder: "<form>",
    choices: LAYOUTS,
    expects: oneOf(LAYOUTS),
    help: "How records and uploads are written: one per line, or as in DatoCMS's Project Export.",
  },
  tables: {
    kind: "switch",
    group: "Tables",
    expects: truth,
    help: "Leave out the tables, which hold the records as rows and columns.",
  },
  tablesOnly: {
    kind: "switch",
    group: "Tables",
    expects: truth,
    help: "Write the records as tables only.",
  },
  format: {
    kind: "text",
    group: "Tables",
    placeholder: "<form>",
    choices: TABLE_FORMATS,
    expects: oneOf(TABLE_FORMATS),
    help: "File format of the tables.",
  },
  structuredText: {
    kind: "text",
    group: "Tables",
    placeholder: "<form>",
    choices: STRUCTURED_TEXT,
    expects: oneOf(STRUCTURED_TEXT),
    help: "Add a column to the tables for each structured text field, rendered in this format.",
  },
  locales: {
    kind: "list",
    group: "Tables",
    placeholder: "<en,it>",
    expects: "locales of the project, separated by commas",
    help: "Write table rows for these locales only.",
  },
  freeze: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help:
      "Export a temporary copy of the environment, so that nothing changes during the export; " +
      "the copy is deleted at the end. Needs an API token that may create and delete " +
      "environments.",
  },
  resume: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help:
      "Resume the newest incomplete snapshot, if the project, environment, schema and options " +
      "are the same; otherwise begin a new one.",
  },
  timeBudget: {
    kind: "text",
    group: "Run",
    placeholder: "<time>",
    expects: DURATION,
    help: "Stop at the end of a page once this time, such as 50s, is used up, and exit with code " +
      "4; --resume continues from there.",
  },
  timeout: {
    kind: "text",
    group: "Run",
    placeholder: "<time>",
    expects: DURATION,
    help: "Fail if the command takes longer than this, such as 10m or 1h30m.",
  },
  retryFailed: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Only retry the assets that failed in the newest complete snapshot, and update it.",
  },
  maxFailures: {
    kind: "number",
    group: "Run",
    placeholder: "<number>",
    expects: "a whole number of at least 0",
    help: "Fail if more assets than this can't be downloaded, instead of exiting with code 3.",
  },
  knownFailures: {
    kind: "text",
    group: "Run",
    placeholder: "<what>",
    choices: KNOWN_FAILURES,
    expects: oneOf(KNOWN_FAILURES),
    help:
      "Whether assets that failed for the same reason in the previous snapshot cause exit code " +
      "3.",
  },
  strict: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Exit with code 3 also if something was left out because the API token may not read it.",
  },
  concurrency: {
    kind: "number",
    group: "Run",
    placeholder: "<number>",
    expects: `a whole number from 1 to ${MAX_CONCURRENCY}`,
    help: "Maximum number of concurrent requests, pages and assets.",
  },
  dryRun: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Write nothing; show what would be read, and the minimum time it takes.",
  },
  every: {
    kind: "text",
    group: "Schedule",
    placeholder: "<time>",
    expects: "a time with units such as 24h, or a cron expression in UTC such as '0 3 * * *'",
    help:
      "How often to begin a new snapshot: an interval, or a cron expression (UTC) such as '0 3 " +
      "* * *'.",
  },
  cron: {
    kind: "text",
    group: "Schedule",
    placeholder: "<expression>",
    expects: "a cron expression of five fields, such as '*/2 * * * *'",
    help: "How often to check whether an export is due: a cron expression (UTC). With a time " +
      "budget, an export continues at each of these times until its snapshot is complete.",
  },
  notifyUrl: {
    kind: "text",
    group: "Schedule",
    placeholder: "<url>",
    expects: "an http or https URL",
    help:
      "URL to which the result of each export is sent as JSON, by POST. Prefer the environment " +
      "variable.",
    secret: true,
  },
  notifySecret: {
    kind: "text",
    group: "Schedule",
    placeholder: "<secret>",
    expects: "a text that isn't empty",
    help: "Secret that signs notifications: the header X-Sluice-Signature is sha256= and the " +
      "HMAC-SHA256 of the body. Prefer the environment variable.",
    secret: true,
  },
  config: {
    kind: "text",
    group: "Run",
    placeholder: "<file>",
    expects: "the path of a JSON file",
    help: 'JSON file with options, such as sluice.json: an object with keys like "excludeModels".',
    notInFile: true,
    path: "file",
  },
  json: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Write the result to stdout as JSON.",
  },
  logFormat: {
    kind: "text",
    group: "Run",
    placeholder: "<form>",
    choices: LOG_FORMATS,
    expects: oneOf(LOG_FORMATS),
    help: "Format of the progress on stderr: text for people, or one JSON object per line.",
  },
  quiet: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Write nothing if all goes well, and only what is wrong otherwise.",
  },
  verbose: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Also log each request and each asset.",
  },
};

/** The options' names, in the order of help texts. */
export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[];

/**
 * An option as it is given on the command line: `--exclude-models`.
 *
 * @param key The option.
 */
export function flagName(key: OptionKey): string {
  return `--${words(key).join("-")}`;
}

/**
 * The environment variable of an option: `SLUICE_EXCLUDE_MODELS`.
 *
 * @param key The option.
 */
export function envName(key: OptionKey): string {
  return OPTIONS[key].env ?? `SLUICE_${words(key).join("_").toUpperCase()}`;
}

/** `ndjson or csv`; `text, markdown or html`. */
function oneOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function words(key: string): string[] {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(" ");
}
