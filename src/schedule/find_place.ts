import type { SourceOptions } from "../export/options.ts";
import type { SnapshotPlace } from "../snapshot/layout.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import { CmaError } from "../source/datocms/cma_error.ts";

/**
 * Asks the API which project and environment an export is of.
 *
 * @param options How the API is reached.
 * @param signal Ends it.
 * @return Whose snapshots an export with these options writes.
 * @throws {CmaError} If the API refuses, or can't be reached.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/site/self}
 */
export async function findPlace(
  options: SourceOptions,
  signal?: AbortSignal,
): Promise<SnapshotPlace> {
  const { environment } = options;
  // Without a name it is answered from the primary environment, and says that one's name.
  const client = new CmaClient({ ...options, onEvent: undefined, environment: undefined });
  const { body, headers } = await client.get<{ data?: { id?: unknown } }>("/site", {}, { signal });
  const projectId = body?.data?.id;
  if (typeof projectId !== "string") {
    throw new CmaError(
      `Expected a DatoCMS project from ${client.transport.baseUrl}/site, but the answer holds none: ` +
        "check --base-url.",
    );
  }
  const isSandbox = environment !== undefined && headers.get("x-environment") !== environment;
  return { projectId, sandbox: isSandbox ? environment : undefined };
}
