import type { JsonObject, Page } from "../content/resource.ts";
import { getOwn } from "../text/own.ts";
import { loadableRows, strictColumns } from "./loadable_rows.ts";
import { ASSET_COLUMNS } from "./meta_columns.ts";
import type { OnWarning } from "./warnings.ts";

const STRICT = strictColumns(
  ASSET_COLUMNS.map(({ name, sqlType }) => ({ name, sql_type: sqlType })),
);

/**
 * The rows of the table `assets`.
 *
 * @param lines Lines of a snapshot's list of what became of each asset; an older list has fewer values.
 * @param onWarning Called for each cell that readers would refuse.
 * @return One row per line.
 */
export function assetRows(lines: Page<JsonObject>, onWarning?: OnWarning): Page<JsonObject> {
  const rows = lines.map((line) => {
    const row: JsonObject = {};
    for (const { name } of ASSET_COLUMNS) row[name] = getOwn(line, name) ?? null;
    // Which export has fetched a file makes no difference to what there is.
    if (row.outcome === "downloaded" || row.outcome === "kept") row.outcome = "stored";
    return row;
  });
  return loadableRows("assets", rows, STRICT, onWarning);
}
