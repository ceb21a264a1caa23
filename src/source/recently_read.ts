import type { Page } from "../content/resource.ts";

/** How many resources are remembered: more than anybody deletes between two pages. */
const REMEMBERED = 10_000;

/**
 * Remembers the resources that were read last, so that a listing that moves while it is read repeats
 * none of them.
 *
 * @example
 * ```ts
 * import { RecentlyRead } from "./recently_read.ts";
 *
 * const read = new RecentlyRead((n: number) => String(n));
 * read.unread([1, 2, 3]);
 * console.assert(read.unread([3, 4]).join() === "4");
 * ```
 */
export class RecentlyRead<T> {
  readonly #idOf: (resource: T) => string;
  readonly #ids = new Set<string>();

  /**
   * Remembers nothing yet.
   *
   * @param idOf Tells resources apart.
   */
  constructor(idOf: (resource: T) => string) {
    this.#idOf = idOf;
  }

  /**
   * The resources of a page that weren't read lately. They count as read from now on.
   *
   * @param page The page.
   */
  unread(page: Page<T>): Page<T> {
    const unread = page.filter((resource) => !this.#ids.has(this.#idOf(resource)));
    for (const resource of unread) this.#ids.add(this.#idOf(resource));
    for (const id of this.#ids) {
      if (this.#ids.size <= REMEMBERED) break;
      this.#ids.delete(id);
    }
    return unread;
  }
}
