import { padToWidth, textWidth } from "./width.ts";

/** How a column is set: `text` to the left, `number` to the right. */
export type Column = "text" | "number";

/**
 * Sets rows as columns, two blanks apart.
 *
 * @param columns How each column is set.
 * @param rows The rows, a heading first if there is one.
 * @return A line for each row.
 *
 * @example
 * ```ts
 * import { renderTable } from "./table.ts";
 *
 * const lines = renderTable(["text", "number"], [["articles", "12"], ["pages", "3"]]);
 * console.assert(lines[1] === "pages      3");
 * ```
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map((_, i) => Math.max(0, ...rows.map((row) => textWidth(row[i] ?? ""))));
  return rows.map((row) => {
    const cells = columns.map((column, i) => {
      return padToWidth(row[i] ?? "", widths[i]!, column === "text" ? "end" : "start");
    });
    return cells.join("  ").trimEnd();
  });
}
