import * as z from "zod";
import { isDuration } from "../text/duration.ts";
import { isCronExpression, isEvery } from "../text/every.ts";
import type { AssetMode } from "../export/options.ts";
import type { MaxDelete } from "../export/assets/max_delete.ts";
import { openStorage } from "../storage/open_storage.ts";
import type { Layout, TableFormat } from "../snapshot/layout.ts";
import { type ResourceName, RESOURCES } from "../source/datocms/resources.ts";
import type { StructuredTextFormat } from "../transform/render_structured_text.ts";

/** The names of the resources that can be chosen, in the order of an export. */
export const RESOURCE_NAMES: readonly ResourceName[] = RESOURCES.map(({ name }) => name);
/** What can become of asset files that no upload has any more. */
export const ASSET_MODES = ["keep", "sync"] as const satisfies readonly AssetMode[];
/** How batches can be written. */
/** Whether failures that are known already are a reason for exit code 3. */
export const KNOWN_FAILURES = ["fail", "ok"] as const;
export const LAYOUTS = ["ndjson", "enterprise"] as const satisfies readonly Layout[];
/** What structured text can be rendered as. */
export const STRUCTURED_TEXT = [
  "text",
  "markdown",
  "html",
] as const satisfies readonly StructuredTextFormat[];
/** How tables can be written. */
export const TABLE_FORMATS = ["ndjson", "csv"] as const satisfies readonly TableFormat[];
/** How S3 can be made to encrypt objects. */
export const SSE = ["AES256", "aws:kms"] as const;
/** How logs can be written. */
export const LOG_FORMATS = ["text", "json"] as const;
/** The most things that may be done at a time. */
export const MAX_CONCURRENCY = 64;

/** Goes into a header: a line break would end it, and anything but ASCII can't be sent. */
const headerValue = z.string().regex(/^[\x21-\x7e]+$/);
const name = z.string().regex(/^\S+$/);
const names = z.array(name).min(1);
const duration = z.string().refine(isDuration);
const maxDelete = z.union([
  z.number().int().nonnegative(),
  z.string().regex(/^\d{1,9}$/).transform(Number),
  z.custom<MaxDelete>((value) => {
    return typeof value === "string" && /^(100|\d{1,2}(\.\d+)?)%$/.test(value);
  }),
]);

/**
 * Describes the configuration: every option, whether it comes from the command line, the environment or
 * a file. What an option is for, and where it comes from, is in the table of options.
 */
export const configSchema = z.strictObject({
  apiToken: headerValue.optional(),
  apiTokenFile: z.string().min(1).optional(),
  environment: headerValue.optional(),
  baseUrl: z.string().refine(isHttpUrl).optional(),
  assetHost: z.string().refine(isHttpOrigin).optional(),
  models: names.optional(),
  excludeModels: names.optional(),
  include: z.array(z.enum(RESOURCE_NAMES)).min(1).optional(),
  exclude: z.array(z.enum(RESOURCE_NAMES)).min(1).optional(),
  published: z.boolean().default(true),
  assets: z.union([z.enum(ASSET_MODES), z.literal(false)]).default("keep"),
  maxDelete: maxDelete.optional(),
  to: z.string().refine(isDestination).default("./snapshots"),
  sse: z.enum(SSE).optional(),
  sseKmsKeyId: name.optional(),
  storageClass: z.string().regex(/^[\w.-]+$/).refine(isReadable).optional(),
  allowPublic: z.boolean().default(false),
  clean: z.boolean().default(false),
  layout: z.enum(LAYOUTS).default("ndjson"),
  tables: z.boolean().default(true),
  tablesOnly: z.boolean().default(false),
  format: z.enum(TABLE_FORMATS).default("ndjson"),
  structuredText: z.enum(STRUCTURED_TEXT).optional(),
  locales: names.optional(),
  freeze: z.boolean().default(false),
  resume: z.boolean().default(false),
  timeBudget: duration.optional(),
  timeout: duration.optional(),
  retryFailed: z.boolean().default(false),
  maxFailures: z.number().int().min(0).optional(),
  knownFailures: z.enum(KNOWN_FAILURES).default("fail"),
  strict: z.boolean().default(false),
  concurrency: z.number().int().min(1).max(MAX_CONCURRENCY).default(8),
  dryRun: z.boolean().default(false),
  every: z.string().refine(isEvery).default("24h"),
  cron: z.string().refine(isCronExpression).default("*/2 * * * *"),
  notifyUrl: z.string().refine(isNotifyUrl).optional(),
  notifySecret: z.string().min(1).optional(),
  config: z.string().min(1).optional(),
  json: z.boolean().default(false),
  logFormat: z.enum(LOG_FORMATS).default("text"),
  quiet: z.boolean().default(false),
  verbose: z.boolean().default(false),
});

/** The configuration, whole and valid. */
export type Config = z.infer<typeof configSchema>;

/** The name of an option, as in a configuration file. */
export type OptionKey = keyof Config;

/** What the options are if nobody says anything. */
export const DEFAULTS: Readonly<Config> = configSchema.parse({});

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
}

function isNotifyUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

function isHttpOrigin(text: string): boolean {
  const url = URL.parse(text);
  return isHttpUrl(text) && url!.pathname === "/" && url!.username === "" && url!.password === "";
}

/** What is in an archive can't be looked at to tell whether it is still right. */
function isReadable(storageClass: string): boolean {
  return storageClass !== "GLACIER" && storageClass !== "DEEP_ARCHIVE";
}

function isDestination(text: string): boolean {
  try {
    openStorage(text)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
