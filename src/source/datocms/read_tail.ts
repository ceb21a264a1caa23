import type { Page } from "../../content/resource.ts";

/** Number of resources that are remembered: more than anybody deletes between two pages. */
const REMEMBERED = 10_000;

/** A resource as the tail of a listing remembers it. */
export interface ReadResource {
  /** Its id. */
  readonly id: string;
  /** When it was created, in milliseconds since 1970; `NaN` or `null` if nobody knows. */
  readonly time: number | null;
}

/** How a {@linkcode ReadTail} tells resources apart. */
export interface ReadTailOptions<T> {
  /** A resource's id. */
  readonly idOf: (resource: T) => string;
  /** When a resource was created, in milliseconds since 1970; `NaN` if the listing isn't in that order. */
  readonly timeOf?: ((resource: T) => number) | undefined;
  /** What was read before. */
  readonly last?: readonly ReadResource[] | undefined;
}

/** What a page means after those that were read before. */
export interface JoinedPage<T> {
  /** Whether nothing lies between what was read before and this page. */
  readonly isJoined: boolean;
  /** The resources that weren't read before. */
  readonly unread: Page<T>;
}

/**
 * The end of what was read of a listing. Offsets shift when resources come and go while it is read: this
 * tells whether a page continues where the reading stopped, and what in it is new.
 *
 * A page that begins with something that was read continues from there, and so does one that begins with
 * something older than the last that was read, since the order is that of creation. What is older and
 * wasn't read has come since: it isn't part of this reading. Once a page isn't in that order, times tell
 * nothing any more.
 *
 * @example
 * ```ts
 * import { ReadTail } from "./read_tail.ts";
 *
 * const tail = new ReadTail({ idOf: (n: number) => String(n) });
 * tail.join([1, 2, 3], 0);
 * console.assert(tail.join([3, 4], 2).unread.join() === "4");
 * console.assert(!tail.join([6, 7], 4).isJoined);
 * ```
 */
export class ReadTail<T> {
  readonly #idOf: (resource: T) => string;
  readonly #timeOf: (resource: T) => number;
  /** When each was created, as it was read. */
  readonly #times = new Map<string, number>();
  /** The time of the last resource that was read. */
  #time = NaN;
  /** Whether each page so far tells of the order of creation, and is in it. */
  #isInOrder = true;

  /**
   * @param options How resources are told apart, and what was read before.
   */
  constructor({ idOf, timeOf = () => NaN, last = [] }: ReadTailOptions<T>) {
    this.#idOf = idOf;
    this.#timeOf = timeOf;
    for (const { id, time } of last) this.#add(id, time ?? NaN);
  }

  /**
   * Looks at a page, and remembers what is new in it if it is joined.
   *
   * @param page The page.
   * @param offset Its place in the listing.
   */
  join(page: Page<T>, offset: number): JoinedPage<T> {
    this.#look(page);
    const known = page.findIndex((resource) => this.#isWhereItWas(resource));
    const first = page[0];
    const isOlder = first !== undefined && this.#timeOf(first) < this.#time;
    if (known < 0 && !isOlder && offset > 0) return { isJoined: false, unread: [] };
    const seen = new Set<string>();
    const unread = page.filter((resource, index) => {
      const id = this.#idOf(resource);
      if (this.#times.has(id) || seen.has(id)) return false;
      seen.add(id);
      if (!this.#isInOrder || index > known && known >= 0) return true;
      const time = this.#timeOf(resource);
      // Of those created at the same moment, nobody may have promised an order.
      return known >= 0 ? time === this.#time : !(time < this.#time);
    });
    this.add(unread);
    return { isJoined: true, unread };
  }

  /** Whether what was read is in the order of creation: then nothing that comes later can be among it. */
  get isOrdered(): boolean {
    return this.#isInOrder && !Number.isNaN(this.#time);
  }

  /**
   * What in a page wasn't read, wherever the page lies. It is remembered as read.
   *
   * @param page The page.
   */
  take(page: Page<T>): Page<T> {
    const unread = page.filter((resource) => !this.#times.has(this.#idOf(resource)));
    this.add(unread);
    return unread;
  }

  /**
   * Remembers resources as read.
   *
   * @param page The resources, in the listing's order.
   */
  add(page: Page<T>): void {
    for (const resource of page) this.#add(this.#idOf(resource), this.#timeOf(resource));
    for (const id of this.#times.keys()) {
      if (this.#times.size <= REMEMBERED) break;
      this.#times.delete(id);
    }
  }

  /** One answer is of one moment: what isn't in order in it never was. */
  #look(page: Page<T>): void {
    let last = NaN;
    for (const resource of page) {
      const time = this.#timeOf(resource);
      if (time < last) this.#isInOrder = false;
      if (!Number.isNaN(time)) last = time;
    }
    if (page.length > 0 && Number.isNaN(last)) this.#isInOrder = false;
    if (!this.#isInOrder) this.#time = NaN;
  }

  /** Whether a resource was read, and nobody has given it another date of creation since. */
  #isWhereItWas(resource: T): boolean {
    const before = this.#times.get(this.#idOf(resource));
    if (before === undefined) return false;
    const time = this.#timeOf(resource);
    // An earlier reading remembers times also where the order says nothing about them.
    return Number.isNaN(time) || before === time;
  }

  #add(id: string, time: number): void {
    this.#times.set(id, time);
    if (!this.#isInOrder) return;
    if (time > this.#time || Number.isNaN(this.#time)) this.#time = time;
  }
}
