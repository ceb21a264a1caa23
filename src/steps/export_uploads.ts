import type { Page, Upload } from "../content/resource.ts";
import type { WrittenBatch } from "../sink/batch_sink.ts";
import { encodingOf } from "../sink/encodings.ts";
import { uploadsPath } from "../snapshot/layout.ts";
import { resourceNamed } from "../source/resources.ts";
import type { ExportContext } from "./export_context.ts";
import { readListing } from "./read_listing.ts";

/**
 * Exports the metadata of every upload.
 *
 * @return The batches that it was written to.
 */
export async function exportUploads(
  { run, snapshot, tables, options: { layout = "ndjson" } }: ExportContext,
  signal: AbortSignal,
): Promise<WrittenBatch[]> {
  const batches: WrittenBatch[] = [];
  if (!run.wants("uploads")) return batches;
  const sinks: WritableStream<Page<Upload>>[] = [snapshot.sink({
    path: (batch) => uploadsPath(batch, layout),
    encoding: encodingOf(layout),
    onBatch: (batch) => batches.push(batch),
  })];
  if (tables) sinks.push(tables.uploads());
  const bytes = () => batches.reduce((sum, { size }) => sum + size, 0);
  await readListing(run, resourceNamed("uploads"), sinks, bytes, signal);
  return batches;
}
