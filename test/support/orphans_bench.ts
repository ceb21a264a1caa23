import type { Upload } from "../../src/content/resource.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { DemoCmaOptions } from "../../src/simulator/server.ts";
import type { ExportReport } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { filesOf, workbench } from "./exported.ts";

const FAST = { include: ["uploads" as const], tables: false };

/**
 * A project with a few uploads more, which was exported once.
 *
 * @param options How it is served; how many uploads more, and whether there are only these.
 */
export async function orphansBench(
  options: Partial<Omit<DemoCmaOptions, "project">> & {
    readonly project?: MemoryProject;
    readonly uploads?: number;
    readonly only?: boolean;
  } = {},
) {
  const project = options.project ?? sampleProject();
  const uploads = Array.from({ length: options.uploads ?? 5 }, (_, i) => {
    const bytes = new TextEncoder().encode(`The bytes of ${i}.`);
    return project.addUpload({ filename: `more-${i}.txt`, bytes, mimeType: "text/plain" });
  });
  if (options.only) {
    const ids = new Set(uploads.map(({ id }) => id));
    for (const { id } of project.primary.uploads.uploads()) {
      if (!ids.has(id)) project.primary.uploads.delete(id);
    }
  }
  const made = await workbench({ ...options, project });
  const run = (more: Partial<ExportOptions> = {}) => made.export({ ...FAST, ...more });
  const first = await run();
  return {
    ...made,
    project,
    uploads,
    first,
    run,
    assets: async () => await filesOf(`${made.root}/assets`),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

/** An upload's file, relative to the folder of assets. */
export const fileOf = (upload: Upload): string => {
  return `project_48213/${upload.attributes.path.split("/").at(-1)}`;
};

/** Deletes an upload as editors do. */
export const forget = (project: MemoryProject, { id }: Upload): void =>
  project.primary.uploads.delete(id);

/** How many files an export deleted. */
export const deletedOf = ({ deletion }: ExportReport): number | undefined =>
  deletion?.deleted.count;
