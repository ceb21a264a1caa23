import { zstdDecompressSync } from "node:zlib";
import { parquetMetadataAsync, type ParquetParsers, parquetReadObjects } from "hyparquet";
import type { Json, JsonObject, Page } from "../../content/resource.ts";
import { isObject, parseJson } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import { cellValue, type ParquetValue } from "./cells.ts";
import type { ParquetColumn } from "./encode_parquet.ts";

/** Rows of a page. */
const PAGE = 100;

const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Values as they are stored: numbers of more than fifteen digits stay what they are. */
const PARSERS: Partial<ParquetParsers> = {
  stringFromBytes: textOf,
  jsonFromBytes: textOf,
  dateFromDays: (days: number) => days,
  timestampFromMilliseconds: (time: bigint) => time,
};

const COMPRESSORS = {
  ZSTD: (bytes: Uint8Array, size: number) => {
    return new Uint8Array(
      zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size), chunkSize: size + 64 }),
    );
  },
};

/**
 * Reads back the rows of a table that {@linkcode encodeParquet} encoded: as they were, one row group at a time.
 *
 * @param file The bytes of the whole file.
 * @param columns The table's columns, as its description has them.
 * @return Pages of rows.
 * @throws {Error} If it isn't a Parquet file of these columns.
 */
export async function* parquetRows(
  file: Uint8Array<ArrayBuffer>,
  columns: readonly ParquetColumn[],
): AsyncGenerator<Page<JsonObject>, void> {
  const source = {
    byteLength: file.byteLength,
    slice: (start: number, end?: number) => file.slice(start, end).buffer,
  };
  const metadata = await parquetMetadataAsync(source);
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({
      file: source,
      metadata,
      rowStart,
      rowEnd,
      compressors: COMPRESSORS,
      parsers: PARSERS,
    });
    for (let at = 0; at < rows.length; at += PAGE) {
      yield rows.slice(at, at + PAGE).map((row) => rowOf(row, columns));
    }
    rowStart = rowEnd;
  }
}

function rowOf(cells: Record<string, unknown>, columns: readonly ParquetColumn[]): JsonObject {
  const row: JsonObject = {};
  for (const { name, sql_type } of columns) {
    setOwn(row, name, cellValue((cells[name] ?? null) as ParquetValue, sql_type));
  }
  const extra = getOwn(row, "_extra");
  if (!isObject(extra) || !isObject(extra.form)) return row;
  const { form, ...others } = extra;
  for (const [name, text] of Object.entries(form)) {
    setOwn(row, name, parseJson(String(text)) as Json);
  }
  row._extra = Object.keys(others).length > 0 ? others : null;
  return row;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && TEXT.decode(bytes as Uint8Array<ArrayBuffer>);
}
