import type { Version } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";

/** Which listing is read. */
export interface ListingName {
  /** What it lists, such as `records` or `roles`. */
  readonly resource: string;
  /** The model's API key, if it lists records. */
  readonly model?: string;
  /** Which version of the records. */
  readonly version?: Version;
}

/** What the transport tells about each request, for logs and progress. */
export type CmaEvent =
  | {
    readonly type: "request";
    /** `GET /items?page[offset]=30`: the method, the path, and the query in plain text. */
    readonly what: string;
    readonly method: string;
    /** The path, without the query. */
    readonly path: string;
    /** The query's parameters, in plain text. */
    readonly query: Readonly<Record<string, string>>;
    /** The listing that it belongs to, if it reads one. */
    readonly listing?: ListingName;
    /** Which attempt it was, from 1. */
    readonly attempt: number;
    readonly status: number;
    /** How many resources the answer lists; `null` if it isn't a list. */
    readonly count: number | null;
    /** How long it took until the whole answer was there, in milliseconds. */
    readonly ms: number;
    readonly bytes: number;
    /** Requests left in the API's current window, as far as known. */
    readonly available: number;
  }
  | {
    readonly type: "retry";
    /** The request as above, or `asset` and its path. */
    readonly what: string;
    /** The listing that the request belongs to, if it reads one. */
    readonly listing?: ListingName;
    /** Why another attempt is made. */
    readonly reason: string;
    /** The attempt that failed, from 1. */
    readonly attempt: number;
    /** The wait before the next one, in milliseconds. */
    readonly waitMs: number;
  };

/**
 * What events say of a request.
 *
 * @param url The request's URL.
 * @param init Its method.
 * @param options The listing that it belongs to.
 */
export function requested(
  url: string,
  { method = "GET" }: RequestInit,
  { listing }: { readonly listing?: ListingName | undefined },
): Pick<Extract<CmaEvent, { type: "request" }>, "method" | "path" | "query"> & {
  readonly about: Pick<CmaEvent, "what" | "listing">;
} {
  const { pathname: path, searchParams } = new URL(url);
  const query = [...searchParams].map(([name, value]) => `${name}=${value}`).join("&");
  return {
    about: {
      what: `${method} ${path}${query && `?${query}`}`,
      ...(listing && { listing }),
    },
    method,
    path,
    query: Object.fromEntries(searchParams),
  };
}

/**
 * How many resources an answer lists; `null` if it isn't a list.
 *
 * @param body The answer's body.
 */
export function countOf(body: unknown): number | null {
  const data = isObject(body) ? body.data : undefined;
  return Array.isArray(data) ? data.length : null;
}
