import { assetIndexEntry, fileNameOf } from "../../assets/asset_index.ts";
import type { Upload } from "../../content/resource.ts";
import { EXIT, SluiceError } from "../../error.ts";
import { checking } from "../../snapshot/checked_reading.ts";
import { assetsPrefix } from "../../snapshot/layout.ts";
import { ObjectNotFoundError } from "../../storage/storage.ts";
import { shownAddress } from "../../text/printable.ts";
import { safeName } from "../../text/safe_name.ts";
import type { SnapshotContent } from "./content.ts";
import type { Lookup } from "./lookup.ts";

/** An asset: what is known of it, and its file. */
export interface SnapshotAsset {
  /** Its upload, as the API sent it. */
  readonly upload: Upload;
  /** Its file; `undefined` if the snapshot has none. */
  readonly file: SnapshotAssetFile | undefined;
  /** Why there is no file; `undefined` if there is one, or nobody says. */
  readonly reason: string | undefined;
}

/** An asset's file. */
export interface SnapshotAssetFile {
  /** Its key in the storage. */
  readonly key: string;
  /** Its size in bytes; `undefined` if nobody says. */
  readonly size: number | undefined;
  /** MD5 of its bytes, in hexadecimal; `undefined` if nobody says. */
  readonly md5: string | undefined;
  /**
   * Its bytes: the stream fails at its end if they aren't of this size and MD5.
   *
   * @param options What aborts it.
   * @throws {SluiceError} If it isn't there.
   */
  open(options?: {
    readonly signal?: AbortSignal | undefined;
  }): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/**
 * An upload with its file.
 *
 * @param content The snapshot.
 * @param lookup Finds its line in the list of assets.
 * @param upload The upload.
 * @param signal Aborts it.
 * @throws {SyntaxError} If the list of assets can't be understood.
 */
export async function assetOf(
  content: SnapshotContent,
  lookup: Lookup,
  upload: Upload,
  signal: AbortSignal,
): Promise<SnapshotAsset> {
  const { manifest, found: { project } } = content;
  const prefix = assetsPrefix(manifest?.project.id ?? project);
  if (manifest === undefined) {
    const file = await namedFile(content, upload, prefix, signal);
    return { upload, file, reason: file ? undefined : "its file isn't beside the snapshots" };
  }
  if (manifest.assets === undefined) {
    return { upload, file: undefined, reason: "the snapshot was exported without asset files" };
  }
  const line = await lookup.asset(manifest.assets.index, upload.id, signal);
  if (line === undefined) return { upload, file: undefined, reason: undefined };
  const { key, size, md5, reason } = assetIndexEntry(line);
  const isOfProject = fileNameOf(key, prefix) !== undefined;
  const file = isOfProject && size !== null && md5 !== null
    ? fileAt(content, { key, size, md5 })
    : undefined;
  return { upload, file, reason };
}

/** The file of an upload in a Project Export of DatoCMS, which has no list of files. */
async function namedFile(
  content: SnapshotContent,
  { attributes: { path, size, md5 } }: Upload,
  prefix: string,
  signal: AbortSignal,
): Promise<SnapshotAssetFile | undefined> {
  if (typeof path !== "string") return undefined;
  const key = `${prefix}/${safeName(path.slice(path.lastIndexOf("/") + 1))}`;
  if (await content.storage.stat(key, { signal }) === undefined) return undefined;
  const isDigest = typeof md5 === "string" && /^[0-9a-f]{32}$/i.test(md5);
  return fileAt(content, {
    key,
    size: typeof size === "number" ? size : undefined,
    md5: isDigest ? md5.toLowerCase() : undefined,
  });
}

function fileAt(
  { storage }: SnapshotContent,
  file: Omit<SnapshotAssetFile, "open">,
): SnapshotAssetFile {
  return {
    ...file,
    async open({ signal } = {}) {
      const address = shownAddress(`${storage.url}/${file.key}`);
      try {
        const bytes = await storage.get(file.key, { signal });
        return bytes.pipeThrough(
          checking({ size: file.size, algorithm: "md5", digest: file.md5 }, address),
        );
      } catch (error) {
        if (!(error instanceof ObjectNotFoundError)) throw error;
        throw new SluiceError(
          `The asset file ${address} isn't there any more: take another snapshot's, or export again.`,
          EXIT.failed,
          { cause: error, code: "snapshot_damaged" },
        );
      }
    },
  };
}
