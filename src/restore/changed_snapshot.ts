import type { Page, Resource, Upload } from "../content/resource.ts";
import type { SchemaIndex } from "../content/schema_index.ts";
import { isObject } from "../text/json.ts";
import { type ReadableSide, readableSide } from "../tools/diff/diff_side.ts";
import type { SnapshotSource } from "../tools/diff.ts";
import type { Snapshot } from "../tools/open.ts";

/** A snapshot that is read, and compared with another one. */
export interface ReadSnapshot {
  /** It. */
  readonly snapshot: Snapshot;
  /** The same, for comparisons. */
  readonly source: SnapshotSource | ReadableSide;
}

/** What of a snapshot is read otherwise than it is. */
export interface SnapshotChange {
  /** Its schema then. */
  readonly schema: SchemaIndex;
  /**
   * What a resource is then.
   *
   * @param resource A record, upload, model, setting or anything else.
   */
  one<T extends Resource>(resource: T): T;
  /**
   * The id in the snapshot of what is asked for by another one.
   *
   * @param type `item` or `upload`.
   * @param id Its id then.
   * @default Ids are as they are
   */
  oldId?(type: "item" | "upload", id: string): string;
}

/** A {@linkcode ReadSnapshot} that is read otherwise. */
export interface ChangedSnapshot extends ReadSnapshot {
  /** The same, for comparisons. */
  readonly source: ReadableSide;
}

/**
 * A snapshot as if it had always been otherwise: to plan, to write and to verify it takes nothing but what any snapshot
 * takes.
 *
 * @param of The snapshot.
 * @param change What of it is read otherwise.
 * @param signal Aborts its opening.
 */
export async function changedSnapshot(
  { snapshot, source }: ReadSnapshot,
  { schema, one, oldId = (_type, id) => id }: SnapshotChange,
  signal: AbortSignal,
): Promise<ChangedSnapshot> {
  const inPages = <T extends Resource>(pages: ReadableStream<Page<T>>) =>
    pages.pipeThrough(
      new TransformStream<Page<T>, Page<T>>({
        transform: (page, controller) => controller.enqueue(page.map((each) => one(each))),
      }),
    );
  const side = await readableSide(source, signal);
  return {
    snapshot: {
      name: snapshot.name,
      address: snapshot.address,
      manifest: snapshot.manifest,
      document: snapshot.document,
      site: async (options) => one(await snapshot.site(options)),
      schema: () => Promise.resolve(schema),
      models: async (options) =>
        (await snapshot.models(options)).map(({ model, fields, fieldsets }) => ({
          model: one(model),
          fields: fields.map((each) => one(each)),
          fieldsets: fieldsets.map((each) => one(each)),
        })),
      records: (model, options) => inPages(snapshot.records(model, options)),
      record: async (id, options) => {
        const found = await snapshot.record(oldId("item", id), options);
        const { current, published } = found ?? {};
        return found &&
          { ...found, current: current && one(current), published: published && one(published) };
      },
      uploads: (options) => inPages<Upload>(snapshot.uploads(options)),
      upload: async (id, options) => {
        const upload = await snapshot.upload(oldId("upload", id), options);
        return upload && one(upload);
      },
      asset: async (id, options) => {
        const asset = await snapshot.asset(oldId("upload", id), options);
        return asset && { ...asset, upload: one(asset.upload) };
      },
      tables: (options) => snapshot.tables(options),
      settings: async (name, options) =>
        (await snapshot.settings(name, options))?.map((each) => one(each)),
    },
    source: {
      name: side.name,
      address: side.address,
      manifest: side.manifest,
      schema,
      paths: side.paths,
      uploads: side.uploads,
      records: (model, version) => side.records(model, version),
      hasRecords: (model, version) => side.hasRecords(model, version),
      hasResource: (name) => side.hasResource(name),
      expect: (paths) => side.expect(paths),
      async *entries(path, signal) {
        for await (const page of side.entries(path, signal)) yield page.map((each) => one(each));
      },
      async json(path, signal) {
        const file = await side.json(path, signal);
        if (!isObject(file)) return file;
        const { data } = file;
        const own = (value: unknown) => isResource(value) ? one(value) : value;
        return { ...file, data: Array.isArray(data) ? data.map(own) : own(data) };
      },
    },
  };
}

function isResource(value: unknown): value is Resource {
  return isObject(value) && typeof value.id === "string" && typeof value.type === "string";
}
