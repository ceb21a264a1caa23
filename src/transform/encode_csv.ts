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
  readonly columns?: readonly (string | Pick<TableColumn, "name" | "sql_type">)[] | undefined;
  /** Whether a first line names the columns. @default {true} */
  readonly header?: boolean | undefined;
  /**
   * Whether texts that a spreadsheet would run as a formula get a `'` in front. Turn it off for
   * programs that want every text as it is.
   *
   * @default {true}
   */
  readonly escapeFormulas?: boolean | undefined;
}

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
    typeof column === "string" ? { name: column, isJson: false } : {
      name: column.name,
      isJson: column.sql_type === "json",
    }
  );
  // Rows as arrays, because csv-stringify takes a column's name for a path into the row.
  const lines: unknown[][] = page.map((row) =>
    columns.map(({ name, isJson }) => {
      const value = getOwn(row, name);
      return isJson && typeof value === "string" ? JSON.stringify(value) : value;
    })
  );
  if (options.header ?? true) lines.unshift(columns.map(({ name }) => name));
  const text = stringify(lines, {
    record_delimiter: "windows",
    quote_record_delimiter: true,
    escape_formulas: options.escapeFormulas ?? true,
    quoted_match: [/^$/],
    cast: { boolean: String, object: jsonText },
  });
  return ENCODER.encode(text);
}

/** A number with more digits than a double holds is an object that JSON writes as it came: no formula. */
function jsonText(value: object): string | { value: string; escape_formulas: false } {
  const text = JSON.stringify(value);
  return text.startsWith("-") ? { value: text, escape_formulas: false } : text;
}
