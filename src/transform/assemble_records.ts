import type { Item, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { assembleBlocks } from "./assemble_blocks.ts";
import { exactRow } from "./loadable_rows.ts";
import { modelPlanByApiKey } from "./model_plan.ts";
import { recordFromRows } from "./record_rows.ts";

/** Rows of the tables. */
export interface RecordTables {
  /** Rows of `records/…` tables: all rows of each record, whatever the order. */
  readonly records: Page<JsonObject>;
  /** Rows of `blocks/…` tables: all rows of those records' blocks, whatever the order. */
  readonly blocks: Page<JsonObject>;
}

/**
 * Rebuilds records from table rows alone: the inverse of {@linkcode normalize}, if that made rows of
 * all locales.
 *
 * @param tables The rows.
 * @param schema The schema that the rows were made with.
 * @return The records in nested form, deeply equal to what the API sent: version by version, and then
 * in the order of their rows.
 */
export function assembleRecords(tables: RecordTables, schema: SchemaIndex): Page<Item> {
  const blocksByVersion = Map.groupBy(tables.blocks.map(exactRow), ({ _version }) => _version);
  return [...Map.groupBy(tables.records.map(exactRow), ({ _version }) => _version)].flatMap(
    ([version, rows]) => {
      const byRecord = Map.groupBy(rows, ({ id }) => id);
      const records = [...byRecord.values()].map((rows) =>
        recordFromRows(rows, modelPlanByApiKey(schema, String(rows[0]?._model)))
      );
      return assembleBlocks({ records, blocks: blocksByVersion.get(version) ?? [] }, schema);
    },
  );
}
