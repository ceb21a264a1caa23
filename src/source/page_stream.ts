import type { Page } from "../content/resource.ts";
import { BodyTooLargeError } from "./body.ts";
import { Budget } from "../async/budget.ts";
import { generatorStream } from "../async/generator_stream.ts";
import { CmaError } from "./cma_error.ts";
import { type ReadResource, ReadTail } from "./read_tail.ts";

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
   * Tells resources apart. Given it, pages overlap by one resource, and a listing that moves while it is
   * read loses none of the resources that stay in it, and repeats none.
   */
  readonly idOf?: ((resource: T) => string) | undefined;
  /**
   * When a resource was created, in milliseconds since 1970, if the listing is in that order: then pages
   * join also when all that was read last is gone. `NaN` if it isn't known.
   */
  readonly timeOf?: ((resource: T) => number) | undefined;
  /** Where an earlier reading of the same listing ended: what it read isn't handed on again. */
  readonly after?: Cursor | undefined;
  /** No more pages are requested once it is aborted: those that are there are handed on, and the stream ends. */
  readonly stop?: AbortSignal | undefined;
  /** Told of each page as it is handed on. */
  readonly onPage?: ((page: FetchedPage<T>) => void) | undefined;
}

/** How far a listing was read. */
export interface Cursor {
  /** How many resources were read. */
  readonly offset: number;
  /** Some of those that were read last, in order. */
  readonly last: readonly ReadResource[];
}

/** So often the reader looks for the place where a page goes on, before it gives up. */
const MOST_STEPS = 64;

/** So many empty pages in a row end a listing that says it is longer. */
const MOST_EMPTY = 3;

/** One resource is accepted up to this size (bytes): far above any record that DatoCMS stores. */
const LARGEST_RESOURCE = 32 * 1024 * 1024;

/**
 * Streams a listing, page by page, in order.
 *
 * Up to `prefetch` pages are requested ahead of the reader, and nothing more until it reads on. When
 * answers get large, later pages ask for less; an answer that is far too large is dropped and asked for
 * again in smaller parts. Cancelling the stream or aborting the signal aborts what is under way.
 *
 * Offsets shift when resources come and go meanwhile. So each page begins with the last resource of the
 * one before; if it doesn't, the reader steps back until pages join. What was read isn't handed on again.
 *
 * @param fetchPage Fetches one part of the listing.
 * @param options How much to fetch ahead, and how large pages may get.
 * @return A stream of pages. A listing without resources has no pages.
 * @throws {CmaError} When reading, if the listing moves so fast that its pages don't join, or one resource
 * is larger than 32 MiB.
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
  end: AbortController,
): AsyncGenerator<Page<T>, void> {
  const { prefetch = 4, targetBytes = 4 * 1024 * 1024, maxBytes = 16 * 1024 * 1024 } = options;
  const { idOf, timeOf, after, stop } = options;
  const budget = options.budget ?? new Budget(prefetch);
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  const tail = idOf && new ReadTail({ idOf, timeOf, last: after?.last });
  const queue: Promise<Fetched<T>>[] = [];
  let { maxLimit } = options;
  let limit = maxLimit;
  let next = after?.offset ?? 0;
  // Unknown until the first page is there: until then nothing is fetched ahead.
  let total = next + 1;
  let empty = 0;

  const fetchPart = async ({ offset, limit }: Part): Promise<Fetched<T>["page"]> => {
    try {
      const largest = limit === 1 ? LARGEST_RESOURCE : maxBytes;
      return await fetchPage({ offset, limit, signal, maxBytes: largest });
    } catch (error) {
      // A listing that isn't paged comes in no smaller parts.
      if (!(error instanceof BodyTooLargeError) || limit === Infinity) throw error;
      if (limit > 1) return "too large";
      throw new CmaError(
        `Expected resources of at most ${LARGEST_RESOURCE / 1024 / 1024} MiB, but the one at ` +
          `place ${offset + 1} of its listing is larger: leave its model or resource out.`,
        { cause: error },
      );
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
  /** The part from a place on; it begins with the resource before, which tells whether it joins. */
  const partFrom = (place: number): Part => {
    const overlap = tail !== undefined && limit > 1 && place > 0 ? 1 : 0;
    return { offset: place - overlap, limit };
  };
  const fill = () => {
    while (queue.length < prefetch && next < total && !stop?.aborted) {
      const part = partFrom(next);
      next = part.offset + part.limit;
      const fetched = begin(part);
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
      const last = whole.offset + whole.limit;
      let { page } = whole;
      let part: Part = whole;
      let back = 0;
      for (let steps = 0;;) {
        signal.throwIfAborted();
        let following: Part | undefined;
        if (page === "too large") {
          limit = Math.min(limit, Math.max(1, part.limit >> 1));
          following = { offset: part.offset, limit };
        } else {
          const { data } = page;
          const before = total;
          total = page.total ?? part.offset + data.length;
          maxLimit = Math.min(maxLimit, page.maxLimit ?? maxLimit);
          empty = data.length > 0 ? 0 : empty + 1;
          if (data.length > 0) {
            limit = Math.min(maxLimit, Math.floor(targetBytes / (page.bytes / data.length)) || 1);
          }
          if (empty < MOST_EMPTY) fill();
          // Resources that are fetched one by one can't overlap: there the length has to tell.
          const isSteady = whole.limit === 1 && part.limit === 1 && back === 0 && total >= before;
          const unread = unreadOf(page, part.offset, isSteady);
          if (unread === undefined) {
            if (++steps > MOST_STEPS) throw unjoinable(part.offset);
            back = Math.max(back * 2, before - total, limit >> 2, 1);
            const latest = Math.min(part.offset, total);
            following = { offset: Math.max(0, latest - back), limit };
          } else {
            back = 0;
            options.onPage?.(page);
            if (unread.length > 0) yield unread;
            // The API may return less than it was asked for: what is missing is asked for again, under
            // the same place in the budget, or streams could wait for each other for ever.
            const from = part.offset + data.length;
            const to = Math.min(last, total);
            if (data.length === 0 || from >= to) break;
            const { offset } = data.length > 1 ? partFrom(from) : { offset: from };
            following = { offset, limit: Math.min(limit, to - offset) };
          }
        }
        if (stop?.aborted) return;
        part = following;
        page = await fetchPart(part);
      }
    }
  } finally {
    end.abort(new DOMException("The reader needs no more pages.", "AbortError"));
    for (const fetched of await Promise.allSettled(queue)) {
      if (fetched.status === "fulfilled") fetched.value.place[Symbol.dispose]();
    }
  }

  /** What is new in a page; `undefined` if something may lie between it and what was read. */
  function unreadOf(
    { data, total }: FetchedPage<T>,
    offset: number,
    isSteady: boolean,
  ): Page<T> | undefined {
    if (tail === undefined) return data;
    // A listing that got shorter than this place has moved back; one that says it is longer has no more.
    if (data.length === 0 && (total === 0 || (total ?? 0) > offset)) return data;
    const { isJoined, unread } = tail.join(data, offset);
    if (isJoined) return unread;
    if (!isSteady || data.length === 0) return undefined;
    tail.add(data);
    return data;
  }
}

function unjoinable(offset: number): CmaError {
  return new CmaError(
    `A listing changed faster than it could be read (at place ${offset + 1} of it): export again ` +
      "when there are fewer changes, or use --freeze.",
  );
}
