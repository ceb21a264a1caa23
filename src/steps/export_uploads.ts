import type { ExportOptions } from "../export_options.ts";
import type { WrittenBatch } from "../sink/batch_sink.ts";
import { JSON_DATA, NDJSON } from "../sink/encodings.ts";
import { uploadsPath } from "../snapshot/layout.ts";
import type { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { resourceNamed } from "../source/resources.ts";
import type { ExportRun } from "./export_run.ts";
import { readListing } from "./read_listing.ts";

/** The metadata of every upload. Returns the keys of the batches that it was written to. */
export async function exportUploads(
  run: ExportRun,
  snapshot: SnapshotWriter,
  { layout = "ndjson" }: ExportOptions,
  signal: AbortSignal,
): Promise<WrittenBatch[]> {
  const batches: WrittenBatch[] = [];
  if (!run.wants("uploads")) return batches;
  const sink = snapshot.sink({
    path: (batch) => uploadsPath(batch, layout),
    encoding: layout === "ndjson" ? NDJSON : JSON_DATA,
    onBatch: (batch) => batches.push(batch),
  });
  await readListing(run, resourceNamed("uploads"), sink, signal, () => sum(batches));
  return batches;
}

function sum(batches: readonly WrittenBatch[]): number {
  return batches.reduce((bytes, { size }) => bytes + size, 0);
}
