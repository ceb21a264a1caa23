import type { SqlType } from "../../content/field_types.ts";
import {
  BLOCK_META,
  type MetaColumn,
  RECORD_CREATOR,
  RECORD_HEAD,
  RECORD_META,
  RECORD_PLACE,
} from "../meta_columns.ts";
import type { Dialect } from "./dialect.ts";
import { type LoadInput, type LoadTable, relationOf, titleColumn } from "./load_tables.ts";

const RECORD_COLUMNS = [...RECORD_HEAD, ...RECORD_META, ...RECORD_CREATOR, ...RECORD_PLACE];

/** A view: its name, and what it selects. */
export interface View {
  /** Its name. */
  readonly name: string;
  /** What it holds. */
  readonly about: string;
  /** What it selects. */
  readonly select: string;
}

/**
 * The views over a snapshot's tables that answer most questions in a few lines.
 *
 * @param input The tables.
 * @param dialect What the engine's SQL has of its own.
 */
export function viewsOf(input: LoadInput, dialect: Dialect): View[] {
  const records = tablesIn(input, "records/");
  const blocks = tablesIn(input, "blocks/");
  const views: View[] = [
    {
      name: "all_records",
      about: "The records of all models: their columns but for fields, and _title",
      select: union(
        records.map((table) => metaOf(table, RECORD_COLUMNS, dialect, titleOf(table, dialect))),
        `${nothing(RECORD_COLUMNS, dialect)}, ${nullOf("_title", "text", dialect)}`,
      ),
    },
    {
      name: "all_blocks",
      about: "The blocks of all block models: their columns but for fields",
      select: union(
        blocks.map((table) => metaOf(table, BLOCK_META, dialect)),
        nothing(BLOCK_META, dialect),
      ),
    },
  ];
  if (!input.tables.some(({ name }) => name === "locales")) {
    views.push({
      name: "locales",
      about: "The project's locales",
      select: union(
        input.locales.map((locale, position) => {
          const isMain = `${position === 0}`;
          return `SELECT ${
            dialect.literal(locale)
          } AS locale, ${position} AS position, ${isMain} AS is_main`;
        }),
        "SELECT '' AS locale, 0 AS position, false AS is_main",
      ),
    });
  }
  return [
    ...views,
    recordTitles(dialect),
    translations(records, dialect),
    usages(dialect),
  ];
}

/** The tables of a kind, in their order. */
function tablesIn({ tables }: LoadInput, folder: string): LoadTable[] {
  return tables.filter(({ name }) => name.startsWith(folder));
}

function metaOf(
  { name, columns }: LoadTable,
  meta: readonly MetaColumn[],
  dialect: Dialect,
  more: readonly string[] = [],
): string {
  const known = new Set(columns.map(({ name }) => name));
  const selected = meta.map(({ name, sqlType }) => {
    return known.has(name) ? dialect.identifier(name) : nullOf(name, sqlType, dialect);
  });
  const from = dialect.relation(relationOf(name));
  return `SELECT ${[...selected, ...more].join(", ")}\nFROM ${from}`;
}

function titleOf(table: LoadTable, { types, identifier }: Dialect): string[] {
  const title = titleColumn(table);
  const value = title === undefined ? "NULL" : identifier(title);
  return [`CAST(${value} AS ${types.text}) AS ${identifier("_title")}`];
}

function nothing(meta: readonly MetaColumn[], dialect: Dialect): string {
  return `SELECT ${meta.map(({ name, sqlType }) => nullOf(name, sqlType, dialect)).join(", ")}`;
}

function nullOf(name: string, type: SqlType, { types, identifier }: Dialect): string {
  return `CAST(NULL AS ${types[type]}) AS ${identifier(name)}`;
}

/** All rows of some queries; none, in the form of another, if there are none. */
function union(selects: readonly string[], empty: string): string {
  if (selects.length === 0) return `SELECT * FROM (${empty}) nothing WHERE 1 = 0`;
  return selects.join("\nUNION ALL\n");
}

function recordTitles({ relation }: Dialect): View {
  const order = `r._version, CASE WHEN r._title IS NULL THEN 1 ELSE 0 END, l.position, r._locale`;
  return {
    name: "record_titles",
    about: "Each record once, with its title in the first of the project's locales that has one",
    select: `SELECT id, model, title FROM (
  SELECT r.id AS id, r._model AS model, r._title AS title,
    row_number() OVER (PARTITION BY r.id ORDER BY ${order}) AS nth
  FROM ${relation("all_records")} r LEFT JOIN ${relation("locales")} l ON l.locale = r._locale
) titles WHERE nth = 1`,
  };
}

function translations(records: readonly LoadTable[], dialect: Dialect): View {
  const { identifier, literal, relation } = dialect;
  const selects = records.flatMap(({ name, model, columns }) => {
    const fields = columns.filter(({ localized, field_type }) => localized && field_type !== null);
    if (fields.length === 0) return [];
    const table = relation(relationOf(name));
    const each = dialect.each(fields.map(({ name, sql_type }) => {
      return [literal(name), isFilled(`r.${identifier(name)}`, sql_type, dialect)];
    }));
    return [
      `SELECT ${literal(model?.api_key ?? name)} AS model, k.id AS id, l.locale AS locale, ` +
      `${each.field} AS field, ${each.filled} AS filled
FROM (SELECT DISTINCT id FROM ${table} WHERE _version = 'current') k
CROSS JOIN ${relation("locales")} l
LEFT JOIN ${table} r ON r.id = k.id AND r._locale = l.locale AND r._version = 'current'
${each.join}`,
    ];
  });
  const texts = ["model", "id", "locale", "field"].map((name) => nullOf(name, "text", dialect));
  const empty = `SELECT ${texts.join(", ")}, ${nullOf("filled", "boolean", dialect)}`;
  return {
    name: "translations",
    about: "Each localized field of each current record in each locale of the project",
    select: union(selects, empty),
  };
}

/** Whether a column holds more than nothing: not an empty text, list or object either. */
function isFilled(column: string, type: SqlType, { jsonText }: Dialect): string {
  if (type === "text") return `coalesce(${column} <> '', false)`;
  if (type !== "json") return `${column} IS NOT NULL`;
  return `coalesce(${jsonText(column)} NOT IN ('[]', '{}', '""', 'null'), false)`;
}

function usages({ relation }: Dialect): View {
  return {
    name: "usages",
    about: "Who refers to which record or asset, by field and locale, and how often",
    select: `SELECT target_type, target_id, _record_model AS model, _record_id AS record_id,
  _version AS version, _locale AS locale, _kind AS kind, count(*) AS times
FROM ${relation("links")} GROUP BY 1, 2, 3, 4, 5, 6, 7`,
  };
}
