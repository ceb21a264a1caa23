import type { Resource } from "../content/resource.ts";
import { ObjectNotFoundError, type Storage } from "../storage/storage.ts";
import { isObject } from "../text/json.ts";
import { readJson } from "./read_schema.ts";

/** Where those are who may make records and uploads. */
const PEOPLE = ["users", "sso_users", "access_tokens"].map((name) => `settings/${name}.json`);

/**
 * Reads who may have made a snapshot's records and uploads: collaborators, single sign-on users and API tokens.
 *
 * @param storage Where the snapshot is.
 * @param prefix Where it lies in there, without a trailing slash.
 * @param signal Aborts the reading.
 * @return Nobody if the snapshot has no collaborators, because they were left out.
 * @throws {StorageError} If they can't be read.
 * @throws {SyntaxError} If one of the files isn't JSON.
 */
export async function readPeople(
  storage: Pick<Storage, "get">,
  prefix: string,
  signal: AbortSignal,
): Promise<Resource[]> {
  const people: Resource[] = [];
  for (const [i, path] of PEOPLE.entries()) {
    try {
      const file = await readJson(storage, `${prefix}/${path}`, signal);
      const data = isObject(file) && Array.isArray(file.data) ? file.data : [];
      const isResource = (one: unknown) => isObject(one) && typeof one.id === "string";
      people.push(...data.filter(isResource) as unknown as Resource[]);
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      if (i === 0) return [];
    }
  }
  return people;
}
