import assert from "node:assert/strict";
import type { Item, JsonObject, Version } from "../../../src/content/resource.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import { itemTypeId } from "../../../src/simulator/schema_builder.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import { exportProject, type ExportReport } from "../../../src/export/export.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { sourceOf } from "../../support/exported.ts";
import { readSnapshot } from "../../support/exported_snapshot.ts";
import { contentOf } from "../../support/snapshot_content.ts";
import { serveBetween } from "../../support/serve_between.ts";
import { TracedStorage } from "../../support/traced_storage.ts";

const PROJECT = memoryCopy(generateProject({ records: 160, uploads: 0, blocksPerRecord: 1 }));
const ARTICLE = itemTypeId("article");

/** The ids of the articles of a version that there are, as the API lists them. */
function idsOf({ primary: { items } }: MemoryProject, version: Version): string[] {
  const orderBy = [{ column: "_created_at", direction: "ASC" as const }];
  const every = { filters: [], orderBy, offset: 0, limit: 1000, blocksToo: false };
  return items.list({ ...every, typeIds: [ARTICLE], version }).page.map(({ id }) => id);
}

interface Hidden {
  /** Which are left out of which listings, as if they weren't there. */
  readonly hidden: Readonly<Partial<Record<Version, ReadonlySet<string>>>>;
  /** Whether they are left out, too, when they are asked for by their ids. @default {false} */
  readonly isGone?: boolean;
  readonly project?: MemoryProject;
  /** Called before each request for records with their blocks. */
  readonly onNested?: (version: Version) => void;
  readonly options?: Partial<ExportOptions>;
}

async function exported(
  { hidden, isGone = false, project = PROJECT, onNested, options }: Hidden,
): Promise<{ report: ExportReport; storage: MemoryStorage; requests: number }> {
  const storage = new MemoryStorage();
  await using cma = startDemoCma({
    project,
    rateLimit: { limit: 100_000, windowMs: 1000 },
    onRequest: (_request, { searchParams }) => {
      const version = searchParams.get("version") as Version;
      if (searchParams.has("nested")) onNested?.(version);
      return undefined;
    },
  });
  await using between = serveBetween(cma, ({ data, meta }, { searchParams }) => {
    const ids = hidden[searchParams.get("version") as Version];
    if (ids === undefined || searchParams.has("filter[ids]") && !isGone) return { data, meta };
    const left = data.filter((each) => !ids.has((each as { id: string }).id));
    const isListing = searchParams.get("filter[type]") === ARTICLE;
    return { data: left, meta: { total_count: meta.total_count - (isListing ? ids.size : 0) } };
  });
  const report = await exportProject({
    ...sourceOf(cma),
    baseUrl: between.url,
    storage,
    include: ["records"],
    models: ["article", "page"],
    ...options,
  });
  return { report, storage, requests: cma.log.count.api };
}

/** The ids of the articles of a version in a snapshot's tables. */
function rowsOf(snapshot: Awaited<ReturnType<typeof readSnapshot>>, version: Version): Set<string> {
  const rows = snapshot.tables
    .filter((one) => one.table === "records/article" && one.version === version)
    .flatMap((one) => one.rows as readonly JsonObject[]);
  return new Set(rows.map(({ id }) => String(id)));
}

const some = (version: Version, count: number) => {
  const published = idsOf(PROJECT, "published");
  return new Set(
    published.filter((_, i) => i % 5 === (version === "current" ? 1 : 2)).slice(0, count),
  );
};

for (const version of ["current", "published"] as const) {
  for (const layout of ["ndjson", "enterprise"] as const) {
    Deno.test(`exportProject() asks for ${version} records by their ids that only the other version shows, ${layout}`, async () => {
      const hidden = { [version]: some(version, 4) };
      const { report, storage } = await exported({ hidden, options: { layout } });
      await contentOf(storage, report.snapshot);
      assert.deepEqual(report.manifest.failures, []);
      const snapshot = await readSnapshot(storage, report.snapshot);
      for (const each of ["current", "published"] as const) {
        const found = snapshot.records.find((one) =>
          one.model === "article" && one.version === each
        )!;
        const ids = found.items.map(({ id }: Item) => id);
        assert.deepEqual(ids.toSorted(), idsOf(PROJECT, each).toSorted());
        assert.deepEqual([...rowsOf(snapshot, each)].sort(), idsOf(PROJECT, each).toSorted());
        assert.equal(report.manifest.records.article?.[each]?.count, ids.length);
      }
    });
  }
}

for (const format of ["ndjson", "csv"] as const) {
  Deno.test(`exportProject() of only tables compares versions, too: ${format}`, async () => {
    const hidden = { published: some("published", 4), current: some("current", 3) };
    const { report } = await exported({ hidden, options: { tables: "only", format } });
    assert.deepEqual(report.manifest.failures, []);
    for (const version of ["current", "published"] as const) {
      const { length } = idsOf(PROJECT, version);
      assert.equal(report.manifest.records.article?.[version]?.count, length);
    }
  });
}

Deno.test("exportProject() names records of which the API sends one version only", async () => {
  const hidden = { published: some("published", 4), current: some("current", 1) };
  const { report, requests } = await exported({ hidden, isGone: true });
  const few = [...hidden.published].sort();
  assert.equal(report.status, "partial");
  const told = report.manifest.failures.map(({ code, message }) => `${code}: ${message}`);
  assert.equal(told.length, 2, told.join("\n"));
  assert.match(
    told[0]!,
    /^published_missing: The API says that 4 records of model article are published, and didn't send their published versions: /,
  );
  assert.deepEqual(told[0]!.split(": ").at(-1)!.slice(0, -1).split(", ").sort(), few);
  const [only] = hidden.current;
  assert.equal(
    told[1],
    "current_missing: The API sent published versions of 1 records of model article, and didn't send " +
      `their current ones: ${only}.`,
  );
  const without = await exported({ hidden: {} });
  assert.ok(requests < without.requests + 30, `${requests} and ${without.requests} requests`);
});

Deno.test("exportProject() reads each batch back once at most, and asks nothing more, if the versions go together", async () => {
  for (const tables of [false, true, "only"] as const) {
    const storage = new TracedStorage(new MemoryStorage());
    const { report, requests } = await exported({ hidden: {}, options: { storage, tables } });
    assert.equal(report.status, "complete");
    const read = storage.keys("get").filter((key) => key.includes("/batch_"));
    const written = storage.keys("put").filter((key) => key.includes("/batch_"));
    // What follows from batches, tables and indexes, is made in one pass.
    assert.deepEqual(read.sort(), written.sort());
    assert.ok(requests < 25, `${requests} requests`);
  }
});

Deno.test("exportProject() makes nothing of a batch that isn't what it has written", async () => {
  for (const tables of [false, true]) {
    const memory = new MemoryStorage();
    const storage: TracedStorage = new TracedStorage(memory, {
      onCall: () => {
        const { method, key } = storage.calls.at(-1)!;
        if (method !== "get" || !/\/article\/current\/batch_/.test(key)) return;
        const text = new TextDecoder().decode(memory.objects.get(key));
        memory.objects.set(key, new TextEncoder().encode(text.replace('"item"', '"itex"')));
      },
    });
    await assert.rejects(
      exported({ hidden: {}, options: { storage, tables } }),
      /article\/current\/batch_000\.ndjson isn't what was written there, because its bytes were changed: export again\.$/,
    );
  }
});

Deno.test("exportProject() brings up to date what was unpublished while it was read", async () => {
  const project = memoryCopy(PROJECT);
  const [first, second] = idsOf(project, "published");
  let listed = 0;
  const { report, storage } = await exported({
    hidden: {},
    project,
    // Published versions of updated records are read once all current ones are.
    options: { concurrency: 1 },
    onNested: (version) => {
      if (version !== "published" || listed++ > 0) return;
      project.primary.items.unpublish(first!);
      project.primary.items.unpublish(second!);
    },
  });
  assert.deepEqual(report.manifest.failures, []);
  const snapshot = await readSnapshot(storage, report.snapshot);
  for (const version of ["current", "published"] as const) {
    const { items } = snapshot.records.find((one) =>
      one.model === "article" && one.version === version
    )!;
    const found = items.filter(({ id }: Item) => id === first || id === second);
    if (version === "published") assert.deepEqual(found, []);
    else assert.deepEqual(found.map(({ meta }: Item) => meta?.status), ["draft", "draft"]);
  }
});
