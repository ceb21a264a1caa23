import { concurrently } from "../../async/concurrently.ts";
import { suffixOf } from "../../sink/compression.ts";
import type { Item } from "../../content/resource.ts";
import { encodingOf, recordsFolder, recordsPath } from "../../snapshot/layout.ts";
import { isPublic } from "../../snapshot/written_entries.ts";
import { recordPages } from "../../source/datocms/records.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { ExportSettings } from "../export_settings.ts";
import { type ListingParts, writeListing } from "../resume/write_listing.ts";
import type { RecordListing, Selection } from "../selection.ts";
import type { Tallies } from "../tallies.ts";
import { writtenRecords } from "./written_records.ts";

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
  /** How they are written. */
  readonly settings: Pick<ExportSettings, "compress" | "layout" | "tables">;
  /** The most listings at a time. */
  readonly concurrency: number;
}

/**
 * Exports every model's records, several listings at a time.
 *
 * @param parts What is read, and where it goes.
 * @param signal Ends it.
 * @throws {CmaError} If they can't be read.
 * @throws {StorageError} If they can't be written.
 */
export async function exportRecords(parts: RecordParts, signal: AbortSignal): Promise<void> {
  const { selection, concurrency, stop } = parts;
  const listings = selection.recordListings.map((listing) => async (signal: AbortSignal) => {
    if (!stop?.aborted) await exportListing(parts, listing, signal);
  });
  await concurrently(listings, concurrency, signal);
}

/** One model in one version. */
async function exportListing(
  parts: RecordParts,
  { model, version }: RecordListing,
  signal: AbortSignal,
): Promise<void> {
  const { client, project: { schema }, snapshot, tallies, settings } = parts;
  const { layout, compress } = settings;
  const key = model.attributes.api_key;
  // Tables are made of them, and then they go.
  const isAside = settings.tables === "only";
  const state = await writeListing<Item>(parts, {
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
  }, signal);
  // An earlier run may have brought some of them up to date since: what is there counts.
  if (state === undefined || isAside) return;
  tallies.setRecords(key, version, snapshot.tally(recordsFolder(key, version)));
}
