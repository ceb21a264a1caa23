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

/** What {@linkcode ListingRun} uses. */
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

/** A listing that is written, from where an earlier run has come to. */
export class ListingRun<T extends Resource> {
  readonly #parts: ListingParts;
  readonly #listing: WrittenListing<T>;
  readonly #odd: OddResources;
  readonly #writer: ListingWriter<T>;

  /**
   * Writes nothing yet.
   *
   * @param parts How it is read, and where it is counted.
   * @param listing The listing.
   */
  constructor(parts: ListingParts, listing: WrittenListing<T>) {
    const { state, checkpoints, emit, stop } = parts;
    const { about, what: _what, needs, written: _written, pages: _pages, ...listed } = listing;
    this.#parts = parts;
    this.#listing = listing;
    this.#odd = new OddResources(needs);
    const onPage = (page: Page<T>) => {
      this.#odd.look(page);
      emit({ type: "page", ...about, count: page.length });
    };
    this.#writer = new ListingWriter<T>({ ...listed, state, checkpoints, stop, onPage });
    const { read } = this.state;
    if (read > 0) emit({ type: "page", ...about, count: read });
  }

  /** How far it is. */
  get state(): ListingState {
    return this.#writer.state;
  }

  /**
   * How the listing is read, from where an earlier run has come to.
   *
   * @param signal Ends it.
   */
  options(signal: AbortSignal): ListingOptions {
    const { about, what, written } = this.#listing;
    const options = this.#parts.listings.options(signal, about, what);
    const onTotal = (total: number) => {
      this.state.total = total;
      options.onTotal?.(total);
    };
    return { ...options, after: this.#writer.after, known: written, onTotal, onEnd: undefined };
  }

  /**
   * Tells how many resources the listing is likely to have.
   *
   * @param total How many.
   */
  expect(total: number): void {
    const { emit } = this.#parts;
    emit({ type: "total", ...this.#listing.about, total });
  }

  /**
   * Reads the listing, and writes it.
   *
   * @param signal Ends it.
   * @return How far it is, or `undefined` if it was stopped before its end.
   */
  async read(signal: AbortSignal): Promise<ListingState | undefined> {
    let verdict: ListingVerdict | undefined;
    if (!this.state.done) {
      const onEnd = (found: ListingVerdict) => verdict = found;
      await this.#listing.pages({ ...this.options(signal), onEnd })
        .pipeTo(this.#writer.sink(), { signal });
      if (verdict === undefined || this.#parts.stop?.aborted) return undefined;
    }
    return await this.finish(verdict);
  }

  /**
   * Writes resources, as a part of what is a page for checkpoints. If it fails, the run has to be aborted.
   *
   * @param page The resources.
   */
  async write(page: Page<T>): Promise<void> {
    await this.#writer.write(page);
  }

  /**
   * Ends the last batch, as a part of what is a page for checkpoints. If it fails, the run has to be aborted.
   *
   * @return Whether it is ended; `false` if the run was stopped before.
   */
  async end(): Promise<boolean> {
    return await this.#writer.end();
  }

  /**
   * Ends what is being written, so that another run can resume it.
   *
   * @param reason Why.
   */
  async abort(reason: unknown): Promise<void> {
    await this.#writer.abort(reason);
  }

  /**
   * Counts the listing as written to its end.
   *
   * @param verdict Whether it came whole, if it was read as a listing by this run.
   */
  async finish(verdict?: ListingVerdict): Promise<ListingState> {
    const { journal, emit, checkpoints } = this.#parts;
    const { about, what } = this.#listing;
    const { state } = this;
    if (!state.done) {
      state.done = true;
      state.isWhole = verdict === undefined ||
        verdict.state === "whole" && verdict.sent === state.read;
      if (verdict) judgeListing(journal, what, verdict);
      this.#odd.tell(journal, what);
    }
    emit({ type: "done", ...about, count: state.read, bytes: state.bytes });
    await checkpoints.saveIfDue();
    return state;
  }
}
