import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { retryFailedAssets } from "../../src/export/retry_failed.ts";
import { directoryOf, sourceOf, type Workbench, workbench } from "../support/exported.ts";
import { projectWhoseRole } from "../support/project_whose_role.ts";
import { assertSealedAreWhole, assetsOf } from "../support/sealed_snapshots.ts";
import { withStaging } from "../support/with_staging.ts";

const FAST = { include: ["uploads" as const], tables: false };

const retry = ({ cma, storage }: Workbench) => retryFailedAssets({ ...sourceOf(cma), storage });

/** Adds an upload whose bytes aren't there yet; brings them. */
function unserved(project: MemoryProject, path: string) {
  const bytes = new TextEncoder().encode(path);
  const attributes = { path, url: `https://www.datocms-assets.com${path}` };
  const file = { filename: "a.txt", bytes, mimeType: "text/plain", attributes };
  const { id } = project.addUpload(file);
  const asset = project.asset(path);
  project.setAsset(path, undefined);
  return { id, serve: () => project.setAsset(path, asset) };
}

Deno.test("retryFailedAssets() doesn't take what the API token's role may not read for deleted", async () => {
  const project = projectWhoseRole({ positive_upload_permissions: [] });
  const { id } = unserved(project, "/48213/a.txt");
  await using made = await workbench({
    project,
    onRequest: (_request, { searchParams }) =>
      searchParams.has("filter[ids]") && isRestricted
        ? Response.json({ data: [], meta: { total_count: 0 } })
        : undefined,
  });
  let isRestricted = false;
  await made.export(FAST);
  isRestricted = true;
  const { status, manifest, snapshot } = await retry(made);
  assert.equal(status, "partial");
  assert.equal(manifest.assets?.failed, 1);
  const lines = await assetsOf(made.storage, snapshot.slice(made.storage.url.length + 1));
  const { outcome, reason } = lines.find(({ upload_id }) => upload_id === id)!;
  assert.deepEqual({ outcome, reason }, {
    outcome: "failed",
    reason:
      "the upload was deleted since the snapshot was written, or the API token's role may not read it",
  });
  assert.equal(await assertSealedAreWhole(made.storage), 1);
});

Deno.test("retryFailedAssets() and exportProject() take nothing for deleted if the API sends other uploads", async () => {
  const project = sampleProject();
  unserved(project, "/48213/a.txt");
  const data = project.primary.uploads.uploads().slice(0, 1);
  await using made = await workbench({
    project,
    onRequest: (_request, { searchParams }) =>
      searchParams.has("filter[ids]")
        ? Response.json({ data, meta: { total_count: 1 } })
        : undefined,
  });
  assert.equal((await made.export(FAST)).manifest.assets?.failed, 1);
  await assert.rejects(
    retry(made),
    /^SluiceError: The API was asked for 1 uploads by their ids, and sent others: export again\.$/,
  );
  assert.equal(await assertSealedAreWhole(made.storage), 1);
});

Deno.test("retryFailedAssets() fetches an asset whose long name met another one's", async () => {
  const project = sampleProject();
  const both = ["a", "A"].map((first) => {
    return unserved(project, `/48213/${first}${"x".repeat(190)}.txt`);
  });
  await using made = await workbench({ project });
  assert.equal((await made.export(FAST)).manifest.assets?.failed, 2);
  for (const { serve } of both) serve();
  const { status, manifest } = await retry(made);
  assert.deepEqual([status, manifest.assets?.failed], ["complete", 0]);
  assert.ok(!manifest.warnings.some(({ message }) => message.includes("has got another file")));
  assert.equal(await assertSealedAreWhole(made.storage), 1);
});

Deno.test("retryFailedAssets() puts nothing in the place of a list that is damaged", async () => {
  const project = sampleProject();
  const { serve } = unserved(project, "/48213/a.txt");
  await using made = await workbench({ project });
  const report = await made.export(FAST);
  serve();
  const list = `${directoryOf(report)}/assets.ndjson`;
  const text = await Deno.readTextFile(list);
  const manifest = await Deno.readTextFile(`${directoryOf(report)}/manifest.json`);
  const lines = text.split("\n").filter(Boolean);
  const failed = lines.filter((line) => line.includes('"failed"'));
  const damages = [
    () => Deno.writeTextFile(list, `${failed.join("\n")}\n`),
    () => Deno.writeTextFile(list, text.replace('"downloaded"', '"failed"    ')),
    () => Deno.remove(list),
  ];
  for (const damage of damages) {
    await Deno.writeTextFile(list, text);
    await damage();
    await assert.rejects(
      retry(made),
      /^SluiceError: content\/.*\/assets\.ndjson isn't as its manifest says: export the project again\.$/,
    );
    const now = await Deno.readTextFile(`${directoryOf(report)}/manifest.json`);
    assert.equal(now, manifest);
  }
  await Deno.writeTextFile(list, text);
  assert.equal((await retry(made)).status, "complete");
});

Deno.test("retryFailedAssets() deletes no object that a manifest gives out for a list of assets", async () => {
  const project = sampleProject();
  unserved(project, "/48213/a.txt");
  await using made = await workbench({ project });
  const report = await made.export(FAST);
  const path = `${directoryOf(report)}/manifest.json`;
  const text = await Deno.readTextFile(path);
  for (const index of ["uploads/batch_000.ndjson", "../assets.ndjson", "/assets.ndjson", ""]) {
    await Deno.writeTextFile(path, text.replace('"index": "assets.ndjson"', `"index": "${index}"`));
    await assert.rejects(
      retry(made),
      /^SluiceError: content\/.*\/manifest\.json isn't a manifest that this version knows/,
    );
    const next = await made.export({ ...FAST, assets: "sync" });
    assert.equal(next.manifest.warnings[0]?.code, "asset_index_unreadable");
    await Deno.remove(directoryOf(next), { recursive: true });
  }
});

Deno.test("retryFailedAssets() tries nothing again of an environment that isn't the primary one any more", async () => {
  const main = sampleProject();
  const { serve } = unserved(main, "/48213/a.txt");
  const project = withStaging(main);
  await using made = await workbench({ project });
  await made.export(FAST);
  serve();
  project.primaryEnvironment = "staging";
  await assert.rejects(
    retry(made),
    /^SluiceError: The newest complete snapshot .* is of the environment main, and staging is read: export the project first\.$/,
  );
});
