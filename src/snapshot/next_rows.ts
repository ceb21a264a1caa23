import type { JsonObject, Page } from "../content/resource.ts";

/** Rows are encoded and placed this many at a time, or some more: those of a resource stay together. */
const ROWS_AT_ONCE = 100;

/**
 * The rows to encode next. Not all of a page at once: rows share what isn't localized, but their text doesn't,
 * and that of many locales may be longer than a string can be.
 *
 * @param rows The rows of a table, those of a resource next to each other.
 * @param from The first one to take.
 * @param column The column that says of which resource a row is.
 * @param most How many rows to take, but for those of the last resource.
 * @return About as many rows, all of the last resource's among them; none at the end.
 *
 * @example
 * ```ts
 * import { nextRows } from "./next_rows.ts";
 *
 * const rows = [{ id: "1", _locale: "en" }, { id: "1", _locale: "it" }, { id: "2", _locale: "en" }];
 * console.assert(nextRows(rows, 0, "id").length === 3);
 * ```
 */
export function nextRows(
  rows: Page<JsonObject>,
  from: number,
  column: string,
  most = ROWS_AT_ONCE,
): Page<JsonObject> {
  let end = Math.min(from + most, rows.length);
  while (end > from && end < rows.length && rows[end]![column] === rows[end - 1]![column]) end++;
  return rows.slice(from, end);
}
