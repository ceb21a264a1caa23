import assert from "node:assert/strict";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import { exportProject, type ExportReport } from "../../../src/export/export.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { type OpenedFake, openFake } from "../../s3/open_fake.ts";
import { directoryOf, QUICK_RETRIES, workbench } from "../../support/exported.ts";
import { assertSealedAreWhole, assetsOf } from "../../support/sealed_snapshots.ts";
import { TracedStorage } from "../../support/traced_storage.ts";

const FAST = { include: ["uploads" as const], tables: false };
const MB = 1024 * 1024;

/** A directory with an export of four assets. */
async function onDisk() {
  const made = await workbench({ project: generateProject({ records: 0, uploads: 4 }) });
  const first = await made.export(FAST);
  const prefix = first.snapshot.slice(made.storage.url.length + 1);
  const [file] = await assetsOf(made.storage, prefix);
  return {
    ...made,
    first,
    path: `${made.root}/${file!.key}`,
    /** Exports again; tells what was fetched, and which asset files were read. */
    async again() {
      made.cma.log.clear();
      const storage = new TracedStorage(made.storage);
      const report = await made.export({ ...FAST, storage });
      const read = storage.keys("get").filter((key) => key.startsWith("assets/"));
      assert.equal(await assertSealedAreWhole(made.storage) > 0, true);
      return { report, fetched: made.cma.log.count.asset, read };
    },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

Deno.test("exportProject() reads a file whose time isn't the one it wrote down, and keeps it if it is right", async () => {
  await using made = await onDisk();
  const earlier = new Date(Date.now() - 60_000);
  await Deno.utime(made.path, earlier, earlier);
  const second = await made.again();
  assert.equal(second.fetched, 0);
  assert.equal(second.read.length, 1);
  // From then on its time is known.
  assert.deepEqual((await made.again()).read, []);
});

Deno.test("exportProject() fetches a file again that was changed, cut or deleted", async () => {
  await using made = await onDisk();
  const bytes = await Deno.readFile(made.path);
  const changes = [
    () => Deno.writeFile(made.path, bytes.map((byte) => byte ^ 1)),
    () => Deno.truncate(made.path, 5),
    () => Deno.remove(made.path),
  ];
  for (const change of changes) {
    await change();
    const { fetched, report } = await made.again();
    assert.equal(fetched, 1);
    assert.deepEqual(await Deno.readFile(made.path), bytes);
    assert.equal(report.manifest.assets?.kept.count, 3);
  }
});

Deno.test("exportProject() keeps what an export that wasn't completed has fetched", async () => {
  await using made = await onDisk();
  await Deno.remove(`${directoryOf(made.first)}/canary.txt`);
  const { fetched, read } = await made.again();
  assert.equal(fetched, 0);
  assert.equal(read.length, 4);
});

Deno.test("exportProject() verifies files if the last snapshot's list can't be read, and warns", async () => {
  for (const text of ["{", '{"key": 1}\n', "[]\n"]) {
    await using made = await onDisk();
    await Deno.writeTextFile(`${directoryOf(made.first)}/assets.ndjson`, text);
    made.cma.log.clear();
    const storage = new TracedStorage(made.storage);
    const { manifest } = await made.export({ ...FAST, assets: "sync", maxDelete: "100%", storage });
    assert.equal(made.cma.log.count.asset, 0);
    assert.equal(manifest.assets?.kept.count, 4);
    assert.equal(manifest.warnings[0]?.code, "asset_index_unreadable");
    assert.match(
      manifest.warnings[0].message,
      /assets\.ndjson isn't a list of assets: .*; files are verified instead, and none is deleted\.$/,
    );
    assert.deepEqual(storage.keys("delete").filter((key) => key.startsWith("assets/")), []);
  }
});

/** Exports to S3; tells which requests for asset files there were. */
async function exported(opened: OpenedFake, storage: Storage, assetBytes: number) {
  const project = generateProject({ records: 0, uploads: 2, assetBytes });
  await using cma = startDemoCma({ project, rateLimit: false });
  opened.fake.requests.length = 0;
  const report: ExportReport = await exportProject({
    apiToken: cma.apiToken,
    baseUrl: cma.url,
    assetHost: cma.assetHost,
    retry: QUICK_RETRIES,
    ...FAST,
    storage,
  });
  const operations = opened.fake.requests
    .filter(({ key, operation }) => key.includes("/assets/") && operation !== "ListObjectsV2")
    .map(({ operation }) => operation);
  return { report, operations: new Set(operations), fetched: cma.log.count.asset };
}

Deno.test("exportProject() to S3 knows an asset by its tag, and else by what was put with it", async (t) => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  const { all } = fake.objects;
  const unseal = () => {
    for (const key of all.keys()) if (key.endsWith("canary.txt")) all.delete(key);
  };
  const isAsset = (key: string) => key.includes("/assets/");

  await t.step("its tag is its MD5", async () => {
    await exported(opened, storage, 5000);
    unseal();
    const again = await exported(opened, storage, 5000);
    assert.deepEqual([again.fetched, again.operations], [0, new Set()]);
  });
  await t.step("its tag isn't its MD5, as with KMS", async () => {
    for (const [key, object] of all) {
      if (isAsset(key)) all.set(key, { ...object, etag: `"${crypto.randomUUID()}"` });
    }
    const changed = await exported(opened, storage, 5000);
    assert.deepEqual([changed.fetched, changed.operations], [0, new Set(["HeadObject"])]);
    const known = await exported(opened, storage, 5000);
    assert.deepEqual([known.fetched, known.operations], [0, new Set()]);
  });
  await t.step("somebody else has put it", async () => {
    for (const [key, object] of all) {
      if (!isAsset(key)) continue;
      all.set(key, { ...object, etag: `"${crypto.randomUUID()}"`, kept: {} });
    }
    const foreign = await exported(opened, storage, 5000);
    assert.equal(foreign.fetched, 2);
    assert.equal(await assertSealedAreWhole(storage) > 0, true);
  });
  await t.step("it was put in parts", async () => {
    all.clear();
    const first = await exported(opened, storage, 6 * MB);
    assert.ok(first.operations.has("CompleteMultipartUpload"));
    const known = await exported(opened, storage, 6 * MB);
    assert.deepEqual([known.fetched, known.operations], [0, new Set()]);
    unseal();
    const looked = await exported(opened, storage, 6 * MB);
    assert.deepEqual([looked.fetched, looked.operations], [0, new Set(["HeadObject"])]);
  });
});

Deno.test("exportProject() to S3 says what an asset is, and under which name to save it", async () => {
  await using opened = await openFake();
  await exported(opened, opened.storage, 5000);
  const assets = [...opened.fake.objects.all].filter(([key]) => key.includes("/assets/"));
  assert.equal(assets.length, 2);
  for (const [key, { kept, etag }] of assets) {
    const name = key.slice(key.indexOf("-") + 1);
    assert.equal(kept["content-disposition"], `attachment; filename="${name}"`);
    assert.equal(kept["x-amz-meta-md5"], etag.slice(1, -1));
    assert.match(kept["content-type"] ?? "", /^(image|video|text|application)\/\w+$/);
  }
});
