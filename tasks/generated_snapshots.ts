/**
 * Writes sealed snapshots of a generated project without an export: as large as benchmarks need them.
 *
 * @module
 */
import { AssetNames } from "../src/assets/asset_names.ts";
import { concurrently } from "../src/async/concurrently.ts";
import type { Item, Page, Upload } from "../src/content/resource.ts";
import { SchemaIndex } from "../src/content/schema_index.ts";
import { DerivedIndex } from "../src/export/steps/derived_index.ts";
import { locateEntries } from "../src/snapshot/index/locate_entries.ts";
import type { DemoProject } from "../src/simulator/project.ts";
import { type Compression, suffixOf } from "../src/sink/compression.ts";
import { NDJSON } from "../src/sink/encodings.ts";
import { fanOut } from "../src/sink/fan_out.ts";
import { noteLatest } from "../src/snapshot/latest.ts";
import {
  ASSET_INDEX,
  assetsPrefix,
  modelPath,
  recordsFolder,
  recordsPath,
  uploadsPath,
} from "../src/snapshot/layout.ts";
import type { Manifest } from "../src/snapshot/manifest.ts";
import { SnapshotWriter } from "../src/snapshot/snapshot_writer.ts";
import type { Storage } from "../src/storage/storage.ts";
import { VERSION } from "../src/version.ts";

/** A snapshot that {@linkcode writeSnapshots} writes. */
export interface GeneratedSnapshot {
  /** When its export is said to have begun, which names it. */
  readonly startedAt: Date;
  /** How records and uploads are compressed. */
  readonly compress: Compression;
  /** What it has in place of a record. @default The record itself */
  readonly edited?: ((record: Item) => Item) | undefined;
}

const PAGE = 500;
const ASSETS_AT_A_TIME = 16;
const EVERYTHING = {
  filters: [],
  orderBy: [{ column: "_created_at", direction: "ASC" as const }],
  limit: PAGE,
};

/**
 * Writes snapshots of a project's primary environment in the form in which exports write them, with asset files and
 * indexes. Each page of the project is made up once for all of them.
 *
 * @param storage Where to.
 * @param project The project.
 * @param wanted The snapshots, the oldest first.
 * @param signal Aborts it.
 * @throws {StorageError} If they can't be written.
 */
export async function writeSnapshots(
  storage: Storage,
  project: DemoProject,
  wanted: readonly GeneratedSnapshot[],
  signal: AbortSignal,
): Promise<void> {
  const environment = project.environments.get(project.primaryEnvironment)!;
  const { site, itemTypes, fields, fieldsets, items, uploads } = environment;
  const locales = site.attributes.locales;
  const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
  const begun = await Promise.all(wanted.map(async (each) => {
    const { startedAt } = each;
    const options = { projectId: site.id, startedAt, claim: {}, signal };
    return { ...each, snapshot: await SnapshotWriter.create(storage, options) };
  }));
  const versions = schema.models.flatMap(({ id, attributes: { api_key: model } }) => {
    return (["current", "published"] as const).map((version) => ({ id, model, version }));
  });
  for (const { id, model, version } of versions) {
    const query = { ...EVERYTHING, typeIds: [id], version, blocksToo: false };
    await pagesOf((offset) => items.list({ ...query, offset }).page).pipeTo(
      fanOut(begun.map(({ snapshot, compress, edited = (record) => record }) => {
        const path = (batch: number) =>
          recordsPath(model, version, batch, "ndjson") + suffixOf(compress);
        const sink = snapshot.sink({ path, encoding: NDJSON });
        return mapped((page: Page<Item>) => page.map(edited), sink);
      })),
    );
  }
  const uploadPages = () => {
    return pagesOf<Upload>((offset) => uploads.list({ ...EVERYTHING, offset }).page);
  };
  await uploadPages().pipeTo(fanOut(begun.map(({ snapshot, compress }) => {
    const path = (batch: number) => uploadsPath(batch, "ndjson") + suffixOf(compress);
    return snapshot.sink({ path, encoding: NDJSON });
  })));

  const names = new AssetNames();
  const assets = { prefix: assetsPrefix(site.id), files: { count: 0, bytes: 0 } };
  const lists = fanOut(begun.map(({ snapshot }) => {
    return snapshot.sink({ path: () => ASSET_INDEX, encoding: NDJSON, maxEntries: Infinity });
  }));
  await uploadPages().pipeTo(mapped(async (page: Page<Upload>) => {
    const lines = page.map((upload) => {
      const { size, md5 } = project.asset(upload.attributes.path)!;
      const key = `${assets.prefix}/${names.of(upload)}`;
      assets.files.count++;
      assets.files.bytes += size;
      return { upload_id: upload.id, key, size, md5, outcome: "downloaded" };
    });
    const tasks = lines.map(({ key }, i) => async (signal: AbortSignal) => {
      const body = project.asset(page[i]!.attributes.path)!.body();
      await storage.put(key, body, { signal });
    });
    await concurrently(tasks, ASSETS_AT_A_TIME, signal);
    return lines;
  }, lists));

  for (const { snapshot, startedAt } of begun) {
    const siteFile = await snapshot.putJson("site.json", { data: site });
    for (const model of schema.itemTypes) {
      const included = [...schema.fields(model.id), ...schema.fieldsets(model.id)];
      await snapshot.putJson(modelPath(model.attributes.api_key), { data: model, included });
    }
    const index = new DerivedIndex(snapshot);
    for (const [path, add] of index.adders()) {
      const entries = locateEntries(storage, `${snapshot.prefix}/${path}`, signal);
      for await (const page of entries) add(page);
    }
    await index.write(signal);
    const records: Manifest["records"] = {};
    for (const { model, version } of versions) {
      records[model] = {
        ...records[model],
        [version]: snapshot.tally(recordsFolder(model, version)),
      };
    }
    await snapshot.seal(() => ({
      tool: { name: "sluice", version: VERSION },
      project: { id: site.id, name: String(site.attributes.name) },
      environment: { id: project.primaryEnvironment, primary: true },
      locales: schema.locales,
      status: "complete",
      startedAt: startedAt.toISOString(),
      endedAt: new Date(startedAt.getTime() + 60_000).toISOString(),
      options: {},
      resources: {
        site: { count: 1, bytes: siteFile.size },
        uploads: snapshot.tally("uploads/"),
      },
      records,
      assets: {
        index: ASSET_INDEX,
        prefix: assets.prefix,
        downloaded: assets.files,
        kept: { count: 0, bytes: 0 },
        withdrawn: 0,
        failed: 0,
      },
      findings: [],
      warnings: [],
      failures: [],
    }));
    await noteLatest(storage, snapshot.prefix, signal);
  }
}

/** All pages of a listing. */
function pagesOf<T>(list: (offset: number) => Page<T>): ReadableStream<Page<T>> {
  return ReadableStream.from((function* () {
    for (let offset = 0;; offset += PAGE) {
      const page = list(offset);
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
    }
  })());
}

/** A sink that others' pages are written to as something else. */
function mapped<T, U>(
  map: (page: Page<T>) => Page<U> | Promise<Page<U>>,
  to: WritableStream<Page<U>>,
): WritableStream<Page<T>> {
  const writer = to.getWriter();
  return new WritableStream({
    write: async (page) => await writer.write(await map(page)),
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}
