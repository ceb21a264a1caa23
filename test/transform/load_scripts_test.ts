import assert from "node:assert/strict";
import { loadScript, whyNotLoadable } from "../../src/transform/load/load_script.ts";
import {
  LOAD_ENGINES,
  type LoadEngine,
  type LoadInput,
  type LoadTable,
} from "../../src/transform/load/load_tables.ts";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { schemaOf } from "./fixtures.ts";

const SCHEMA = schemaOf({
  select: { fields: { title: "string localized", on: "date", at: "date_time", tags: "json" } },
  author: { fields: { name: "string", count: "integer", ratio: "float", ok: "boolean" } },
  empty: { fields: {} },
  quote: { block: true, fields: { text: "text localized" } },
}, ["en", "pt-BR"]);

/** Tables of a snapshot in a folder whose name has what engines escape. */
function inputOf(format: LoadInput["format"], root: string, suffix = ""): LoadInput {
  const part = (folder: string, number = 0) => ({
    address: `${root}/it's/snapshot_1700000000/tables/${folder}part_00${number}.${format}${suffix}`,
    size: 1000,
  });
  const partsOf = (name: string): LoadTable["parts"] => {
    if (name.endsWith("empty") || name === "creators") return [];
    if (!/^(records|blocks)\/|^links$/.test(name)) return [part(`${name}/`)];
    const parts = [part(`${name}/version=current/`), part(`${name}/version=published/`)];
    return name === "records/select" ? [...parts, part(`${name}/version=published/`, 1)] : parts;
  };
  const { tables } = tableSchema(SCHEMA);
  return {
    of: "a snapshot",
    format,
    locales: SCHEMA.locales,
    tables: tables.map((table) => ({
      ...table,
      model: table.model && {
        ...table.model,
        title_column: table.columns.find(({ field_type: type }) => type === "string")?.name ?? null,
      },
      parts: partsOf(table.name),
    })),
  };
}

// DuckDB and PostgreSQL run theirs in test/walk/load_tables.ts; nothing here runs the others.
const GOLDEN: readonly [engine: LoadEngine, format: LoadInput["format"], root: string][] = [
  ["bigquery", "ndjson", "gs://bucket"],
  ["athena", "ndjson", "s3://bucket"],
  ["athena", "parquet", "s3://bucket"],
  ["clickhouse", "ndjson", "/backups"],
  ["clickhouse", "parquet", "s3://bucket"],
];

for (const [engine, format, root] of GOLDEN) {
  Deno.test(`loadScript() for ${engine} and ${format} is as it was looked at`, async () => {
    const golden = new URL(`golden/${engine}.${format}.sql`, import.meta.url);
    const script = loadScript(engine, inputOf(format, root));
    assert.equal(script, await Deno.readTextFile(golden));
  });
}

Deno.test("whyNotLoadable() names what an engine doesn't load, and what to do", () => {
  const refused = LOAD_ENGINES.flatMap((engine) => {
    return (["ndjson", "csv", "parquet"] as const).flatMap((format) => {
      return ["", ".gz", ".zst"].flatMap((suffix) => {
        const why = whyNotLoadable(engine, inputOf(format, "/b", suffix));
        return why === undefined ? [] : [`${engine} ${format}${suffix}`];
      });
    });
  });
  const all = (what: string) => [what, `${what}.gz`, `${what}.zst`];
  assert.deepEqual(refused, [
    ...all("postgres parquet"),
    ...["bigquery ndjson.zst", ...all("bigquery csv"), ...all("bigquery parquet")],
    ...all("athena csv"),
    ...all("clickhouse csv"),
  ]);
  assert.match(
    whyNotLoadable("postgres", inputOf("parquet", "/b"))!,
    /no script .* of parquet into postgres: make others of ndjson or csv/,
  );
});
