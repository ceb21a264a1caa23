import type { SqlType } from "../content/field_types.ts";
import type { Json, JsonObject, Page } from "../content/resource.ts";
import { isObject, parseJson } from "../text/json.ts";
import { getOwn, setOwn } from "../text/own.ts";
import { printable } from "../text/printable.ts";
import type { OnWarning } from "./warnings.ts";

/** Whether a value can be loaded into a column of a type, by the types that don't take everything. */
const FITS: Partial<Record<SqlType, (value: Json) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  integer: (value) => isInteger(value, 31n),
  bigint: (value) => isInteger(value, 63n),
  "double precision": (value) => isNumber(value) && Number.isFinite(Number(JSON.stringify(value))),
  date: isDate,
  "timestamp with time zone": isTime,
};

/** The columns of a table whose types don't take every value, and what each takes. */
export type StrictColumns = ReadonlyMap<string, (value: Json) => boolean>;

/**
 * Which columns' types don't take every value.
 *
 * @param columns A table's columns.
 */
export function strictColumns(
  columns: readonly { readonly name: string; readonly sql_type: SqlType }[],
): StrictColumns {
  return new Map(columns.flatMap(({ name, sql_type }) => {
    const fits = FITS[sql_type];
    return fits ? [[name, fits]] : [];
  }));
}

/**
 * Turns rows into ones that every reader of tables takes: no text has a NUL character or half of a surrogate
 * pair, which become U+FFFD, and what doesn't fit its column's type becomes null. What a cell held is then in
 * `_extra`, where the table has one: {@linkcode exactRow} puts it back.
 *
 * @param table The table's name.
 * @param rows Its rows; they aren't changed.
 * @param strict Its columns whose types don't take every value.
 * @param onWarning Called for each cell that is changed.
 * @return The rows: the same ones, where nothing had to be changed.
 */
export function loadableRows(
  table: string,
  rows: Page<JsonObject>,
  strict: StrictColumns | undefined,
  onWarning: OnWarning = () => {},
): Page<JsonObject> {
  let before: JsonObject | undefined;
  return rows.map((row) => {
    const isLoadable = isLoadableRow(row, before, strict);
    before = isLoadable ? row : undefined;
    return isLoadable ? row : loadableRow(row, table, strict, onWarning);
  });
}

/**
 * A row as it was before {@linkcode loadableRows}.
 *
 * @param row A row of a table.
 * @return The row; the same one if nothing had been changed.
 */
export function exactRow(row: JsonObject): JsonObject {
  const extra = getOwn(row, "_extra");
  const exact = isObject(extra) ? extra.exact : undefined;
  if (!isObject(exact)) return row;
  const whole = { ...row };
  for (const [column, text] of Object.entries(exact)) {
    setOwn(whole, column, parseJson(String(text)) as Json);
  }
  return whole;
}

function isLoadableRow(
  row: JsonObject,
  before: JsonObject | undefined,
  strict: StrictColumns | undefined,
): boolean {
  for (const column in row) {
    const value = row[column]!;
    // The rows of a record share what isn't localized.
    if (value === null || (before !== undefined && value === before[column])) continue;
    if (!isLoadable(value)) return false;
  }
  if (strict === undefined) return true;
  for (const [column, fits] of strict) {
    const value = getOwn(row, column) ?? null;
    if (value !== null && !fits(value)) return false;
  }
  return true;
}

function loadableRow(
  row: JsonObject,
  table: string,
  strict: StrictColumns | undefined,
  onWarning: OnWarning,
): JsonObject {
  const loadable: JsonObject = {};
  const exact: JsonObject = {};
  const keep = (column: string, value: Json) => setOwn(exact, column, JSON.stringify(value));
  const where = (column: string) => {
    const id = JSON.stringify(printable(String(row._record_id ?? row.id), 60));
    const of = table === "uploads" ? "upload" : "record";
    return `${of} ${id}, table ${JSON.stringify(table)}, column ${JSON.stringify(column)}`;
  };
  for (const [column, value] of Object.entries(row)) {
    const fits = strict?.get(column);
    if (value !== null && fits && !fits(value)) {
      setOwn(loadable, column, null);
      keep(column, value);
      const found = printable(JSON.stringify(value), 60);
      onWarning("table_value_replaced", `${where(column)}: ${found} doesn't fit its type`);
    } else if (isLoadable(value)) {
      setOwn(loadable, column, value);
    } else {
      setOwn(loadable, column, loadableValue(value));
      keep(column, value);
      onWarning(
        "table_text_replaced",
        `${where(column)}: text with a NUL character or half of a surrogate pair`,
      );
    }
  }
  if (Object.hasOwn(row, "_extra")) {
    loadable._extra = { ...(loadable._extra as JsonObject | null), exact: loadableValue(exact) };
  }
  return loadable;
}

/** Whether every reader takes the texts and keys of a value. */
function isLoadable(value: Json): boolean {
  if (typeof value === "string") return isLoadableText(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (!isLoadable(item)) return false;
    return true;
  }
  for (const key in value) {
    if (!isLoadableText(key) || !isLoadable(value[key]!)) return false;
  }
  return true;
}

function isLoadableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** The value with U+FFFD for whatever a reader might refuse. */
function loadableValue(value: Json): Json {
  if (typeof value === "string") return loadableText(value);
  if (Array.isArray(value)) return value.map(loadableValue);
  if (!isObject(value)) return value;
  const loadable: JsonObject = {};
  for (const [key, own] of Object.entries(value)) {
    setOwn(loadable, loadableText(key), loadableValue(own));
  }
  return loadable;
}

function loadableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

/** Whether it is a number, maybe one with more digits than a double holds. */
function isNumber(value: Json): boolean {
  return typeof value === "number" ||
    (typeof value === "object" && value !== null && !Array.isArray(value) && !isObject(value));
}

function isInteger(value: Json, bits: bigint): boolean {
  if (!isNumber(value)) return false;
  const text = JSON.stringify(value);
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const number = BigInt(text);
  return number < 1n << bits && number >= -(1n << bits);
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME =
  /^(\d{4}-\d\d-\d\d)[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** Engines have no year 0. */
function isDate(value: Json): boolean {
  if (typeof value !== "string" || !DATE.test(value) || value.startsWith("0000")) return false;
  const time = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value);
}

function isTime(value: Json): boolean {
  if (typeof value !== "string") return false;
  const date = TIME.exec(value)?.[1];
  return date !== undefined && isDate(date);
}
