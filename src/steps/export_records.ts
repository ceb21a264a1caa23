import { concurrently } from "../concurrently.ts";
import type { Item, Page } from "../content/resource.ts";
import { encodingOf } from "../sink/encodings.ts";
import { fanOut } from "../sink/fan_out.ts";
import { recordsPath } from "../snapshot/layout.ts";
import { recordPages } from "../source/records.ts";
import type { ExportContext } from "./export_context.ts";
import type { RecordListing } from "./export_run.ts";

/** Exports every model's records, several listings at a time. */
export async function exportRecords(context: ExportContext, signal: AbortSignal): Promise<void> {
  const { run } = context;
  const listings = run.recordListings.map((listing) => (signal: AbortSignal) => {
    return exportListing(context, listing, signal);
  });
  await concurrently(listings, run.concurrency, signal);
}

/** One model in one version: each page goes to the raw view and to the tables. */
async function exportListing(
  { run, snapshot, tables, options }: ExportContext,
  { model, version }: RecordListing,
  signal: AbortSignal,
): Promise<void> {
  const { layout = "ndjson" } = options;
  const key = model.attributes.api_key;
  const about = { resource: "records", model: key, version };
  const tally = { count: 0, bytes: 0 };
  let total = 0;
  const listing = run.listing(signal, about);
  const pages = recordPages(run.client, run.project.schema, model, version, {
    ...listing,
    onTotal: (latest) => {
      total = latest;
      listing.onTotal?.(latest);
    },
  });
  const sinks: WritableStream<Page<Item>>[] = [];
  if (options.tables !== "only") {
    sinks.push(snapshot.sink({
      path: (batch) => recordsPath(key, version, batch, layout),
      encoding: encodingOf(layout),
      onBatch: ({ size }) => tally.bytes += size,
    }));
  }
  if (tables) sinks.push(tables.records(version));
  sinks.push(
    new WritableStream({
      write: ({ length: count }) => {
        tally.count += count;
        run.emit({ type: "page", ...about, count });
      },
    }),
  );
  await pages.pipeTo(fanOut(sinks), { signal });
  (run.records[key] ??= {})[version] = tally;
  if (tally.count !== total) {
    run.findings.add(
      "count_differs",
      `The API announced ${total} ${version} records of model ${key}, and sent ${tally.count}: the project changed while it was read.`,
    );
  }
  run.emit({ type: "done", ...about, ...tally });
}
