import { stringify } from "csv-stringify/sync";
import { getOwn } from "../text/own.ts";
import type { JsonObject, Page } from "../content/resource.ts";
import type { TableColumn } from "./table_schema.ts";

const ENCODER = new TextEncoder();

/** Options of {@linkcode encodeCsv}. */
export interface CsvOptions {
  /**
   * The columns, in order: their names, or as {@linkcode tableSchema} describes them. A text in a column that
   * is described as JSON is written as JSON too, so that it isn't taken for a number, a list or nothing.
   *
   * @default {the columns of the first row}
   */
  readonly columns?: readonly (string | CsvColumn)[] | undefined;
  /** Whether a first line names the columns. @default {true} */
  readonly header?: boolean | undefined;
  /**
   * Whether texts that a spreadsheet would run as a formula get a `'` in front: those of columns that are
   * described as `free_text`, or of which only the name is known. Ids, references and JSON stay as they are.
   *
   * @default {false}
   */
  readonly escapeFormulas?: boolean | undefined;
}

/** What of a column matters to how it is written. */
export type CsvColumn =
  & Pick<TableColumn, "name" | "sql_type">
  & Partial<Pick<TableColumn, "free_text">>;

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/**
 * Encodes table rows as CSV in UTF-8: comma-separated, quoted where needed, lines ending in CR LF.
 *
 * Objects and lists are written as JSON. Null is an empty value, an empty text is `""`, so that
 * PostgreSQL's and DuckDB's readers tell them apart.
 *
 * @param options Columns, header and formulas.
 * @return A stream that takes pages of rows of one table and gives bytes.
 *
 * @example
 * ```ts
 * import { encodeCsv } from "./encode_csv.ts";
 *
 * const bytes = ReadableStream.from([[{ id: "1", tags: ["a", "b"] }]]).pipeThrough(encodeCsv());
 * console.assert(await new Response(bytes).text() === 'id,tags\r\n1,"[""a"",""b""]"\r\n');
 * ```
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4180}
 * @see {@link https://owasp.org/www-community/attacks/CSV_Injection}
 */
export function encodeCsv(
  options: CsvOptions = {},
): TransformStream<Page<JsonObject>, Uint8Array<ArrayBuffer>> {
  let { columns } = options;
  let header = options.header ?? true;
  return new TransformStream({
    transform(page, controller) {
      const [first] = page;
      if (!first) return;
      columns ??= Object.keys(first);
      controller.enqueue(csvBytes(page, { ...options, columns, header }));
      header = false;
    },
    flush(controller) {
      if (header && columns) controller.enqueue(csvBytes([], { ...options, columns, header }));
    },
  });
}

/**
 * One page as CSV, as {@linkcode encodeCsv} encodes it.
 *
 * @param page Rows of one table.
 * @param options Columns, header and formulas.
 * @return The page in UTF-8.
 */
export function csvBytes(
  page: Page<JsonObject>,
  options: CsvOptions = {},
): Uint8Array<ArrayBuffer> {
  const columns = (options.columns ?? Object.keys(page[0] ?? {})).map((column) =>
    typeof column === "string" ? { name: column, isJson: false, isFreeText: true } : {
      name: column.name,
      isJson: column.sql_type === "json",
      isFreeText: column.free_text === true,
    }
  );
  const { escapeFormulas = false } = options;
  // Rows as arrays, because csv-stringify takes a column's name for a path into the row.
  const lines: unknown[][] = page.map((row) =>
    columns.map(({ name, isJson, isFreeText }) => {
      const value = getOwn(row, name);
      if (typeof value !== "string") return value;
      if (isJson) return JSON.stringify(value);
      return escapeFormulas && isFreeText && FORMULA.test(value) ? `'${value}` : value;
    })
  );
  if (options.header ?? true) lines.unshift(columns.map(({ name }) => name));
  const text = stringify(lines, {
    record_delimiter: "windows",
    quote_record_delimiter: true,
    quoted_match: [/^$/],
    cast: { boolean: String, object: (value) => JSON.stringify(value) },
  });
  return ENCODER.encode(text);
}
