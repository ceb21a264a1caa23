import { isObject, type Json } from "../../text/json.ts";
import { jsonPointer } from "../../content/json_pointer.ts";
import { getOwn } from "../../text/own.ts";
import type { FieldChange } from "./changes.ts";

/** Where a value is: keys and indexes. */
export type Path = readonly (string | number)[];

/**
 * Whether two values are the same: the order of an object's keys tells nothing, and nor does a key that holds
 * `null` or isn't there.
 *
 * @param a One value.
 * @param b The other one.
 */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || a === null || b === undefined || b === null) {
    return (a ?? null) === (b ?? null);
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  }
  if (isObject(a)) {
    if (!isObject(b)) return false;
    return keysOf(a, b).every((key) => isSame(getOwn(a, key), getOwn(b, key)));
  }
  // Numbers that are too much for a double are objects with their digits.
  if (typeof a === "object" && typeof b === "object") {
    return JSON.stringify(a) === JSON.stringify(b);
  }
  return false;
}

/** The keys of either object. */
export function keysOf(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

/** Writes a path as it is shown. */
export function pathText(path: Path): string {
  return jsonPointer(path).slice(1);
}

/**
 * A change of a value, with the path as it is shown.
 *
 * @param path Where it is.
 * @param before The earlier value.
 * @param after The later value.
 * @param locale Its locale.
 */
export function valueChange(
  path: Path,
  before: Json | undefined,
  after: Json | undefined,
  locale: string | null = null,
): FieldChange {
  const [from, to] = [before ?? null, after ?? null];
  const change = from === null ? "added" : to === null ? "removed" : "changed";
  return { path: pathText(path), locale, change, before: from, after: to };
}

/**
 * Compares two values of JSON: objects key by key, all else as a whole.
 *
 * @param before The earlier value.
 * @param after The later value.
 * @param path Where they are.
 * @param locale Their locale.
 */
export function compareJson(
  before: Json | undefined,
  after: Json | undefined,
  path: Path,
  locale: string | null = null,
): FieldChange[] {
  if (isSame(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [valueChange(path, before, after, locale)];
  return keysOf(before, after).flatMap((key) => {
    return compareJson(getOwn(before, key), getOwn(after, key), [...path, key], locale);
  });
}
