import type { SqlType } from "../../content/field_types.ts";
import { identifier, literal, standardDialect } from "./dialect.ts";
import { comment, type LoadInput, type LoadTable, relationOf } from "./load_tables.ts";
import { viewsOf } from "./views.ts";

const TYPES: Readonly<Record<SqlType, string>> = {
  bigint: "bigint",
  boolean: "boolean",
  date: "date",
  "double precision": "double precision",
  integer: "integer",
  json: "jsonb",
  text: "text",
  "timestamp with time zone": "timestamp with time zone",
};

/** A shell takes a command of 128 KiB at most. */
const PARTS_AT_ONCE = 200;

/**
 * A script for psql that makes tables of a snapshot's tables, in a schema of their own, and the views over them.
 *
 * @param input The tables.
 * @return Commands of psql and SQL.
 */
export function postgresScript(input: LoadInput): string {
  const views = viewsOf(input, standardDialect(TYPES)).map(({ name, about, select }) => {
    return `${comment(about)}\nCREATE VIEW ${identifier(name)} AS\n${select};`;
  });
  return `${
    [
      comment(`Tables of ${input.of} for PostgreSQL: psql -f this file`),
      comment("They are in the schema sluice, which is made anew: its earlier content is dropped."),
      "\\set ON_ERROR_STOP on\nSET client_min_messages TO warning;\nSET client_encoding TO 'UTF8';\nBEGIN;",
      "DROP SCHEMA IF EXISTS sluice CASCADE;\nCREATE SCHEMA sluice;\nSET search_path TO sluice;",
      "CREATE TEMPORARY TABLE sluice_lines (line jsonb) ON COMMIT DROP;",
      ...input.tables.map((table) => loaded(table, input)),
      ...views,
      "COMMIT;",
    ].join("\n\n")
  }\n`;
}

function loaded(table: LoadTable, { format }: LoadInput): string {
  const name = identifier(relationOf(table.name));
  const columns = table.columns.map(({ name, sql_type }) => {
    return `${identifier(name)} ${TYPES[sql_type]}`;
  });
  const statements = [`CREATE TABLE ${name} (${columns.join(", ")});`];
  if (format === "csv") {
    for (const { address } of table.parts) {
      statements.push(
        `\\copy ${name} FROM PROGRAM ${literal(textOf([address]))} (FORMAT csv, HEADER)`,
      );
    }
    return statements.join("\n");
  }
  for (let next = 0; next < table.parts.length; next += PARTS_AT_ONCE) {
    const parts = table.parts.slice(next, next + PARTS_AT_ONCE).map(({ address }) => address);
    statements.push(
      // No text of JSON holds the characters that are the delimiter and the quote here.
      `\\copy sluice_lines FROM PROGRAM ${literal(textOf(parts))} ` +
        `(FORMAT csv, DELIMITER e'\\x02', QUOTE e'\\x01')`,
      `INSERT INTO ${name} SELECT r.* FROM sluice_lines, ` +
        `jsonb_populate_record(CAST(NULL AS ${name}), line) r;`,
      "TRUNCATE sluice_lines;",
    );
  }
  return statements.join("\n");
}

/** A command of the shell that writes the text of some parts. */
function textOf(parts: readonly string[]): string {
  const [first = ""] = parts;
  const unpack = first.endsWith(".gz") ? "gzip -dc" : first.endsWith(".zst") ? "zstd -dcq" : "cat";
  if (!first.startsWith("s3://")) return `${unpack} ${parts.map(quoted).join(" ")}`;
  const fetched = parts.map((part) => `aws s3 cp ${quoted(part)} -`).join(" && ");
  return unpack === "cat" ? fetched : `{ ${fetched}; } | ${unpack}`;
}

/** An argument for the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
