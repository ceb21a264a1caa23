/**
 * What pages become: rows of tables and records again, blocks by themselves, rendered structured text, and the
 * bytes of NDJSON, CSV and Parquet. Each is a `TransformStream` between pages, or a function of one record.
 *
 * @example Rows as NDJSON
 * ```ts
 * import { encodeNdjson } from "@sluice/datocms/transform";
 *
 * const bytes = ReadableStream.from([[{ id: "1" }], [{ id: "2" }]]).pipeThrough(encodeNdjson());
 * console.assert(await new Response(bytes).text() === '{"id":"1"}\n{"id":"2"}\n');
 * ```
 *
 * @module
 */
export { type BlockPath, mapBlocks } from "../content/blocks.ts";
export {
  FIELD_TYPES,
  type FieldReference,
  type FieldType,
  fieldTypeInfo,
  type SqlType,
} from "../content/field_types.ts";
export { mayHoldBlocks, SchemaIndex } from "../content/schema_index.ts";
export { assembleBlocks } from "./assemble_blocks.ts";
export { assembleRecords, type RecordTables } from "./assemble_records.ts";
export { collectLinks, type LinkKind, linkRows } from "./collect_links.ts";
export { csvBytes, type CsvColumn, type CsvOptions, encodeCsv } from "./encode_csv.ts";
export { encodeNdjson, ndjsonBytes } from "./encode_ndjson.ts";
export { extractBlocks, type ExtractedBlocks, takeBlocks } from "./extract_blocks.ts";
export { normalize, type NormalizeOptions, type TableRows, tableRows } from "./normalize.ts";
export { localeRows, normalizeLocales } from "./normalize_locales.ts";
export { parquetRows } from "./parquet/decode_parquet.ts";
export {
  encodeParquet,
  type ParquetCodec,
  type ParquetColumn,
  type ParquetOptions,
} from "./parquet/encode_parquet.ts";
export {
  renderStructuredText,
  type RenderStructuredTextOptions,
  type StructuredTextFormat,
} from "./render_structured_text.ts";
export type { TableOptions } from "./table_options.ts";
export {
  type Table,
  type TableColumn,
  type TableModel,
  type TableReference,
  type TableSchema,
  tableSchema,
  type TableSchemaOptions,
} from "./table_schema.ts";
export { normalizeUploads, uploadRows, type UploadRowsOptions } from "./upload_rows.ts";
export {
  type CountedWarning,
  type OnWarning,
  type WarningCode,
  WarningCounter,
  warningText,
} from "./warnings.ts";
