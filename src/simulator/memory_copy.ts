import type { Version } from "../content/resource.ts";
import type { MemoryContent } from "./memory_environment.ts";
import { MemoryProject } from "./memory_project.ts";
import type { DemoAsset, DemoProject } from "./project.ts";

/**
 * A copy, held in memory, of a project's primary environment: it can be edited, whatever the project is.
 *
 * @param project The project to copy; it isn't changed.
 * @param options How the copy behaves.
 * @param options.clock Tells the time of changes. @default {() => new Date()}
 *
 * @example
 * ```ts
 * import { generateProject } from "./generated/generated_project.ts";
 * import { memoryCopy } from "./memory_copy.ts";
 *
 * const { primary } = memoryCopy(generateProject({ records: 4 }));
 * primary.items.delete(primary.items.records()[0]!.current.id);
 * console.assert(primary.items.records().length === 3);
 * ```
 */
export function memoryCopy(
  project: DemoProject,
  options: { readonly clock?: (() => Date) | undefined } = {},
): MemoryProject {
  const environment = project.environments.get(project.primaryEnvironment)!;
  const everything = {
    filters: [],
    orderBy: [
      { column: "_created_at", direction: "ASC" as const },
      { column: "id", direction: "ASC" as const },
    ],
    offset: 0,
    limit: Infinity,
  };
  const items = (version: Version) =>
    environment.items.list({ ...everything, version, blocksToo: false }).page;
  const published = new Map(items("published").map((item) => [item.id, item]));
  const uploads = environment.uploads.list(everything).page;
  const assets = new Map<string, DemoAsset>();
  for (const { attributes: { path } } of uploads) {
    const asset = project.asset(path);
    if (asset) assets.set(path, asset);
  }
  const content: MemoryContent = {
    resource: environment.resource,
    site: environment.site,
    itemTypes: environment.itemTypes,
    fields: environment.fields,
    fieldsets: environment.fieldsets,
    settings: environment.settings,
    records: items("current").map((current) => ({
      current,
      published: published.get(current.id),
      schedules: environment.items.schedules(current.id),
    })),
    uploads,
  };
  const lastNumber = project instanceof MemoryProject ? project.lastNumber : 0;
  return new MemoryProject([content], assets, { ...options, lastNumber });
}
