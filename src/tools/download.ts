import type { FoundSnapshot } from "../snapshot/find_snapshot.ts";
import { CANARY, MANIFEST } from "../snapshot/layout.ts";
import type { Storage } from "../storage/storage.ts";
import { type ArchiveEntry, type ArchiveForm, archiveOf } from "./download/archive.ts";
import {
  type ContentFile,
  SnapshotContents,
  type TransferOptions,
  type TransferProgress,
} from "./download/contents.ts";
import type { SnapshotSelection } from "./download/selection.ts";

export type { ArchiveForm, SnapshotSelection, TransferOptions, TransferProgress };

/** Options of {@linkcode downloadSnapshot}. */
export interface DownloadOptions extends SnapshotSelection, TransferOptions {
  /** How the archive is written. @default {"tar.gz"} */
  readonly form?: ArchiveForm | undefined;
}

/** A snapshot that is downloaded. */
export interface SnapshotDownload {
  /** The snapshot's name: `<project>/[<environment>/]<id>`. */
  readonly snapshot: string;
  /** A name for the archive, such as `48213_1796052267.tar.gz`. */
  readonly fileName: string;
  /** How many bytes are in it before they are compressed, as far as the manifest tells. */
  readonly totalBytes: number;
  /** The archive; it fails as soon as something isn't as it was sealed, and then has no valid end. */
  readonly bytes: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Small files are read while the ones before them are written: at most so many, up to so many bytes each. */
const [AHEAD, SMALL] = [8, 1024 * 1024];
const ENCODER = new TextEncoder();

/**
 * Makes an archive of a sealed snapshot, while it is read: its objects and asset files by their keys, so that the
 * directory it is unpacked to is a place of snapshots. The manifest comes last but for `canary.txt`: what was unpacked
 * of a part of it doesn't claim to be complete. Every object is compared with the manifest, every asset file with its
 * MD5. The same snapshot gives the same bytes. Holds no more in memory than some pieces.
 *
 * @param storage Where the snapshot is.
 * @param snapshot What names it, as in `latest`, or the snapshot.
 * @param options The archive's form, and what is left out.
 * @return The archive.
 * @throws {SnapshotDamagedError} If its manifest isn't the one that was sealed; the archive fails with it as well.
 * @throws {SluiceError} If there is no such snapshot, or no such model in it.
 * @throws {StorageError} If it can't be read; the archive fails with it as well.
 * @throws The signal's reason.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 * import { downloadSnapshot } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./backups");
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage,
 *   assets: false,
 *   tables: false,
 * });
 * const { bytes, fileName } = await downloadSnapshot(storage, "latest", { form: "tar.zst" });
 * await new LocalStorage("./archives").put(fileName, bytes);
 * ```
 */
export async function downloadSnapshot(
  storage: Storage,
  snapshot: string | FoundSnapshot,
  options: DownloadOptions = {},
): Promise<SnapshotDownload> {
  const { form = "tar.gz", signal = new AbortController().signal } = options;
  const contents = await SnapshotContents.read(storage, snapshot, { ...options, signal });
  const { found: { name }, manifest, totalBytes } = contents;
  const mtime = new Date(manifest.endedAt);
  return {
    snapshot: name,
    fileName: `${name.replaceAll("/", "_")}.${form}`,
    totalBytes,
    bytes: archiveOf(
      (stopped) => entriesOf(contents, AbortSignal.any([signal, stopped])),
      { form, mtime },
    ),
  };
}

async function* entriesOf(
  contents: SnapshotContents,
  signal: AbortSignal,
): AsyncGenerator<ArchiveEntry, void> {
  yield* readAhead(contents, signal);
  const { found: { prefix }, manifestText, canaryText } = contents;
  yield textEntry(`${prefix}/${MANIFEST}`, manifestText);
  yield textEntry(`${prefix}/${CANARY}`, canaryText);
}

/** The files of a snapshot in their order, of which small ones are read side by side. */
async function* readAhead(
  contents: SnapshotContents,
  signal: AbortSignal,
): AsyncGenerator<ArchiveEntry, void> {
  const end = new AbortController();
  const until = AbortSignal.any([signal, end.signal]);
  const ahead: Promise<Uint8Array<ArrayBuffer> | undefined>[] = [];
  const files: ContentFile[] = [];
  const next = async (): Promise<ArchiveEntry> => {
    const file = files.shift()!;
    const read = await ahead.shift()!;
    const body = read ? ReadableStream.from([read]) : await contents.open(file, until);
    return { name: file.key, size: file.size, body };
  };
  try {
    for await (const file of filesOf(contents)) {
      until.throwIfAborted();
      const reading = file.size > SMALL
        ? Promise.resolve(undefined)
        : contents.open(file, until).then((body) => new Response(body).bytes());
      // It fails when its turn comes.
      reading.catch(() => {});
      ahead.push(reading);
      files.push(file);
      if (files.length === AHEAD) yield await next();
    }
    while (files.length > 0) yield await next();
  } finally {
    end.abort(new DOMException("The archive has ended.", "AbortError"));
    await Promise.allSettled(ahead);
  }
}

async function* filesOf(contents: SnapshotContents): AsyncGenerator<ContentFile, void> {
  yield* contents.objects;
  for await (const page of contents.assets()) yield* page;
}

function textEntry(name: string, text: string): ArchiveEntry {
  const bytes = ENCODER.encode(text);
  return { name, size: bytes.length, body: ReadableStream.from([bytes]) };
}
