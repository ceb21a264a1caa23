import type { Json, JsonObject } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import type { FaultKind } from "./fault_plan.ts";

/** How a query for records isn't understood; whatever is left out is as it should be. */
interface QueryFault {
  /** The status that the query is refused with, if it is. */
  readonly refused?: (url: URL) => number | undefined;
  /** Changes the query that is answered in place of the one that was asked. */
  readonly instead?: (url: URL) => void;
  /** The resources that are sent in place of the right ones. */
  readonly sent?: (url: URL, data: Json[]) => Json[];
}

/** An address may be as long as this, if long ones are refused (characters). */
const LONGEST = 600;

const QUERY_FAULTS: Partial<Record<FaultKind, QueryFault>> = {
  "published-of-its-own": {
    sent: (url, data) =>
      isOfPublished(url) ? data.map((one) => changed(one, "meta", touched)) : data,
  },
  "ids-with-others": {
    sent: (url, data) => {
      const [first] = data;
      return isByIds(url) && isObject(first) ? [...data, { ...first, id: "nobody-asked" }] : data;
    },
  },
  "ids-of-other-model": {
    sent: (url, data) => {
      const other = { item_type: { data: { id: "another", type: "item_type" } } };
      return isByIds(url) ? data.map((one) => changed(one, "relationships", () => other)) : data;
    },
  },
  "ids-without-blocks": {
    instead: (url) => isByIds(url) && url.searchParams.delete("nested"),
  },
  "ids-incomplete": { sent: (url, data) => isByIds(url) ? data.slice(1) : data },
  "ids-refused": { refused: (url) => isByIds(url) ? 422 : undefined },
  "long-refused": {
    refused: ({ pathname, search }) => (pathname + search).length > LONGEST ? 414 : undefined,
  },
  "models-refused": { refused: (url) => isOfModels(url) ? 422 : undefined },
  "models-with-others": {
    sent: (url, data) => {
      const other = { item_type: { data: { id: "another", type: "item_type" } } };
      return isOfModels(url) ? data.map((one) => changed(one, "relationships", () => other)) : data;
    },
  },
  "order-refused": {
    refused: ({ searchParams }) => searchParams.has("order_by") ? 422 : undefined,
  },
  "published-filter-refused": {
    refused: (url) => isOfPublished(url) && filtersOf(url).length > 0 ? 422 : undefined,
  },
  "published-filter-ignored": {
    instead: (url) => {
      if (!isOfPublished(url)) return;
      for (const name of filtersOf(url)) url.searchParams.delete(name);
    },
  },
};

/**
 * The status that a query is refused with.
 *
 * @param kind What goes wrong.
 * @param url The request's address.
 * @return `undefined` if it is answered.
 */
export function refusedQuery(kind: FaultKind, url: URL): number | undefined {
  return QUERY_FAULTS[kind]?.refused?.(url);
}

/**
 * The query that is answered in place of another one.
 *
 * @param kind What goes wrong.
 * @param url The request's address; it isn't changed.
 */
export function queryInstead(kind: FaultKind, url: URL): URL {
  const other = new URL(url);
  QUERY_FAULTS[kind]?.instead?.(other);
  return other;
}

/**
 * A listing's answer, with what goes wrong with it; what isn't one stays as it is.
 *
 * @param kind What goes wrong.
 * @param url The request's address.
 * @param body The right answer.
 */
export function misunderstood(kind: FaultKind, url: URL, body: JsonObject): JsonObject {
  const { data } = body;
  const sent = QUERY_FAULTS[kind]?.sent;
  return sent && Array.isArray(data) ? { ...body, data: sent(url, data) } : body;
}

function isByIds({ searchParams }: URL): boolean {
  return searchParams.has("filter[ids]");
}

function isOfModels({ searchParams }: URL): boolean {
  return searchParams.get("filter[type]")?.includes(",") ?? false;
}

function isOfPublished({ searchParams }: URL): boolean {
  return searchParams.get("version") === "published";
}

function filtersOf({ searchParams }: URL): string[] {
  return [...searchParams.keys()].filter((name) => name.startsWith("filter[fields]"));
}

function changed(resource: Json, part: string, change: (value: Json) => Json): Json {
  return isObject(resource) ? { ...resource, [part]: change(resource[part] ?? null) } : resource;
}

function touched(meta: Json): Json {
  return isObject(meta) ? { ...meta, updated_at: "2001-01-01T00:00:00.000+00:00" } : meta;
}
