import assert from "node:assert/strict";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import type { SqlType } from "../../src/content/field_types.ts";
import type { Json, JsonObject } from "../../src/content/resource.ts";
import { parseJson } from "../../src/text/json.ts";
import { assembleRecords } from "../../src/transform/assemble_records.ts";
import { normalize, tableRows } from "../../src/transform/normalize.ts";
import { parquetRows } from "../../src/transform/parquet/decode_parquet.ts";
import {
  encodeParquet,
  type ParquetColumn,
  type ParquetOptions,
} from "../../src/transform/parquet/encode_parquet.ts";
import { type TableColumn, tableSchema } from "../../src/transform/table_schema.ts";
import { project } from "./arbitraries.ts";

type Rows = readonly JsonObject[];

/** The bytes of a file, which is given in pieces. */
async function fileOf(
  pages: readonly Rows[],
  options: ParquetOptions,
): Promise<{ file: Uint8Array<ArrayBuffer>; pieces: number }> {
  const stream = ReadableStream.from(pages).pipeThrough(encodeParquet(options));
  const pieces = await Array.fromAsync(stream);
  return { file: await new Blob(pieces).bytes(), pieces: pieces.length };
}

/** What another program reads: hyparquet by itself, which knows nothing of ours. */
async function readByOthers(file: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({
    file: file.buffer,
    compressors: { ZSTD: (bytes) => new Uint8Array(zstdDecompressSync(bytes)) },
    parsers: {
      // It would take twenty digits for a double, and a byte order mark for nothing.
      jsonFromBytes: (bytes) => bytes && parseJson(new TextDecoder().decode(bytes)),
      stringFromBytes: (bytes) =>
        bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
    },
  });
}

/** What a cell of NDJSON is to a program that has types. */
function typed(value: Json, type: SqlType): unknown {
  if (value === null) return null;
  switch (type) {
    case "text":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "json":
      return JSON.stringify(value);
    case "bigint":
      return BigInt(JSON.stringify(value));
    case "double precision":
      return Number(JSON.stringify(value));
    case "date":
    case "timestamp with time zone":
      return new Date(String(value)).getTime();
    default:
      return value;
  }
}

function seen(value: unknown, type: SqlType): unknown {
  if (value === null || value === undefined) return null;
  return type === "json" ? JSON.stringify(value) : value instanceof Date ? value.getTime() : value;
}

const COLUMNS: readonly ParquetColumn[] = [
  { name: "id", sql_type: "text" },
  { name: "count", sql_type: "integer" },
  { name: "size", sql_type: "bigint" },
  { name: "ratio", sql_type: "double precision" },
  { name: "yes", sql_type: "boolean" },
  { name: "on", sql_type: "date" },
  { name: "at", sql_type: "timestamp with time zone" },
  { name: "data", sql_type: "json" },
  { name: "_extra", sql_type: "json" },
];
const NULLS = Object.fromEntries(COLUMNS.map(({ name }) => [name, null]));
const number = (text: string) => parseJson(text) as Json;
const ROWS: Rows = [
  { ...NULLS, id: "\ufeffa", count: -2147483648, size: number("9007199254740993"), ratio: 0.1 },
  { ...NULLS, id: "", yes: false, on: "2024-02-29", at: "2024-02-29T10:00:00.123Z", data: "5" },
  // A time with an offset, more digits than a double has, and what isn't text.
  { ...NULLS, id: true, at: "2024-02-29T10:00:00+01:00", ratio: number("0.12345678901234567891") },
  { ...NULLS, id: { a: 1 }, data: { a: number("12345678901234567890") }, _extra: { x: [null] } },
  { ...NULLS },
];

for (const codec of ["zstd", "snappy"] as const) {
  Deno.test(`encodeParquet() keeps each value, whatever the pages and row groups: ${codec}`, async () => {
    const { file } = await fileOf([ROWS], { columns: COLUMNS, codec });
    assert.deepEqual(JSON.stringify(await rowsIn(file, COLUMNS)), JSON.stringify(ROWS));
    const single = await fileOf(ROWS.map((row) => [row]), { columns: COLUMNS, codec });
    assert.deepEqual(single.file, file);
    const groups = await fileOf([ROWS], { columns: COLUMNS, codec, groupBytes: 1 });
    // One for each row, and the end: no more of the file was ever in memory.
    assert.equal(groups.pieces, ROWS.length + 1);
    assert.equal(parquetMetadata(groups.file.buffer).row_groups.length, ROWS.length);
    assert.deepEqual(JSON.stringify(await rowsIn(groups.file, COLUMNS)), JSON.stringify(ROWS));
    const { file: none } = await fileOf([], { columns: COLUMNS, codec });
    assert.deepEqual(await rowsIn(none, COLUMNS), []);
  });
}

Deno.test("encodeParquet() says of each column what it is, and holds JSON as its text, once", async () => {
  const { file } = await fileOf([ROWS], { columns: COLUMNS });
  const { schema, row_groups: groups, created_by: by } = parquetMetadata(file.buffer);
  assert.equal(by, "sluice");
  assert.deepEqual(
    schema.slice(1).map(({ name, type, converted_type: as, logical_type: logical, ...more }) => {
      assert.equal(more.repetition_type, "OPTIONAL");
      return [name, type, as, logical?.type];
    }),
    [
      ["id", "BYTE_ARRAY", "UTF8", "STRING"],
      ["count", "INT32", undefined, undefined],
      ["size", "INT64", undefined, undefined],
      ["ratio", "DOUBLE", undefined, undefined],
      ["yes", "BOOLEAN", undefined, undefined],
      ["on", "INT32", "DATE", "DATE"],
      ["at", "INT64", "TIMESTAMP_MILLIS", "TIMESTAMP"],
      ["data", "BYTE_ARRAY", "JSON", "JSON"],
      ["_extra", "BYTE_ARRAY", "JSON", "JSON"],
    ],
  );
  const { data } = Object.fromEntries(
    groups[0]!.columns.map(({ meta_data: meta }) => [meta!.path_in_schema[0], meta!]),
  );
  // The writer would make JSON of JSON, and keep the least and greatest of it whole.
  assert.equal(data?.statistics?.min_value ?? data?.statistics?.min, undefined);
  const texts = await parquetReadObjects({
    file: file.buffer,
    columns: ["data"],
    compressors: { ZSTD: (bytes) => new Uint8Array(zstdDecompressSync(bytes)) },
    parsers: { jsonFromBytes: (bytes) => bytes && new TextDecoder().decode(bytes) },
  });
  assert.deepEqual(
    texts.map(({ data }) => data ?? null),
    [null, '"5"', null, '{"a":12345678901234567890}', null],
  );
});

Deno.test("encodeParquet() asks for no page before there is a place for the row group before it", async () => {
  let pulled = 0;
  let isCancelled = false;
  const pages = new ReadableStream<Rows>({
    pull(controller) {
      pulled++;
      controller.enqueue(ROWS);
    },
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  const stream = pages.pipeThrough(encodeParquet({ columns: COLUMNS, groupBytes: 1 }));
  const reader = stream.getReader();
  const { value } = await reader.read();
  assert.ok(value !== undefined && value.length > 0);
  assert.ok(pulled <= 3, `${pulled} pages`);
  await reader.cancel();
  assert.ok(isCancelled);
});

Deno.test("Tables of Parquet hold what those of NDJSON hold, by hyparquet too, and records are rebuilt of them", async () => {
  await fc.assert(
    fc.asyncProperty(project({ odd: true }), async ({ schema, records }) => {
      const described = new Map(tableSchema(schema).tables.map((table) => [table.name, table]));
      const rebuilt = { records: [] as JsonObject[], blocks: [] as JsonObject[] };
      for (const { table, rows } of tableRows(records, schema, { version: "current" })) {
        const columns = described.get(table)?.columns ??
          Object.keys(rows[0]!).map((name) => ({ name, sql_type: "json" }) as TableColumn);
        // As they come out of NDJSON.
        const lines = rows.map((row) => parseJson(JSON.stringify(row)) as JsonObject);
        const { file } = await fileOf([rows], { columns });
        const back = await rowsIn(file, columns);
        assert.equal(JSON.stringify(back), JSON.stringify(lines), table);
        const others = await readByOthers(file);
        for (const [i, row] of lines.entries()) {
          for (const { name, sql_type } of columns) {
            // What its type can't hold exactly is there besides.
            if (name === "_extra") continue;
            assert.deepEqual(
              seen(others[i]![name], sql_type),
              typed(row[name] ?? null, sql_type),
              `${table}: ${name}`,
            );
          }
        }
        if (table.startsWith("records/")) rebuilt.records.push(...back);
        else if (table.startsWith("blocks/")) rebuilt.blocks.push(...back);
      }
      const direct = await Array.fromAsync(
        ReadableStream.from([records]).pipeThrough(normalize(schema, { version: "current" })),
      );
      const rowsOf = (folder: string) => {
        return direct.flat().filter(({ table }) => table.startsWith(folder))
          .flatMap(({ rows }) => rows);
      };
      const expected = { records: rowsOf("records/"), blocks: rowsOf("blocks/") };
      assert.equal(
        JSON.stringify(assembleRecords(rebuilt, schema)),
        JSON.stringify(assembleRecords(expected, schema)),
      );
    }),
    { numRuns: 40 },
  );
});

async function rowsIn(
  file: Uint8Array<ArrayBuffer>,
  columns: readonly ParquetColumn[],
): Promise<JsonObject[]> {
  return (await Array.fromAsync(parquetRows(file, columns))).flat();
}
