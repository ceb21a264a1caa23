import { isObject } from "../text/json.ts";
import type { Filter, FilterOperator, OrderRule } from "./stores.ts";
import { ApiError, invalidParameter } from "./answer.ts";

/** The parameters of a URL as a tree: `filter[type]=a` is `{ filter: { type: "a" } }`. */
export type ParameterTree = { [key: string]: string | string[] | ParameterTree };

const OPERATORS: ReadonlySet<string> = new Set<FilterOperator>([
  "eq",
  "neq",
  "in",
  "not_in",
  "gt",
  "gte",
  "lt",
  "lte",
  "exists",
]);

/**
 * Reads a URL's parameters, in which square brackets tell levels and `[]` lists.
 *
 * @param parameters The URL's parameters.
 */
export function parseParameters(parameters: URLSearchParams): ParameterTree {
  const root: ParameterTree = Object.create(null);
  for (const [name, value] of parameters) {
    const keys = name.split(/[[\]]+/).filter((key) => key !== "");
    const last = keys.pop() ?? "";
    let node = root;
    for (const key of keys) {
      const child = node[key];
      node = isTree(child) ? child : node[key] = Object.create(null) as ParameterTree;
    }
    const before = node[last];
    if (name.endsWith("[]")) node[last] = [...(Array.isArray(before) ? before : []), value];
    else node[last] = value;
  }
  return root;
}

/**
 * Whether a parameter has levels below it.
 *
 * @param value A node of the tree.
 */
export function isTree(value: unknown): value is ParameterTree {
  return isObject(value);
}

/**
 * The text of a parameter.
 *
 * @param tree The URL's parameters.
 * @param path Where it stands in the tree.
 * @throws {ApiError} If it isn't text.
 */
export function text(tree: ParameterTree, ...path: string[]): string | undefined {
  let node: ParameterTree[string] | undefined = tree;
  for (const key of path) node = isTree(node) ? node[key] : undefined;
  if (node === undefined || typeof node === "string") return node;
  throw invalidParameter(bracketed(path), "must be text");
}

/**
 * The values of a comma-separated parameter.
 *
 * @param tree The URL's parameters.
 * @param path Where it stands in the tree.
 */
export function commaList(tree: ParameterTree, ...path: string[]): string[] | undefined {
  return text(tree, ...path)?.split(",").map((one) => one.trim()).filter((one) => one !== "");
}

/**
 * The `page` parameter.
 *
 * @param tree The URL's parameters.
 * @param limits The endpoint's default and maximum of `page[limit]`.
 * @throws {ApiError} If the limit or offset isn't a whole number in bounds.
 */
export function parsePage(
  tree: ParameterTree,
  limits: { readonly default: number; readonly max: number },
): { limit: number; offset: number } {
  return {
    limit: wholeNumber(tree, "limit", limits.default, limits.max),
    offset: wholeNumber(tree, "offset", 0, Number.MAX_SAFE_INTEGER),
  };
}

function wholeNumber(tree: ParameterTree, key: string, fallback: number, max: number): number {
  const value = text(tree, "page", key);
  if (value === undefined) return fallback;
  if (/^\d+$/.test(value) && Number(value) <= max) return Number(value);
  throw invalidParameter(`page[${key}]`, `must be a whole number from 0 to ${max}`);
}

/**
 * The `order_by` parameter.
 *
 * @param tree The URL's parameters.
 * @param isColumn Whether the endpoint can order by a column.
 * @throws {ApiError} If a rule can't be read or its column isn't there.
 */
export function parseOrder(
  tree: ParameterTree,
  isColumn: (column: string) => boolean,
): OrderRule[] {
  return (commaList(tree, "order_by") ?? []).map((rule) => {
    const [, column = "", direction] = /^(.+)_(ASC|DESC)$/.exec(rule) ?? [];
    if (direction !== undefined && isColumn(column)) {
      return { column, direction: direction as "ASC" | "DESC" };
    }
    throw invalidParameter("order_by", `has a rule that can't be followed: ${rule}`);
  });
}

/**
 * The `filter[fields]` parameter.
 *
 * @param tree The URL's parameters.
 * @param isColumn Whether the endpoint can filter by a column.
 * @throws {ApiError} If a condition can't be read, its column isn't there, or its date isn't one.
 */
export function parseFilters(
  tree: ParameterTree,
  isColumn: (column: string) => boolean,
): Filter[] {
  const fields = isTree(tree.filter) ? tree.filter.fields : undefined;
  if (fields === undefined) return [];
  if (!isTree(fields)) throw invalidFilter({ filter: "fields" });
  return Object.entries(fields).flatMap(([column, conditions]) => {
    if (!isColumn(column) || !isTree(conditions)) throw invalidFilter({ field: column });
    return Object.entries(conditions).map(([operator, value]) => {
      if (!OPERATORS.has(operator) || isTree(value)) {
        throw invalidFilter({ field: column, operator });
      }
      if (column.endsWith("_at") && operator !== "exists") checkDates([value].flat());
      return { column, operator: operator as FilterOperator, value };
    });
  });
}

function checkDates(values: readonly string[]): void {
  for (const value of values) {
    if (Number.isNaN(Date.parse(value))) {
      throw new ApiError(422, "INVALID_DATE", { details: { value } });
    }
  }
}

/**
 * A filter that the API doesn't know or doesn't allow together with the others.
 *
 * @param details Which one, and why.
 */
export function invalidFilter(details: Record<string, string>): ApiError {
  return new ApiError(422, "INVALID_FILTER_FIELDS_PARAM", { details });
}

function bracketed([first = "", ...rest]: string[]): string {
  return first + rest.map((key) => `[${key}]`).join("");
}
