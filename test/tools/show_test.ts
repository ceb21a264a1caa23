import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { showSnapshot } from "../../src/tools/show.ts";
import { openFake } from "../s3/open_fake.ts";
import { directoryOf, filesOf, workbench } from "../support/exported.ts";

Deno.test("showSnapshot() tells what the manifest says, the largest model first", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const { snapshot, manifest } = await bench.export({ exclude: ["roles"] });
  const shown = await showSnapshot(bench.storage);
  const { models, files, ...rest } = shown;
  assert.equal(rest.address, snapshot);
  assert.equal(rest.state, "complete");
  assert.deepEqual(rest.locales, ["en", "it", "pt-BR"]);
  assert.equal(rest.objects, manifest.objects.length);
  assert.deepEqual(rest.resources, manifest.resources);
  assert.deepEqual(rest.options, manifest.options);
  assert.deepEqual(rest.warnings, manifest.warnings);
  assert.equal(rest.assets!.count, manifest.assets!.downloaded.count);
  const { failures: _, ...assets } = manifest.assets!;
  assert.deepEqual(files, assets);
  assert.deepEqual(
    Object.fromEntries(models.map(({ model, ...tallies }) => [model, tallies])),
    { ...manifest.records },
  );
  const bytes = models.map(({ current, published }) => current!.bytes + published!.bytes);
  assert.deepEqual(bytes, bytes.toSorted((a, b) => b - a));
});

Deno.test("showSnapshot() lists a Project Export of DatoCMS, and a snapshot without a seal", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ layout: "enterprise", assets: false, tables: false });
  const directory = directoryOf(report);
  for (const path of ["manifest.json", "export.json"]) await Deno.remove(`${directory}/${path}`);
  const files = await filesOf(directory);
  const sizes = await Promise.all(
    files.map(async (file) => (await Deno.stat(`${directory}/${file}`)).size),
  );
  const shown = await showSnapshot(bench.storage, "latest");
  assert.equal(shown.state, "complete");
  assert.deepEqual(shown.tool, { name: "datocms", version: null });
  assert.equal(shown.objects, files.length);
  assert.equal(shown.bytes, sizes.reduce((sum, size) => sum + size, 0));
  assert.deepEqual(shown.locales, ["en", "it", "pt-BR"]);
  const { records } = report.manifest;
  assert.deepEqual(shown.models.map(({ model }) => model).sort(), Object.keys(records).sort());
  const lock = shown.models.find(({ model }) => model === "lock")!;
  const path = `${directory}/records/lock/current/batch_000.json`;
  assert.deepEqual(lock.current, { count: null, bytes: (await Deno.stat(path)).size });
  await Deno.remove(`${directory}/canary.txt`);
  const id = report.snapshot.split("_").at(-1)!;
  const unsealed = await showSnapshot(bench.storage, id);
  assert.equal(unsealed.state, "incomplete");
  assert.equal(unsealed.objects, files.length - 1);
});

Deno.test("showSnapshot() takes few requests in S3", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await using opened = await openFake();
  const { storage, fake } = opened;
  await bench.export({ storage, assets: false, tables: false });
  fake.requests.length = 0;
  assert.equal((await showSnapshot(storage, "latest")).models.length, 7);
  assert.deepEqual(fake.requests.map(({ operation }) => operation), [
    "ListObjectsV2",
    "GetObject",
    "HeadObject",
    "ListObjectsV2",
    "HeadObject",
    "GetObject",
  ]);
});
