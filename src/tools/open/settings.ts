import type { Resource } from "../../content/resource.ts";
import { readJson } from "../../snapshot/read_schema.ts";
import { isObject } from "../../text/json.ts";
import type { SnapshotContent } from "./content.ts";

/**
 * The resources of a kind that has a file in `settings/`, or a folder of its own: workflows and plugins.
 *
 * @param content The snapshot.
 * @param name The kind.
 * @param signal Aborts it.
 * @return `undefined` if the snapshot hasn't them.
 * @throws {SyntaxError} If a file isn't what its name says.
 */
export async function settingsOf(
  content: SnapshotContent,
  name: string,
  signal: AbortSignal,
): Promise<Resource[] | undefined> {
  const paths = [...content.sizes.keys()].filter((path) => {
    const folder = /^(workflows|plugins)\/[^/]+\.json$/.exec(path)?.[1];
    return folder === name || path === `settings/${name}.json`;
  }).sort();
  const tally = content.manifest?.resources[name];
  const isKnown = paths.length > 0 ||
    (tally !== undefined && "count" in tally && tally.count === 0);
  if (!isKnown) return undefined;
  const resources: Resource[] = [];
  for (const path of paths) {
    const file = await readJson(content.objects, content.key(path), signal);
    const data = isObject(file) ? file.data : undefined;
    const own = Array.isArray(data) ? data : [data];
    if (!own.every(isObject)) throw new SyntaxError(`Expected resources in ${path}`);
    resources.push(...own as unknown as Resource[]);
  }
  return resources;
}
