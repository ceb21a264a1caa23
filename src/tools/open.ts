import {
  findSnapshot,
  type FindSnapshotOptions,
  type FoundSnapshot,
} from "../snapshot/find_snapshot.ts";
import type { Storage } from "../storage/storage.ts";
import type { SnapshotAsset, SnapshotAssetFile } from "./open/assets.ts";
import { SnapshotContent } from "./open/content.ts";
import { DocumentSnapshot, isDocumentKey } from "./open/document.ts";
import type { IndexUse } from "./open/lookup.ts";
import type { SnapshotRecord } from "./open/scan.ts";
import type {
  Snapshot,
  SnapshotModel,
  SnapshotReadOptions,
  SnapshotRecordOptions,
} from "./open/snapshot.ts";
import { StoredSnapshot } from "./open/stored.ts";
import type { SnapshotTable, SnapshotTablePart } from "./open/tables.ts";

export type {
  IndexUse,
  Snapshot,
  SnapshotAsset,
  SnapshotAssetFile,
  SnapshotModel,
  SnapshotReadOptions,
  SnapshotRecord,
  SnapshotRecordOptions,
  SnapshotTable,
  SnapshotTablePart,
};

/** Options of {@linkcode openSnapshot}. */
export interface OpenSnapshotOptions extends Omit<FindSnapshotOptions, "signal"> {
  /**
   * How records and uploads are found by their ids. `auto`: by the snapshot's index, or one beside it; without
   * either, by reading all batches, each time anew. `memory` makes an index in that case, which takes at most 60
   * bytes for each version of a record and for each upload; `beside` also writes it beside the snapshot, for
   * later. `none` always reads the batches, and so is a single document always read. @default {"auto"}
   */
  readonly index?: IndexUse | undefined;
  /** Aborts the opening. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a snapshot, a Project Export of DatoCMS, or a single document of one for reading: the same methods for each
 * layout. Nothing is asked of DatoCMS.
 *
 * What is read to its end is compared with the digest that the manifest has of it, and so is the manifest itself:
 * other bytes fail, a stream of them at their end. Opening takes the listings that find the snapshot, and a request
 * for its manifest; without one, another listing.
 *
 * A single document is read once to its end when it is opened, as it is known by its end to be whole. Each method
 * then reads it again as far as it has to, with no more of it in memory than its models and a page. It holds one
 * version of each record, and neither files of assets, tables nor settings.
 *
 * @param storage Where the snapshots are, and the asset files.
 * @param snapshot What names it: an id, a date, `latest`, `latest:<environment>`, with `<project>/`,
 * `<environment>/` or both before it if need be; or one that was found; or the key of a single document, which ends
 * with `.json` or `.json.gz`.
 * @param options In which project and environment, and the signal.
 * @throws {SluiceError} If there is no such snapshot, its manifest isn't the one that was sealed, or the document
 * isn't one or has no end.
 * @throws {StorageError} If the storage can't be read.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage, openSnapshot } from "@sluice/datocms";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")!, storage, tables: false });
 * const snapshot = await openSnapshot(storage, "latest");
 * for await (const page of snapshot.records("article", { version: "published", locale: "en" })) {
 *   for (const { id, attributes } of page) console.log(id, attributes.title);
 * }
 * ```
 *
 * @example A single document, in a storage or a folder
 * ```ts no-eval
 * import { exportProject, LocalStorage, openSnapshot } from "@sluice/datocms";
 * import { downloadSingle } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./documents");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { bytes } = await downloadSingle(storage, "latest", { gzip: true });
 * await storage.put("exports/site.json.gz", bytes);
 * const snapshot = await openSnapshot(storage, "exports/site.json.gz");
 * console.assert(snapshot.document!.view === "published");
 * for await (const page of snapshot.records("article", { locale: "en" })) {
 *   for (const { id, attributes } of page) console.log(id, attributes.title);
 * }
 * ```
 */
export async function openSnapshot(
  storage: Storage,
  snapshot: string | FoundSnapshot,
  { signal = new AbortController().signal, index, ...where }: OpenSnapshotOptions = {},
): Promise<Snapshot> {
  if (typeof snapshot === "string" && isDocumentKey(snapshot)) {
    return await DocumentSnapshot.open(storage, snapshot, signal);
  }
  const found = typeof snapshot === "string"
    ? await findSnapshot(storage, snapshot, { ...where, signal })
    : snapshot;
  return new StoredSnapshot(await SnapshotContent.open(storage, found, signal), index);
}
