import type { SqlType } from "../../content/field_types.ts";
import type { Json } from "../../content/resource.ts";
import { parseJson } from "../../text/json.ts";

/** A value as Parquet has it; `null` is one in every column. */
export type ParquetValue = string | Uint8Array | boolean | number | bigint | null;

/** A cell, and whether reading it gives the value again. */
export interface ParquetCell {
  /** The value. */
  readonly value: ParquetValue;
  /** Whether {@linkcode cellValue} makes the same of it again. */
  readonly isExact: boolean;
}

const ENCODER = new TextEncoder();
const DAY_MS = 86_400_000;
const NULL: ParquetCell = { value: null, isExact: true };
const UNFIT: ParquetCell = { value: null, isExact: false };

/**
 * A cell of a column, as Parquet has it. Where the value doesn't fit its type, it is null.
 *
 * @param value What the row holds.
 * @param type The column's type.
 */
export function parquetCell(value: Json, type: SqlType): ParquetCell {
  if (value === null) return NULL;
  switch (type) {
    case "text":
      if (typeof value === "string") return { value, isExact: true };
      return { value: JSON.stringify(value), isExact: false };
    case "json":
      return { value: ENCODER.encode(JSON.stringify(value)), isExact: true };
    case "boolean":
      return typeof value === "boolean" ? { value, isExact: true } : UNFIT;
    case "integer":
      return integer(value, 31n, Number);
    case "bigint":
      return integer(value, 63n, BigInt);
    case "double precision":
      return double(value);
    case "date": {
      const time = typeof value === "string" ? Date.parse(`${value}T00:00:00Z`) : NaN;
      if (Number.isNaN(time)) return UNFIT;
      return exactly(value, type, time / DAY_MS);
    }
    case "timestamp with time zone": {
      const time = typeof value === "string" ? Date.parse(value.replace(" ", "T")) : NaN;
      if (Number.isNaN(time)) return UNFIT;
      return exactly(value, type, BigInt(time));
    }
  }
}

/**
 * The value that a cell of a column is, as tables of NDJSON have it.
 *
 * @param cell What Parquet holds: JSON as its bytes or their text.
 * @param type The column's type.
 * @throws {SyntaxError} If it isn't one of this type.
 */
export function cellValue(cell: ParquetValue, type: SqlType): Json {
  if (cell === null) return null;
  switch (type) {
    case "json":
      return parseJson(
        typeof cell === "string" ? cell : new TextDecoder().decode(
          cell as Uint8Array<ArrayBuffer>,
        ),
      ) as Json;
    case "bigint":
      return parseJson(String(cell)) as Json;
    case "date":
      return new Date(Number(cell) * DAY_MS).toISOString().slice(0, 10);
    case "timestamp with time zone":
      return new Date(Number(cell)).toISOString();
    default:
      return cell as Json;
  }
}

function exactly(value: Json, type: SqlType, cell: ParquetValue): ParquetCell {
  return { value: cell, isExact: cellValue(cell, type) === value };
}

function integer(value: Json, bits: bigint, as: (text: string) => number | bigint): ParquetCell {
  const text = JSON.stringify(value);
  if (!/^-?\d{1,19}$/.test(text)) return UNFIT;
  const number = BigInt(text);
  if (number >= 1n << bits || number < -(1n << bits)) return UNFIT;
  return { value: as(text), isExact: String(number) === text };
}

function double(value: Json): ParquetCell {
  const text = JSON.stringify(value);
  const number = /^-?\d/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(number)) return UNFIT;
  return { value: number, isExact: JSON.stringify(number) === text };
}
