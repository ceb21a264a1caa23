import type { Page, Upload } from "../content/resource.ts";
import type { CmaClient } from "./cma_client.ts";

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
  const asked = new Set(ids);
  const query = { filter: { ids: [...asked].join(",") }, page: { limit: UPLOADS_AT_A_TIME } };
  const { body } = await client.get<{ data: Page<Upload> }>("/uploads", query, { signal });
  if (body.data.some(({ id }) => !asked.has(id))) return undefined;
  return new Map(body.data.map((upload) => [upload.id, upload]));
}
