import type { Page } from "../../content/resource.ts";
import { encodingOf, recordsFolder } from "../../snapshot/layout.ts";
import {
  batchedEntries,
  journaledEntries,
  type WrittenEntry,
} from "../../snapshot/written_entries.ts";
import type { ExportContext } from "../export_context.ts";
import type { RecordListing } from "../export_run.ts";

/**
 * The records of a listing that are in the storage, wherever they were written. A record may come more than
 * once.
 *
 * @param context The export.
 * @param listing Which listing.
 * @param signal Aborts the reading.
 * @throws {StorageError} If they can't be read.
 */
export function recordEntries(
  { snapshot, settings }: ExportContext,
  { model, version }: RecordListing,
  signal: AbortSignal,
): AsyncGenerator<Page<WrittenEntry>, void> {
  const folder = recordsFolder(model.attributes.api_key, version, settings.tables === "only");
  return batchedEntries(snapshot, folder, signal);
}

/**
 * The ids of the records of a listing that earlier runs have written, the batch that they have begun included.
 *
 * @param context The export.
 * @param listing Which listing.
 * @param signal Aborts the reading.
 * @throws {StorageError} If they can't be read.
 */
export async function* writtenRecords(
  context: ExportContext,
  listing: RecordListing,
  signal: AbortSignal,
): AsyncGenerator<Iterable<string>, void> {
  const { state, settings: { layout } } = context;
  const { model: { attributes: { api_key: key } }, version } = listing;
  const name = `records/${key}/${version}`;
  yield* idsIn(recordEntries(context, listing, signal), () => {
    return journaledEntries(state.bytes, name, encodingOf(layout));
  });
}

/**
 * The ids of entries, and then of more.
 *
 * @param pages The entries.
 * @param more Those that come last.
 */
export async function* idsIn(
  pages: AsyncIterable<Page<WrittenEntry>>,
  more: () => Promise<Page<WrittenEntry>>,
): AsyncGenerator<Iterable<string>, void> {
  for await (const page of pages) yield page.map(({ id }) => id);
  yield (await more()).map(({ id }) => id);
}
