import { concurrently } from "../concurrently.ts";
import type { Page } from "../content/resource.ts";
import type { ExportOptions } from "../export_options.ts";
import { JSON_DATA, NDJSON } from "../sink/encodings.ts";
import { fanOut } from "../sink/fan_out.ts";
import { type Layout, recordsPath } from "../snapshot/layout.ts";
import type { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { recordPages } from "../source/records.ts";
import type { ExportRun, RecordListing } from "./export_run.ts";

/** Every model's records, several listings at a time. */
export async function exportRecords(
  run: ExportRun,
  snapshot: SnapshotWriter,
  { layout = "ndjson" }: ExportOptions,
  signal: AbortSignal,
): Promise<void> {
  const listings = run.recordListings.map((listing) => (signal: AbortSignal) => {
    return exportListing(run, snapshot, listing, layout, signal);
  });
  await concurrently(listings, run.concurrency, signal);
}

async function exportListing(
  run: ExportRun,
  snapshot: SnapshotWriter,
  { model, version }: RecordListing,
  layout: Layout,
  signal: AbortSignal,
): Promise<void> {
  const key = model.attributes.api_key;
  const about = { resource: "records", model: key, version };
  const tally = { count: 0, bytes: 0 };
  let total = 0;
  const options = run.listing(signal, about);
  const pages = recordPages(run.client, run.project.schema, model, version, {
    ...options,
    onTotal: (latest) => {
      total = latest;
      options.onTotal?.(latest);
    },
  });
  const raw = snapshot.sink({
    path: (batch) => recordsPath(key, version, batch, layout),
    encoding: layout === "ndjson" ? NDJSON : JSON_DATA,
    onBatch: ({ size }) => tally.bytes += size,
  });
  const progress = new WritableStream<Page>({
    write: ({ length: count }) => {
      tally.count += count;
      run.emit({ type: "page", ...about, count });
    },
  });
  await pages.pipeTo(fanOut<Page>([raw, progress]), { signal });
  (run.records[key] ??= {})[version] = tally;
  if (tally.count !== total) {
    run.findings.add(
      "count_differs",
      `The API announced ${total} ${version} records of model ${key}, and sent ${tally.count}: the project changed while it was read.`,
    );
  }
  run.emit({ type: "done", ...about, ...tally });
}
