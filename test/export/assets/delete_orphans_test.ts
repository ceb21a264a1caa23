import assert from "node:assert/strict";
import type { Upload } from "../../../src/content/resource.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import { ExportLock } from "../../../src/snapshot/lock/export_lock.ts";
import { StorageError } from "../../../src/storage/storage.ts";
import { directoryOf } from "../../support/exported.ts";
import { deletedOf, fileOf, forget, orphansBench } from "../../support/orphans_bench.ts";
import { TracedStorage } from "../../support/traced_storage.ts";

Deno.test("exportProject() keeps the files of uploads that are gone, and tells of them", async () => {
  await using made = await orphansBench();
  const [gone] = made.uploads as [Upload, ...Upload[]];
  forget(made.project, gone);
  const before = await made.assets();
  assert.ok(before.includes(fileOf(gone)));
  // However often, and also past a snapshot that knows of no assets.
  for (const options of [{}, { assets: "keep" as const }, { assets: false }, { assets: true }]) {
    const report = await made.run(options);
    assert.deepEqual(await made.assets(), before);
    assert.equal(report.deletion, undefined);
    if (options.assets === false) continue;
    assert.deepEqual(report.manifest.assets?.orphaned, { count: 1, bytes: gone.attributes.size });
    const lines = await Deno.readTextFile(`${directoryOf(report)}/assets_orphaned.ndjson`);
    const { upload_id, key, md5 } = JSON.parse(lines);
    assert.deepEqual({ upload_id, key, md5 }, {
      upload_id: gone.id,
      key: `assets/${fileOf(gone)}`,
      md5: gone.attributes.md5,
    });
  }
  const synced = await made.run({ assets: "sync" });
  assert.deepEqual(synced.deletion, { deleted: { count: 1, bytes: gone.attributes.size } });
  assert.deepEqual(await made.assets(), before.filter((file) => file !== fileOf(gone)));
  const after = await made.run({ assets: "sync" });
  assert.deepEqual(after.manifest.assets?.orphaned, { count: 0, bytes: 0 });
  assert.equal(deletedOf(after), 0);
});

Deno.test("exportProject() deletes no file that isn't its own", async () => {
  await using made = await orphansBench();
  const folder = `${made.root}/assets/project_48213`;
  await Deno.mkdir(`${folder}/mine`);
  for (const name of ["mine.txt", "mine/too.txt", ".sluice-12ab.tmp"]) {
    await Deno.writeTextFile(`${folder}/${name}`, "mine");
  }
  await Deno.writeTextFile(`${made.root}/assets/mine.txt`, "mine");
  const before = await made.assets();
  // A list of an earlier snapshot that somebody has tampered with leads nowhere else either.
  const list = `${directoryOf(made.first)}/assets.ndjson`;
  const keys = [
    "assets/mine.txt",
    "assets/project_48213/../mine.txt",
    "assets/project_48213/mine/too.txt",
  ];
  for (const key of keys) {
    const line = JSON.stringify({ upload_id: "x", key, size: 4, md5: null });
    await Deno.writeTextFile(list, `${line}\n`, { append: true });
  }
  const report = await made.run({ assets: "sync", maxDelete: "100%" });
  assert.equal(deletedOf(report), 0);
  assert.deepEqual(await made.assets(), before);
});

Deno.test("exportProject() deletes nothing if there is more to delete than it may", async () => {
  await using made = await orphansBench({ uploads: 5 });
  for (const upload of made.uploads) forget(made.project, upload);
  const before = await made.assets();
  for (const maxDelete of [4, 0, "10%"] as const) {
    const { deletion, status } = await made.run({ assets: "sync", maxDelete });
    assert.equal(status, "complete");
    const most = maxDelete === "10%" ? Math.floor(before.length / 10) : maxDelete;
    assert.deepEqual(deletion, {
      deleted: { count: 0, bytes: 0 },
      problem:
        `No asset file was deleted: 5 files are no longer used by any upload, and no more than ${most} may be ` +
        "deleted; if that is right, allow 5.",
      facts: { maxDelete: 5 },
    });
    assert.deepEqual(await made.assets(), before);
  }
  assert.ok(
    made.events.some((event) => event.type === "warning" && event.code === "deletion_refused"),
  );
  assert.equal(deletedOf(await made.run({ assets: "sync", maxDelete: 5 })), 5);
  assert.equal((await made.assets()).length, before.length - 5);
});

Deno.test("exportProject() deletes nothing that another environment refers to", async () => {
  await using made = await orphansBench();
  const [one, two] = made.uploads as [Upload, Upload, ...Upload[]];
  const resource = { ...made.project.primary.resource, id: "spring-issue" };
  made.project.environments.set("spring-issue", made.project.primary.fork(resource));
  forget(made.project, one);
  forget(made.project, two);
  await made.run({ environment: "spring-issue" });
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 0);
  assert.ok((await made.assets()).includes(fileOf(one)));
  made.project.environments.get("spring-issue")!.uploads.delete(one.id);
  // The sandbox's newest snapshot still refers to it.
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 0);
  const dev = await made.run({ environment: "spring-issue", assets: "sync" });
  assert.equal(deletedOf(dev), 1);
  const after = await made.assets();
  assert.ok(!after.includes(fileOf(one)) && after.includes(fileOf(two)));
});

Deno.test("exportProject() deletes nothing while another environment is exported", async () => {
  await using made = await orphansBench();
  forget(made.project, made.uploads[0]!);
  {
    await using _lock = await ExportLock.acquire(made.storage, {
      projectId: "48213",
      sandbox: "dev",
    });
    const { deletion } = await made.run({ assets: "sync" });
    assert.equal(
      deletion?.problem,
      "No asset file was deleted: another environment is being exported, so export again when that is done.",
    );
  }
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 1);
});

Deno.test("exportProject() deletes nothing if the list of uploads wasn't complete", async () => {
  let change: (body: { data: Upload[]; meta: { total_count: number } }) => void = () => {};
  const project: { served?: MemoryProject } = {};
  await using made = await orphansBench({
    onRequest: (_, { pathname, searchParams }) => {
      if (pathname !== "/uploads" || searchParams.has("filter[ids]") || !project.served) return;
      const data = [...project.served.primary.uploads.uploads()];
      const body = { data, meta: { total_count: data.length } };
      change(body);
      const offset = Number(searchParams.get("page[offset]"));
      return Response.json({ ...body, data: body.data.slice(offset) });
    },
  });
  project.served = made.project;
  const [hidden, gone] = made.uploads as [Upload, Upload, ...Upload[]];
  forget(made.project, gone);
  const hide = ({ data }: { data: Upload[] }) => {
    data.splice(data.findIndex(({ id }) => id === hidden.id), 1);
  };
  const before = await made.assets();

  // The API announces one that it doesn't send.
  change = hide;
  const short = await made.run({ assets: "sync" });
  assert.match(
    short.deletion?.problem ?? "",
    /: the list of uploads wasn't complete, so export again\.$/,
  );
  assert.ok(short.manifest.failures.some(({ code }) => code === "listing_short"));
  assert.deepEqual(await made.assets(), before);

  // The API leaves one out and doesn't count it either: it is asked for by its id.
  change = (body) => {
    hide(body);
    body.meta.total_count--;
  };
  const shifted = await made.run({ assets: "sync" });
  assert.equal(shifted.manifest.assets?.orphaned?.count, 2);
  assert.equal(deletedOf(shifted), 1);
  assert.deepEqual(await made.assets(), before.filter((file) => file !== fileOf(gone)));

  // An empty list is more likely a mistake.
  change = (body) => {
    body.data.length = 0;
    body.meta.total_count = 0;
  };
  const empty = await made.run({ assets: "sync" });
  assert.match(
    empty.deletion?.problem ?? "",
    /: the project has no uploads at all; if that is right, /,
  );
  assert.deepEqual(await made.assets(), before.filter((file) => file !== fileOf(gone)));
});

Deno.test("exportProject() deletes all files of a project without uploads only if it is told so", async () => {
  await using made = await orphansBench({ only: true });
  for (const upload of made.uploads) forget(made.project, upload);
  assert.equal(deletedOf(await made.run({ assets: "sync" })), 0);
  assert.equal(deletedOf(await made.run({ assets: "sync", maxDelete: "100%" })), 5);
  await assert.rejects(made.assets(), Deno.errors.NotFound);
});

Deno.test("exportProject() deletes no file of an asset that can't be had or is withdrawn", async () => {
  await using made = await orphansBench();
  const [failing, infected] = made.uploads as [Upload, Upload, ...Upload[]];
  const before = await made.assets();
  made.project.setAsset(failing.attributes.path, undefined);
  made.project.primary.uploads.update(failing.id, { md5: "0".repeat(32) });
  const uploads = made.project.primary.uploads;
  uploads.delete(infected.id);
  const meta = { antivirus: { status: "infected" } };
  // The bytes that are there aren't its any more, and what is served instead isn't it either.
  const attributes = { ...infected.attributes, md5: "1".repeat(32) };
  made.project.setAsset(infected.attributes.path, undefined);
  uploads.add({ ...infected, attributes, meta } as Upload);
  const report = await made.run({ assets: "sync", maxDelete: "100%" });
  assert.equal(report.manifest.assets?.failed, 1);
  assert.equal(report.manifest.assets?.withdrawn, made.first.manifest.assets!.withdrawn + 1);
  assert.equal(deletedOf(report), 0);
  assert.deepEqual(await made.assets(), before);
});

Deno.test("exportProject() deletes the old file of an upload that has another one now", async () => {
  await using made = await orphansBench();
  const [replaced] = made.uploads as [Upload, ...Upload[]];
  const path = `/48213/1999999999-new.txt`;
  made.project.setAsset(path, made.project.asset(replaced.attributes.path));
  made.project.primary.uploads.update(replaced.id, {
    path,
    url: replaced.attributes.url.replace(replaced.attributes.path, path),
  });
  const report = await made.run({ assets: "sync" });
  assert.equal(deletedOf(report), 1);
  const after = await made.assets();
  assert.ok(after.includes("project_48213/1999999999-new.txt"));
  assert.ok(!after.includes(fileOf(replaced)));
});

Deno.test("exportProject() deletes nothing before the new snapshot is complete", async () => {
  await using made = await orphansBench();
  forget(made.project, made.uploads[0]!);
  const before = await made.assets();
  const storage = new TracedStorage(made.storage);
  await made.run({ assets: "sync", storage });
  const calls = storage.calls.map(({ method, key }) => `${method} ${key.split("/").at(-1)}`);
  const deletion = storage.calls.findIndex(({ method, key }) => {
    return method === "delete" && key.startsWith("assets/");
  });
  assert.ok(deletion > calls.indexOf("put canary.txt") && calls.includes("put canary.txt"));
  forget(made.project, made.uploads[1]!);
  const failing = made.run({
    assets: "sync",
    storage: new TracedStorage(made.storage, {
      crashAt: storage.calls.findIndex(({ key }) => key.endsWith("canary.txt")),
    }),
  });
  await assert.rejects(failing);
  assert.equal((await made.assets()).length, before.length - 1);
});

Deno.test("exportProject() is complete although the files can't be deleted, and says so", async () => {
  await using made = await orphansBench();
  forget(made.project, made.uploads[0]!);
  const { storage } = made;
  const report = await made.run({
    assets: "sync",
    storage: {
      url: storage.url,
      put: storage.put.bind(storage),
      get: storage.get.bind(storage),
      stat: storage.stat.bind(storage),
      list: storage.list.bind(storage),
      delete: async (keys, options) => {
        if (keys.some((key) => key.startsWith("assets/"))) {
          throw new StorageError("The disk is read-only.");
        }
        await storage.delete(keys, options);
      },
    },
  });
  assert.equal(report.status, "complete");
  assert.equal(report.deletion?.problem, "No asset file was deleted: The disk is read-only.");
});

Deno.test("exportProject() deletes nothing once another environment's first export has begun", async () => {
  const locks: ExportLock[] = [];
  let isSecond = false;
  await using made = await orphansBench({
    onRequest: async (_request, url) => {
      // As it makes sure that the upload is gone, which is the last thing before.
      if (isSecond && locks.length === 0 && url.searchParams.has("filter[ids]")) {
        locks.push(await ExportLock.acquire(made.storage, { projectId: "48213", sandbox: "dev" }));
      }
      return undefined;
    },
  });
  isSecond = true;
  forget(made.project, made.uploads[0]!);
  const before = await made.assets();
  const { deletion } = await made.run({ assets: "sync" });
  for (const lock of locks) await lock[Symbol.asyncDispose]();
  assert.equal(locks.length, 1);
  assert.match(deletion?.problem ?? "", /another environment is being exported/);
  assert.deepEqual(await made.assets(), before);
});
