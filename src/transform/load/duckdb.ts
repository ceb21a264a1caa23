import type { SqlType } from "../../content/field_types.ts";
import { identifier, literal, standardDialect } from "./dialect.ts";
import { comment, type LoadInput, type LoadTable, relationOf, titleColumn } from "./load_tables.ts";
import { viewsOf } from "./views.ts";

const TYPES: Readonly<Record<SqlType, string>> = {
  bigint: "BIGINT",
  boolean: "BOOLEAN",
  date: "DATE",
  "double precision": "DOUBLE",
  integer: "INTEGER",
  json: "JSON",
  text: "VARCHAR",
  "timestamp with time zone": "TIMESTAMPTZ",
};

/** DuckDB's own limit of a line (bytes). */
const LINE = 16 * 1024 * 1024;

/**
 * A script that gives DuckDB a view for each table, and the views over them.
 *
 * @param input The tables.
 * @return SQL.
 */
export function duckdbScript(input: LoadInput): string {
  const statements = input.tables.map((table) =>
    view(relationOf(table.name), rowsOf(table, input))
  );
  for (const { name, about, select } of viewsOf(input, standardDialect(TYPES))) {
    statements.push(`${comment(about)}\n${view(name, select)}`);
  }
  const history = historyOf(input);
  if (history !== undefined) {
    const about = "Each record's current version in each snapshot beside this one";
    statements.push(`${comment(about)}\n${view("history", history)}`);
  }
  const head = [comment(`Tables of ${input.of} as views of DuckDB: duckdb my.db < this file`)];
  return `${[...head, ...statements].join("\n\n")}\n`;
}

function view(name: string, select: string): string {
  return `CREATE OR REPLACE VIEW ${identifier(name)} AS\n${select};`;
}

function rowsOf(table: LoadTable, { format }: LoadInput): string {
  if (table.parts.length === 0) {
    const columns = table.columns.map(({ name, sql_type }) => {
      return `CAST(NULL AS ${TYPES[sql_type]}) AS ${identifier(name)}`;
    });
    return `SELECT ${columns.join(", ")} WHERE false`;
  }
  const files = `[${table.parts.map(({ address }) => literal(address)).join(", ")}]`;
  const columns = table.columns.map(({ name, sql_type }) => [name, TYPES[sql_type]] as const);
  return `SELECT * FROM ${reader(format, files, columns, largest(table))}`;
}

function reader(
  format: LoadInput["format"],
  files: string,
  columns: readonly (readonly [name: string, type: string])[],
  size: number,
  more = "",
): string {
  if (format === "parquet") {
    // The files tell the types.
    return `read_parquet(${files}, hive_partitioning = false, union_by_name = true${more})`;
  }
  const types = columns.map(([name, type]) => `${literal(name)}: ${literal(type)}`).join(", ");
  const common = `hive_partitioning = false${more}, columns = {${types}}`;
  if (format === "ndjson") {
    return `read_json(${files}, format = 'newline_delimited', maximum_object_size = ${size}, ${common})`;
  }
  // An empty text has quotes, null has none.
  return `read_csv(${files}, header = true, auto_detect = false, delim = ',', quote = '"', ` +
    `escape = '"', nullstr = '', allow_quoted_nulls = false, max_line_size = ${size}, ` +
    `buffer_size = ${2 * size}, ${common})`;
}

/** No line is longer than the part that it is in. */
function largest({ parts }: LoadTable): number {
  return Math.max(LINE, ...parts.map(({ size }) => size));
}

/** Snapshots lie side by side, and their folders' names say when they were begun. */
function historyOf({ tables, format }: LoadInput): string | undefined {
  // A part of CSV has the columns that its model had then.
  if (format === "csv") return undefined;
  const selects = tables.flatMap((table) => {
    const part = table.parts.find(({ address }) => /\/version=current\//.test(address));
    if (!table.name.startsWith("records/") || !part) return [];
    const files = part.address.replace(/(^|\/)snapshot_\d+\//, "$1snapshot_*/")
      .replace(/part_(?:\d+|\*)\.(ndjson|parquet).*$/, "part_*.$1*");
    if (files === part.address || !files.includes("snapshot_*/")) return [];
    const title = titleColumn(table);
    const names = ["id", "_model", "_locale", "_status"].map((name) => [name, "VARCHAR"] as const);
    const columns = [...names, ["_updated_at", "TIMESTAMPTZ"]] as [string, string][];
    if (title !== undefined) columns.push([title, "VARCHAR"]);
    const from = reader(format, literal(files), columns, largest(table), ", filename = true");
    const value = title === undefined ? "CAST(NULL AS VARCHAR)" : identifier(title);
    return [
      `SELECT CAST(regexp_extract(filename, '.*snapshot_(\\d+)/', 1) AS BIGINT) AS snapshot,
  _model AS model, id, _locale AS locale, _status AS status, _updated_at AS updated_at, ` +
      `${value} AS title\nFROM ${from}`,
    ];
  });
  return selects.length === 0 ? undefined : selects.join("\nUNION ALL\n");
}
