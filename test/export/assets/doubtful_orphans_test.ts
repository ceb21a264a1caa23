import assert from "node:assert/strict";
import type { Upload } from "../../../src/content/resource.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import { StorageError } from "../../../src/storage/storage.ts";
import { openFake } from "../../s3/open_fake.ts";
import { directoryOf, filesOf, workbench } from "../../support/exported.ts";
import { deletedOf, fileOf, forget, orphansBench } from "../../support/orphans_bench.ts";
import { projectWhoseRole } from "../../support/project_whose_role.ts";
import { withStaging } from "../../support/with_staging.ts";

type Bench = Awaited<ReturnType<typeof orphansBench>>;

const ALL = { environment: "main", action: "all", on_creator: "anyone" };

/** The projects' uploads but for some, as the API lists them for a role that may not read those. */
function hiding(hidden: () => readonly Upload[], project: Bench["project"]) {
  return (_request: Request, { pathname, searchParams }: URL): Response | undefined => {
    if (pathname !== "/uploads" || hidden().length === 0) return undefined;
    const gone = new Set(hidden().map(({ id }) => id));
    const ids = searchParams.get("filter[ids]")?.split(",");
    const data = project.primary.uploads.uploads()
      .filter(({ id }) => !gone.has(id) && (ids?.includes(id) ?? true));
    const offset = Number(searchParams.get("page[offset]"));
    return Response.json({ data: data.slice(offset), meta: { total_count: data.length } });
  };
}

Deno.test("exportProject() deletes nothing if the API token's role may not read all uploads", async () => {
  const project = projectWhoseRole({
    positive_upload_permissions: [{ ...ALL, upload_collection: "7" }],
  });
  let hidden: readonly Upload[] = [];
  await using made = await orphansBench({ project, onRequest: hiding(() => hidden, project) });
  hidden = made.uploads.slice(0, 1);
  const before = await made.assets();
  for (const maxDelete of [undefined, "100%"] as const) {
    const { deletion } = await made.run({ assets: "sync", maxDelete });
    assert.equal(
      deletion?.problem,
      "No asset file was deleted: the API token's role may not read all uploads, and what it may " +
        "not read looks like deleted; in Project settings → Roles, let it read all of them.",
    );
    assert.deepEqual(await made.assets(), before);
  }
});

Deno.test("exportProject() deletes files only if it is told so where the API doesn't tell what the role may read", async () => {
  let isSilent = true;
  await using made = await orphansBench({
    onRequest: (_request, { pathname }) =>
      isSilent && pathname === "/users/me" ? new Response(null, { status: 404 }) : undefined,
  });
  forget(made.project, made.uploads[0]!);
  const { deletion } = await made.run({ assets: "sync" });
  assert.equal(
    deletion?.problem,
    "No asset file was deleted: the API doesn't say whether the API token's role may read all uploads; " +
      "if it may, allow 1 to be deleted.",
  );
  assert.equal(deletedOf(await made.run({ assets: "sync", maxDelete: 1 })), 1);
  isSilent = false;
  forget(made.project, made.uploads[1]!);
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 1);
});

Deno.test("exportProject() deletes nothing if the API sends other uploads than those it was asked for", async () => {
  let isOdd = false;
  await using made = await orphansBench({
    onRequest: (_request, { searchParams }) =>
      isOdd && searchParams.has("filter[ids]")
        ? Response.json({ data: made.uploads.slice(1, 2), meta: { total_count: 1 } })
        : undefined,
  });
  isOdd = true;
  forget(made.project, made.uploads[0]!);
  const before = await made.assets();
  const { deletion } = await made.run({ assets: "sync" });
  assert.match(
    deletion?.problem ?? "",
    /: the API was asked for 1 uploads by their ids, and sent others/,
  );
  assert.deepEqual(await made.assets(), before);
});

Deno.test("exportProject() keeps the old file of an upload until its new one is there", async () => {
  await using made = await orphansBench();
  const [replaced, other] = made.uploads as [Upload, Upload, ...Upload[]];
  const bytes = new TextEncoder().encode("New.");
  const now = made.project.replaceFile(replaced.id, {
    filename: "new.txt",
    bytes,
    mimeType: "text/plain",
  });
  const asset = made.project.asset(now.attributes.path);
  made.project.setAsset(now.attributes.path, undefined);
  forget(made.project, other);
  const report = await made.run({ assets: "sync" });
  assert.equal(report.manifest.assets?.failed, 1);
  assert.equal(deletedOf(report), 1);
  const after = await made.assets();
  assert.ok(after.includes(fileOf(replaced)) && !after.includes(fileOf(other)));
  made.project.setAsset(now.attributes.path, asset);
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 1);
  assert.ok(!(await made.assets()).includes(fileOf(replaced)));
});

Deno.test("exportProject() keeps the file of an upload whose long name met another one's", async () => {
  const project = sampleProject();
  const [, two] = ["a", "A"].map((text) => {
    const bytes = new TextEncoder().encode(text);
    const path = `/48213/${text}${"x".repeat(190)}.txt`;
    const attributes = { path, url: `https://www.datocms-assets.com${path}` };
    return project.addUpload({ filename: "a.txt", bytes, mimeType: "text/plain", attributes });
  });
  let hidden: readonly Upload[] = [];
  await using made = await orphansBench({
    project,
    // As a listing does that is read while others are deleted.
    onRequest: (request, url) =>
      url.searchParams.has("filter[ids]") ? undefined : hiding(() => hidden, project)(request, url),
  });
  const before = await made.assets();
  assert.equal(before.filter((file) => file.includes("xxx")).length, 2);
  hidden = [two!];
  const report = await made.run({ assets: "sync" });
  assert.equal(report.manifest.assets?.orphaned?.count, 1);
  assert.equal(deletedOf(report), 0);
  assert.deepEqual(await made.assets(), before);
});

for (
  const [what, damage] of [
    ["is missing", (path: string) => Deno.remove(path)],
    ["was cut", async (path: string) => {
      const [first] = (await Deno.readTextFile(path)).split("\n");
      await Deno.writeTextFile(path, `${first}\n`);
    }],
  ] as const
) {
  Deno.test(`exportProject() deletes nothing if another environment's list of assets ${what}`, async () => {
    await using made = await orphansBench();
    const resource = { ...made.project.primary.resource, id: "dev" };
    made.project.environments.set("dev", made.project.primary.fork(resource));
    for (const upload of made.uploads) forget(made.project, upload);
    const dev = await made.run({ environment: "dev" });
    await damage(`${directoryOf(dev)}/assets.ndjson`);
    const before = await made.assets();
    const { deletion } = await made.run({ assets: "sync" });
    assert.match(
      deletion?.problem ?? "",
      /^No asset file was deleted: content\/.*\/dev\/snapshot_\d+\/assets\.ndjson isn't as its manifest says; export that environment again\.$/,
    );
    assert.deepEqual(await made.assets(), before);
  });
}

Deno.test("exportProject() deletes nothing that another environment's newest list refers to, however old it is", async () => {
  await using made = await orphansBench();
  const resource = { ...made.project.primary.resource, id: "dev" };
  made.project.environments.set("dev", made.project.primary.fork(resource));
  for (const upload of made.uploads) forget(made.project, upload);
  const dev = await made.run({ environment: "dev" });
  const second = Number(dev.snapshot.split("_").at(-1));
  for (let i = 1; i <= 101; i++) {
    await made.storage.put(
      `content/project_48213/dev/snapshot_${second - 1000 + i * 5}/export.json`,
      new Uint8Array(),
    );
  }
  await Deno.rename(
    directoryOf(dev),
    directoryOf(dev).replace(/\d+$/, String(second - 2000)),
  );
  const before = await made.assets();
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 0);
  assert.deepEqual(await made.assets(), before);
});

Deno.test("exportProject() tells truly how many files it deleted when one can't be", async () => {
  await using made = await orphansBench();
  for (const upload of made.uploads.slice(0, 3)) forget(made.project, upload);
  const before = await made.assets();
  class Stubborn extends LocalStorage {
    override async delete(...[keys, options]: Parameters<LocalStorage["delete"]>): Promise<void> {
      if (!keys[0]?.startsWith("assets/")) return await super.delete(keys, options);
      await super.delete(keys.slice(0, 2), options);
      throw new StorageError("That one is in use.");
    }
  }
  const { deletion } = await made.run({ assets: "sync", storage: new Stubborn(made.root) });
  const after = await made.assets();
  assert.equal(after.length, before.length - 2);
  assert.equal(deletion?.deleted.count, 2);
  assert.equal(deletion?.problem, "Only 2 asset files were deleted: That one is in use.");
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 1);
});

Deno.test("exportProject() deletes nothing once another one has taken over its lock", async () => {
  let isSecond = false;
  await using made = await orphansBench({
    onRequest: async (_request, { searchParams }) => {
      if (!isSecond || !searchParams.has("filter[ids]")) return undefined;
      const path = `${made.root}/content/project_48213/lock.json`;
      const lock = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ ...lock, owner: crypto.randomUUID() }));
      return undefined;
    },
  });
  isSecond = true;
  forget(made.project, made.uploads[0]!);
  const before = await made.assets();
  const { deletion } = await made.run({ assets: "sync" });
  assert.match(deletion?.problem ?? "", /^No asset file was deleted: .* has taken over its lock/);
  assert.deepEqual(await made.assets(), before);
});

Deno.test("exportProject() keeps the files of the environment that was the primary one", async () => {
  const served = projectWhoseRole({
    positive_upload_permissions: ["main", "staging"].map((environment) => ({
      ...ALL,
      environment,
    })),
  });
  const project = withStaging(served);
  const { uploads } = served.environments.get("staging")!;
  const [only, both] = uploads.uploads();
  uploads.delete(only!.id);
  await using made = await workbench({ project });
  const run = (options: Partial<ExportOptions> = {}) =>
    made.export({ include: ["uploads"], tables: false, assets: "sync", ...options });
  await run();
  const before = await filesOf(`${made.root}/assets`);
  project.primaryEnvironment = "staging";
  for (let i = 0; i < 2; i++) assert.equal(deletedOf(await run()), 0);
  assert.deepEqual(await filesOf(`${made.root}/assets`), before);
  uploads.delete(both!.id);
  assert.equal(deletedOf(await run()), 1);
  assert.ok((await filesOf(`${made.root}/assets`)).includes(fileOf(only!)));
});

Deno.test("exportProject() to S3 deletes all files but those that S3 refuses to, and tells of them", async () => {
  await using made = await orphansBench({ uploads: 2 });
  await using opened = await openFake();
  const bytes = new TextEncoder().encode("Locked.");
  const locked = made.project.addUpload({ filename: "locked.txt", bytes, mimeType: "text/plain" });
  const run = () => made.run({ storage: opened.storage, assets: "sync" });
  await run();
  for (const upload of [locked, ...made.uploads]) forget(made.project, upload);
  for (const count of [2, 0]) {
    const { deletion } = await run();
    assert.equal(deletion?.deleted.count, count);
    const [what, reason] = deletion?.problem?.split(": ") ?? [];
    assert.equal(what, `${count ? "Only 2 asset files were" : "No asset file was"} deleted`);
    assert.match(reason!, /^Can't delete s3:\/\/.*-locked\.txt, because the credentials lack /);
  }
  const files = [...opened.fake.objects.all.keys()].filter((key) => key.includes("/assets/"));
  assert.ok(files.some((key) => key.endsWith(fileOf(locked))));
  assert.ok(!files.some((key) => made.uploads.some((upload) => key.endsWith(fileOf(upload)))));
});

Deno.test("exportProject() that is cancelled while it deletes files is complete, and tells what it deleted", async () => {
  await using made = await orphansBench();
  for (const upload of made.uploads) forget(made.project, upload);
  const before = await made.assets();
  const cancel = new AbortController();
  class Cancelled extends LocalStorage {
    override async delete(...[keys, options]: Parameters<LocalStorage["delete"]>): Promise<void> {
      if (!keys[0]?.startsWith("assets/")) return await super.delete(keys, options);
      await super.delete(keys.slice(0, 1), options);
      cancel.abort(new DOMException("Stop.", "AbortError"));
      await super.delete(keys.slice(1), options);
    }
  }
  const storage = new Cancelled(made.root);
  const report = await made.run({ assets: "sync", storage, signal: cancel.signal });
  assert.deepEqual([report.status, report.deletion?.deleted.count], ["complete", 1]);
  assert.equal(
    report.deletion?.problem,
    "Only one asset file was deleted: the export was cancelled.",
  );
  assert.equal((await made.assets()).length, before.length - 1);
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 4);
});

Deno.test("exportProject() continues, and keeps what it doesn't know, if the last snapshot's list of orphans can't be read", async () => {
  await using made = await orphansBench();
  forget(made.project, made.uploads[0]!);
  const kept = await made.run();
  forget(made.project, made.uploads[1]!);
  const before = await made.assets();
  const list = `${directoryOf(kept)}/assets_orphaned.ndjson`;
  await Deno.writeTextFile(list, `${await Deno.readTextFile(list)}{"upload`);
  const { status, manifest, deletion } = await made.run({ assets: "sync" });
  assert.equal(status, "complete");
  assert.equal(deletion?.deleted.count, 1);
  const isAbout = ({ code }: { code: string }) => code === "asset_index_unreadable";
  const message = manifest.warnings.find(isAbout)?.message ?? "";
  assert.match(
    message,
    /orphaned\.ndjson isn't a list of assets: .*; the files that it lists stay\.$/,
  );
  assert.deepEqual(await made.assets(), before.filter((file) => file !== fileOf(made.uploads[1]!)));
});
