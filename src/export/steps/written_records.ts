import type { Page } from "../../content/resource.ts";
import { encodingOf, recordsFolder } from "../../snapshot/layout.ts";
import {
  batchedEntries,
  journaledEntries,
  type WrittenEntry,
} from "../../snapshot/written_entries.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { ResumeState } from "../resume/resume_state.ts";
import type { RecordListing } from "../selection.ts";

/** Where records were written. */
export interface WrittenParts {
  /** The snapshot. */
  readonly snapshot: SnapshotWriter;
  /** How it is written. */
  readonly settings: Pick<ExportSettings, "layout" | "tables">;
}

/**
 * The records of a listing that are in the storage, wherever they were written. A record may come more than
 * once.
 *
 * @param parts Where they are, and how they were written.
 * @param listing Which listing.
 * @param signal Aborts the reading.
 * @throws {StorageError} If they can't be read.
 */
export function recordEntries(
  { snapshot, settings }: WrittenParts,
  { model, version }: RecordListing,
  signal: AbortSignal,
): AsyncGenerator<Page<WrittenEntry>, void> {
  const folder = recordsFolder(model.attributes.api_key, version, settings.tables === "only");
  return batchedEntries(snapshot, folder, signal);
}

/**
 * The ids of the records of a listing that earlier runs have written, the batch that they have begun included.
 *
 * @param parts Where they are, and how they were written.
 * @param listing Which listing.
 * @param signal Aborts the reading.
 * @throws {StorageError} If they can't be read.
 */
export async function* writtenRecords(
  parts: WrittenParts & { readonly state: Pick<ResumeState, "bytes"> },
  listing: RecordListing,
  signal: AbortSignal,
): AsyncGenerator<Iterable<string>, void> {
  const { state, settings: { layout } } = parts;
  const { model: { attributes: { api_key: key } }, version } = listing;
  const name = `records/${key}/${version}`;
  // What this run itself has written may not be in a file yet.
  await state.bytes.save();
  yield* idsIn(recordEntries(parts, listing, signal), () => {
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
