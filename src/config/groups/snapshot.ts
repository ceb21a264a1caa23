import * as z from "zod";
import { EXPORT_DEFAULTS } from "../../export/export_settings.ts";
import type { Compression } from "../../sink/compression.ts";
import { isLabel, labelsOf } from "../../snapshot/labels.ts";
import type { CsvReader, Layout, TableFormat } from "../../snapshot/layout.ts";
import type { ParquetCodec } from "../../transform/parquet/encode_parquet.ts";
import type { StructuredTextFormat } from "../../transform/render_structured_text.ts";
import { names, oneOf, under } from "../option.ts";

/** How batches can be written. */
export const LAYOUTS = ["ndjson", "enterprise"] as const satisfies readonly Layout[];
/** How tables can be written. */
export const TABLE_FORMATS = ["ndjson", "csv", "parquet"] as const satisfies readonly TableFormat[];
/** What CSV can be written for. */
export const CSV_READERS = ["data", "spreadsheets"] as const satisfies readonly CsvReader[];
/** How Parquet can be compressed. */
export const PARQUET_CODECS = ["zstd", "snappy"] as const satisfies readonly ParquetCodec[];
/** How texts can be compressed. */
export const COMPRESSIONS = ["none", "gzip", "zstd"] as const satisfies readonly Compression[];
/** What structured text can be rendered as. */
export const STRUCTURED_TEXT = [
  "text",
  "markdown",
  "html",
] as const satisfies readonly StructuredTextFormat[];

const { option, onOff } = under("Snapshot");

/** How a snapshot is written. */
export const SNAPSHOT = {
  layout: option({
    kind: "text",
    schema: z.enum(LAYOUTS).default(EXPORT_DEFAULTS.layout),
    placeholder: "<form>",
    choices: LAYOUTS,
    expects: oneOf(LAYOUTS),
    help: "How records and uploads are written: one per line, or as in DatoCMS's Project Export.",
    toExport: (layout) => ({ layout }),
  }),
  compress: option({
    kind: "text",
    schema: z.enum(COMPRESSIONS).default(EXPORT_DEFAULTS.compress),
    placeholder: "<how>",
    choices: COMPRESSIONS,
    expects: oneOf(COMPRESSIONS),
    help: "How records, uploads and tables are compressed: zstd is smallest and fastest.",
    toExport: (compress) => ({ compress }),
  }),
  tables: onOff(EXPORT_DEFAULTS.tables, {
    help: "Leave out the tables, which hold the records as rows and columns.",
    toExport: (tables) => ({ tables }),
  }),
  tablesOnly: onOff(false, {
    help: "Write the records as tables only.",
    // After `tables`, whose place it takes.
    toExport: (tablesOnly) => tablesOnly ? { tables: "only" } : {},
  }),
};

/** How rows of tables are made. */
export const TABLES = {
  format: option({
    kind: "text",
    schema: z.enum(TABLE_FORMATS).default(EXPORT_DEFAULTS.format),
    placeholder: "<form>",
    choices: TABLE_FORMATS,
    expects: oneOf(TABLE_FORMATS),
    help: "File format of the tables.",
    toExport: (format) => ({ format }),
  }),
  csvFor: option({
    kind: "text",
    schema: z.enum(CSV_READERS).optional(),
    placeholder: "<reader>",
    choices: CSV_READERS,
    expects: oneOf(CSV_READERS),
    help:
      "What reads the tables' CSV: data (the default) is each text as it is; for spreadsheets, one " +
      "that they would run as a formula gets a ' in front.",
    toExport: (csvFor) => ({ csvFor }),
  }),
  parquetCodec: option({
    kind: "text",
    schema: z.enum(PARQUET_CODECS).optional(),
    placeholder: "<codec>",
    choices: PARQUET_CODECS,
    expects: oneOf(PARQUET_CODECS),
    help:
      "How tables of Parquet are compressed: zstd (the default) is smaller, snappy is read by more.",
    toExport: (parquetCodec) => ({ parquetCodec }),
  }),
  structuredText: option({
    kind: "text",
    schema: z.enum(STRUCTURED_TEXT).optional(),
    placeholder: "<form>",
    choices: STRUCTURED_TEXT,
    expects: oneOf(STRUCTURED_TEXT),
    help: "Add a column to the tables for each structured text field, rendered in this format.",
    toExport: (structuredText) => ({ structuredText }),
  }),
  locales: option({
    kind: "list",
    schema: names.optional(),
    placeholder: "<en,it>",
    expects: "locales of the project, separated by commas",
    help: "Write table rows for these locales only.",
    toExport: (locales) => ({ locales }),
  }),
};

/** What is noted of a snapshot. */
export const LABELS = {
  label: option({
    kind: "list",
    schema: z.array(z.string().refine(isLabel)).min(1).optional(),
    env: "SLUICE_LABELS",
    placeholder: "<name=value>",
    expects: "labels such as reason=upgrade, separated by commas",
    help:
      "Note this in the snapshot's manifest, so that list and prune can choose it by that. May " +
      "be repeated.",
    toExport: (labels) => ({ labels: labelsOf(labels) }),
  }),
};
