import { createdAt } from "../../content/attributes.ts";
import type { Page, Resource } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import { TooDeepError } from "./cma_body.ts";
import type { CmaClient, Query } from "./cma_client.ts";
import type { ListingName } from "./cma_event.ts";
import { CmaError } from "./cma_error.ts";
import type { ListingVerdict } from "./listing_check.ts";
import { printable } from "../../text/printable.ts";
import type { Budget } from "../../async/budget.ts";
import {
  type Cursor,
  type FetchedPage,
  type PageRequest,
  pageStream,
  type PageStreamOptions,
} from "./page_stream.ts";
import { toResources, Unreadable, withoutUnreadable } from "./unreadable.ts";

/** What all readers of listings take. */
export interface ListingOptions {
  /** The most pages in flight in this listing. @default {4} */
  readonly prefetch?: number | undefined;
  /** Which listing it is, for events. */
  readonly about?: ListingName | undefined;
  /** Bounds the pages in flight over several listings. */
  readonly budget?: Budget | undefined;
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** Where an earlier reading of the same listing ended. */
  readonly after?: Cursor | undefined;
  /** The ids of what earlier readings handed on; they are asked for only if nothing else tells. */
  readonly known?: (() => AsyncIterable<Iterable<string>>) | undefined;
  /** No more pages are requested once it is aborted: those that are there are handed on. */
  readonly stop?: AbortSignal | undefined;
  /** Called with the listing's length as each page comes. */
  readonly onTotal?: ((total: number) => void) | undefined;
  /** Called with the size of each page's answer in bytes as it is handed on. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Called at the end, unless it was stopped, whether the listing came whole. */
  readonly onEnd?: ((verdict: ListingVerdict) => void) | undefined;
  /** Called with each entry that can't be kept. */
  readonly onUnreadable?: ((entry: Unreadable) => void) | undefined;
  /** Called when the API doesn't do what its documentation says and a slower way is taken. */
  readonly onFallback?: ((message: string) => void) | undefined;
}

/** A listing of the API. */
export interface Listing {
  /** Its path, such as `/uploads`. */
  readonly path: string;
  /** Query parameters other than `page` and `order_by`. */
  readonly query?: Query | undefined;
  /** The most resources in one answer; left out if the listing isn't paged. */
  readonly maxLimit?: number | undefined;
  /** Orders to ask for, the best first: when the API refuses one, the next is tried. */
  readonly orders?: readonly string[] | undefined;
}

/** The form of a listing's answer. */
export interface ListingAnswer<T> {
  /** The resources. */
  readonly data: Page<T>;
  /** `total_count` is there if the listing is paged. */
  readonly meta?: { readonly total_count?: number };
}

/**
 * Streams any listing of the API, page by page, in a stable order where the API has one.
 *
 * @param client Reads the pages.
 * @param listing Which listing.
 * @param options How much to fetch ahead.
 * @return A stream of pages.
 * @see {@link https://www.datocms.com/docs/content-management-api/pagination}
 *
 * @example Every upload's file name
 * ```ts no-eval
 * import { CmaClient } from "./cma_client.ts";
 * import { listingPages } from "./listing.ts";
 *
 * const client = new CmaClient({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * for await (const page of listingPages(client, { path: "/uploads", maxLimit: 500 })) {
 *   for (const upload of page) console.log(upload.attributes?.filename);
 * }
 * ```
 */
export function listingPages<T extends Resource = Resource>(
  client: CmaClient,
  listing: Listing,
  options: ListingOptions = {},
): ReadableStream<Page<T>> {
  const { maxLimit } = listing;
  const reader = listingReader<T>(client, listing, options);
  return pageStream(reader.read, {
    ...pageOptions(reader, options),
    maxLimit: maxLimit ?? Infinity,
  });
}

/**
 * The options of a page stream that follow from those of a listing.
 *
 * @param reader What fetches its pages.
 * @param options The listing's options.
 */
export function pageOptions<T extends Resource>(
  reader: ListingReader<T>,
  options: ListingOptions,
): Omit<PageStreamOptions<T>, "maxLimit"> {
  const { prefetch, budget, signal, after, known, stop, onTotal, onBytes, onEnd } = options;
  return {
    prefetch,
    budget,
    signal,
    after,
    known,
    stop,
    idOf: ({ id }) => id,
    timeOf: (resource) => reader.isByCreation ? createdAt(resource) : NaN,
    onPage: ({ total, data, bytes }) => {
      onTotal?.(total ?? data.length);
      onBytes?.(bytes);
    },
    onEnd,
    keep: (page) => withoutUnreadable(page, options.onUnreadable),
    placeholder: (place) => new Unreadable(place, "it is larger than 32 MiB") as unknown as T,
  };
}

/** Fetches parts of a listing, for {@linkcode pageStream}. */
export interface ListingReader<T> {
  /** Whether the parts come in the order in which the resources were created. */
  readonly isByCreation: boolean;
  /**
   * Fetches a part.
   *
   * @param request Which part.
   * @param extra More query parameters.
   */
  read(request: PageRequest, extra?: Query): Promise<FetchedPage<T>>;
}

/**
 * A function that fetches parts of a listing, for {@linkcode pageStream}.
 *
 * @param client Reads the pages.
 * @param listing Which listing.
 * @param options Whom to tell about a fall-back.
 */
export function listingReader<T extends Resource>(
  client: CmaClient,
  { path, query, maxLimit, orders = [] }: Listing,
  { about, onFallback }: Pick<ListingOptions, "about" | "onFallback"> = {},
): ListingReader<T> {
  let order = 0;
  let isAccepted = false;
  const read: ListingReader<T>["read"] = async ({ offset, limit, signal, maxBytes }, extra) => {
    for (;;) {
      const asked = order;
      const orderBy = orders[asked];
      try {
        const { body, bytes } = await client.get<ListingAnswer<T>>(path, {
          ...query,
          ...(orderBy === undefined ? {} : { order_by: orderBy }),
          ...(maxLimit === undefined ? {} : { page: { offset, limit } }),
          ...extra,
        }, { signal, listing: about, maxBytes: maxLimit === undefined ? undefined : maxBytes });
        isAccepted = true;
        return { ...listed<T>(body, path, offset, maxLimit === undefined), bytes };
      } catch (error) {
        // It may be another listing's, which ended this one.
        signal.throwIfAborted();
        if (error instanceof TooDeepError) {
          isAccepted = true;
          const body = error.parse() as ListingAnswer<T>;
          return {
            ...listed<T>(body, path, offset, maxLimit === undefined, true),
            bytes: error.size,
          };
        }
        // Pages in different orders don't make one listing.
        if (isAccepted || asked >= orders.length || !isRefusedOrder(error)) throw error;
        // Pages that are under way with the same order meet the same refusal: it is told once.
        if (order === asked) {
          order++;
          onFallback?.(`DatoCMS refused to order ${path} by ${orderBy}: ${error.message}`);
        }
      }
    }
  };
  return {
    read,
    get isByCreation() {
      return orders[order]?.startsWith("_created_at_ASC") ?? false;
    },
  };
}

function isRefusedOrder(error: unknown): error is CmaError {
  return error instanceof CmaError && error.isRefusedQuery;
}

function listed<T extends Resource>(
  body: ListingAnswer<T>,
  path: string,
  offset: number,
  isWhole: boolean,
  isDeep = false,
): { data: Page<T>; total: number } {
  const data: unknown = body?.data;
  if (data === undefined || data === null) {
    throw new CmaError(
      `Expected a list of resources from GET ${path}, but the answer has no "data".`,
    );
  }
  // A listing of one thing, such as the site's settings, is a list of one.
  const page: unknown[] = Array.isArray(data) ? data : [data];
  const announced: unknown = body.meta?.total_count;
  const total = isWhole && !isCount(announced) ? page.length : announced;
  if (!isCount(total)) {
    throw new CmaError(
      `Expected a whole number as "meta.total_count" in the answer to GET ${path}, but it is ${
        printable(JSON.stringify(total) ?? "missing", 100)
      }.`,
    );
  }
  return { data: toResources<T>(page, offset, isDeep), total };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/**
 * How many pages a listing is read in, if nothing changes meanwhile and answers don't get too large. A
 * listing without resources takes a page too; each further one begins with the last one's end, and after a
 * full page there is always another, which proves that it was the last.
 *
 * @param total How many resources there are.
 * @param limit The most resources in a page.
 */
export function pageCount(total: number, limit: number): number {
  return 1 + Math.max(0, Math.floor((total - 1) / (limit - 1)));
}

/**
 * How many resources a listing has, without reading any of them.
 *
 * @param client Reads the API.
 * @param path The listing's path, such as `/items`.
 * @param query Its query parameters other than `page`.
 * @param signal Aborts the request.
 * @return How many; `undefined` if the API doesn't tell.
 * @throws {CmaError} If the API refuses.
 */
export async function totalOf(
  client: CmaClient,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<number | undefined> {
  const body = await client.get<unknown>(path, { ...query, page: { limit: 0 } }, { signal })
    .then(({ body }) => body, (error) => {
      // An answer that has resources in it all the same.
      if (error instanceof TooDeepError) return error.parse();
      throw error;
    });
  const total: unknown = isObject(body) && isObject(body.meta) ? body.meta.total_count : undefined;
  return isCount(total) ? total : undefined;
}
