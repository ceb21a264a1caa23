import { Budget } from "../async/budget.ts";
import { MOST_BYTES_IN_FLIGHT } from "../http/request_gate.ts";
import type { ListingName } from "../source/datocms/cma_event.ts";
import type { ListingOptions } from "../source/datocms/listing.ts";
import type { ListingVerdict } from "../source/datocms/listing_check.ts";
import type { Emit } from "./events.ts";
import type { Journal } from "./journal.ts";

/** Options of {@linkcode Listings}. */
export interface ListingsOptions {
  /** Where it is noted what doesn't come. */
  readonly journal: Journal;
  /** Called with the length of each listing. */
  readonly emit: Emit;
  /** The most pages at a time, in all listings together. */
  readonly concurrency: number;
  /** No more pages are requested once it is aborted. */
  readonly stop: AbortSignal | undefined;
}

/** How the listings of one export are read: they share its budget, and what they lack is noted. */
export class Listings {
  readonly #options: ListingsOptions;
  readonly #budget: Budget;

  /**
   * @param options What they share.
   */
  constructor(options: ListingsOptions) {
    this.#options = options;
    this.#budget = new Budget(options.concurrency, MOST_BYTES_IN_FLIGHT);
  }

  /**
   * The options of one of them.
   *
   * @param signal Ends the listing.
   * @param about Which listing it is, for events.
   * @param what What it lists, for people.
   */
  options(signal: AbortSignal, about: ListingName, what: string): ListingOptions {
    const { journal, emit, concurrency, stop } = this.#options;
    return {
      signal,
      stop,
      about,
      budget: this.#budget,
      prefetch: concurrency,
      onTotal: (total) => emit({ type: "total", ...about, total }),
      onFallback: (message) => journal.addWarning("api_fallback", message),
      onEnd: (verdict) => judgeListing(journal, what, verdict),
      onUnreadable: (entry) => journal.addUnreadable(what, entry),
    };
  }
}

/**
 * Notes whether a listing came whole. One that didn't leaves something out of the snapshot; that one came
 * whole and has another length than announced is a finding.
 *
 * @param journal Where it is noted.
 * @param what What it lists.
 * @param verdict What the reader found.
 */
export function judgeListing(
  journal: Pick<Journal, "addFailure" | "addFinding">,
  what: string,
  { state, announced, sent }: ListingVerdict,
): void {
  const counts = `The API announced ${announced} ${what}, and sent ${sent}`;
  if (state === "short") journal.addFailure("listing_short", `${counts}.`, true);
  if (state === "endless") {
    journal.addFailure(
      "listing_endless",
      `${counts}, but never showed where they end: some may be missing.`,
    );
  }
  if (state === "whole" && announced !== sent) journal.addFinding("count_differs", `${counts}.`);
}
