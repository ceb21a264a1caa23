/**
 * How many records rows of a table are of: those of one record are next to each other.
 *
 * @param table The table's name.
 * @param ids The record's id of each row.
 * @return `undefined` if it isn't a table of records, but of blocks, references or uploads.
 */
export function countRecords(table: string, ids: Iterable<unknown>): number | undefined {
  if (!table.startsWith("records/")) return undefined;
  let count = 0;
  let before: unknown;
  for (const id of ids) {
    if (id !== before) count++;
    before = id;
  }
  return count;
}
