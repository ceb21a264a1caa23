import { backticked, type Dialect, escapedLiteral } from "./dialect.ts";
import { comment, type LoadInput, type LoadTable, relationOf, titleColumn } from "./load_tables.ts";
import { viewsOf } from "./views.ts";

const DIALECT: Dialect = {
  types: {
    bigint: "Nullable(Int64)",
    boolean: "Nullable(Bool)",
    date: "Nullable(Date32)",
    "double precision": "Nullable(Float64)",
    integer: "Nullable(Int32)",
    json: "Nullable(String)",
    text: "Nullable(String)",
    "timestamp with time zone": "Nullable(DateTime64(3, 'UTC'))",
  },
  identifier: backticked,
  literal: escapedLiteral,
  relation: (name) => `sluice.${backticked(name)}`,
  jsonText: (column) => column,
  each: (fields) => ({
    join: `ARRAY JOIN [${
      fields.map(([name, filled]) => `tuple(${name}, ${filled})`).join(", ")
    }] AS f`,
    field: "f.1",
    filled: "f.2",
  }),
};

/** What the views need to be as in other engines: joins give nulls, and times may be in ISO 8601. */
const SETTINGS = "SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', " +
  "use_hive_partitioning = 0";

/**
 * A script that gives ClickHouse a view for each table, in the database `sluice`, and the views over them.
 *
 * @param input The tables.
 * @return SQL.
 */
export function clickhouseScript(input: LoadInput): string {
  const statements = input.tables.map((table) => {
    return view(relationOf(table.name), rowsOf(table, input));
  });
  for (const { name, about, select } of viewsOf(input, DIALECT)) {
    statements.push(`${comment(about)}\n${view(name, select)}`);
  }
  const history = historyOf(input);
  if (history !== undefined) {
    const about = "Each record's current version in each snapshot beside this one";
    statements.push(`${comment(about)}\n${view("history", history)}`);
  }
  const head = [
    comment(`Tables of ${input.of} for ClickHouse: clickhouse local --path db < this file`),
    "CREATE DATABASE IF NOT EXISTS sluice;",
  ];
  return `${[...head, ...statements].join("\n\n")}\n`;
}

function view(name: string, select: string): string {
  return `CREATE OR REPLACE VIEW ${DIALECT.relation(name)} AS\n${select}\n${SETTINGS};`;
}

function rowsOf({ columns, parts }: LoadTable, { format }: LoadInput): string {
  const { types, identifier } = DIALECT;
  if (parts.length === 0) {
    const nulls = columns.map(({ name, sql_type }) => {
      return `CAST(NULL AS ${types[sql_type]}) AS ${identifier(name)}`;
    });
    return `SELECT * FROM (SELECT ${nulls.join(", ")}) WHERE 1 = 0`;
  }
  const structure = columns.map(({ name, sql_type }) => [name, types[sql_type]] as const);
  return `SELECT * FROM ${
    reader(together(parts.map(({ address }) => address)), structure, format)
  }`;
}

function reader(
  address: string,
  columns: readonly (readonly [name: string, type: string])[],
  format: LoadInput["format"],
): string {
  const { identifier, literal } = DIALECT;
  const structure = columns.map(([name, type]) => `${identifier(name)} ${type}`).join(", ");
  const form = format === "parquet" ? "Parquet" : "JSONEachRow";
  const read = address.startsWith("s3://") ? "s3" : "file";
  return `${read}(${literal(address)}, ${literal(form)}, ${literal(structure)})`;
}

/** One address for several: what differs of them is in braces. */
function together(addresses: readonly string[]): string {
  const [first = ""] = addresses;
  if (addresses.length === 1) return first;
  let same = 0;
  while (addresses.every((address) => address[same] === first[same])) same++;
  const folder = first.lastIndexOf("/", same - 1) + 1;
  return `${first.slice(0, folder)}{${addresses.map((each) => each.slice(folder)).join(",")}}`;
}

/** Snapshots lie side by side, and their folders' names say when they were begun. */
function historyOf({ tables, format }: LoadInput): string | undefined {
  const { types, identifier } = DIALECT;
  const selects = tables.flatMap((table) => {
    const part = table.parts.find(({ address }) => address.includes("/version=current/"));
    if (!table.name.startsWith("records/") || !part) return [];
    const files = part.address.replace(/(^|\/)snapshot_\d+\//, "$1snapshot_*/")
      .replace(/part_(?:\d+|\*)\.(ndjson|parquet).*$/, "part_*.$1*");
    if (!files.includes("snapshot_*/")) return [];
    const title = titleColumn(table);
    const names = ["id", "_model", "_locale", "_status"].map((name) => [name, types.text] as const);
    const time = ["_updated_at", types["timestamp with time zone"]] as const;
    const own = title === undefined ? [] : [[title, types.text] as const];
    const value = title === undefined ? "CAST(NULL AS Nullable(String))" : identifier(title);
    return [
      `SELECT toInt64(extract(_path, 'snapshot_(\\\\d+)/')) AS snapshot, _model AS model, id, ` +
      `_locale AS locale,\n  _status AS status, _updated_at AS updated_at, ${value} AS title\n` +
      `FROM ${reader(files, [...names, time, ...own], format)}`,
    ];
  });
  return selects.length === 0 ? undefined : selects.join("\nUNION ALL\n");
}
