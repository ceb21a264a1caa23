import { backticked, type Dialect, escapedLiteral } from "./dialect.ts";
import { comment, type LoadInput, type LoadTable, relationOf } from "./load_tables.ts";
import { viewsOf } from "./views.ts";

const DIALECT: Dialect = {
  types: {
    bigint: "INT64",
    boolean: "BOOL",
    date: "DATE",
    "double precision": "FLOAT64",
    integer: "INT64",
    json: "JSON",
    text: "STRING",
    "timestamp with time zone": "TIMESTAMP",
  },
  identifier: backticked,
  literal: escapedLiteral,
  relation: (name) => `sluice.${backticked(name)}`,
  jsonText: (column) => `TO_JSON_STRING(${column})`,
  each: (fields) => ({
    join: `CROSS JOIN UNNEST([${
      fields.map(([name, filled]) => `STRUCT(${name} AS field, ${filled} AS filled)`).join(", ")
    }]) AS f`,
    field: "f.field",
    filled: "f.filled",
  }),
};

/**
 * A script that loads tables of NDJSON into the dataset `sluice` of BigQuery, from Cloud Storage, and makes the views
 * over them.
 *
 * @param input The tables.
 * @return SQL.
 */
export function bigqueryScript(input: LoadInput): string {
  const views = viewsOf(input, DIALECT).map(({ name, about, select }) => {
    return `${comment(about)}\nCREATE OR REPLACE VIEW ${DIALECT.relation(name)} AS\n${select};`;
  });
  return `${
    [
      comment(`Tables of ${input.of} for BigQuery: bq query --use_legacy_sql=false < this file`),
      comment("It reads Cloud Storage: copy the snapshot there, and write the copy's address."),
      "CREATE SCHEMA IF NOT EXISTS sluice;",
      ...input.tables.map(loaded),
      ...views,
    ].join("\n\n")
  }\n`;
}

function loaded({ name, columns, parts }: LoadTable): string {
  const { types, identifier, literal, relation } = DIALECT;
  const table = relation(relationOf(name));
  const typed = columns.map(({ name, sql_type }) => `${identifier(name)} ${types[sql_type]}`);
  if (parts.length === 0) return `CREATE OR REPLACE TABLE ${table} (${typed.join(", ")});`;
  const uris = parts.map(({ address }) => literal(address)).join(", ");
  return `LOAD DATA OVERWRITE ${table} (${typed.join(", ")})\n` +
    `FROM FILES (format = 'JSON', uris = [${uris}]);`;
}
