import { isObject } from "../text/json.ts";
import type { Filter, FilterOperator, OrderRule } from "./stores.ts";
import { ApiError, invalidParameter } from "./answer.ts";

/** The parameters of a URL as a tree: `filter[type]=a` is `{ filter: { type: "a" } }`. */
export type ParameterTree = {
  [key: string]: string | string[] | ParameterTree | ParameterTree[];
};

/** Operators that exports use, and that all servers of the API take. */
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
/** All others that the API documents. */
const MORE_OPERATORS: ReadonlySet<string> = new Set<FilterOperator>([
  "matches",
  "not_matches",
  "is_blank",
  "is_present",
  "all_in",
  "any_in",
  "near",
]);
/** Operators that are said by several values. */
const WITH_OPTIONS: ReadonlySet<string> = new Set<FilterOperator>([
  "matches",
  "not_matches",
  "near",
]);
/** Operators that no date is compared by. */
const WITHOUT_DATE: ReadonlySet<string> = new Set<FilterOperator>([
  "exists",
  "is_blank",
  "is_present",
]);

/**
 * Reads a URL's parameters, in which square brackets tell levels and `[]` lists: of texts at the end of a name, else
 * of levels, the next of which begins where a name comes again.
 *
 * @param parameters The URL's parameters.
 */
export function parseParameters(parameters: URLSearchParams): ParameterTree {
  const root: ParameterTree = Object.create(null);
  for (const [name, value] of parameters) {
    const keys = name.split(/\]?\[|\]$/);
    const isList = name.endsWith("[]");
    while (keys.length > 1 && keys.at(-1) === "") keys.pop();
    const last = keys.pop() ?? "";
    let node = root;
    for (const [i, key] of keys.entries()) {
      if (key === "") continue;
      const child = node[key];
      if (keys[i + 1] === "") node = lastOf(node, key, keys[i + 2] ?? last);
      else node = isTree(child) ? child : node[key] = Object.create(null) as ParameterTree;
    }
    const before = node[last];
    if (isList) {
      const texts = Array.isArray(before) ? before.filter((one) => typeof one === "string") : [];
      node[last] = [...texts, value];
    } else node[last] = value;
  }
  return root;
}

/** The last of a list of levels; a new one if that has a name already. */
function lastOf(node: ParameterTree, key: string, name: string): ParameterTree {
  const before = node[key];
  const levels = Array.isArray(before) ? before.filter((one) => typeof one === "object") : [];
  const last = levels.at(-1);
  if (last !== undefined && !(name in last)) return last;
  const next = Object.create(null) as ParameterTree;
  node[key] = [...levels, next];
  return next;
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
 * @param takesAll Whether all operators are taken that the API documents.
 * @throws {ApiError} If a condition can't be read, its column isn't there, or its date isn't one.
 */
export function parseFilters(
  tree: ParameterTree,
  isColumn: (column: string) => boolean,
  takesAll: boolean,
): Filter[] {
  const fields = isTree(tree.filter) ? tree.filter.fields : undefined;
  if (fields === undefined) return [];
  if (!isTree(fields)) throw invalidFilter({ filter: "fields" });
  return conditionsOf(fields, 0);

  function conditionsOf(level: ParameterTree, depth: number): Filter[] {
    return Object.entries(level).flatMap(([column, conditions]) => {
      if (takesAll && (column === "AND" || column === "OR") && depth < MOST_DEEP) {
        const groups = groupsOf(conditions, column).map((one) => conditionsOf(one, depth + 1));
        if (column === "AND") return groups.flat();
        return [{ column: "", operator: "any" as const, value: "", groups }];
      }
      if (!isColumn(column) || !isTree(conditions)) throw invalidFilter({ field: column });
      return Object.entries(conditions).map(([operator, value]) => {
        return conditionOf(column, operator, value, takesAll);
      });
    });
  }
}

/** The most levels of `AND` and `OR`. */
const MOST_DEEP = 5;

function groupsOf(value: ParameterTree[string], column: string): ParameterTree[] {
  const groups = Array.isArray(value) ? value : [value];
  if (groups.every((one): one is ParameterTree => isTree(one))) return groups;
  throw invalidFilter({ field: column });
}

function conditionOf(
  column: string,
  operator: string,
  value: ParameterTree[string],
  takesAll: boolean,
): Filter {
  const wrong = () => invalidFilter({ field: column, operator });
  const isKnown = OPERATORS.has(operator) || takesAll && MORE_OPERATORS.has(operator);
  if (!isKnown) throw wrong();
  if (takesAll && WITH_OPTIONS.has(operator)) {
    const options = Object.entries(isTree(value) ? value : { pattern: value });
    if (!options.every((one): one is [string, string] => typeof one[1] === "string")) throw wrong();
    const said = Object.fromEntries(options);
    const needed = operator === "near" ? ["latitude", "longitude", "radius"] : [];
    if (!needed.every((name) => Number.isFinite(Number(said[name] ?? NaN)))) throw wrong();
    if (operator !== "near") checkPattern(column, said);
    return { column, operator: operator as FilterOperator, value: "", options: said };
  }
  const values = [value].flat();
  if (!values.every((one) => typeof one === "string")) throw wrong();
  if (column.endsWith("_at") && !WITHOUT_DATE.has(operator)) checkDates(values);
  return {
    column,
    operator: operator as FilterOperator,
    value: typeof value === "string" ? value : values,
  };
}

/** Patterns of users could take for ever: only those are taken that are plain text. */
function checkPattern(column: string, { pattern, regexp }: Record<string, string>): void {
  if (pattern === undefined) throw invalidFilter({ field: column, missing: "pattern" });
  if (regexp === "true" && /[\\^$.*+?()[\]{}|]/.test(pattern)) {
    const message = "regular expressions aren't evaluated here: give a plain text, without regexp";
    throw invalidFilter({ field: column, message });
  }
}

/**
 * The `filter[query]` parameter: all its words have to be in the resource.
 *
 * @param tree The URL's parameters.
 * @throws {ApiError} If it isn't text.
 */
export function textFilters(tree: ParameterTree): Filter[] {
  const words = text(tree, "filter", "query")?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  return words.length === 0 ? [] : [{ column: "", operator: "text", value: words }];
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
