import { suffixOf } from "../../sink/compression.ts";
import type { Upload } from "../../content/resource.ts";
import { encodingOf, uploadsPath } from "../../snapshot/layout.ts";
import { UPLOADS } from "../../snapshot/span.ts";
import { batchedEntries, journaledEntries } from "../../snapshot/written_entries.ts";
import { listingPages } from "../../source/datocms/listing.ts";
import { resourceNamed } from "../../source/datocms/resources.ts";
import { convergeUploads, type ConvergeUploadsParts } from "../converge/converge_uploads.ts";
import { type ListingParts, ListingRun } from "../resume/listing_run.ts";
import type { Tallies } from "../tallies.ts";
import type { DerivedStep } from "./derived_step.ts";
import { idsIn } from "./written_records.ts";

/** What was exported of the uploads' metadata. */
export interface ExportedUploads {
  /** The keys of the batches that it was written to. */
  readonly batches: readonly string[];
  /** Whether as many came as the API announced. */
  readonly isWhole: boolean;
}

/** What {@linkcode exportUploads} uses. */
export interface UploadParts extends ListingParts, ConvergeUploadsParts {
  /** Where they are counted. */
  readonly tallies: Tallies;
  /** What follows from batches: what was read for it stays as it is. */
  readonly derived: Pick<DerivedStep, "isBegun">;
}

/**
 * Exports the metadata of every upload, and brings what changed meanwhile up to date.
 *
 * @param parts What is read, and where it goes.
 * @param signal Ends it.
 * @return What was exported, or `undefined` if it was stopped before its end.
 */
export async function exportUploads(
  parts: UploadParts,
  signal: AbortSignal,
): Promise<ExportedUploads | undefined> {
  const { client, snapshot, state, tallies, derived, settings: { layout, compress } } = parts;
  const run = new ListingRun<Upload>(parts, {
    key: "uploads",
    about: { resource: "uploads" },
    what: "uploads",
    needs: ["attributes"],
    written: () =>
      idsIn(
        batchedEntries(snapshot, "uploads/", signal),
        () => journaledEntries(state.bytes, "uploads", encodingOf(layout)),
      ),
    pages: (options) => listingPages(client, resourceNamed("uploads"), options),
    batches: (batches) => {
      return snapshot.sink({
        path: (batch) => uploadsPath(batch, layout) + suffixOf(compress),
        encoding: encodingOf(layout),
        of: UPLOADS,
        ...batches,
      });
    },
  });
  const reached = await run.read(signal);
  if (reached === undefined) return undefined;
  // It may add batches: not to those that were read by an earlier run.
  const isDone = derived.isBegun || await convergeUploads(parts, signal);
  // Also what an earlier run has brought up to date.
  tallies.setResource("uploads", snapshot.tally("uploads/"));
  if (!isDone) return undefined;
  const batches = snapshot.objects
    .filter(({ path }) => path.startsWith("uploads/"))
    .map(({ path }) => `${snapshot.prefix}/${path}`)
    // In the order of their numbers, which have three digits or more.
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return { batches, isWhole: reached.isWhole ?? reached.read === reached.total };
}
