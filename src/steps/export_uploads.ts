import type { Page, Upload } from "../content/resource.ts";
import type { WrittenBatch } from "../sink/batch_sink.ts";
import { encodingOf } from "../sink/encodings.ts";
import { uploadsPath } from "../snapshot/layout.ts";
import { resourceNamed } from "../source/resources.ts";
import type { ExportContext } from "./export_context.ts";
import { readListing } from "./read_listing.ts";

/** What was exported of the uploads' metadata. */
export interface ExportedUploads {
  /** The batches that it was written to. */
  readonly batches: readonly WrittenBatch[];
  /** Whether as many came as the API announced. */
  readonly isWhole: boolean;
}

/** Exports the metadata of every upload. */
export async function exportUploads(
  { run, snapshot, tables, options: { layout = "ndjson" } }: ExportContext,
  signal: AbortSignal,
): Promise<ExportedUploads> {
  const batches: WrittenBatch[] = [];
  if (!run.wants("uploads")) return { batches, isWhole: false };
  const sinks: WritableStream<Page<Upload>>[] = [snapshot.sink({
    path: (batch) => uploadsPath(batch, layout),
    encoding: encodingOf(layout),
    onBatch: (batch) => batches.push(batch),
  })];
  if (tables) sinks.push(tables.uploads());
  const bytes = () => batches.reduce((sum, { size }) => sum + size, 0);
  const isWhole = await readListing(run, resourceNamed("uploads"), sinks, bytes, signal);
  return { batches, isWhole };
}
