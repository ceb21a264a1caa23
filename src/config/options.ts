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
    help:
      "API token whose role may use the Content Management API. Better given as the variable: " +
      "other programs can see command lines.",
    secret: true,
    neverEmpty: true,
  },
  apiTokenFile: {
    kind: "text",
    group: "Project",
    placeholder: "<file>",
    expects: "the path of a file that holds an API token",
    help: "File that holds the API token, such as a secret of Docker or Kubernetes.",
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
    help: "Environment to read; without it, the primary one.",
    neverEmpty: true,
  },
  baseUrl: {
    kind: "text",
    group: "Project",
    env: "DATOCMS_BASE_URL",
    placeholder: "<url>",
    expects: "an http or https URL such as https://site-api.datocms.com",
    help: "Address of the API, if it isn't https://site-api.datocms.com.",
    neverEmpty: true,
  },
  assetHost: {
    kind: "text",
    group: "Project",
    placeholder: "<origin>",
    expects: "an http or https origin such as https://assets.example.com, without a path",
    help: "Where asset files are fetched from, instead of the host in their addresses.",
  },
  models: {
    kind: "list",
    group: "Selection",
    placeholder: "<a,b>",
    expects: "API keys of models, separated by commas",
    help: "Only the records of these models.",
    neverEmpty: true,
  },
  excludeModels: {
    kind: "list",
    group: "Selection",
    placeholder: "<a,b>",
    expects: "API keys of models, separated by commas",
    help: "Not the records of these models.",
    neverEmpty: true,
  },
  include: {
    kind: "list",
    group: "Selection",
    placeholder: "<x,y>",
    choices: RESOURCE_NAMES,
    expects: "names of resources, separated by commas",
    help: "Only these resources, besides the project and its models.",
    neverEmpty: true,
  },
  exclude: {
    kind: "list",
    group: "Selection",
    placeholder: "<x,y>",
    choices: RESOURCE_NAMES,
    expects: "names of resources, separated by commas",
    help: "Not these resources.",
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
    help: "Where snapshots go: a directory, a file: URL or s3://bucket[/prefix].",
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
      "What becomes of asset files that no upload has any more: they stay (keep), or are deleted once " +
      "the snapshot is complete (sync). With --no-assets (or false), asset files are neither fetched " +
      "nor deleted; their metadata stays.",
  },
  maxDelete: {
    kind: "text",
    group: "Destination",
    placeholder: "<n|n%>",
    expects: "a number of files, or a share of them such as 10%",
    help:
      "The most files that --assets sync deletes: if there are more, none is. Without it, 100 files or " +
      "10 %, whichever is more.",
  },
  sse: {
    kind: "text",
    group: "Destination",
    placeholder: "<form>",
    choices: SSE,
    expects: oneOf(SSE),
    help: "How S3 encrypts what is written; without it, as the bucket says.",
  },
  sseKmsKeyId: {
    kind: "text",
    group: "Destination",
    placeholder: "<key>",
    expects: "the id or ARN of a KMS key",
    help: "The KMS key, with --sse aws:kms.",
  },
  storageClass: {
    kind: "text",
    group: "Destination",
    placeholder: "<class>",
    expects: "a storage class whose objects can be read at once, such as STANDARD_IA",
    help: "The S3 storage class of asset files, such as STANDARD_IA.",
  },
  allowPublic: {
    kind: "switch",
    group: "Destination",
    expects: truth,
    help: "Also export into an S3 bucket that everybody can use.",
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
    help:
      "How records and uploads are written: one to a line, or as DatoCMS's Project Export does.",
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
    help: "How tables are written.",
  },
  structuredText: {
    kind: "text",
    group: "Tables",
    placeholder: "<form>",
    choices: STRUCTURED_TEXT,
    expects: oneOf(STRUCTURED_TEXT),
    help: "Add a column to tables for each structured text field, rendered like this.",
  },
  locales: {
    kind: "list",
    group: "Tables",
    placeholder: "<en,it>",
    expects: "locales of the project, separated by commas",
    help: "Only table rows of these locales.",
  },
  freeze: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help:
      "Export a temporary copy of the environment, so that nothing changes meanwhile; it is destroyed at " +
      "the end. Needs an API token that may create and delete environments.",
  },
  resume: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help:
      "Go on with the newest snapshot that isn't complete, if it is of the same project, environment, " +
      "schema and options; else begin a new one.",
  },
  timeBudget: {
    kind: "text",
    group: "Run",
    placeholder: "<time>",
    expects: DURATION,
    help:
      "Stop at the end of a page when this time, such as 50s, is over, with exit code 4: --resume goes on from there.",
  },
  timeout: {
    kind: "text",
    group: "Run",
    placeholder: "<time>",
    expects: DURATION,
    help: "Fail if the command isn't done after this time, such as 10m or 1h30m.",
  },
  retryFailed: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Only try again the assets that failed in the newest complete snapshot, and update it.",
  },
  maxFailures: {
    kind: "number",
    group: "Run",
    placeholder: "<number>",
    expects: "a whole number of at least 0",
    help: "Fail if more assets than this can't be fetched, instead of ending with exit code 3.",
  },
  knownFailures: {
    kind: "text",
    group: "Run",
    placeholder: "<what>",
    choices: KNOWN_FAILURES,
    expects: oneOf(KNOWN_FAILURES),
    help:
      "Whether assets that failed for the same reason in the snapshot before are a reason for exit code 3.",
  },
  strict: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help:
      "End with exit code 3 also if something was left out because the API token may not read it.",
  },
  concurrency: {
    kind: "number",
    group: "Run",
    placeholder: "<number>",
    expects: `a whole number from 1 to ${MAX_CONCURRENCY}`,
    help: "How many requests, pages and assets are under way at a time, at most.",
  },
  dryRun: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Write nothing; tell what would be read, and how long it takes at least.",
  },
  every: {
    kind: "text",
    group: "Schedule",
    placeholder: "<time>",
    expects: "a time with units such as 24h, or a cron expression in UTC such as '0 3 * * *'",
    help:
      "How often a new snapshot begins: a time, or a cron expression (UTC) such as '0 3 * * *'.",
  },
  cron: {
    kind: "text",
    group: "Schedule",
    placeholder: "<expression>",
    expects: "a cron expression of five fields, such as '*/2 * * * *'",
    help:
      "How often is looked whether there is something to do: a cron expression (UTC). With a time " +
      "budget, an export goes on at each of these times until its snapshot is complete.",
  },
  notifyUrl: {
    kind: "text",
    group: "Schedule",
    placeholder: "<url>",
    expects: "an http or https URL",
    help:
      "Where the result of each export is sent as JSON, with POST. Better given as the variable.",
    secret: true,
  },
  notifySecret: {
    kind: "text",
    group: "Schedule",
    placeholder: "<secret>",
    expects: "a text that isn't empty",
    help:
      "Signs what is sent there, in the header X-Sluice-Signature: sha256= and the HMAC-SHA256 of the " +
      "body. Better given as the variable.",
    secret: true,
  },
  config: {
    kind: "text",
    group: "Run",
    placeholder: "<file>",
    expects: "the path of a JSON file",
    help: 'File with options, such as sluice.json: an object with keys like "excludeModels".',
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
    help: "How progress is written to stderr: for people, or one JSON object to a line.",
  },
  quiet: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Write nothing to stderr but errors.",
  },
  verbose: {
    kind: "switch",
    group: "Run",
    expects: truth,
    help: "Also tell of each request and each asset.",
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
