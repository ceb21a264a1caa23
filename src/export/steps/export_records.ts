import { concurrently } from "../../async/concurrently.ts";
import { suffixOf } from "../../sink/compression.ts";
import type { Item, ItemType, Version } from "../../content/resource.ts";
import { encodingOf, recordsFolder, recordsPath } from "../../snapshot/layout.ts";
import { isPublic } from "../../snapshot/written_entries.ts";
import { type ReadRecords, readRecords } from "../../source/datocms/record_reader.ts";
import type { ListingVerdict } from "../../source/datocms/listing_check.ts";
import { recordPages } from "../../source/datocms/records.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { ExportSettings } from "../export_settings.ts";
import { type ListingParts, ListingRun } from "../resume/listing_run.ts";
import type { RecordListing, Selection } from "../selection.ts";
import type { Tallies } from "../tallies.ts";
import type { BaseSnapshot } from "./base_snapshot.ts";
import { writtenRecords } from "./written_records.ts";

/** Models that are listed at a time, at most: each has files of its own that are being written. */
const MODELS_AT_ONCE = 8;

/** What {@linkcode exportRecords} uses. */
export interface RecordParts extends ListingParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Whose records they are. */
  readonly project: Pick<ProjectSchema, "schema">;
  /** Which of them are exported. */
  readonly selection: Pick<Selection, "recordListings">;
  /** Where they are written. */
  readonly snapshot: SnapshotWriter;
  /** Where they are counted. */
  readonly tallies: Tallies;
  /** How they are read and written. */
  readonly settings: Pick<ExportSettings, "compress" | "layout" | "tables" | "verifyPublished">;
  /** What is reused where it hasn't changed. */
  readonly base: BaseSnapshot | undefined;
  /** The most requests at a time. */
  readonly concurrency: number;
}

/**
 * Exports every model's records: published versions with the current ones that they follow from, unless all of
 * them are to be read.
 *
 * @param parts What is read, and where it goes.
 * @param signal Ends it.
 * @throws {CmaError} If they can't be read.
 * @throws {StorageError} If they can't be written.
 */
export async function exportRecords(parts: RecordParts, signal: AbortSignal): Promise<void> {
  const { client, project: { schema }, selection, journal, concurrency, stop } = parts;
  const modelsAtOnce = Math.min(concurrency, MODELS_AT_ONCE);
  const byModel = Map.groupBy(selection.recordListings, ({ model }) => model.id);
  const models = new Map(
    byModel.entries().map(([id, listings]) => {
      return [id, new ModelRun(parts, listings, signal)];
    }),
  );
  const abort = async (reason: unknown) => {
    for (const run of models.values()) await run.abort(reason);
  };
  const abortNow = () => void abort(signal.reason);
  // What is being written may hang.
  signal.addEventListener("abort", abortNow, { once: true });
  try {
    const toRead = models.values().filter(({ isListed }) => !isListed).toArray();
    const { apart } = await readRecords(toRead.map((run) => run.toRead(signal)), {
      client,
      schema,
      concurrency,
      modelsAtOnce,
      signal,
      stop,
      write: ({ id }, records) => models.get(id)!.write(records),
      end: ({ id }, verdict, withPublished) => models.get(id)!.end(verdict, withPublished),
      onUnreadable: ({ attributes: { api_key: key } }, version, entry) => {
        journal.addUnreadable(`${version} records of model ${key}`, entry);
      },
      onFallback: (message) => journal.addWarning("api_fallback", message),
    });
    const isApart = new Set(apart);
    const rest = models.values().flatMap((run) => run.rest(isApart.has(run.model))).toArray();
    await concurrently(
      rest.map((listing) => async (signal: AbortSignal) => {
        if (!stop?.aborted) await listing(signal);
      }),
      modelsAtOnce,
      signal,
    );
  } finally {
    signal.removeEventListener("abort", abortNow);
    // What was stopped is resumed by another run.
    await abort(signal.aborted ? signal.reason : stop?.reason);
  }
}

/** A model whose records are written. */
class ModelRun {
  readonly model: ItemType;
  readonly #parts: RecordParts;
  readonly #runs: ReadonlyMap<Version, ListingRun<Item>>;
  /** The versions that were written to their end by this run. */
  readonly #ended = new Set<Version>();

  constructor(parts: RecordParts, listings: readonly RecordListing[], signal: AbortSignal) {
    this.#parts = parts;
    this.model = listings[0]!.model;
    this.#runs = new Map(
      listings.map((listing) => [listing.version, runOf(parts, listing, signal)]),
    );
  }

  /** Whether all current versions were written. */
  get isListed(): boolean {
    return this.#current.state.done;
  }

  get #current(): ListingRun<Item> {
    return this.#runs.get("current")!;
  }

  get #published(): ListingRun<Item> | undefined {
    return this.#runs.get("published");
  }

  /** What is to be read of it, and how. */
  toRead(signal: AbortSignal): Parameters<typeof readRecords>[0][number] {
    const { model } = this;
    const published = this.#published?.state;
    const { state: current } = this.#current;
    // What an earlier run has listed by itself is at another place.
    const isFresh = current.read === 0 && published?.read === 0;
    const withPublished = published !== undefined && !published.done &&
      !this.#parts.settings.verifyPublished && (isFresh || published.isDerived === true);
    const earlier = this.#parts.base?.earlier(model);
    return { model, withPublished, listing: this.#current.options(signal), earlier };
  }

  /** Writes records: both versions, or no one. */
  async write({ current, published, reused }: ReadRecords): Promise<void> {
    const run = this.#published;
    await this.#page(async () => {
      this.#countReused(reused);
      await this.#current.write(current);
      if (run) run.state.isDerived = published !== undefined;
      if (run === undefined || published === undefined) return;
      if (published.length > 0) await run.write(published);
    });
    if (run === undefined || published === undefined) return;
    // As many as there would be if the others were like these.
    const { state: { read, total } } = this.#current;
    run.expect(Math.ceil(run.state.read / read * Math.max(read, total)));
  }

  #countReused({ current, published }: ReadRecords["reused"]): void {
    const { base, project: { schema } } = this.#parts;
    if (base === undefined) return;
    const { reused } = base.state;
    reused.current += current;
    reused.published += published;
    if (!schema.holdsBlocks(this.model.id)) reused.flat += published;
  }

  /** Counts it as read to its end, with its published versions or without, unless it was stopped just before. */
  async end(verdict: ListingVerdict, withPublished: boolean): Promise<void> {
    const published = withPublished ? this.#published : undefined;
    let isEnded = false;
    await this.#page(async () => {
      isEnded = await this.#current.end() && await published?.end() !== false;
    });
    if (!isEnded) return;
    if (published) published.state.isDerived = true;
    // A checkpoint has both as done, or none.
    await Promise.all([this.#current.finish(verdict), published?.finish()]);
    for (const version of published ? ["current", "published"] as const : ["current"] as const) {
      this.#count(version);
      this.#ended.add(version);
    }
  }

  /** What is left to be listed, each version by itself. */
  *rest(isApart: boolean): Generator<(signal: AbortSignal) => Promise<void>, void> {
    for (const [version, run] of this.#runs) {
      if (this.#ended.has(version)) continue;
      // Where the reading was stopped, another run resumes it.
      const isStopped = !isApart && !this.isListed;
      if (isStopped) continue;
      yield async (signal) => {
        if (!run.state.done) run.state.isDerived = undefined;
        if (await run.read(signal) !== undefined) this.#count(version);
      };
    }
  }

  /** Ends what is being written. */
  async abort(reason: unknown): Promise<void> {
    for (const run of this.#runs.values()) await run.abort(reason);
  }

  /** Neither version's files may be further than the other's in a checkpoint. */
  async #page(write: () => Promise<void>): Promise<void> {
    try {
      await this.#parts.checkpoints.page(write);
    } catch (error) {
      await this.abort(error);
      throw error;
    }
  }

  /** An earlier run may have brought some of them up to date since: what is there counts. */
  #count(version: Version): void {
    const { snapshot, tallies, settings } = this.#parts;
    if (settings.tables === "only") return;
    const key = this.model.attributes.api_key;
    tallies.setRecords(key, version, snapshot.tally(recordsFolder(key, version)));
  }
}

/** One version of a model. */
function runOf(
  parts: RecordParts,
  { model, version }: RecordListing,
  signal: AbortSignal,
): ListingRun<Item> {
  const { client, project: { schema }, snapshot, settings: { layout, compress, tables } } = parts;
  const key = model.attributes.api_key;
  // Tables are made of them, and then they go.
  const isAside = tables === "only";
  return new ListingRun<Item>(parts, {
    key: `records/${key}/${version}`,
    about: { resource: "records", model: key, version },
    what: `${version} records of model ${key}`,
    isPublic: ({ meta }) => version === "published" || isPublic(meta?.status) === true,
    needs: ["attributes", "relationships", "meta"],
    written: () => writtenRecords(parts, { model, version }, signal),
    pages: (options) => recordPages(client, schema, model, version, options),
    batches: (batches) => {
      return snapshot.sink({
        path: (batch) => recordsPath(key, version, batch, layout, isAside) + suffixOf(compress),
        encoding: encodingOf(layout),
        of: model.id,
        ...batches,
      });
    },
  });
}
