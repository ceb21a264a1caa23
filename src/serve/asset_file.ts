import type { SentFile } from "./bytes.ts";
import { notThere } from "./failure.ts";
import { type OpenedSnapshot, shown } from "./shelf.ts";

/**
 * The file of an upload, as the snapshot's list of assets names it.
 *
 * @param opened The snapshot.
 * @param id The upload's id.
 * @param signal Aborts it.
 * @throws {ServeError} If there is no such upload, or it has no file.
 */
export async function assetFile(
  { snapshot, content: { storage } }: OpenedSnapshot,
  id: string,
  signal: AbortSignal,
): Promise<SentFile> {
  const asset = await snapshot.asset(id, { signal });
  if (asset === undefined) throw notThere(`upload ${shown(id)} in this snapshot`);
  const { upload: { attributes }, file } = asset;
  if (file === undefined) throw notThere(`file of upload ${shown(id)} in this snapshot`);
  const size = file.size ?? (await storage.stat(file.key, { signal }))?.size;
  if (size === undefined) throw notThere(`file of upload ${shown(id)} in this snapshot any more`);
  return {
    key: file.key,
    size,
    tag: file.md5 ?? `${id}-${size}`,
    type: String(attributes.mime_type ?? ""),
    filename: String(attributes.filename ?? id),
    open: (signal) => file.open({ signal }),
  };
}
