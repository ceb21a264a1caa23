import { getOwn } from "../content/own.ts";
import type { Json, JsonObject, Page } from "../content/resource.ts";

const ENCODER = new TextEncoder();

/** What can't be in a value without quotes. */
const SPECIAL = /[",\r\n]/;

/** What a spreadsheet takes for a formula; some take the full-width characters for the usual ones. */
const FORMULA = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;

/** Options of {@linkcode encodeCsv}. */
export interface CsvOptions {
  /** The columns, in order. @default {the columns of the first row} */
  readonly columns?: readonly string[] | undefined;
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
  const columns = options.columns ?? Object.keys(page[0] ?? {});
  const { header = true, escapeFormulas = true } = options;
  let text = header ? line(columns, escapeFormulas) : "";
  for (const row of page) {
    text += line(columns.map((column) => getOwn(row, column)), escapeFormulas);
  }
  return ENCODER.encode(text);
}

function line(values: readonly (Json | undefined)[], escapeFormulas: boolean): string {
  return values.map((value) => cell(value, escapeFormulas)).join(",") + "\r\n";
}

function cell(value: Json | undefined, escapeFormulas: boolean): string {
  if (value === null || value === undefined) return "";
  if (value === "") return '""';
  // Numbers and JSON texts are no formulas, even if they begin with "-".
  if (typeof value !== "string") return quoted(JSON.stringify(value));
  return quoted(escapeFormulas && FORMULA.test(value) ? `'${value}` : value);
}

function quoted(text: string): string {
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
