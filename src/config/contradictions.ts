import { keepsSomething } from "../tools/prune_policy.ts";
import { EXPORT_DEFAULTS } from "../export/export_settings.ts";
import type { Config, OptionKey } from "./options.ts";

/** An option, and the values that are meant. */
export interface Side {
  /** The option. */
  readonly key: OptionKey;
  /** Whether a value is meant. @default any that is given */
  readonly is?: (value: unknown) => boolean;
}

/** An option that does nothing unless others have a certain value. */
interface Need {
  /** The option. */
  readonly key: OptionKey;
  /** Whether the configuration has what it needs. */
  readonly met: (config: Config) => boolean;
  /** What it needs, as in "--max-delete does nothing without …". */
  readonly what: string;
}

const on = (key: OptionKey): Side => ({ key, is: (value) => value === true });
const off = (key: OptionKey): Side => ({ key, is: (value) => value === false });
const holds = (name: string) => (value: unknown) => Array.isArray(value) && value.includes(name);
const lacks = (name: string) => (value: unknown) => Array.isArray(value) && !value.includes(name);

/**
 * Options that can't both be meant: an error if both come from the same source; else the one from the
 * higher source wins.
 */
export const CONTRADICTIONS: readonly (readonly [Side, Side])[] = [
  [{ key: "apiToken" }, { key: "apiTokenFile" }],
  [on("quiet"), on("verbose")],
  [on("tablesOnly"), off("tables")],
  [on("retryFailed"), on("resume")],
  [on("retryFailed"), on("freeze")],
  [on("retryFailed"), on("dryRun")],
  [on("retryFailed"), off("assets")],
  [on("freeze"), on("resume")],
];

/**
 * Options that can't both be had: an error if both are on the command line; else the one from the higher source
 * wins, and of the same source the second.
 */
export const EXCLUSIVE: readonly (readonly [Side, Side])[] = [
  [
    { key: "compress", is: (value) => value !== "none" },
    { key: "layout", is: (value) => value === "enterprise" },
  ],
  [{ key: "since", is: (value) => value !== EXPORT_DEFAULTS.since }, on("full")],
];

/**
 * Options that have nothing left to say when the other one is meant: an error on the command line only, as a
 * variable may be meant for several commands.
 */
export const POINTLESS: readonly (readonly [Side, Side])[] = [
  [{ key: "format" }, off("tables")],
  [{ key: "csvFor" }, off("tables")],
  [{ key: "parquetCodec" }, off("tables")],
  [{ key: "structuredText" }, off("tables")],
  [{ key: "locales" }, off("tables")],
  [{ key: "maxDelete" }, off("assets")],
  [{ key: "maxFailures" }, off("assets")],
  [{ key: "storageClass" }, off("assets")],
  [{ key: "assetHost" }, off("assets")],
  [{ key: "models" }, { key: "exclude", is: holds("records") }],
  [{ key: "models" }, { key: "include", is: lacks("records") }],
  [{ key: "excludeModels" }, { key: "exclude", is: holds("records") }],
  [{ key: "excludeModels" }, { key: "include", is: lacks("records") }],
];

/** Options that do nothing by themselves. */
export const NEEDS: readonly Need[] = [
  { key: "maintenance", met: ({ promote }) => promote, what: "--promote" },
  {
    key: "maxDelete",
    met: ({ assets, delete: isDeleting }) => assets === "sync" || isDeleting,
    what: "--assets sync (or --delete)",
  },
  {
    key: "notifySecret",
    met: ({ notifyUrl }) => notifyUrl !== undefined,
    what: "--notify-url",
  },
  {
    key: "incompleteOlderThan",
    met: keepsSomething,
    what: "a --keep-… option, such as --keep-last",
  },
  {
    key: "storageClass",
    met: isInS3,
    what: "a destination in S3 (--to s3://bucket)",
  },
  {
    key: "allowPublic",
    met: ({ allowPublic, ...config }) => !allowPublic || isInS3(config),
    what: "a destination in S3 (--to s3://bucket)",
  },
];

/**
 * Whether a value is on a side.
 *
 * @param side The side.
 * @param value The value, as it was given.
 */
export function isMeant({ is }: Side, value: unknown): boolean {
  return is?.(value) ?? true;
}

/**
 * Whether snapshots go to S3.
 *
 * @param config Where they go.
 */
export function isInS3({ to }: Pick<Config, "to">): boolean {
  return /^s3:/i.test(to);
}
