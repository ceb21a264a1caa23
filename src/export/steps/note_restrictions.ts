import { readRestrictions } from "../../source/datocms/restrictions.ts";
import { printable } from "../../text/printable.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { Journal } from "../journal.ts";
import type { Selection } from "../selection.ts";

/** What {@linkcode noteRestrictions} uses. */
export interface RestrictionsParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Whose environment it is. */
  readonly project: Pick<ProjectSchema, "environment">;
  /** What is exported. */
  readonly selection: Selection;
  /** Where it is noted. */
  readonly journal: Pick<Journal, "addWarning">;
}

/**
 * Warns if the API token's role may read only a part of the records or uploads that are exported.
 *
 * @param parts What is read, and where it is noted.
 * @param signal Ends it.
 * @throws The signal's reason.
 */
export async function noteRestrictions(
  { client, project: { environment }, selection, journal }: RestrictionsParts,
  signal: AbortSignal,
): Promise<void> {
  if (environment === undefined) return;
  const models = [...new Set(selection.recordListings.map(({ model }) => model))];
  const uploads = selection.wants("uploads");
  const restrictions = await readRestrictions(client, { environment, models, uploads, signal });
  for (const what of restrictions ?? []) {
    journal.addWarning(
      "role_restricted",
      `The API token's role may not read all ${what} in ${printable(environment, 60)}: what it ` +
        "may not read is missing without a trace; in Project settings → Roles, let it read all of them.",
    );
  }
}
