import { isObject } from "../../text/json.ts";
import type { Json, JsonObject } from "../../content/resource.ts";
import type { FaultKind } from "./fault_plan.ts";

/** A part of a listing, as it was asked for, and what the right answer to that is. */
interface ListedPart {
  readonly url: URL;
  readonly offset: number;
  readonly limit: number;
  readonly data: Json[];
  readonly total: number;
}

/** What an answer says in place of what is right. */
type Lie = (part: ListedPart) => { readonly data?: Json[]; readonly total?: number | undefined };

const LIES: Partial<Record<FaultKind, Lie>> = {
  "total-too-small": ({ total }) => ({ total: total >> 1 }),
  "total-too-big": ({ total }) => ({ total: total + 50 }),
  "total-zero": () => ({ total: 0 }),
  "total-absent": () => ({ total: undefined }),
  "total-growing": ({ offset, limit, total }) => ({ total: total + offset + limit }),
  "total-shrinking": ({ offset, total }) => ({ total: Math.max(0, total - offset) }),
  "empty-page": () => ({ data: [] }),
  "short-page": ({ data }) => ({ data: data.slice(0, Math.ceil(data.length / 2)) }),
  "page-with-gap": ({ data }) => ({
    data: data.filter((_, i) => i < data.length / 3 || i >= data.length / 2),
  }),
  "duplicates": ({ data }) => ({
    data: data.flatMap((each) => [each, each]).slice(0, data.length),
  }),
  "wrong-order": ({ data }) => ({ data: data.toReversed() }),
  "published-missing": (part) => isPublished(part) ? { data: [], total: 0 } : {},
  "published-of-others": (part) => isPublished(part) ? { data: part.data.map(other) } : {},
};

/**
 * The request that is answered in place of another one about a part of a listing.
 *
 * @param kind What goes wrong.
 * @param url The request's address.
 */
export function lyingRequest(kind: FaultKind, url: URL): URL {
  const other = new URL(url);
  const [offset, limit] = ["page[offset]", "page[limit]"].map((name) => url.searchParams.get(name));
  const before = String(Math.max(0, Number(offset) - Number(limit ?? 30)));
  if (kind === "one-page") other.searchParams.set("page[offset]", "0");
  if (kind === "repeated-page") other.searchParams.set("page[offset]", before);
  if (kind === "one-record" && limit !== null) other.searchParams.set("page[limit]", "1");
  return other;
}

/**
 * A listing's answer, with what goes wrong with it; what isn't one stays as it is.
 *
 * @param kind What goes wrong.
 * @param url The request's address.
 * @param body The right answer.
 */
export function lyingAnswer(kind: FaultKind, url: URL, body: JsonObject): JsonObject {
  const { data, meta } = body;
  const lie = LIES[kind];
  if (lie === undefined || !Array.isArray(data) || !isObject(meta)) return body;
  const offset = Number(url.searchParams.get("page[offset]") ?? 0);
  const limit = Number(url.searchParams.get("page[limit]") ?? 30);
  const right = { url, offset, limit, data, total: Number(meta.total_count) };
  const { data: told = data, ...rest } = lie(right);
  const total = "total" in rest ? rest.total : right.total;
  return { data: told, meta: total === undefined ? {} : { total_count: total } };
}

function isPublished({ url }: ListedPart): boolean {
  return url.searchParams.get("version") === "published";
}

function other(resource: Json): Json {
  return isObject(resource) ? { ...resource, id: `other-${resource.id}` } : resource;
}
