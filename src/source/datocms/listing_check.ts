import type { Page } from "../../content/resource.ts";
import { IdNumbers } from "../../text/id_numbers.ts";

/** One answer of a listing, as far as it tells whether the listing is whole. */
export interface ListingAnswer {
  /** The place of its first resource, from 0. */
  readonly offset: number;
  /** How many resources it brought. */
  readonly sent: number;
  /** How many it could have brought, by what was asked for and what the API gives at once. */
  readonly asked: number;
  /** How long the listing is, as it announced. */
  readonly total: number;
  /** Whether anything of it was handed on. */
  readonly isNew: boolean;
}

/** What a {@linkcode ListingCheck} found. */
export interface ListingVerdict {
  /** How many resources the API announced. */
  readonly announced: number;
  /** How many it sent, each counted once. */
  readonly sent: number;
  /** `whole`; `short` of what was announced; or `endless`, if nothing proved its end. */
  readonly state: "whole" | "short" | "endless";
}

/** How a {@linkcode ListingCheck} begins. */
export interface ListingCheckOptions<T> {
  /** Tells resources apart; without it, they are only counted. */
  readonly idOf?: ((resource: T) => string) | undefined;
  /** How many resources earlier runs have read. @default {0} */
  readonly before?: number | undefined;
}

/** Number of answers in a row without anything new that end a reading. */
const MOST_STALE = 20;

/**
 * Whether a listing came whole. Whoever reads a listing feeds this with every answer and with what it hands
 * on, and then asks for the verdict.
 *
 * What an API announces proves nothing alone: a listing has ended when an answer brought less than it could
 * have, at the place where the announced length says that it ends. It is whole if it ended, nothing was left
 * out on the way, and as many resources came as were announced, but for as many as it grew by meanwhile.
 *
 * It remembers the ids of what was handed on: at most 30 bytes for each, with ids as DatoCMS has them.
 *
 * @example
 * ```ts
 * import { ListingCheck } from "./listing_check.ts";
 *
 * const check = new ListingCheck({ idOf: (n: number) => String(n) });
 * check.admit([1, 2]);
 * check.answer({ offset: 0, sent: 2, asked: 10, total: 3, isNew: true });
 * console.assert(!check.isEnded && check.verdict.state === "endless");
 * ```
 */
export class ListingCheck<T> {
  readonly #idOf: ((resource: T) => string) | undefined;
  readonly #ids = new IdNumbers();
  #sent: number;
  #total: number | undefined;
  /** How long the listing was at first. */
  #first: number | undefined;
  #isEnded = false;
  #hasHole = false;
  #stale = 0;
  /** How many resources were handed on before this reading: it brings them again. */
  #before = 0;

  /**
   * @param options How resources are told apart.
   */
  constructor({ idOf, before = 0 }: ListingCheckOptions<T> = {}) {
    this.#idOf = idOf;
    this.#sent = before;
  }

  /** Whether the last answer proved that nothing follows it. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether the API sends the same again and again. */
  get isStuck(): boolean {
    return this.#stale >= MOST_STALE;
  }

  /**
   * What in a page wasn't handed on before; from now on it was.
   *
   * @param page Resources that are about to be handed on.
   */
  admit(page: Page<T>): Page<T> {
    const idOf = this.#idOf;
    const fresh = idOf === undefined ? page : page.filter((resource) => {
      const { size } = this.#ids;
      return this.#ids.add(idOf(resource)) === size;
    });
    this.#sent += fresh.length;
    return fresh;
  }

  /**
   * Remembers what an earlier run handed on; it is counted already.
   *
   * @param ids Some ids.
   */
  recall(ids: Iterable<string>): void {
    for (const id of ids) this.#ids.add(id);
  }

  /**
   * Takes an answer into account, once its resources were handed on.
   *
   * @param answer What it brought, and what it announced.
   */
  answer({ offset, sent, asked, total, isNew }: ListingAnswer): void {
    this.#first ??= total;
    this.#total = total;
    this.#isEnded = sent < asked && offset + sent >= total;
    this.#stale = isNew || offset + sent <= this.#before ? 0 : this.#stale + 1;
  }

  /**
   * Notes that something may be missing here: no answer brought what was announced.
   *
   * @param total How long the listing is, as the last one announced.
   */
  hole(total: number): void {
    this.#total = total;
    this.#hasHole = true;
    this.#isEnded = false;
  }

  /** Begins another reading, from the listing's start: the verdict is about the last one. */
  again(): void {
    this.#total = undefined;
    this.#first = undefined;
    this.#before = this.#sent;
    this.#stale = 0;
    this.#isEnded = false;
    this.#hasHole = false;
  }

  /** Whether reading the listing again from its start may bring more. */
  get isDoubtful(): boolean {
    // One that lost most of what it had while it was read may only have failed to show it.
    return this.verdict.state !== "whole" || (this.#total ?? 0) * 2 < this.#sent;
  }

  /** What is known so far. */
  get verdict(): ListingVerdict {
    const [announced, sent] = [this.#total ?? 0, this.#sent];
    // What came meanwhile may have come before the place that was reached.
    const isShort = sent < (this.#hasHole ? announced : Math.min(announced, this.#first ?? 0));
    const isOpen = this.#hasHole || !this.#isEnded;
    return { announced, sent, state: isShort ? "short" : isOpen ? "endless" : "whole" };
  }
}
