import { isObject } from "../../text/json.ts";
import type { IslandContent, IslandField } from "../../transform/content_island.ts";
import { invalid } from "../failure.ts";
import type { OrderKey } from "../places.ts";

/** Which contents are asked for, in which form. */
export interface IslandQuery {
  /** What must be so of a content. */
  readonly filters: readonly Filter[];
  /** What they are ordered by. */
  readonly sort: readonly { readonly key: string; readonly isDescending: boolean }[];
  /** How many at most. */
  readonly take: number;
  /** How many are left out first. */
  readonly skip: number;
  /** How many levels of related contents are put in the place of their ids. */
  readonly depth: number;
}

/** What must be so of a value. */
export interface Filter {
  /** What has the value: `id`, `contentType`, `language`, `lastUpdate` or `fields.<name>`. */
  readonly key: string;
  /** Whether it must be one of the values, or none of them. */
  readonly isOneOf: boolean;
  /** The values. */
  readonly values: readonly string[];
}

/** Levels of related contents that `all` means. */
const DEEPEST = 15;
const KEY = /^(?:id|contentType|language|lastUpdate|fields\.[^[\]]{1,200})$/;
const SORTABLE = /^(?:id|name|contentType|lastUpdate|fields\.[^:]{1,200})$/;

/**
 * Reads the query of a request as Content Island's API understands it.
 *
 * @param params The query.
 * @param can Which of its parts the endpoint takes, beyond filters.
 * @throws {ServeError} If it is something else.
 */
export function parseIslandQuery(
  params: URLSearchParams,
  can: { readonly sort: boolean; readonly related: boolean },
): IslandQuery {
  const filters: Filter[] = [];
  let sort: IslandQuery["sort"] = [];
  let [take, skip, depth] = [Infinity, 0, 0];
  for (const [name, value] of params) {
    const [, key = "", operator] = /^([^[\]]*)(?:\[(in|ne|nin)\])?$/.exec(name) ?? [];
    if (KEY.test(key)) {
      const isList = operator === "in" || operator === "nin";
      filters.push({
        key,
        isOneOf: operator === undefined || operator === "in",
        values: isList ? value.split(",") : [value],
      });
    } else if (name === "sort" && can.sort) sort = parseSort(value);
    else if (name === "take" && can.sort) take = wholeNumber(name, value);
    else if (name === "skip" && can.sort) skip = wholeNumber(name, value);
    else if (name === "includeRelatedContent" && can.related) depth = parseDepth(value);
    else {
      throw invalid(name, `There is no parameter ${JSON.stringify(name.slice(0, 60))} here.`);
    }
  }
  return { filters, sort, take, skip, depth };
}

function parseSort(text: string): IslandQuery["sort"] {
  return text.split(",").map((part) => {
    const [, key = "", direction] = /^(.+):(asc|desc)$/.exec(part) ?? [];
    if (SORTABLE.test(key)) return { key, isDescending: direction === "desc" };
    throw invalid(
      "sort",
      "The parameter sort must be keys with their directions, such as contentType:asc,fields.title:desc.",
    );
  });
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(name, `The parameter ${name} must be a whole number.`);
}

function parseDepth(text: string): number {
  if (text === "false") return 0;
  if (text === "true") return 1;
  if (text === "all") return DEEPEST;
  if (/^\d{1,2}$/.test(text) && Number(text) <= DEEPEST) return Number(text);
  throw invalid(
    "includeRelatedContent",
    `The parameter includeRelatedContent must be true, false, all or a number of at most ${DEEPEST}.`,
  );
}

/**
 * A content with those of its fields that are in the languages that are asked for.
 *
 * @param content The content.
 * @param query What is asked for.
 * @return The content itself if all languages are.
 */
export function inLanguages(content: IslandContent, { filters }: IslandQuery): IslandContent {
  const own = filters.filter(({ key }) => key === "language");
  if (own.length === 0) return content;
  const fields = content.fields.filter(({ language }) => own.every((one) => allows(one, language)));
  return { ...content, fields };
}

/**
 * Whether a content is one that is asked for.
 *
 * @param content The content, with the fields of the languages that are asked for.
 * @param query What is asked for.
 */
export function isAskedFor(content: IslandContent, { filters }: IslandQuery): boolean {
  return filters.every((filter) => {
    const { key, isOneOf } = filter;
    switch (key) {
      case "id":
      case "lastUpdate":
        return allows(filter, content[key]);
      case "contentType": {
        const { id, name } = content.contentType;
        // Either names it.
        return isOneOf
          ? allows(filter, id) || allows(filter, name)
          : allows(filter, id) && allows(filter, name);
      }
      case "language":
        return content.fields.length > 0;
      default: {
        const has = fieldsOf(content, key).flatMap(textsOf).some((text) => {
          return filter.values.includes(text);
        });
        return has === isOneOf;
      }
    }
  });
}

/**
 * What a content is ordered by.
 *
 * @param content The content, with the fields of the languages that are asked for.
 * @param key What it has: `contentType`, `lastUpdate` or `fields.<name>`.
 */
export function orderKeyOf(content: IslandContent, key: string): OrderKey {
  if (key === "id" || key === "name" || key === "lastUpdate") return content[key];
  if (key === "contentType") return content.contentType.name;
  const [field] = fieldsOf(content, key);
  const value = field?.value;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  return field === undefined ? null : textsOf(field)[0] ?? null;
}

function allows({ isOneOf, values }: Filter, value: string): boolean {
  return values.includes(value) === isOneOf;
}

function fieldsOf({ fields }: IslandContent, key: string): IslandField[] {
  const name = key.slice("fields.".length);
  return fields.filter((field) => field.name === name);
}

/** What a field's value is compared as. */
function textsOf({ value }: IslandField): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => {
    if (one === null || one === undefined) return [];
    if (typeof one === "string") return [one];
    if (isObject(one) && typeof one.url === "string") return [one.url];
    return [JSON.stringify(one)];
  });
}
