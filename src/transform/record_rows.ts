import { isObject } from "../text/json.ts";
import { jsonPointer } from "../content/json_pointer.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Item, JsonObject } from "../content/resource.ts";
import { type CellWarning, readCell, warnOfUnknownTypes, writeCell } from "./cells.ts";
import { Extra, ExtraReader } from "./extra.ts";
import { readRecord, writeRecordParts } from "./item_parts.ts";
import type { FieldPlan, ModelPlan } from "./model_plan.ts";
import { isSelected, type TableContext } from "./table_options.ts";

/** One row per locale of a record, or a single one if nothing in it is localized. */
export function recordRows(record: Item, plan: ModelPlan, context: TableContext): JsonObject[] {
  const warn: CellWarning = (code, { key }, locale, message) => {
    const path = locale === null ? ["attributes", key] : ["attributes", key, locale];
    context.warn(code, `record "${record.id}", ${jsonPointer(path)}: ${message}`);
  };
  const extra = new Extra();
  const base: JsonObject = {
    id: record.id,
    _model: plan.apiKey,
    _locale: null,
    _version: context.version,
  };
  const attributes = writeRecordParts(base, record, plan, extra);
  for (const field of plan.fields) {
    if (field.localized) setOwn(base, field.column, null);
    else writeCell(base, field, getOwn(attributes, field.key), extra, null, warn);
  }
  warnOfUnknownTypes(attributes, plan, warn);

  const { localized, locales } = localizedValues(attributes, plan, extra, warn);
  if (locales.length === 0) return [finish(base, extra)];
  const rows: JsonObject[] = [];
  for (const locale of locales.sort(byRank(context.schema.locales))) {
    if (!isSelected(context, locale)) continue;
    const row = { ...base, _locale: locale };
    const own = extra.copy();
    for (const { field, values } of localized) {
      writeCell(row, field, getOwn(values, locale), own, locale, warn);
    }
    rows.push(finish(row, own));
  }
  return rows;
}

/** The values of the localized fields that have any, and all locales that occur in them. */
function localizedValues(
  attributes: JsonObject,
  plan: ModelPlan,
  extra: Extra,
  warn: CellWarning,
): { localized: { field: FieldPlan; values: JsonObject | undefined }[]; locales: string[] } {
  const localized: { field: FieldPlan; values: JsonObject | undefined }[] = [];
  const locales: string[] = [];
  for (const field of plan.localizedFields) {
    const value = getOwn(attributes, field.key);
    const keys = isObject(value) ? Object.keys(value) : [];
    for (const locale of keys) if (!locales.includes(locale)) locales.push(locale);
    if (value === undefined || (isObject(value) && keys.length > 0)) {
      localized.push({ field, values: value });
      continue;
    }
    // A value without locales can't be told from the columns of any row.
    extra.keep("attributes", field.key, value);
    if (value !== null && !isObject(value)) {
      warn("unexpected_value", field, null, "a localized field's value that isn't an object");
    }
  }
  return { localized, locales };
}

/** Rebuilds a record, in regular form, from all its rows of one version. */
export function recordFromRows(rows: readonly JsonObject[], plan: ModelPlan): Item {
  const first = rows[0] ?? {};
  const extra = new ExtraReader(first);
  const attributes = { ...extra.part("attributes") };
  for (const field of plan.fields) {
    if (Object.hasOwn(attributes, field.key)) continue;
    const value = field.localized ? localizedValue(rows, field) : readCell(first, field, extra);
    if (value !== undefined) setOwn(attributes, field.key, value);
  }
  return readRecord(first, attributes, plan, extra);
}

function localizedValue(rows: readonly JsonObject[], field: FieldPlan): JsonObject | undefined {
  const values: JsonObject = {};
  let any = false;
  for (const row of rows) {
    if (typeof row._locale !== "string") continue;
    const value = readCell(row, field, new ExtraReader(row));
    if (value === undefined) continue;
    setOwn(values, row._locale, value);
    any = true;
  }
  return any ? values : undefined;
}

function finish(row: JsonObject, extra: Extra): JsonObject {
  row._extra = extra.toJson();
  return row;
}

/** The project's locales in their order, then others as they come. */
function byRank(locales: readonly string[]): (a: string, b: string) => number {
  const rank = (locale: string): number => {
    const index = locales.indexOf(locale);
    return index < 0 ? locales.length : index;
  };
  return (a, b) => rank(a) - rank(b);
}
