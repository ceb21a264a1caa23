import type { Item, Resource, Upload, Version } from "../../content/resource.ts";
import { isObject } from "../../text/json.ts";
import {
  islandContents,
  type IslandMedia,
  islandMedia,
  islandProject,
} from "../../transform/content_island.ts";
import { type Bytes, type OpenedSource, pathsOf, recordPaths, siteOf } from "./snapshot_source.ts";

const ENCODER = new TextEncoder();

/**
 * A snapshot in the form of Content Island's exports: `meta`, `project` and `contents`, and nothing else. Holds the
 * name and address of each upload in memory.
 */
export class IslandDocument {
  /** How many records are in it so far. */
  records = 0;
  /** How many uploads were read so far: contents refer to them. */
  uploads = 0;
  readonly #opened: OpenedSource;
  readonly #view: Version;

  /**
   * @param opened The snapshot.
   * @param view Which versions of records.
   */
  constructor(opened: OpenedSource, view: Version) {
    this.#opened = opened;
    this.#view = view;
  }

  /** The document. */
  async *bytes(): AsyncGenerator<Bytes, void> {
    const { source, batches, schema, manifest } = this.#opened;
    const site = await siteOf(source);
    const projectId = manifest?.project.id ?? source.found.project;
    const meta = {
      schemaVersion: 1,
      exportedAt: source.readAt.toISOString(),
      projectId,
      view: this.#view === "published" ? "published" : "preview",
    };
    const own = isObject(site) ? site as unknown as Resource : { id: projectId, type: "site" };
    const project = islandProject(own, schema);
    yield ENCODER.encode(
      `{"meta":${JSON.stringify(meta)},\n"project":${JSON.stringify(project)},\n"contents":[`,
    );
    const media = new Map<string, IslandMedia>();
    for (const path of pathsOf(batches, "uploads")) {
      for await (const page of source.entries<Upload>(path)) {
        this.uploads += page.length;
        for (const upload of page) media.set(upload.id, islandMedia(upload));
      }
    }
    let before = "";
    for (const path of recordPaths(this.#opened, this.#view)) {
      for await (const page of source.entries<Item>(path)) {
        this.records += page.length;
        const contents = page.flatMap((item) =>
          islandContents(item, schema, (id) => media.get(id))
        );
        if (contents.length === 0) continue;
        yield ENCODER.encode(before + contents.map((content) => JSON.stringify(content)).join(","));
        before = ",";
      }
    }
    yield ENCODER.encode("]}\n");
  }
}
