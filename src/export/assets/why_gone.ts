import type { Upload } from "../../content/resource.ts";
import { uploadsById } from "../../source/datocms/uploads_by_id.ts";
import type { ExportRun } from "../export_run.ts";

/**
 * Why DatoCMS doesn't serve an upload's file any more: editors delete and replace files while an export
 * runs, also at the same address.
 *
 * @param run The export.
 * @param upload The upload, as the export knows it.
 * @param signal Aborts the request.
 * @return A clause, or `undefined` if the project still has it like this, or nothing tells.
 * @throws {CmaError} If the API refuses.
 */
export async function whyGone(
  run: ExportRun,
  { id, attributes: { path, md5 } }: Upload,
  signal: AbortSignal,
): Promise<string | undefined> {
  const uploads = await uploadsById(run.client, [id], signal);
  if (uploads === undefined) return undefined;
  const now = uploads.get(id);
  if (now === undefined) return "the upload was deleted while it was exported";
  return now.attributes.path === path && now.attributes.md5 === md5
    ? undefined
    : "the upload got another file while it was exported";
}
