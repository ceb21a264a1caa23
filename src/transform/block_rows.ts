import { jsonPointer } from "../content/json_pointer.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Item, JsonObject } from "../content/resource.ts";
import {
  type CellWarning,
  readCell,
  readLocalizedCell,
  warnOfUnknownTypes,
  writeCell,
  writeLocalizedCell,
} from "./cells.ts";
import { Extra, ExtraReader } from "./extra.ts";
import { readBlock, writeBlockParts } from "./item_parts.ts";
import type { ModelPlan } from "./model_plan.ts";
import type { OnWarning } from "./warnings.ts";

/** Where a block is: the columns of its row that don't come from the block itself. */
export interface BlockPlace {
  readonly _record_id: string;
  readonly _record_model: string;
  readonly _version: string;
  readonly _locale: string | null;
  readonly _field: string;
  readonly _parent_id: string;
  readonly _path: string;
  readonly _position: number;
  readonly _depth: number;
}

/** The row of a block, given in regular form. */
export function blockRow(
  block: Item,
  plan: ModelPlan,
  place: BlockPlace,
  onWarning: OnWarning,
): JsonObject {
  const warn: CellWarning = (code, { key }, locale, message) => {
    const path = locale === null ? ["attributes", key] : ["attributes", key, locale];
    const pointer = place._path + jsonPointer(path);
    onWarning(code, `record "${place._record_id}", ${pointer}: ${message}`);
  };
  const extra = new Extra();
  const row: JsonObject = { id: block.id, _model: plan.apiKey, ...place };
  const attributes = writeBlockParts(block, plan, extra);
  for (const field of plan.fields) {
    const value = getOwn(attributes, field.key);
    if (field.localized) writeLocalizedCell(row, field, value, extra, warn);
    else writeCell(row, field, value, extra, null, warn);
  }
  warnOfUnknownTypes(attributes, plan, warn);
  row._extra = extra.toJson();
  return row;
}

/** Rebuilds a block, in regular form, from its row. */
export function blockFromRow(row: JsonObject, plan: ModelPlan): Item {
  const extra = new ExtraReader(row);
  const attributes = { ...extra.part("attributes") };
  for (const field of plan.fields) {
    const value = field.localized
      ? readLocalizedCell(row, field, extra)
      : readCell(row, field, extra);
    if (value !== undefined) setOwn(attributes, field.key, value);
  }
  return readBlock(row, attributes, plan, extra);
}
