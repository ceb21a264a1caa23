import * as z from "zod";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { readBatch } from "../snapshot/read_batch.ts";

/** A line of a snapshot's list of assets: a file, and whose it is. */
export interface AssetIndexEntry {
  /** The upload's id. */
  readonly upload_id: string;
  /** The file's key in the storage. */
  readonly key: string;
  /** Size in bytes; `null` if there is no file. */
  readonly size: number | null;
  /** MD5 in hexadecimal; `null` if there is no file. */
  readonly md5: string | null;
  /** The storage's tag of the file's content, if it has one. */
  readonly etag?: string | undefined;
  /** When the file was written, in ISO 8601, where there are no tags. */
  readonly modified_at?: string | undefined;
  /** What became of it, if the list tells. */
  readonly outcome?: string | undefined;
  /** Why there is no file, if there is none. */
  readonly reason?: string | undefined;
  /** How often it was tried, if the list tells. */
  readonly attempts?: number | undefined;
}

const entry: z.ZodType<AssetIndexEntry> = z.object({
  upload_id: z.string(),
  key: z.string(),
  size: z.number().nullable(),
  md5: z.string().regex(/^[0-9a-f]{32}$/).nullable(),
  etag: z.string().optional(),
  modified_at: z.string().optional(),
  outcome: z.string().optional(),
  reason: z.string().optional(),
  attempts: z.number().int().nonnegative().optional(),
});

/**
 * Reads a snapshot's list of assets, or of those no longer used by any upload.
 *
 * @param storage Where the snapshot is.
 * @param key The list's key; without such an object, the list is empty.
 * @param prefix Where asset files lie, without a trailing slash: what names others is left out.
 * @param signal Aborts the reading.
 * @throws {SyntaxError} If it isn't such a list.
 * @throws {StorageError} If it can't be read.
 */
export async function* readAssetIndex(
  storage: Pick<Storage, "get">,
  key: string,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<AssetIndexEntry[], void> {
  try {
    for await (const page of readBatch<unknown>(storage, key, signal)) {
      yield page.map(assetIndexEntry).filter((each) => fileNameOf(each.key, prefix) !== undefined);
    }
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return;
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    throw new SyntaxError(`${key} isn't a list of assets: ${error.message}`, { cause: error });
  }
}

/**
 * The file name of an asset's key, or `undefined` if it isn't directly in the assets' folder.
 *
 * @param key The key.
 * @param prefix Where asset files lie, without a trailing slash.
 */
export function fileNameOf(key: string, prefix: string): string | undefined {
  const name = key.slice(prefix.length + 1);
  return key === `${prefix}/${name}` && name !== "" && !name.includes("/") ? name : undefined;
}

/**
 * A line of a list of assets.
 *
 * @param value What the line holds.
 * @throws {SyntaxError} If it isn't one.
 */
export function assetIndexEntry(value: unknown): AssetIndexEntry {
  const { success, data } = entry.safeParse(value);
  if (!success) throw new SyntaxError("a line isn't one of an asset");
  return data;
}
