import type { OptionKey } from "../../config/schema.ts";

/** Options of commands that read a project. */
export const SOURCE_OPTIONS = [
  "apiToken",
  "apiTokenFile",
  "environment",
  "baseUrl",
] as const satisfies readonly OptionKey[];

/** Options that choose what of a project is read. */
export const SELECTION_OPTIONS = [
  "models",
  "excludeModels",
  "include",
  "exclude",
  "published",
] as const satisfies readonly OptionKey[];

/** Options of how S3 keeps what is written. */
export const S3_OPTIONS = [
  "sse",
  "sseKmsKeyId",
  "storageClass",
] as const satisfies readonly OptionKey[];

/** Options of commands that write a snapshot. */
export const SNAPSHOT_OPTIONS = [
  "assets",
  "maxDelete",
  "to",
  "layout",
  "tables",
  "tablesOnly",
  "format",
  "structuredText",
  "locales",
] as const satisfies readonly OptionKey[];

/** Options of all commands that take a while. */
export const RUN_OPTIONS = [
  "concurrency",
  "timeout",
  "json",
  "logFormat",
  "quiet",
  "verbose",
] as const satisfies readonly OptionKey[];
