import type { Emit } from "./events.ts";
import type { Journal } from "./journal.ts";
import { judgeListing, type Listings } from "./listings.ts";
import type { OpenProject } from "./open_project.ts";
import type { RecordListing, Selection } from "./selection.ts";
import type { Tallies } from "./tallies.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import type { CmaClient } from "../source/datocms/cma_client.ts";
import type { ListingName } from "../source/datocms/cma_event.ts";
import type { ListingOptions } from "../source/datocms/listing.ts";
import type { ListingVerdict } from "../source/datocms/listing_check.ts";
import type { ProjectSchema } from "../source/datocms/schema.ts";
import type { Unreadable } from "../source/datocms/unreadable.ts";
import type { Secrets } from "../text/secrets/secrets.ts";

export type { RecordListing };

/** What an export is made of. */
export type ExportRunParts = OpenProject & {
  readonly journal: Journal;
  readonly tallies: Tallies;
  readonly listings: Listings;
  readonly emit: Emit;
  readonly concurrency: number;
  readonly stop: AbortSignal | undefined;
  readonly redaction: Secrets;
};

/** What the steps of one export share. */
export class ExportRun implements OpenProject {
  readonly client: CmaClient;
  readonly project: ProjectSchema;
  readonly name: string | null;
  readonly selection: Selection;
  readonly place: SnapshotPlace;
  readonly copy: string | undefined;
  readonly serverTime: () => Date;
  /** What is noted. */
  readonly journal: Journal;
  /** What is counted. */
  readonly tallies: Tallies;
  /** How listings are read. */
  readonly listings: Listings;
  /** The most requests, pages and assets at a time. */
  readonly concurrency: number;
  /** Nothing new is to be begun once it is aborted. */
  readonly stop: AbortSignal | undefined;
  /** Keeps the secrets of the run out of what is said. */
  readonly redaction: Secrets;
  /** Called with what happens. */
  readonly emit: Emit;

  /**
   * @param parts What they share.
   */
  constructor(parts: ExportRunParts) {
    const { client, project, name, selection, place, copy, serverTime } = parts;
    const { journal, tallies, listings, emit, concurrency, stop, redaction } = parts;
    this.client = client;
    this.project = project;
    this.name = name;
    this.selection = selection;
    this.place = place;
    this.copy = copy;
    this.serverTime = serverTime;
    this.redaction = redaction;
    this.emit = emit;
    this.journal = journal;
    this.tallies = tallies;
    this.concurrency = concurrency;
    this.stop = stop;
    this.listings = listings;
  }

  /** Resources counted so far. */
  get resources(): Manifest["resources"] {
    return this.tallies.counts.resources;
  }

  /** Records counted so far. */
  get records(): Manifest["records"] {
    return this.tallies.counts.records;
  }

  /** The listings of records to read. */
  get recordListings(): readonly RecordListing[] {
    return this.selection.recordListings;
  }

  /** Notes a warning. */
  addWarning(code: string, message: string): void {
    this.journal.addWarning(code, message);
  }

  /** Notes a failure. */
  addFailure(code: string, message: string, isTold = false): void {
    this.journal.addFailure(code, message, isTold);
  }

  /** Notes whether a listing came whole. */
  judgeListing(what: string, verdict: ListingVerdict): void {
    judgeListing(this.journal, what, verdict);
  }

  /** Notes an entry of a listing that can't be kept. */
  addUnreadable(what: string, entry: Unreadable): void {
    this.journal.addUnreadable(what, entry);
  }

  /** Whether a resource is noted as missing already. */
  isLost(id: string): boolean {
    return this.journal.isLost(id);
  }

  /** Notes a finding. */
  addFinding(code: string, message: string): void {
    this.journal.addFinding(code, message);
  }

  /** The options of a listing that belongs to this export. */
  listing(signal: AbortSignal, about: ListingName, what: string): ListingOptions {
    return this.listings.options(signal, about, what);
  }
}
