import { readRestrictions } from "../../source/datocms/restrictions.ts";
import { printable } from "../../text/printable.ts";
import type { ExportRun } from "../export_run.ts";

/**
 * Warns if the API token's role may read only a part of the records or uploads that are exported.
 *
 * @param run The export.
 * @param signal Ends it.
 * @throws The signal's reason.
 */
export async function noteRestrictions(run: ExportRun, signal: AbortSignal): Promise<void> {
  const { environment } = run.project;
  if (environment === undefined) return;
  const models = [...new Set(run.recordListings.map(({ model }) => model))];
  const uploads = run.wants("uploads");
  const restrictions = await readRestrictions(run.client, { environment, models, uploads, signal });
  for (const what of restrictions ?? []) {
    run.addWarning(
      "role_restricted",
      `The API token's role may not read all ${what} in ${printable(environment, 60)}: what it ` +
        "may not read is missing without a trace; in Project settings → Roles, let it read all of them.",
    );
  }
}
