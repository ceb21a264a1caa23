import { isObject } from "../text/json.ts";
import { getOwn, setOwn } from "../text/own.ts";
import type { Json, JsonObject } from "../content/resource.ts";
import type { KeyColumn } from "./meta_columns.ts";

/**
 * Collects what a resource has and no column of its row holds: the content of the `_extra` column.
 *
 * - `resource`, `attributes`, `relationships`, `meta`: keys of these parts that have no column. Of a
 *   field that is in `attributes` this is the whole value, because the field's column can't show it.
 * - `raw`: the exact values of fields, by column, whose columns show them in another form.
 * - `absent`: columns that are null because the resource doesn't have what they hold.
 * - `null`: columns that usually are null for that reason, but here hold the resource's null.
 */
export class Extra {
  #parts: JsonObject | undefined;

  /** Keeps a key of a part of the resource. */
  keep(
    part: "resource" | "attributes" | "relationships" | "meta" | "raw",
    key: string,
    value: Json,
  ): void {
    const parts = this.#parts ??= {};
    setOwn((parts[part] ??= {}) as JsonObject, key, value);
  }

  /** Keeps everything in a part of the resource but the keys that have columns. */
  keepOthers(
    part: "resource" | "attributes" | "relationships" | "meta",
    source: object,
    known: number,
    isKnown: (key: string) => boolean,
  ): void {
    const keys = Object.keys(source);
    if (keys.length === known) return;
    for (const key of keys) {
      if (!isKnown(key)) this.keep(part, key, (source as JsonObject)[key] as Json);
    }
  }

  /** Notes that a column is null because the resource doesn't have what it holds. */
  absent(column: string): void {
    const parts = this.#parts ??= {};
    ((parts.absent ??= []) as Json[]).push(column);
  }

  /** Notes that a column that usually is null for want of a value holds the resource's null. */
  null(column: string): void {
    const parts = this.#parts ??= {};
    ((parts.null ??= []) as Json[]).push(column);
  }

  /** A copy to add to. */
  copy(): Extra {
    const copy = new Extra();
    if (this.#parts) {
      copy.#parts = { ...this.#parts };
      if (copy.#parts.raw) copy.#parts.raw = { ...copy.#parts.raw as JsonObject };
      if (copy.#parts.absent) copy.#parts.absent = [...copy.#parts.absent as Json[]];
    }
    return copy;
  }

  /** The content of the `_extra` column: null if there is nothing. */
  toJson(): JsonObject | null {
    return this.#parts ?? null;
  }
}

/**
 * Writes the keys of a part of a resource into their columns.
 *
 * @return How many of the keys the part has.
 */
export function writeKeys(
  row: JsonObject,
  source: JsonObject,
  columns: readonly KeyColumn[],
  extra: Extra,
): number {
  let known = 0;
  for (const { key, name, optional } of columns) {
    const value = getOwn(source, key);
    row[name] = value ?? null;
    if (value === undefined) {
      if (!optional) extra.absent(name);
    } else {
      known++;
      if (value === null && optional) extra.null(name);
    }
  }
  return known;
}

/** Reads the keys of a part of a resource back from their columns. */
export function readKeys(
  row: JsonObject,
  target: JsonObject,
  columns: readonly KeyColumn[],
  extra: ExtraReader,
): void {
  for (const { key, name, optional } of columns) {
    const value = getOwn(row, name) ?? null;
    if (value === null && (optional ? !extra.isNull(name) : extra.isAbsent(name))) continue;
    setOwn(target, key, value);
  }
}

/** Reads an `_extra` column. */
export class ExtraReader {
  readonly #parts: JsonObject;

  /** @param row The row whose `_extra` column to read. */
  constructor(row: JsonObject) {
    const parts = getOwn(row, "_extra");
    this.#parts = isObject(parts) ? parts : {};
  }

  /** The keys of a part that have no column. */
  part(name: "resource" | "attributes" | "relationships" | "meta" | "raw"): JsonObject {
    const part = this.#parts[name];
    return isObject(part) ? part : {};
  }

  /** Whether a column is null because the resource doesn't have what it holds. */
  isAbsent(column: string): boolean {
    return includes(this.#parts.absent, column);
  }

  /** Whether a column holds the resource's null although it usually stands for no value. */
  isNull(column: string): boolean {
    return includes(this.#parts.null, column);
  }
}

function includes(list: Json | undefined, name: string): boolean {
  return Array.isArray(list) && list.includes(name);
}
