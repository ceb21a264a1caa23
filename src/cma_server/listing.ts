import type { Field, Item, Json, JsonObject, Resource } from "../content/resource.ts";
import { isObject } from "../text/json.ts";
import { ApiError } from "./answer.ts";
import type { Filter, OrderRule } from "./stores.ts";

/** Reads a column of a resource. */
export type ReadColumn<T extends Resource> = (resource: T, column: string) => Json;

const MINUTE = 60_000;

type FilterOptions = NonNullable<Filter["options"]>;

/**
 * Reads columns of records: meta columns, and fields by `api_key`.
 *
 * @param fields The fields of the only model that is listed, if it is only one.
 * @param locale The locale to read localized fields in.
 */
export function itemColumns(fields: readonly Field[], locale: string): ReadColumn<Item> {
  const localized = new Set(
    fields.filter((f) => f.attributes.localized).map((f) => f.attributes.api_key),
  );
  return (item, column) => {
    if (column === "id") return item.id;
    if (column === "parent") return item.attributes.parent_id ?? null;
    if (column.startsWith("_")) return item.meta?.[column.slice(1)] ?? null;
    const value = item.attributes[column] ?? null;
    return localized.has(column) && isObject(value) ? value[locale] ?? null : value;
  };
}

/**
 * Reads columns of uploads: attributes, with or without the underscore that marks meta columns.
 *
 * @param upload The upload to read.
 * @param column The column's name.
 */
export function uploadColumn(upload: Resource, column: string): Json {
  if (column === "id") return upload.id;
  if (column === "type") return typeOfUpload(upload);
  return upload.attributes?.[column.replace(/^_/, "")] ?? null;
}

/** The kind of asset that the `type` filter asks for. */
function typeOfUpload(upload: Resource): string {
  const mime = String(upload.attributes?.mime_type ?? "");
  return /^(image|video|audio)\//.exec(mime)?.[1] ?? "other";
}

/**
 * Whether a resource meets all conditions. Dates are compared as the API does it: what they are
 * compared with is truncated to the minute.
 *
 * @param resource The resource to look at.
 * @param filters The conditions.
 * @param read Reads its columns.
 */
export function meets<T extends Resource>(
  resource: T,
  filters: readonly Filter[],
  read: ReadColumn<T>,
): boolean {
  return filters.every((filter) => {
    const { operator, value, groups } = filter;
    if (operator === "any") return groups?.some((all) => meets(resource, all, read)) ?? false;
    if (operator === "text") return hasWords(resource, list(value), read);
    return meetsOne(read(resource, filter.column), filter);
  });
}

/** Whether all words are in texts of a resource. */
function hasWords<T extends Resource>(
  resource: T,
  words: readonly string[],
  read: ReadColumn<T>,
): boolean {
  const missing = new Set(words);
  for (const column of Object.keys(resource.attributes ?? {})) {
    const found = textIn(read(resource, column)).toLowerCase();
    for (const word of missing) if (found.includes(word)) missing.delete(word);
    if (missing.size === 0) return true;
  }
  return missing.size === 0;
}

/** All texts in a value. */
function textIn(value: Json): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value ?? "");
  return Object.values(value).map((one) => textIn(one ?? null)).join("\n");
}

function meetsOne(actual: Json, filter: Filter): boolean {
  const { operator, value, options = {} } = filter;
  switch (operator) {
    case "is_blank":
      return isBlank(actual) === (value === "true");
    case "is_present":
      return isBlank(actual) !== (value === "true");
    case "all_in":
      return list(value).every((one) => members(actual).some((member) => same(member, one)));
    case "any_in":
      return list(value).some((one) => members(actual).some((member) => same(member, one)));
    case "matches":
      return hasPattern(actual, options);
    case "not_matches":
      return !hasPattern(actual, options);
    case "near":
      return isObject(actual) && metersTo(actual, options) <= Number(options.radius);
    case "exists":
      return (actual !== null && actual !== "") === (value === "true");
    case "in":
      return list(value).some((one) => same(actual, one));
    case "not_in":
      return !list(value).some((one) => same(actual, one));
    case "eq":
      return same(actual, String(value));
    case "neq":
      return !same(actual, String(value));
  }
  if (actual === null) return false;
  const difference = compareKeys(sortKey(actual), sortKey(truncated(actual, String(value))));
  switch (operator) {
    case "gt":
      return difference > 0;
    case "gte":
      return difference >= 0;
    case "lt":
      return difference < 0;
    case "lte":
      return difference <= 0;
    default:
      return false;
  }
}

function isBlank(value: Json): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "string" && value.trim() === "";
}

function members(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : value === null ? [] : [value];
}

function hasPattern(
  value: Json,
  { pattern = "", case_sensitive }: FilterOptions,
): boolean {
  const found = textIn(value);
  if (case_sensitive === "true") return found.includes(pattern);
  return found.toLowerCase().includes(pattern.toLowerCase());
}

/** How far a place is from another one, on a sphere as large as the earth. */
function metersTo({ latitude, longitude }: JsonObject, to: FilterOptions): number {
  const radians = (degrees: unknown) => Number(degrees ?? NaN) * Math.PI / 180;
  const [a, b] = [radians(latitude), radians(to.latitude)];
  const half = (angle: number) => Math.sin(angle / 2) ** 2;
  const around = radians(to.longitude) - radians(longitude);
  return 2 * 6_371_008.8 *
    Math.asin(Math.sqrt(half(b - a) + Math.cos(a) * Math.cos(b) * half(around)));
}

function same(actual: Json, expected: string): boolean {
  if (actual === null) return expected === "";
  if (isObject(actual) && typeof actual.upload_id === "string") {
    return actual.upload_id === expected;
  }
  if (isDateTime(actual)) {
    const start = floorToMinute(expected);
    const time = Date.parse(actual);
    return time >= start && time < start + MINUTE;
  }
  return String(actual) === expected;
}

/** Gives what is compared with the type of what it is compared to. */
function truncated(actual: Json, value: string): Json {
  if (isDateTime(actual)) {
    const minute = floorToMinute(value);
    if (Number.isNaN(minute)) throw new ApiError(422, "INVALID_DATE", { details: { value } });
    return new Date(minute).toISOString();
  }
  return typeof actual === "number" ? Number(value) : value;
}

function floorToMinute(value: string): number {
  return Math.floor(Date.parse(value) / MINUTE) * MINUTE;
}

function isDateTime(value: Json): value is string {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value);
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

/** A value that resources are sorted by: what it takes to compare it is found out once. */
export interface SortKey {
  /** The value. */
  readonly value: Json;
  /** The time that it tells, if it is one. */
  readonly time: number | undefined;
}

/**
 * Sorts resources by rules; those that are alike stay as they are.
 *
 * @param resources The resources.
 * @param rules The rules; earlier ones weigh more.
 * @param read Reads their columns.
 * @return The resources in order.
 */
export function sortedByRules<T extends Resource>(
  resources: readonly T[],
  rules: readonly OrderRule[],
  read: ReadColumn<T>,
): T[] {
  const keyed = resources.map((resource) => ({
    resource,
    keys: rules.map(({ column }) => sortKey(read(resource, column))),
  }));
  keyed.sort((a, b) => {
    return compareByRules(a.keys, b.keys, rules);
  });
  return keyed.map(({ resource }) => resource);
}

/**
 * Which of two resources comes first by rules.
 *
 * @param a The values of one, in the rules' order.
 * @param b The values of the other.
 * @param rules The rules; earlier ones weigh more.
 */
export function compareByRules(
  a: readonly SortKey[],
  b: readonly SortKey[],
  rules: readonly OrderRule[],
): number {
  for (const [i, { direction }] of rules.entries()) {
    const difference = compareKeys(a[i]!, b[i]!);
    if (difference !== 0) return direction === "ASC" ? difference : -difference;
  }
  return 0;
}

/**
 * What it takes to compare a value.
 *
 * @param value The value.
 */
export function sortKey(value: Json): SortKey {
  return { value, time: isDateTime(value) ? Date.parse(value) : undefined };
}

/** Nulls are the largest, as in PostgreSQL. */
function compareKeys({ value: a, time }: SortKey, { value: b, time: other }: SortKey): number {
  if (a === b) return 0;
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (time !== undefined && other !== undefined) return time - other;
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
