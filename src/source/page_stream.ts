import type { Page } from "../content/resource.ts";
import { BodyTooLargeError } from "./body.ts";
import { Budget } from "../budget.ts";
import { generatorStream } from "../generator_stream.ts";
import { RecentlyRead } from "./recently_read.ts";

/** Which part of a listing to fetch. */
export interface PageRequest {
  /** The first resource to return, from 0. */
  readonly offset: number;
  /** The most resources to return. */
  readonly limit: number;
  /** The largest answer to accept, in bytes. */
  readonly maxBytes: number;
  /** Aborts the request. */
  readonly signal: AbortSignal;
}

/** One part of a listing. */
export interface FetchedPage<T> {
  /** The resources. */
  readonly data: Page<T>;
  /** How many resources the listing has; left out for a listing that isn't paged. */
  readonly total?: number | undefined;
  /** The size of the answer in bytes. */
  readonly bytes: number;
  /** The most resources that further requests may ask for, if it changed on the way. */
  readonly maxLimit?: number | undefined;
}

/** Options of {@linkcode pageStream}. */
export interface PageStreamOptions<T> {
  /** The most resources that the API returns in one answer. */
  readonly maxLimit: number;
  /** The most pages in flight in this stream. @default {4} */
  readonly prefetch?: number | undefined;
  /** Bounds the pages in flight over several streams. @default A budget of `prefetch` pages */
  readonly budget?: Budget | undefined;
  /** How large an answer should be at most, in bytes: pages shrink to stay below. @default {4194304} */
  readonly targetBytes?: number | undefined;
  /** How large an answer may be at all, in bytes, unless it is one resource. @default {16777216} */
  readonly maxBytes?: number | undefined;
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Tells resources apart. Given it, a listing that moves while it is read loses none of the resources
   * that stay in it, and repeats none.
   */
  readonly idOf?: ((resource: T) => string) | undefined;
  /** Told of each page as it is handed on. */
  readonly onPage?: ((page: FetchedPage<T>) => void) | undefined;
}

/** How often the reader looks back within one part: a listing that always moves has to end too. */
const STEPS_BACK = 8;

/** One resource is accepted up to this size (bytes): far above any record that DatoCMS stores. */
const LARGEST_RESOURCE = 256 * 1024 * 1024;

/**
 * Streams a listing, page by page, in order.
 *
 * Up to `prefetch` pages are requested ahead of the reader, and nothing more until it reads on. When
 * answers get large, later pages ask for less; an answer that is far too large is dropped and asked for
 * again in smaller parts. Cancelling the stream or aborting the signal aborts what is under way.
 *
 * When a listing gets shorter while it is read, what follows has moved back, and is looked for there
 * and one page before. Only what moves while as many resources come as go is missed, as nothing tells of
 * that.
 *
 * @param fetchPage Fetches one part of the listing.
 * @param options How much to fetch ahead, and how large pages may get.
 * @return A stream of pages. A listing without resources has no pages.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/pagination}
 *
 * @example A listing of three numbers in pages of two
 * ```ts
 * import { pageStream } from "./page_stream.ts";
 *
 * const numbers = [1, 2, 3];
 * const pages = await Array.fromAsync(pageStream(
 *   ({ offset, limit }) =>
 *     Promise.resolve({ data: numbers.slice(offset, offset + limit), total: 3, bytes: 6 }),
 *   { maxLimit: 2 },
 * ));
 * console.assert(JSON.stringify(pages) === "[[1,2],[3]]");
 * ```
 */
export function pageStream<T>(
  fetchPage: (request: PageRequest) => Promise<FetchedPage<T>>,
  options: PageStreamOptions<T>,
): ReadableStream<Page<T>> {
  return generatorStream((stop) => pages(fetchPage, options, stop));
}

/** A part of the listing. */
interface Part {
  readonly offset: number;
  readonly limit: number;
}

/** A part that was fetched, with its place in the budget. */
interface Fetched<T> extends Part {
  readonly page: FetchedPage<T> | "too large";
  readonly place: Disposable;
}

async function* pages<T>(
  fetchPage: (request: PageRequest) => Promise<FetchedPage<T>>,
  options: PageStreamOptions<T>,
  stop: AbortController,
): AsyncGenerator<Page<T>, void> {
  const { prefetch = 4, targetBytes = 4 * 1024 * 1024, maxBytes = 16 * 1024 * 1024 } = options;
  const budget = options.budget ?? new Budget(prefetch);
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const recent = options.idOf && new RecentlyRead(options.idOf);
  const queue: Promise<Fetched<T>>[] = [];
  let { maxLimit } = options;
  let limit = maxLimit;
  let next = 0;
  // Unknown until the first page is there: until then nothing is fetched ahead.
  let total = 1;

  const fetchPart = async ({ offset, limit }: Part): Promise<Fetched<T>["page"]> => {
    try {
      const largest = limit === 1 ? LARGEST_RESOURCE : maxBytes;
      return await fetchPage({ offset, limit, signal, maxBytes: largest });
    } catch (error) {
      if (error instanceof BodyTooLargeError && limit > 1) return "too large";
      throw error;
    }
  };
  const begin = async (part: Part): Promise<Fetched<T>> => {
    const place = await budget.acquire(signal);
    try {
      return { ...part, place, page: await fetchPart(part) };
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  };
  const fill = () => {
    for (; queue.length < prefetch && next < total; next += limit) {
      const fetched = begin({ offset: next, limit });
      // It is awaited in its turn; until then a failure must not count as unhandled.
      fetched.catch(() => {});
      queue.push(fetched);
    }
  };

  try {
    fill();
    while (queue.length > 0) {
      const whole = await queue.shift()!;
      using _place = whole.place;
      signal.throwIfAborted();
      let { page } = whole;
      let part: Part = whole;
      let stepsBack = recent === undefined ? 0 : STEPS_BACK;
      for (;;) {
        if (page === "too large") {
          limit = Math.min(limit, Math.max(1, part.limit >> 1));
          part = { offset: part.offset, limit };
          page = await fetchPart(part);
          continue;
        }
        const { data } = page;
        const before = total;
        total = page.total ?? part.offset + data.length;
        if (stepsBack > 0 && total < before && part.offset > 0) {
          stepsBack--;
          const back = before - total + limit;
          part = { offset: Math.max(0, part.offset - back), limit };
          page = await fetchPart(part);
          continue;
        }
        maxLimit = Math.min(maxLimit, page.maxLimit ?? maxLimit);
        if (data.length > 0) {
          limit = Math.min(maxLimit, Math.floor(targetBytes / (page.bytes / data.length)) || 1);
        }
        fill();
        options.onPage?.(page);
        const unread = recent ? recent.unread(data) : data;
        if (unread.length > 0) yield unread;
        // The API may return less than it was asked for: what is missing is asked for again, under
        // the same place in the budget, or streams could wait for each other for ever.
        const from = part.offset + data.length;
        const end = Math.min(whole.offset + whole.limit, total);
        if (data.length === 0 || from >= end) break;
        part = { offset: from, limit: Math.min(limit, end - from) };
        page = await fetchPart(part);
      }
    }
  } finally {
    stop.abort(new DOMException("The reader needs no more pages.", "AbortError"));
    for (const fetched of await Promise.allSettled(queue)) {
      if (fetched.status === "fulfilled") fetched.value.place[Symbol.dispose]();
    }
  }
}
