import { constants, zstdCompressSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { SqlType } from "../../content/field_types.ts";
import type { JsonObject, Page } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { getOwn, setOwn } from "../../text/own.ts";
import type { TableColumn } from "../table_schema.ts";
import { parquetCell, type ParquetValue } from "./cells.ts";

/** How pages of Parquet are compressed. */
export type ParquetCodec = "zstd" | "snappy";

/** What of a column matters to how it is written. */
export type ParquetColumn = Pick<TableColumn, "name" | "sql_type">;

/** Options of {@linkcode encodeParquet}. */
export interface ParquetOptions {
  /** The columns, in order. */
  readonly columns: readonly ParquetColumn[];
  /** How pages are compressed. @default {"zstd"} */
  readonly codec?: ParquetCodec | undefined;
  /** A row group has about as many bytes of text. @default {8388608} */
  readonly groupBytes?: number | undefined;
}

const GROUP_BYTES = 8 * 1024 * 1024;
/** What a cell takes besides its text (bytes). */
const CELL_BYTES = 8;

/** How each type is stored: whatever it is, it may be null. */
const ELEMENTS: Readonly<Record<SqlType, Omit<SchemaElement, "name">>> = {
  bigint: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  date: { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
  "double precision": { type: "DOUBLE" },
  integer: { type: "INT32" },
  json: { type: "BYTE_ARRAY", converted_type: "JSON", logical_type: { type: "JSON" } },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  "timestamp with time zone": {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  },
};

/**
 * Encodes table rows as a Parquet file: texts, JSON, numbers, dates and times in UTC to the millisecond, all of which
 * may be null. Equal rows give equal bytes, whatever the pages.
 *
 * Where a column's type doesn't hold what a row has, such as a time with an offset, `_extra` has it under `form`, if
 * there is such a column: {@linkcode parquetRows} puts it back.
 *
 * @param options The columns, compression and the size of row groups.
 * @return A stream that takes pages of rows of one table, and gives the bytes of each row group when it is complete.
 *
 * @example
 * ```ts
 * import { encodeParquet, parquetRows } from "@sluice/datocms/transform";
 *
 * const columns = [{ name: "id", sql_type: "text" }, { name: "tags", sql_type: "json" }] as const;
 * const bytes = ReadableStream.from([[{ id: "1", tags: ["a"] }]]).pipeThrough(
 *   encodeParquet({ columns }),
 * );
 * const file = new Uint8Array(await new Response(bytes).arrayBuffer());
 * for await (const rows of parquetRows(file, columns)) console.assert(rows[0]?.id === "1");
 * ```
 *
 * @see {@link https://parquet.apache.org/docs/file-format/}
 */
export function encodeParquet(
  options: ParquetOptions,
): TransformStream<Page<JsonObject>, Uint8Array<ArrayBuffer>> {
  const encoder = new ParquetEncoder(options);
  return new TransformStream({
    transform(page, controller) {
      for (const bytes of encoder.push(page)) controller.enqueue(bytes);
    },
    flush(controller) {
      for (const bytes of encoder.end()) controller.enqueue(bytes);
    },
  });
}

/** Encodes a Parquet file piece by piece: no more than a row group of it is in memory. */
export class ParquetEncoder {
  readonly #columns: readonly ParquetColumn[];
  readonly #hasExtra: boolean;
  readonly #groupBytes: number;
  readonly #schema: SchemaElement[];
  readonly #bytes = new HandedBytes();
  readonly #file: ParquetWriter;
  /** The cells of the next row group, by column. */
  #cells: ParquetValue[][];
  #size = 0;

  /**
   * @param options The columns, compression and the size of row groups.
   */
  constructor({ columns, codec = "zstd", groupBytes = GROUP_BYTES }: ParquetOptions) {
    this.#columns = columns;
    this.#hasExtra = columns.some(({ name }) => name === "_extra");
    this.#groupBytes = groupBytes;
    this.#schema = schemaOf(columns);
    // The writer would make JSON of values that are JSON: they are bytes until it is done.
    const schema = this.#schema.map(({ converted_type, logical_type, ...element }) => {
      return converted_type === "JSON"
        ? element
        : { ...element, ...(converted_type && { converted_type, logical_type }) };
    }) as SchemaElement[];
    this.#file = new ParquetWriter({
      writer: this.#bytes,
      schema,
      codec: codec === "zstd" ? "ZSTD" : "SNAPPY",
      compressors: { ZSTD: zstd },
      createdBy: "sluice",
    });
    this.#cells = columns.map(() => []);
  }

  /**
   * Takes rows.
   *
   * @param rows The rows.
   * @return The bytes of the row groups that they complete.
   */
  *push(rows: Page<JsonObject>): Generator<Uint8Array<ArrayBuffer>, void> {
    for (const row of rows) {
      this.#append(row);
      if (this.#size >= this.#groupBytes) yield* this.#group();
    }
  }

  /** Ends the file, and gives what is left of it. */
  *end(): Generator<Uint8Array<ArrayBuffer>, void> {
    yield* this.#group();
    this.#file.schema = this.#schema;
    this.#file.finish();
    yield* this.#bytes.take();
  }

  #append(row: JsonObject): void {
    const form: JsonObject = {};
    let isExact = true;
    for (const [i, { name, sql_type }] of this.#columns.entries()) {
      const value = getOwn(row, name) ?? null;
      const cell = parquetCell(value, sql_type);
      if (!cell.isExact && this.#hasExtra) {
        setOwn(form, name, JSON.stringify(value));
        isExact = false;
      }
      this.#put(i, cell.value);
    }
    if (isExact) return;
    const at = this.#columns.findIndex(({ name }) => name === "_extra");
    const extra = getOwn(row, "_extra");
    const whole = parquetCell({ ...(isObject(extra) && extra), form }, "json").value;
    this.#size += sizeOf(whole) - sizeOf(this.#cells[at]!.pop()!);
    this.#cells[at]!.push(whole);
  }

  #put(column: number, value: ParquetValue): void {
    this.#cells[column]!.push(value);
    this.#size += sizeOf(value);
  }

  *#group(): Generator<Uint8Array<ArrayBuffer>, void> {
    const rows = this.#cells[0]?.length ?? 0;
    if (rows === 0) return;
    void this.#file.write({
      columnData: this.#columns.map(({ name, sql_type }, i) => ({
        name,
        data: this.#cells[i]!,
        // Their bounds would be whole values.
        ...(sql_type === "json" && { statistics: false }),
      })),
      rowGroupSize: rows,
    });
    this.#cells = this.#columns.map(() => []);
    this.#size = 0;
    yield* this.#bytes.take();
  }
}

/** Gives away what was written whenever a row group or the file is complete. */
class HandedBytes extends ByteWriter {
  #handed: Uint8Array<ArrayBuffer>[] = [];

  flush(): void {
    if (this.index > 0) this.#handed.push(new Uint8Array(this.buffer.slice(0, this.index)));
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }

  *take(): Generator<Uint8Array<ArrayBuffer>, void> {
    const handed = this.#handed;
    this.#handed = [];
    yield* handed;
  }
}

function schemaOf(columns: readonly ParquetColumn[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, sql_type }): SchemaElement => {
      return { name, ...ELEMENTS[sql_type], repetition_type: "OPTIONAL" };
    }),
  ];
}

function sizeOf(value: ParquetValue): number {
  return CELL_BYTES +
    (typeof value === "string" || value instanceof Uint8Array ? value.length : 0);
}

const ZSTD_LEVEL = 3;

function zstd(bytes: Uint8Array): Uint8Array {
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  // Deno 2.9 begins a second, empty frame where one is larger than a chunk.
  const chunkSize = bytes.length + (bytes.length >> 7) + 1024;
  const { buffer, byteOffset, length } = zstdCompressSync(bytes, { params, chunkSize });
  return new Uint8Array(buffer, byteOffset, length);
}
