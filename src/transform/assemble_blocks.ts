import { mapBlocks } from "../content/blocks.ts";
import { isObject } from "../text/json.ts";
import { jsonPointer } from "../content/json_pointer.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Item, Json, JsonObject, Page } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { blockFromRow } from "./block_rows.ts";
import type { ExtractedBlocks } from "./extract_blocks.ts";
import { type ModelPlan, modelPlanByApiKey, modelPlanOf } from "./model_plan.ts";

/**
 * Puts blocks back into the records that {@linkcode extractBlocks} took them out of.
 *
 * A block whose row isn't given stays an id.
 *
 * @param extracted Records in regular form, and the rows of their blocks in any order. The rows must
 * all be of the same version as the records.
 * @param schema The project's schema.
 * @return The records in nested form, deeply equal to what they were.
 */
export function assembleBlocks(extracted: ExtractedBlocks, schema: SchemaIndex): Page<Item> {
  const byRecord = new Map<string, Map<string, JsonObject>>();
  for (const row of extracted.blocks) {
    const record = String(row._record_id);
    let rows = byRecord.get(record);
    if (!rows) byRecord.set(record, rows = new Map());
    rows.set(String(row._path), row);
  }
  return extracted.records.map((record) => {
    const rows = byRecord.get(record.id);
    return rows ? nestedForm(record, modelPlanOf(schema, record), "", rows, schema) : record;
  });
}

/** The item with blocks in place of the ids it directly holds. */
function nestedForm(
  item: Item,
  plan: ModelPlan,
  itemPath: string,
  rows: ReadonlyMap<string, JsonObject>,
  schema: SchemaIndex,
): Item {
  if (plan.blockFields.length === 0 || !isObject(item.attributes)) return item;
  const attributes = { ...item.attributes };
  for (const { key, type, localized } of plan.blockFields) {
    const value = getOwn(attributes, key);
    if (value === undefined) continue;
    const fieldPath = `${itemPath}/attributes${jsonPointer([key])}`;
    const nested = (content: Json, base: string): Json =>
      mapBlocks(content, type, (block, path) => {
        const blockPath = base + jsonPointer(path);
        const row = typeof block === "string" ? rows.get(blockPath) : undefined;
        if (!row) return block as unknown as Json;
        const blockPlan = modelPlanByApiKey(schema, String(row._model));
        const regular = blockFromRow(row, blockPlan);
        return nestedForm(regular, blockPlan, blockPath, rows, schema) as unknown as Json;
      });
    if (!localized) {
      setOwn(attributes, key, nested(value, fieldPath));
    } else if (isObject(value)) {
      const byLocale: JsonObject = {};
      for (const [locale, content] of Object.entries(value)) {
        setOwn(byLocale, locale, nested(content, fieldPath + jsonPointer([locale])));
      }
      setOwn(attributes, key, byLocale);
    }
  }
  return { ...item, attributes };
}
