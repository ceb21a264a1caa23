import { parse } from "csv-parse/sync";
import type { TableFormat } from "./layout.ts";

/** A row of a part of a table: where it is, and whose it is. */
export interface PartRow {
  /** Where it begins (bytes). */
  readonly start: number;
  /** Where it ends, its line ending included (bytes). */
  readonly end: number;
  /** The ids that its column may stand for. */
  readonly ids: readonly string[];
}

/** What is in a part of a table. */
export interface PartRows {
  /** The size of what comes before the rows: the line that names the columns (bytes). */
  readonly head: number;
  /** The rows. */
  readonly rows: readonly PartRow[];
}

/**
 * The column that says whose a row is.
 *
 * @param path The path of a part of a table in a snapshot.
 */
export function idColumn(path: string): string {
  return /^tables\/(?:blocks|links)\//.test(path) ? "_record_id" : "id";
}

/**
 * Finds the rows of a part of a table, so that those that stay can be kept byte for byte.
 *
 * @param bytes The part.
 * @param format How rows are encoded.
 * @param column The column that says whose a row is.
 * @throws {SyntaxError} If it isn't such a part.
 *
 * @example
 * ```ts
 * import { partRows } from "./table_part.ts";
 *
 * const bytes = new TextEncoder().encode('id,text\r\n1,"a\r\nb"\r\n2,c\r\n');
 * const { head, rows } = partRows(bytes, "csv", "id");
 * console.assert(head === 9 && rows.length === 2 && rows[1]?.ids[0] === "2");
 * ```
 */
export function partRows(
  bytes: Uint8Array<ArrayBuffer>,
  format: TableFormat,
  column: string,
): PartRows {
  return format === "csv" ? csvRows(bytes, column) : ndjsonRows(bytes, column);
}

function ndjsonRows(bytes: Uint8Array<ArrayBuffer>, column: string): PartRows {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const rows: PartRow[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, start) + 1;
    if (end === 0) throw new SyntaxError("the last line of a table's part has no end");
    const row = JSON.parse(decoder.decode(bytes.subarray(start, end))) as Record<string, unknown>;
    rows.push({ start, end, ids: [idOf(row[column], column)] });
    start = end;
  }
  return { head: 0, rows };
}

function csvRows(bytes: Uint8Array<ArrayBuffer>, column: string): PartRows {
  const rows: PartRow[] = [];
  let head = 0;
  let index = -1;
  let start = 0;
  // Its own "raw" option loses the line feed of each row: the places are exact.
  const onRecord = (cells: string[], { bytes: end }: { readonly bytes: number }): null => {
    if (start === 0) {
      head = end;
      index = cells.indexOf(column);
    } else {
      const id = idOf(cells[index], column);
      // A text that looks like a formula has a "'" in front, as ids may that begin with "-".
      rows.push({ start, end, ids: id.startsWith("'") ? [id, id.slice(1)] : [id] });
    }
    start = end;
    return null;
  };
  try {
    parse(bytes, { record_delimiter: "\r\n", on_record: onRecord });
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`a table's part isn't CSV: ${why}`, { cause: error });
  }
  if (start !== bytes.length) throw new SyntaxError("a table's part isn't CSV to its end");
  return { head, rows };
}

function idOf(value: unknown, column: string): string {
  if (typeof value === "string") return value;
  throw new SyntaxError(`a row of a table has no ${column}`);
}

const LINE_FEED = 0x0a;
