import { generatorStream } from "../../async/generator_stream.ts";
import { EXIT, SluiceError } from "../../error.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import type { ManifestNote, Tally } from "../../snapshot/manifest.ts";
import type { Storage } from "../../storage/storage.ts";
import { printable } from "../../text/printable.ts";
import type { TransferOptions } from "./contents.ts";
import { DumpEntries, type DumpShape } from "./dump_entries.ts";
import { SnapshotSource } from "./snapshot_source.ts";
import { zip } from "./zip.ts";

/** Options of {@linkcode downloadDump}. */
export interface DownloadDumpOptions extends DumpShape, TransferOptions {}

/** What is in a dump. */
export interface DumpContent {
  /** How many records it has. */
  readonly records: number;
  /** How many uploads it has. */
  readonly uploads: number;
  /** How many collections of uploads it has. */
  readonly uploadCollections: number;
  /** Its asset files. */
  readonly assets: Tally;
  /** What a dump of the project would have, but the snapshot doesn't: the first thousand of each kind. */
  readonly missing: readonly ManifestNote[];
}

/** A dump of a snapshot that is downloaded. */
export interface DumpDownload {
  /** The snapshot's name: `<project>/[<environment>/]<id>`. */
  readonly snapshot: string;
  /** A name for the dump, such as `48213_1796052267.dump.zip`. */
  readonly fileName: string;
  /** How many bytes are read for it, as far as the manifest tells. */
  readonly totalBytes: number;
  /** The zip; it fails as soon as something isn't as it was sealed, and then has no end. */
  readonly bytes: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is in it so far: all that is, once it has ended. */
  readonly content: () => DumpContent;
}

/** The earliest date in a zip. */
const EARLIEST = Date.UTC(1980, 0, 1);

/**
 * Makes the zip that DatoCMS's own content tools read (`datocms-project-dump`, version 1) of a snapshot, or of a
 * Project Export of DatoCMS, while it is read: its schema, each record with its current and its published version,
 * uploads and their collections, and asset files. All objects are compared with the manifest, and asset files
 * with their MD5. The same snapshot gives the same zip. In memory are the ids of a model's records, the names of
 * the asset files, and two batches: less than 150 bytes for each record, and 250 for each upload with usual
 * names.
 *
 * An asset file that isn't there, or isn't what it was, is left out and named in `missing`, as is what the
 * snapshot was exported without.
 *
 * @param storage Where the snapshot is.
 * @param snapshot What names it, as in `latest`, or the snapshot.
 * @param options What is in the dump.
 * @return The zip.
 * @throws {SluiceError} If there is no such snapshot, it was exported without published versions, or its manifest
 * isn't the one that was sealed; the zip fails with the like, too.
 * @throws {StorageError} If something can't be read; the zip fails with it as well.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { downloadDump } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { bytes, fileName, content } = await downloadDump(storage, "latest");
 * await new LocalStorage("./dumps").put(fileName, bytes);
 * console.assert(content().records > 0);
 * ```
 */
export async function downloadDump(
  storage: Storage,
  snapshot: string | FoundSnapshot,
  options: DownloadDumpOptions = {},
): Promise<DumpDownload> {
  const opened = await SnapshotSource.open(storage, snapshot, options);
  const { source, manifest } = opened;
  const { name } = source.found;
  if (manifest?.options.published === false) {
    throw new SluiceError(
      `The snapshot ${printable(name)} was exported without published versions, and a dump has ` +
        "both: name another one.",
      EXIT.usage,
    );
  }
  const withAssets = options.assets !== false;
  source.expect((path) => /^(records|uploads)\//.test(path), withAssets);
  const dump = new DumpEntries(opened, options);
  const modifiedAt = new Date(Math.max(EARLIEST, +source.readAt));
  return {
    snapshot: name,
    fileName: `${name.replaceAll("/", "_")}.dump.zip`,
    totalBytes: source.totalBytes,
    bytes: generatorStream(({ signal }) => {
      source.endWith(signal);
      return zip(dump.entries(), modifiedAt);
    }),
    content: () => ({ ...dump.counts, assets: dump.assets, missing: dump.missing }),
  };
}
