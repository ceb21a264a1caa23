import type { Page, Resource } from "../../content/resource.ts";
import type { CmaClient, Query } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";
import { type Listing, type ListingOptions, listingPages } from "./listing.ts";

/** Which changes are looked for. */
export interface ChangedSince {
  /** The listing: `/items` or `/uploads`. */
  readonly path: string;
  /** Its query parameters other than filters of fields. */
  readonly query?: Query & { readonly filter?: Query } | undefined;
  /** The same for listings that can be ordered: of one model each. */
  readonly ordered: readonly (Query | undefined)[];
  /** The meta column that tells when something changed: `_updated_at` or `_published_at`. */
  readonly column: string;
  /** When a resource changed, as that column tells, in milliseconds since 1970; `NaN` if it doesn't. */
  readonly timeOf: (resource: Resource) => number;
  /** Since when. */
  readonly since: Date;
}

/** Filters on dates truncate to the minute, and clocks of servers differ a little. */
const MARGIN_MS = 5000;
const MINUTE = 60_000;
const LIMIT = 500;

/**
 * The resources that changed since some time, newest change first.
 *
 * They are asked for with a filter. Should the API refuse it, or not obey it, listings ordered by change
 * are read instead, up to the first resource that is old enough.
 *
 * @param client Reads them.
 * @param changes Which changes.
 * @param options The signal, and whom to tell that the API doesn't filter.
 * @return Pages of resources without their blocks.
 * @throws {CmaError} If the API refuses.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/item/instances}
 */
export async function* changedSince(
  client: CmaClient,
  changes: ChangedSince,
  options: Pick<ListingOptions, "signal" | "onFallback" | "onEnd"> = {},
): AsyncGenerator<Page<Resource>, void> {
  const { path, query, ordered, column, timeOf, since } = changes;
  const { signal, onFallback, onEnd } = options;
  const from = since.getTime() - MARGIN_MS;
  const filter = { ...query?.filter, fields: { [column]: { gt: isoMinute(from) } } };
  const isNew = (resource: Resource) => !(timeOf(resource) < from);
  const read = (listing: Omit<Listing, "path" | "maxLimit">) => {
    return listingPages(client, { path, maxLimit: LIMIT, ...listing }, {
      signal,
      onEnd,
      prefetch: 1,
    });
  };
  let problem: string | undefined;
  try {
    for await (const page of read({ query: { ...query, filter } })) {
      const stray = page.find((resource) => timeOf(resource) < from - 2 * MINUTE);
      if (stray !== undefined) {
        problem = `sent resource ${stray.id}, which didn't`;
        break;
      }
      yield page.filter(isNew);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof CmaError) || !error.isRefusedQuery) throw error;
    problem = `refused that: ${error.message}`;
  }
  if (problem === undefined) return;
  onFallback?.(`DatoCMS was asked for what changed lately in ${path}, and ${problem}.`);
  for (const query of ordered) {
    for await (const page of read({ query, orders: [`${column}_DESC`] })) {
      const found = page.filter(isNew);
      if (found.length > 0) yield found;
      if (found.length < page.length) break;
    }
  }
}

/** The minute before a time: all filters read it alike. */
function isoMinute(time: number): string {
  return new Date(Math.floor(time / MINUTE - 1) * MINUTE).toISOString();
}
