import type { SqlType } from "../../content/field_types.ts";
import { backticked, type Dialect, escapedLiteral, identifier, literal } from "./dialect.ts";
import { comment, type LoadInput, type LoadTable, relationOf, titleColumn } from "./load_tables.ts";
import { viewsOf } from "./views.ts";

const TYPES: Readonly<Record<SqlType, string>> = {
  bigint: "bigint",
  boolean: "boolean",
  date: "date",
  "double precision": "double",
  integer: "integer",
  json: "varchar",
  text: "varchar",
  // In UTC: views take no other.
  "timestamp with time zone": "timestamp(3)",
};

/** What the files of Parquet hold, in the words of Hive. */
const PARQUET_TYPES: Readonly<Record<SqlType, string>> = {
  bigint: "bigint",
  boolean: "boolean",
  date: "date",
  "double precision": "double",
  integer: "int",
  json: "string",
  text: "string",
  "timestamp with time zone": "timestamp",
};

/** Dates and times of JSON are text until they are read. */
const JSON_TYPES = { ...PARQUET_TYPES, date: "string", "timestamp with time zone": "string" };

const DIALECT: Dialect = {
  types: TYPES,
  identifier,
  literal,
  relation: (name) => `sluice.${identifier(name)}`,
  jsonText: (column) => column,
  each: (fields) => ({
    join: `CROSS JOIN UNNEST(ARRAY[${fields.map(([name]) => name).join(", ")}], ARRAY[${
      fields.map(([, filled]) => filled).join(", ")
    }]) AS f(field, filled)`,
    field: "f.field",
    filled: "f.filled",
  }),
};

/**
 * Statements that give Athena a table for the files of each of the tables, a view of its rows with their types, all in
 * the database `sluice`, and the views over them.
 *
 * @param input The tables.
 * @return SQL.
 */
export function athenaScript(input: LoadInput): string {
  const statements = input.tables.map((table) => loaded(table, input));
  for (const { name, about, select } of viewsOf(input, DIALECT)) {
    statements.push(`${comment(about)}\n${view(name, select)}`);
  }
  const history = historyOf(input);
  if (history !== undefined) statements.push(history);
  return `${
    [
      comment(`Tables of ${input.of} for Athena, which takes one statement at a time`),
      comment(
        "It reads S3: copy a snapshot that is elsewhere there, and write the copy's address.",
      ),
      "CREATE DATABASE IF NOT EXISTS sluice;",
      ...statements,
    ].join("\n\n")
  }\n`;
}

function view(name: string, select: string): string {
  return `CREATE OR REPLACE VIEW ${DIALECT.relation(name)} AS\n${select};`;
}

function loaded(table: LoadTable, { format }: LoadInput): string {
  const { name, columns, parts } = table;
  const relation = relationOf(name);
  if (parts.length === 0) {
    const nulls = columns.map(({ name, sql_type }) => {
      return `CAST(NULL AS ${TYPES[sql_type]}) AS ${identifier(name)}`;
    });
    return view(relation, `SELECT * FROM (SELECT ${nulls.join(", ")}) nothing WHERE 1 = 0`);
  }
  const [{ address }] = parts as [LoadTable["parts"][number]];
  // Its versions are in folders of it, which are read, too.
  const folder = address.replace(/(?:version=\w+\/)?[^/]*$/, "");
  const files = `${relation}_files`;
  const selected = columns.map(({ name, sql_type }) => {
    const column = identifier(name);
    const value = valueOf(column, sql_type, format);
    return value === column ? column : `${value} AS ${column}`;
  });
  return `${external(files, columns.map(({ name, sql_type }) => [name, sql_type]), folder, format)}

${view(relation, `SELECT ${selected.join(", ")}\nFROM ${DIALECT.relation(files)}`)}`;
}

function external(
  name: string,
  columns: readonly (readonly [name: string, type: SqlType])[],
  folder: string,
  format: LoadInput["format"],
): string {
  const types = format === "parquet" ? PARQUET_TYPES : JSON_TYPES;
  const typed = columns.map(([name, type]) => `${backticked(name)} ${types[type]}`).join(", ");
  const form = format === "parquet"
    ? "STORED AS PARQUET"
    : "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'";
  const table = `sluice.${backticked(name)}`;
  return `DROP TABLE IF EXISTS ${table};

CREATE EXTERNAL TABLE ${table} (${typed})
${form}
LOCATION ${escapedLiteral(folder)};`;
}

function valueOf(column: string, type: SqlType, format: LoadInput["format"]): string {
  if (format === "parquet") return column;
  if (type === "date") return `CAST(${column} AS date)`;
  if (type !== "timestamp with time zone") return column;
  return `CAST(from_iso8601_timestamp(${column}) AT TIME ZONE 'UTC' AS ${TYPES[type]})`;
}

/** Snapshots lie side by side: the table is of all of them, and the view takes what is of records. */
function historyOf({ tables, format }: LoadInput): string | undefined {
  const records = tables.filter(({ name, parts }) => {
    return name.startsWith("records/") && parts.some(({ address }) => {
      return /\/snapshot_\d+\/.*\/version=current\//.test(address);
    });
  });
  const address = records[0]?.parts[0]?.address;
  if (address === undefined) return undefined;
  const titles = records.flatMap((table) => {
    const title = titleColumn(table);
    return title === undefined ? [] : [[table.model?.api_key ?? table.name, title] as const];
  });
  const text = ["id", "_model", "_locale", "_status"].map((name) => [name, "text"] as const);
  const own = [...new Set(titles.map(([, title]) => title))].map((name) => [name, "text"] as const);
  const time = ["_updated_at", "timestamp with time zone"] as const;
  const folder = address.replace(/\/snapshot_\d+\/.*$/, "/");
  const cases = titles.map(([model, title]) => {
    return `\n    WHEN ${literal(model)} THEN ${identifier(title)}`;
  });
  const title = titles.length === 0 ? "CAST(NULL AS varchar)" : `CASE _model${cases.join("")} END`;
  const select = `SELECT CAST(regexp_extract("$path", 'snapshot_(\\d+)/', 1) AS bigint) AS snapshot,
  _model AS model, id, _locale AS locale, _status AS status,
  ${valueOf("_updated_at", time[1], format)} AS updated_at, ${title} AS title
FROM sluice.history_files
WHERE regexp_like("$path", '/snapshot_\\d+/tables/records/[^/]+/version=current/part_\\d+\\.${format}')`;
  const about = "Each record's current version in each snapshot beside this one";
  return `${external("history_files", [...text, time, ...own], folder, format)}

${comment(about)}\n${view("history", select)}`;
}
