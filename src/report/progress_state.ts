import { type ExportEvent, isAssetRetry } from "../export/events.ts";
import type { ManifestNote } from "../snapshot/manifest.ts";

/** How far a listing is. */
export interface ListingProgress {
  /** What is listed. */
  readonly resource: string;
  /** The model, if records are listed. */
  readonly model: string | undefined;
  /** Which versions of its records. */
  readonly version: string | undefined;
  /** How many resources were written. */
  readonly read: number;
  /** How many there are. */
  readonly total: number;
}

/** How much was done when, to tell how fast it goes. */
export interface ProgressSample {
  /** When, in milliseconds. */
  readonly at: number;
  /** Records written. */
  readonly records: number;
  /** Asset files done with. */
  readonly assets: number;
  /** Records and uploads that have their rows. */
  readonly tabled: number;
}

/** Something that was tried again: what, why, which attempt failed, and the wait in milliseconds. */
export type Retried = Pick<
  Extract<ExportEvent, { type: "retry" }>,
  "what" | "reason" | "attempt" | "waitMs"
>;

/** How far an export is: all that its events told. */
export interface ProgressState {
  /** When the export began, in milliseconds. */
  readonly startedAt: number;
  /** Whether asset files are fetched. */
  readonly withAssets: boolean;
  /** The project and the snapshot, once they are known. */
  readonly start: Extract<ExportEvent, { type: "start" }> | undefined;
  /** The listings that are being read. */
  readonly active: readonly ListingProgress[];
  /** How many listings were begun or left out. */
  readonly listingsBegun: number;
  /** How many listings were read to their end or left out. */
  readonly listingsDone: number;
  /** Records in all versions: written, and there as far as known. */
  readonly records: { readonly read: number; readonly total: number };
  /** Uploads: written, and there as far as known. */
  readonly uploads: { readonly read: number; readonly total: number };
  /** Asset files. */
  readonly assets: {
    readonly downloaded: number;
    readonly kept: number;
    readonly withdrawn: number;
    readonly not_served: number;
    readonly failed: number;
    /** The size of those downloaded, in bytes. */
    readonly bytes: number;
    /** How often a file was tried for again. */
    readonly retries: number;
  };
  /** The tables, once they are made. */
  readonly tables: Omit<Extract<ExportEvent, { type: "tables" }>, "type"> | undefined;
  /** What was written of the snapshot, without asset files. */
  readonly written: { readonly objects: number; readonly bytes: number };
  /** Answers of the API. */
  readonly requests: {
    readonly count: number;
    /** How often a request was sent again. */
    readonly retries: number;
    readonly bytes: number;
    /** Requests left in the current window; `undefined` before the first answer. */
    readonly available: number | undefined;
  };
  /** What was tried again, the first thousand. */
  readonly retried: readonly Retried[];
  /** How many warnings there were. */
  readonly warnings: number;
  /** Those about the temporary copy of `--freeze`, which comes before the snapshot and goes after it. */
  readonly aside: readonly ManifestNote[];
  /** Whether the snapshot is complete. */
  readonly sealed: boolean;
  /** The least time that the requests take under the API's rate limit, in seconds, once it is. */
  readonly leastSeconds: number | undefined;
  /** The last seconds, oldest first. */
  readonly samples: readonly ProgressSample[];
}

/** The most retries that are kept. */
const MOST_RETRIED = 1000;
/** How far back speed is measured, in milliseconds. */
const WINDOW = 15_000;
/** How far apart samples are, in milliseconds. */
const STEP = 500;

/**
 * The state before anything happened.
 *
 * @param now The time in milliseconds.
 * @param options Whether asset files are fetched.
 */
export function initialProgress(
  now: number,
  { withAssets = true }: { readonly withAssets?: boolean } = {},
): ProgressState {
  return {
    startedAt: now,
    withAssets,
    start: undefined,
    active: [],
    listingsBegun: 0,
    listingsDone: 0,
    records: { read: 0, total: 0 },
    uploads: { read: 0, total: 0 },
    assets: {
      downloaded: 0,
      kept: 0,
      withdrawn: 0,
      not_served: 0,
      failed: 0,
      bytes: 0,
      retries: 0,
    },
    tables: undefined,
    written: { objects: 0, bytes: 0 },
    requests: { count: 0, retries: 0, bytes: 0, available: undefined },
    retried: [],
    warnings: 0,
    aside: [],
    sealed: false,
    leastSeconds: undefined,
    samples: [{ at: now, records: 0, assets: 0, tabled: 0 }],
  };
}

/**
 * The state after an event.
 *
 * @param state The state before.
 * @param event What happened.
 * @param now When, in milliseconds.
 */
export function progressOf(state: ProgressState, event: ExportEvent, now: number): ProgressState {
  const next = { ...state, ...changes(state, event) };
  return { ...next, samples: sampled(next, now) };
}

/**
 * How many asset files are done with, whatever became of them.
 *
 * @param state The state.
 */
export function assetsDone({ assets }: ProgressState): number {
  return assets.downloaded + assets.kept + assets.withdrawn + assets.not_served + assets.failed;
}

/**
 * What was written: the snapshot's objects, and asset files.
 *
 * @param state The state.
 */
export function writtenOf({ written, assets }: ProgressState): ProgressState["written"] {
  return { objects: written.objects + assets.downloaded, bytes: written.bytes + assets.bytes };
}

function changes(state: ProgressState, event: ExportEvent): Partial<ProgressState> {
  const { requests, assets } = state;
  switch (event.type) {
    case "start":
      return { start: event };
    case "request": {
      const bytes = requests.bytes + event.bytes;
      const { available } = event;
      return { requests: { ...requests, count: requests.count + 1, bytes, available } };
    }
    case "retry":
      return {
        ...(isAssetRetry(event)
          ? { assets: { ...assets, retries: assets.retries + 1 } }
          : { requests: { ...requests, retries: requests.retries + 1 } }),
        retried: retriedAfter(state, event),
      };
    case "total":
      return listed(state, event, (listing) => ({ ...listing, total: event.total }));
    case "page":
      return listed(state, event, (listing) => ({ ...listing, read: listing.read + event.count }));
    case "done":
      return ended(state, event, event.count);
    case "skipped":
      return ended(state, event, 0);
    case "warning": {
      const { code, message } = event;
      const aside = code.startsWith("freeze_") ? [...state.aside, { code, message }] : state.aside;
      return { warnings: state.warnings + 1, aside };
    }
    case "asset": {
      const { outcome, size } = event.outcome;
      const bytes = assets.bytes + (outcome === "downloaded" ? size ?? 0 : 0);
      return { assets: { ...assets, [outcome]: assets[outcome] + 1, bytes } };
    }
    case "converged":
      return {};
    case "tables": {
      const { type: _, ...tables } = event;
      return { tables };
    }
    case "written": {
      const { objects, bytes } = event;
      return { written: { objects, bytes } };
    }
    case "sealed":
      return { sealed: true, leastSeconds: event.leastSeconds };
    case "deleted":
    case "freeze":
    case "finding":
    case "since":
    case "reused":
    case "checkpoint":
    case "unfinished":
      return {};
  }
}

function retriedAfter(
  { retried }: ProgressState,
  { what, reason, attempt, waitMs }: Retried,
): readonly Retried[] {
  // A project where everything fails must not fill the memory.
  if (retried.length >= MOST_RETRIED) return retried;
  return [...retried, { what, reason, attempt, waitMs: Math.round(waitMs) }];
}

type Listed = Pick<ListingProgress, "resource"> & {
  readonly model?: string;
  readonly version?: string;
};

/** The state after something became known of a listing, which may be new. */
function listed(
  state: ProgressState,
  about: Listed,
  change: (listing: ListingProgress) => ListingProgress,
): Partial<ProgressState> {
  const { resource, model, version } = about;
  const known = state.active.find((listing) => isSame(listing, about));
  const before = known ?? { resource, model, version, read: 0, total: 0 };
  const after = change(before);
  return {
    active: known
      ? state.active.map((listing) => listing === known ? after : listing)
      : [...state.active, after],
    listingsBegun: state.listingsBegun + (known ? 0 : 1),
    ...tallied(state, before, after),
  };
}

/** The state after a listing's end: what was read of it is what there is. */
function ended(state: ProgressState, about: Listed, count: number): Partial<ProgressState> {
  const begun = { ...state, ...listed(state, about, (listing) => listing) };
  const before = begun.active.find((listing) => isSame(listing, about))!;
  return {
    active: begun.active.filter((listing) => listing !== before),
    listingsBegun: begun.listingsBegun,
    listingsDone: state.listingsDone + 1,
    ...tallied(begun, before, { ...before, read: count, total: count }),
  };
}

/** What a listing adds to the sums. */
function tallied(
  { records, uploads }: ProgressState,
  before: ListingProgress,
  after: ListingProgress,
): Partial<ProgressState> {
  const add = ({ read, total }: { readonly read: number; readonly total: number }) => ({
    read: read + after.read - before.read,
    total: total + after.total - before.total,
  });
  if (after.resource === "records") return { records: add(records) };
  return after.resource === "uploads" ? { uploads: add(uploads) } : {};
}

function isSame(listing: ListingProgress, about: Listed): boolean {
  return listing.resource === about.resource && listing.model === about.model &&
    listing.version === about.version;
}

function sampled(state: ProgressState, now: number): readonly ProgressSample[] {
  const { samples, records, tables } = state;
  if (now - samples.at(-1)!.at < STEP) return samples;
  const kept = samples.filter(({ at }, i) => now - at <= WINDOW || i === samples.length - 1);
  const tabled = tables?.entries ?? 0;
  return [...kept, { at: now, records: records.read, assets: assetsDone(state), tabled }];
}
