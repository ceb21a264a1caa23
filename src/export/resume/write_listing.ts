import type { Page, Resource, Version } from "../../content/resource.ts";
import type { ListingState } from "./checkpoint.ts";
import type { ListingOptions } from "../../source/datocms/listing.ts";
import type { ListingVerdict } from "../../source/datocms/listing_check.ts";
import type { Emit } from "../events.ts";
import type { Journal } from "../journal.ts";
import { judgeListing, type Listings } from "../listings.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { ResumeState } from "./resume_state.ts";
import { type ListingSinks, ListingWriter } from "./listing_writer.ts";
import { OddResources, type ResourcePart } from "../steps/odd_resources.ts";

/** What {@linkcode writeListing} uses. */
export interface ListingParts {
  /** How listings are read. */
  readonly listings: Listings;
  /** Where it is noted what doesn't come. */
  readonly journal: Journal;
  /** Where it is counted how far they are. */
  readonly state: ResumeState;
  /** When that is written down. */
  readonly checkpoints: Checkpoints;
  /** Called with what happens. */
  readonly emit: Emit;
  /** A listing that ends after it is aborted isn't at its end. */
  readonly stop: AbortSignal | undefined;
}

/** A listing that is read and written, over several runs if need be. */
export interface WrittenListing<T> extends ListingSinks<T> {
  /** Its name in checkpoints. */
  readonly key: string;
  /** Its name in events. */
  readonly about: {
    readonly resource: string;
    readonly model?: string;
    readonly version?: Version;
  };
  /** What it lists, for people: `published records of model article`. */
  readonly what: string;
  /** The parts that each resource should have. */
  readonly needs: readonly ResourcePart[];
  /** The ids of what earlier runs have written of it. */
  readonly written: () => AsyncIterable<Iterable<string>>;
  /** Opens the listing. */
  readonly pages: (options: ListingOptions) => ReadableStream<Page<T>>;
}

/**
 * Reads a listing and writes it, from where an earlier run has come to.
 *
 * @param parts How it is read, and where it is counted.
 * @param listing The listing.
 * @param signal Ends it.
 * @return How far it is, or `undefined` if it was stopped before its end.
 */
export async function writeListing<T extends Resource>(
  { listings, journal, state, checkpoints, emit, stop }: ListingParts,
  { about, what, needs, written, pages, ...listed }: WrittenListing<T>,
  signal: AbortSignal,
): Promise<ListingState | undefined> {
  const odd = new OddResources(needs);
  const onCount = (count: number) => emit({ type: "page", ...about, count });
  const onPage = (page: Page<T>) => {
    odd.look(page);
    onCount(page.length);
  };
  const writer = new ListingWriter<T>({ ...listed, state, checkpoints, stop, onPage });
  const reached = writer.state;
  if (reached.read > 0) onCount(reached.read);
  if (!reached.done) {
    const listing = listings.options(signal, about, what);
    let verdict: ListingVerdict | undefined;
    const onTotal = (total: number) => {
      reached.total = total;
      listing.onTotal?.(total);
    };
    const onEnd = (found: ListingVerdict) => verdict = found;
    await pages({ ...listing, after: writer.after, known: written, onTotal, onEnd })
      .pipeTo(writer.sink(), { signal });
    if (verdict === undefined || stop?.aborted) return undefined;
    reached.done = true;
    reached.isWhole = verdict.state === "whole" && verdict.sent === reached.read;
    judgeListing(journal, what, verdict);
    odd.tell(journal, what);
  }
  emit({ type: "done", ...about, count: reached.read, bytes: reached.bytes });
  await checkpoints.saveIfDue();
  return reached;
}
