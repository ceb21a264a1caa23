import { isObject } from "../text/json.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Json, JsonObject } from "../content/resource.ts";
import type { Extra, ExtraReader } from "./extra.ts";
import { parseJsonCell } from "./json_cell.ts";
import type { FieldPlan, ModelPlan } from "./model_plan.ts";
import type { WarningCode } from "./warnings.ts";

/** Warns about a field's value; the caller knows which record it is in. */
export type CellWarning = (
  code: WarningCode,
  field: FieldPlan,
  locale: string | null,
  message: string,
) => void;

/** Writes a field's value, or one locale's value, into its column. */
export function writeCell(
  row: JsonObject,
  field: FieldPlan,
  value: Json | undefined,
  extra: Extra,
  locale: string | null,
  warn: CellWarning,
): void {
  const { column, type } = field;
  if (value === undefined) {
    setOwn(row, column, null);
    extra.absent(column);
  } else if (type !== "json" || value === null) {
    setOwn(row, column, value);
  } else {
    const { cell, exact } = jsonCell(field, value, locale, warn);
    setOwn(row, column, cell);
    if (!exact) extra.keep("raw", column, value);
  }
}

/**
 * Writes the value of a localized field of a block into its column: one column for all locales,
 * because a block has one row.
 */
export function writeLocalizedCell(
  row: JsonObject,
  field: FieldPlan,
  value: Json | undefined,
  extra: Extra,
  warn: CellWarning,
): void {
  if (field.type !== "json" || !isObject(value)) {
    writeCell(row, field, value, extra, null, field.type === "json" ? warn : ignore);
    // Text without locales: an object that it parses to would be taken for values by locale.
    if (field.type === "json" && typeof value === "string") extra.keep("raw", field.column, value);
    return;
  }
  const cells: JsonObject = {};
  let allExact = true;
  for (const [locale, text] of Object.entries(value)) {
    const { cell, exact } = jsonCell(field, text, locale, warn);
    setOwn(cells, locale, cell);
    allExact &&= exact;
  }
  setOwn(row, field.column, cells);
  if (!allExact) extra.keep("raw", field.column, value);
}

/** Reads back what {@linkcode writeCell} wrote: `undefined` if there was no value. */
export function readCell(row: JsonObject, field: FieldPlan, extra: ExtraReader): Json | undefined {
  const raw = getOwn(extra.part("raw"), field.column);
  if (raw !== undefined) return raw;
  const cell = getOwn(row, field.column) ?? null;
  if (cell === null) return extra.isAbsent(field.column) ? undefined : null;
  return field.type === "json" ? JSON.stringify(cell) : cell;
}

/** Reads back what {@linkcode writeLocalizedCell} wrote: `undefined` if there was no value. */
export function readLocalizedCell(
  row: JsonObject,
  field: FieldPlan,
  extra: ExtraReader,
): Json | undefined {
  const cell = getOwn(row, field.column);
  if (field.type !== "json" || !isObject(cell)) return readCell(row, field, extra);
  const raw = getOwn(extra.part("raw"), field.column);
  if (raw !== undefined) return raw;
  const value: JsonObject = {};
  for (const [locale, json] of Object.entries(cell)) {
    setOwn(value, locale, json === null ? null : JSON.stringify(json));
  }
  return value;
}

function jsonCell(
  field: FieldPlan,
  value: Json,
  locale: string | null,
  warn: CellWarning,
): { cell: Json; exact: boolean } {
  if (value === null) return { cell: null, exact: true };
  if (typeof value !== "string") {
    warn("unexpected_value", field, locale, "a JSON field's value that isn't text");
    return { cell: value, exact: false };
  }
  const { value: cell, exact, problem } = parseJsonCell(value);
  if (problem) warn(problem.code, field, locale, problem.message);
  return { cell, exact };
}

function ignore(): void {}

/** Warns about values of field types that aren't known; they are passed through as they are. */
export function warnOfUnknownTypes(
  attributes: JsonObject,
  plan: ModelPlan,
  warn: CellWarning,
): void {
  for (const field of plan.unknownFields) {
    const value = getOwn(attributes, field.key);
    if (value === undefined || value === null) continue;
    warn("unknown_field_type", field, null, `the field type "${field.type}" isn't known`);
  }
}
