import type { Item, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { linkRows } from "./collect_links.ts";
import { takeBlocks } from "./extract_blocks.ts";
import { loadableRows, type StrictColumns, strictColumns } from "./loadable_rows.ts";
import { localeRows } from "./normalize_locales.ts";
import { renderedRows, type StructuredTextFormat } from "./render_structured_text.ts";
import type { TableOptions } from "./table_options.ts";
import { tableSchema } from "./table_schema.ts";

/** Rows of one table. */
export interface TableRows {
  /** The table's name: `records/<model>`, `blocks/<block model>` or `links`. */
  readonly table: string;
  /** The rows, all with the same columns in the same order. */
  readonly rows: Page<JsonObject>;
}

/** Options of {@linkcode normalize}. */
export interface NormalizeOptions extends TableOptions {
  /** What structured text is rendered as in a column of its own. @default {undefined} for not at all */
  readonly structuredText?: StructuredTextFormat | undefined;
}

/**
 * Turns records into all their table rows: one row per record and locale, one per block, one per
 * reference.
 *
 * It does what {@linkcode extractBlocks}, {@linkcode normalizeLocales}, {@linkcode renderStructuredText}
 * and {@linkcode collectLinks} do, and {@linkcode assembleRecords} is its inverse. What programs that read tables
 * refuse, such as half of a surrogate pair, is replaced; `_extra` has what it was.
 *
 * @param schema The project's schema.
 * @param options Which version the records are, which locales get rows, what structured text becomes.
 * @return A stream that takes pages of records in nested mode and gives, for each, the rows by table.
 *
 * @example
 * ```ts
 * import { SchemaIndex } from "../content/schema_index.ts";
 * import { normalize } from "./normalize.ts";
 *
 * const schema = new SchemaIndex({ locales: ["en"], itemTypes: [], fields: [], fieldsets: [] });
 * const pages = ReadableStream.from([]).pipeThrough(normalize(schema, { version: "current" }));
 * for await (const tables of pages) {
 *   for (const { table, rows } of tables) console.log(table, rows.length);
 * }
 * ```
 */
export function normalize(
  schema: SchemaIndex,
  options: NormalizeOptions,
): TransformStream<Page<Item>, readonly TableRows[]> {
  return new TransformStream({
    transform(page, controller) {
      controller.enqueue(tableRows(page, schema, options));
    },
  });
}

/**
 * Turns one page of records into table rows, as {@linkcode normalize} does.
 *
 * @param page Records in nested mode; they aren't changed, but rows share their values.
 * @param schema The project's schema.
 * @param options Which version the records are, which locales get rows, what structured text becomes.
 * @return The rows by table; a table without rows isn't there.
 */
export function tableRows(
  page: Page<Item>,
  schema: SchemaIndex,
  options: NormalizeOptions,
): TableRows[] {
  const extracted = takeBlocks(page, schema, options);
  const tables: TableRows[] = [
    ...byModel("records", localeRows(extracted.records, schema, options)),
    ...byModel("blocks", extracted.blocks),
  ];
  const { structuredText: as, onWarning } = options;
  const rendered = as === undefined ? tables : tables.map(({ table, rows }) => ({
    table,
    rows: renderedRows(rows, schema, { as, onWarning }),
  }));
  const links = linkRows(page, schema, options);
  const all = links.length === 0 ? rendered : [...rendered, { table: "links", rows: links }];
  const strict = strictTables(schema);
  return all.map(({ table, rows }) => ({
    table,
    rows: loadableRows(table, rows, strict.get(table), onWarning),
  }));
}

function byModel(folder: string, rows: Page<JsonObject>): TableRows[] {
  return [...Map.groupBy(rows, ({ _model }) => _model)]
    .map(([model, rows]) => ({ table: `${folder}/${model}`, rows }));
}

const strictTablesOf = new WeakMap<SchemaIndex, ReadonlyMap<string, StrictColumns>>();

/** By table, the columns whose types don't take every value. It is worked out once per schema. */
function strictTables(schema: SchemaIndex): ReadonlyMap<string, StrictColumns> {
  let known = strictTablesOf.get(schema);
  if (known === undefined) {
    const { tables } = tableSchema(schema);
    known = new Map(tables.map(({ name, columns }) => [name, strictColumns(columns)]));
    strictTablesOf.set(schema, known);
  }
  return known;
}
