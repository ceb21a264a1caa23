import type { Upload } from "../../content/resource.ts";
import { withAttributes } from "../../content/attributes.ts";
import type { CmaClient } from "./cma_client.ts";
import { resourcesById } from "./resources_by_id.ts";

/** The most uploads that {@linkcode uploadsById} asks for at a time. */
export const UPLOADS_AT_A_TIME = 100;

/**
 * Asks for some uploads, to learn which of them the project still has.
 *
 * @param client Reads the API.
 * @param ids Their ids, a hundred at most.
 * @param signal Aborts the request.
 * @return Those that it has, by id; `undefined` if the API sends others: then nothing says that one is gone.
 * @throws {CmaError} If the API refuses.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/upload/instances}
 */
export async function uploadsById(
  client: CmaClient,
  ids: Iterable<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Upload> | undefined> {
  const by = { path: "/uploads", ids: new Set(ids) };
  const found = await resourcesById<Upload>(client, by, { signal });
  return found && new Map([...found].map(([id, upload]) => [id, withAttributes(upload)]));
}
