import { Budget, type Place } from "../../async/budget.ts";
import { BodyTooLargeError } from "../../http/body.ts";
import { CmaError } from "./cma_error.ts";
import type { Page } from "../../content/resource.ts";

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

/** A part of a listing. */
export interface Part {
  /** The place of its first resource, from 0. */
  readonly offset: number;
  /** The most resources in it. */
  readonly limit: number;
}

/** A part that was fetched, with its place in the budget. */
export interface FetchedPart<T> extends Part {
  /** What came. */
  readonly page: FetchedPage<T> | "too large";
  /** Its place in the budget. */
  readonly place: Place;
}

/** Options of {@linkcode PartFetcher}. */
export interface PartFetcherOptions<T> {
  /** The most resources that the API returns in one answer. */
  readonly maxLimit: number;
  /** Bounds the parts in flight. */
  readonly budget: Budget;
  /** How large an answer should be at most, in bytes. @default {4194304} */
  readonly targetBytes?: number | undefined;
  /** How large an answer may be at all, in bytes, unless it is one resource. @default {16777216} */
  readonly maxBytes?: number | undefined;
  /** What stands for a resource that is too large, at this place. @default None: it fails */
  readonly placeholder?: ((place: number) => T) | undefined;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** One resource is accepted up to this size (bytes): far above any record that DatoCMS stores. */
const LARGEST_RESOURCE = 32 * 1024 * 1024;
/** More such resources in a row no project has: whatever is asked for is answered like that, without an end. */
const MOST_TOO_LARGE = 5;

/** Who is next to fetch a large resource, by what bounds the pages in flight. */
const TURNS = new WeakMap<Budget, Budget>();

/** Fetches parts of a listing, and learns from the answers how much to ask for. */
export class PartFetcher<T> {
  readonly #fetch: (request: PageRequest) => Promise<FetchedPage<T>>;
  readonly #options: PartFetcherOptions<T>;
  #maxLimit: number;
  #limit: number;
  /** The most resources that came at once. */
  #largest = 0;
  /** Whether the API sends less than it is asked for. */
  #isCapped = false;
  /** Whether an answer was too large: single resources may be, too. */
  #isLarge = false;
  /** How large the last answer was, in bytes. */
  #bytes = 0;
  /** How many resources in a row were too large. */
  #tooLarge = 0;

  /**
   * @param fetch Fetches one part of the listing.
   * @param options How much to ask for.
   */
  constructor(
    fetch: (request: PageRequest) => Promise<FetchedPage<T>>,
    options: PartFetcherOptions<T>,
  ) {
    this.#fetch = fetch;
    this.#options = options;
    this.#maxLimit = this.#limit = options.maxLimit;
  }

  /** How many resources to ask for next. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether the listing comes in parts at all. */
  get isPaged(): boolean {
    return Number.isFinite(this.#options.maxLimit);
  }

  /** Whether answers hold more than one resource, so that one can begin with the last of another. */
  get canOverlap(): boolean {
    return this.#limit > 1 && !(this.#isCapped && this.#largest === 1);
  }

  /**
   * Fetches a part once there is a place for it in the budget.
   *
   * @param part The part.
   */
  async begin(part: Part): Promise<FetchedPart<T>> {
    const { budget, signal } = this.#options;
    const place = await budget.acquire(signal, () => this.#bytes);
    try {
      const page = await this.fetch(part);
      if (page !== "too large") place.resize(page.bytes);
      return { ...part, place, page };
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Fetches a part.
   *
   * @param part The part.
   * @throws {CmaError} If it is a single resource that is too large, and nothing stands for it.
   */
  async fetch({ offset, limit }: Part): Promise<FetchedPage<T> | "too large"> {
    const { signal, maxBytes = 16 * 1024 * 1024, placeholder } = this.#options;
    try {
      const largest = limit === 1 ? LARGEST_RESOURCE : maxBytes;
      using _turn = this.#isLarge && limit === 1 ? await this.#turn() : undefined;
      const page = await this.#fetch({ offset, limit, signal, maxBytes: largest });
      this.#tooLarge = 0;
      return page;
    } catch (error) {
      // A listing that isn't paged comes in no smaller parts.
      if (!(error instanceof BodyTooLargeError) || limit === Infinity) throw error;
      if (limit > 1) return "too large";
      // As large as any, so that the next answers are asked for one by one.
      if (placeholder && ++this.#tooLarge <= MOST_TOO_LARGE) {
        return { data: [placeholder(offset)], bytes: LARGEST_RESOURCE };
      }
      throw new CmaError(
        `Expected resources of at most ${LARGEST_RESOURCE / 1024 / 1024} MiB, but the one at ` +
          `place ${offset + 1} of its listing is larger: leave its model or resource out.`,
        { cause: error },
      );
    }
  }

  /** Large resources are fetched one after the other, whichever listings they are of. */
  #turn(): Promise<Disposable> {
    const { budget, signal } = this.#options;
    const turns = TURNS.getOrInsertComputed(budget, () => new Budget(1));
    return turns.acquire(signal);
  }

  /**
   * Asks for less, since a part was too large.
   *
   * @param limit How many resources were asked for.
   * @return How many to ask for instead.
   */
  shrink(limit: number): number {
    this.#isLarge = true;
    return this.#limit = Math.min(this.#limit, Math.max(1, limit >> 1));
  }

  /**
   * Learns from an answer.
   *
   * @param page What came.
   * @param part What was asked for.
   * @param total How long the listing is.
   */
  learn(page: FetchedPage<T>, part: Part, total: number): void {
    const { targetBytes = 4 * 1024 * 1024 } = this.#options;
    const { data: { length: sent }, bytes, maxLimit = Infinity } = page;
    this.#maxLimit = Math.min(this.#maxLimit, maxLimit);
    if (sent === 0) return;
    this.#bytes = bytes;
    this.#limit = Math.min(this.#maxLimit, Math.floor(targetBytes / (bytes / sent)) || 1);
    this.#largest = Math.max(this.#largest, sent);
    const isShort = sent < Math.min(part.limit, maxLimit) && part.offset + sent < total;
    this.#isCapped ||= isShort;
  }

  /**
   * The most resources that an answer could have brought.
   *
   * @param part What was asked for.
   * @param page What came.
   */
  mostOf(part: Part, { maxLimit = Infinity }: FetchedPage<T>): number {
    return Math.min(part.limit, maxLimit, this.#isCapped ? this.#largest : Infinity);
  }
}
