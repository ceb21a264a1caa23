import { concurrently } from "../../async/concurrently.ts";
import type { Item } from "../../content/resource.ts";
import { encodingOf, recordsFolder, recordsPath } from "../../snapshot/layout.ts";
import { isPublic } from "../../snapshot/written_entries.ts";
import { recordPages } from "../../source/datocms/records.ts";
import type { ExportContext } from "../export_context.ts";
import type { RecordListing } from "../export_run.ts";
import { writeListing } from "../resume/write_listing.ts";
import { writtenRecords } from "./written_records.ts";

/** Exports every model's records, several listings at a time. */
export async function exportRecords(context: ExportContext, signal: AbortSignal): Promise<void> {
  const { run } = context;
  const listings = run.recordListings.map((listing) => async (signal: AbortSignal) => {
    if (!run.stop?.aborted) await exportListing(context, listing, signal);
  });
  await concurrently(listings, run.concurrency, signal);
}

/** One model in one version. */
async function exportListing(
  context: ExportContext,
  { model, version }: RecordListing,
  signal: AbortSignal,
): Promise<void> {
  const { run, snapshot, settings } = context;
  const { layout } = settings;
  const key = model.attributes.api_key;
  // Tables are made of them, and then they go.
  const isAside = settings.tables === "only";
  const state = await writeListing<Item>(context, {
    key: `records/${key}/${version}`,
    about: { resource: "records", model: key, version },
    what: `${version} records of model ${key}`,
    isPublic: ({ meta }) => version === "published" || isPublic(meta?.status) === true,
    needs: ["attributes", "relationships", "meta"],
    written: () => writtenRecords(context, { model, version }, signal),
    pages: (options) => recordPages(run.client, run.project.schema, model, version, options),
    batches: (batches) => {
      return snapshot.sink({
        path: (batch) => recordsPath(key, version, batch, layout, isAside),
        encoding: encodingOf(layout),
        of: model.id,
        ...batches,
      });
    },
  }, signal);
  // An earlier run may have brought some of them up to date since: what is there counts.
  if (state === undefined || isAside) return;
  (run.records[key] ??= {})[version] = snapshot.tally(recordsFolder(key, version));
}
