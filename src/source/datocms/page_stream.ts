import type { Page } from "../../content/resource.ts";
import { Budget } from "../../async/budget.ts";
import { generatorStream } from "../../async/generator_stream.ts";
import { ListingCheck, type ListingVerdict } from "./listing_check.ts";
import {
  type FetchedPage,
  type FetchedPart,
  type PageRequest,
  type Part,
  PartFetcher,
} from "./part_fetcher.ts";

import { type ReadResource, ReadTail } from "./read_tail.ts";

export type { FetchedPage, PageRequest };

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
  /**
   * The ids of what earlier readings handed on, for when the order doesn't tell: they are asked for only
   * then. @default None
   */
  readonly known?: (() => AsyncIterable<Iterable<string>>) | undefined;
  /** No more pages are requested once it is aborted: those that are there are handed on, and the stream ends. */
  readonly stop?: AbortSignal | undefined;
  /** Called with each page as it is handed on. */
  readonly onPage?: ((page: FetchedPage<T>) => void) | undefined;
  /** Called at the end, unless it was stopped, whether the listing came whole. */
  readonly onEnd?: ((verdict: ListingVerdict) => void) | undefined;
  /** What of a page is handed on. @default All of it */
  readonly keep?: ((page: Page<T>) => Page<T>) | undefined;
  /**
   * What stands for a resource that is too large to be read, at this place from 0.
   *
   * @default None: the stream fails
   */
  readonly placeholder?: ((place: number) => T) | undefined;
}

/** How far a listing was read. */
export interface Cursor {
  /** How many resources were read. */
  readonly offset: number;
  /** Some of those that were read last, in order. */
  readonly last: readonly ReadResource[];
}

/** How often the reader looks for the place where a page continues, before it gives up. */
const MOST_STEPS = 64;

/** Number of empty pages in a row that end a listing that says it is longer. */
const MOST_EMPTY = 3;

/** So often an answer that lacks what was announced is asked for. */
const MOST_ASKED = 3;

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
 * The announced length isn't believed alone: a full page is followed by another request, and an answer that
 * lacks something inside it is asked for again. What stays short after that is read once more from its
 * start; `onEnd` is told whether the listing came whole.
 *
 * @param fetchPage Fetches one part of the listing.
 * @param options How much to fetch ahead, and how large pages may get.
 * @return A stream of pages. A listing without resources has no pages.
 * @throws {CmaError} When reading, if one resource is larger than 32 MiB and nothing may stand for it.
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

async function* pages<T>(
  fetchPage: (request: PageRequest) => Promise<FetchedPage<T>>,
  options: PageStreamOptions<T>,
  end: AbortController,
): AsyncGenerator<Page<T>, void> {
  const { prefetch = 4, idOf, timeOf, after, stop, onEnd } = options;
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  const budget = options.budget ?? new Budget(prefetch);
  const reading: Reading<T> = {
    ...options,
    prefetch,
    signal,
    fetcher: new PartFetcher(fetchPage, { ...options, budget, signal }),
    check: new ListingCheck<T>({ idOf, before: after?.offset }),
    queue: [],
    isRecalled: after === undefined,
  };
  const { check, queue } = reading;
  try {
    const tail = idOf && new ReadTail({ idOf, timeOf, last: after?.last });
    yield* readFrom(after?.offset ?? 0, tail, reading);
    const isKnown = after === undefined || options.known !== undefined;
    if (idOf && check.isDoubtful && isKnown && !stop?.aborted) {
      check.again();
      await recall(reading);
      yield* readFrom(0, new ReadTail({ idOf, timeOf }), reading);
    }
    if (!stop?.aborted) onEnd?.(check.verdict);
  } finally {
    end.abort(new DOMException("The reader needs no more pages.", "AbortError"));
    await drop(queue);
  }
}

/** What the readings of a listing share. */
interface Reading<T> extends PageStreamOptions<T> {
  readonly prefetch: number;
  readonly signal: AbortSignal;
  readonly fetcher: PartFetcher<T>;
  readonly check: ListingCheck<T>;
  /** The parts that were asked for and not looked at, in order. */
  readonly queue: Promise<FetchedPart<T>>[];
  /** Whether the check knows what earlier readings handed on. */
  isRecalled: boolean;
}

/** Reads the listing from a place to its end. */
async function* readFrom<T>(
  start: number,
  tail: ReadTail<T> | undefined,
  reading: Reading<T>,
): AsyncGenerator<Page<T>, void> {
  const { fetcher, check, queue, prefetch, signal, stop, onPage, keep } = reading;
  let next = start;
  // Unknown until the first page is there: until then nothing is fetched ahead.
  let total = start + 1;
  let isFirst = true;
  /** All that lies before this place was read. */
  let place = start;
  /** How many parts before this one brought nothing. */
  let empty = 0;

  /** The part from a place on; it begins with the resource before, which tells whether it joins. */
  const partFrom = (place: number): Part => {
    const overlap = tail !== undefined && fetcher.canOverlap && place > 0 ? 1 : 0;
    return { offset: place - overlap, limit: fetcher.limit };
  };
  const push = (part: Part) => {
    next = part.offset + part.limit;
    const fetched = fetcher.begin(part);
    // It is awaited in its turn; until then a failure must not count as unhandled.
    fetched.catch(() => {});
    queue.push(fetched);
  };
  const fill = () => {
    while (queue.length < prefetch && next < total && empty < MOST_EMPTY && !stop?.aborted) {
      push(partFrom(next));
    }
  };

  /** What is new in a page; `undefined` if something may lie between it and what was read. */
  const unreadOf = (data: Page<T>, offset: number, isSure: boolean, steps: number) => {
    if (tail === undefined) return data;
    const { isJoined, unread } = tail.join(data, offset);
    if (isJoined) return unread;
    if (!isSure && empty === 0) {
      if (steps < MOST_STEPS) return undefined;
      check.hole(total);
    }
    return tail.take(data);
  };

  fill();
  for (;;) {
    // Only now: some of them may wait for the place of the one before.
    if (check.isStuck) return await drop(queue);
    if (queue.length === 0) {
      if (check.isEnded || empty > 0 || tail === undefined || stop?.aborted) return;
      // A full page may not be the last one, whatever length was announced.
      push(partFrom(place));
    }
    const whole = await queue.shift()!;
    using _place = whole.place;
    const last = whole.offset + whole.limit;
    let { page } = whole;
    let part: Part = whole;
    let back = 0;
    let steps = 0;
    for (let asked = 1;;) {
      signal.throwIfAborted();
      let following: Part | undefined;
      if (page === "too large") {
        following = { offset: part.offset, limit: fetcher.shrink(part.limit) };
      } else {
        const { data: { length: sent } } = page;
        const from = part.offset + sent;
        const before = isFirst ? 0 : total;
        total = page.total ?? (fetcher.isPaged ? Math.max(total, from) : from);
        isFirst = false;
        fetcher.learn(page, part, total);
        fill();
        const most = fetcher.mostOf(part, page);
        // One that lost what was just read has to say so again.
        const isPast = sent === 0 && total <= part.offset;
        const isEnd = isPast &&
          (total === 0 && back > 0 || part.offset >= place && total >= before);
        const isLacking = tail !== undefined &&
          (sent === 0 ? !isEnd : !fetcher.isPaged && from < total);
        // Resources that are fetched one by one can't overlap: there the length has to tell.
        const isSteady = most === 1 && back === 0 && total >= before;
        const unread = sent === 0 ? undefined : unreadOf(page.data, part.offset, isSteady, steps);
        let isNew = false;
        if (unread !== undefined) {
          back = 0;
          empty = 0;
          place = from;
          if (tail && !tail.isOrdered) await recall(reading);
          const fresh = check.admit(unread);
          isNew = fresh.length > 0;
          const kept = keep?.(fresh) ?? fresh;
          onPage?.(page);
          if (kept.length > 0) yield kept;
        } else if (isEnd) {
          onPage?.(page);
        }
        if (unread !== undefined || isEnd) {
          check.answer({ offset: part.offset, sent, asked: most, total, isNew });
        }
        if (isLacking && back === 0 && empty === 0 && asked < MOST_ASKED) {
          asked++;
          following = part;
        } else if (isEnd) {
          break;
        } else if (isLacking && (!isPast && back === 0 || steps >= MOST_STEPS)) {
          check.hole(total);
          empty++;
          fill();
          break;
        } else if (unread === undefined) {
          if (tail === undefined) break;
          steps++;
          back = Math.max(back * 2, before - total, fetcher.limit >> 2, 1);
          const latest = Math.min(part.offset, total);
          following = { offset: Math.max(0, latest - back), limit: fetcher.limit };
        } else if (check.isStuck) {
          check.hole(total);
          break;
        } else {
          // The API may return less than it was asked for: what is missing is asked for again, under
          // the same place in the budget, or streams could wait for each other for ever.
          const to = Math.min(last, total);
          if (from >= to) break;
          const { offset } = sent > 1 ? partFrom(from) : { offset: from };
          following = { offset, limit: Math.min(fetcher.limit, to - offset) };
        }
      }
      if (stop?.aborted) return;
      part = following;
      page = await fetcher.fetch(part);
    }
  }
}

/** Lets the check know what earlier readings handed on. */
async function recall<T>(reading: Reading<T>): Promise<void> {
  if (reading.isRecalled) return;
  reading.isRecalled = true;
  for await (const ids of reading.known?.() ?? []) reading.check.recall(ids);
}

/** Gives back the places of parts that nobody looks at any more. */
async function drop<T>(queue: Promise<FetchedPart<T>>[]): Promise<void> {
  for (const fetched of await Promise.allSettled(queue.splice(0))) {
    if (fetched.status === "fulfilled") fetched.value.place[Symbol.dispose]();
  }
}
