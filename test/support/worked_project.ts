import {
  type KeepReference,
  referencesOf,
  withReferences,
} from "../../src/content/item_references.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { Editor } from "./editor.ts";

/** A project of a seed that somebody worked on, as DatoCMS lets it be. */
export function worked(seed: number, records = 36): MemoryProject {
  const project = memoryCopy(generateProject({ records, uploads: 6, blocksPerRecord: 3, seed }));
  new Editor(project, { seed }).edit(records);
  return legal(project);
}

/** Publishes what public records link to, and takes away links to what isn't there any more. */
export function legal(project: MemoryProject): MemoryProject {
  const { site, itemTypes, fields, fieldsets, items, uploads } = project.primary;
  const { locales } = site.attributes;
  const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
  const isThere: KeepReference = ({ type, id }) => {
    return type === "item" ? items.record(id) !== undefined : uploads.get(id) !== undefined;
  };
  for (const { current, published } of items.records()) {
    const own = withReferences(current, schema, isThere);
    const open = published && withReferences(published, schema, isThere);
    items.put({ current: own, published: published === current ? own : open });
  }
  for (let count = -1; count !== 0;) {
    count = 0;
    for (const { published } of items.records()) {
      for (const { type, id } of published ? referencesOf(published, schema) : []) {
        if (type !== "item" || items.record(id)!.published) continue;
        items.publish(id);
        count++;
      }
    }
  }
  return project;
}
