import { readRestrictions } from "../../source/datocms/restrictions.ts";
import type { ExportRun } from "../export_run.ts";

/**
 * Whether there may be uploads that the API token's role may not read, which look like deleted ones: the API
 * leaves them out without a word.
 *
 * @param run The export.
 * @param signal Aborts the request.
 * @return `undefined` if the API doesn't tell.
 * @throws The signal's reason.
 */
export async function mayHideUploads(
  { client, project: { environment } }: ExportRun,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if (environment === undefined) return undefined;
  const asked = { environment, models: [], uploads: true, signal };
  const restrictions = await readRestrictions(client, asked);
  return restrictions && restrictions.length > 0;
}
