import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ASSETS_LOCK, LOCK } from "../../src/snapshot/layout.ts";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import type { ManifestAssets, ManifestObject } from "../../src/snapshot/manifest.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { DeleteOptions, Storage } from "../../src/storage/storage.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { listSnapshots } from "../../src/tools/list.ts";
import { applyPrune } from "../../src/tools/prune.ts";
import { planPrune } from "../../src/tools/prune_policy.ts";
import { removeUnusedAssets, type UnusedAssetsOptions } from "../../src/tools/unused_assets.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { openFake } from "../s3/open_fake.ts";
import { copyOf } from "../support/damage.ts";
import { workbench } from "../support/exported.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { long } from "../support/long.ts";
import { manifestText } from "../support/manifest_text.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { temporaryPath } from "../support/temporary.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";
import { until } from "../support/until.ts";

/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;
const ENCODER = new TextEncoder();

/** Puts a snapshot that refers to some files. */
async function putSnapshot(
  storage: Storage,
  folder: string,
  seconds: number,
  files: readonly string[],
): Promise<void> {
  const prefix = `content/project_${folder}/snapshot_${seconds}`;
  const lines = files.map((name, id) => {
    const entry = { upload_id: String(id), key: `assets/project_1/${name}`, size: 3 };
    return `${JSON.stringify({ ...entry, md5: "0".repeat(32), outcome: "kept" })}\n`;
  });
  const text = lines.join("");
  const sha256 = createHash("sha256").update(text).digest("hex");
  const none = { count: 0, bytes: 0 };
  const objects: ManifestObject[] = [{ path: "assets.ndjson", size: text.length, sha256 }];
  const assets: ManifestAssets = {
    index: "assets.ndjson",
    prefix: "assets/project_1",
    downloaded: none,
    kept: { count: files.length, bytes: 3 * files.length },
    withdrawn: 0,
    failed: 0,
  };
  const put = (path: string, text: string) => {
    return storage.put(`${prefix}/${path}`, ENCODER.encode(text));
  };
  await put("assets.ndjson", text);
  await put("manifest.json", manifestText(seconds, { objects, assets }));
  await put("canary.txt", "");
}

async function putFiles(storage: Storage, ...names: string[]): Promise<void> {
  for (const name of names) await storage.put(`assets/project_1/${name}`, ENCODER.encode("abc"));
}

async function filesIn(storage: Storage): Promise<string[]> {
  const pages = await Array.fromAsync(storage.list("assets/project_1/"));
  return pages.flat().map(({ key }) => key.slice("assets/project_1/".length)).sort();
}

async function only(storage: Storage, options?: UnusedAssetsOptions) {
  const [one, ...more] = await removeUnusedAssets(storage, options);
  assert.deepEqual(more, []);
  return one!;
}

Deno.test("removeUnusedAssets() removes what no snapshot of any environment refers to, on disk and in S3", async () => {
  await using directory = await temporary();
  await using opened = await openFake();
  for (const storage of [new LocalStorage(directory.path), opened.storage]) {
    await putSnapshot(storage, "1", FIRST, ["a", "b"]);
    await putSnapshot(storage, "1", FIRST + DAY, ["b"]);
    await putSnapshot(storage, "1/staging", FIRST, ["c"]);
    // What an export that isn't complete has fetched so far.
    const unsealed = "content/project_1/snapshot_1767582245/resume/assets_000.ndjson";
    const line = { upload_id: "9", key: "assets/project_1/d", size: 3, md5: "0".repeat(32) };
    await storage.put(unsealed, ENCODER.encode(`${JSON.stringify(line)}\n`));
    await putFiles(storage, "a", "B", "c", "d", "e", "f");
    const planned = await only(storage, {
      dryRun: true,
      without: [`content/project_1/snapshot_${FIRST}`],
    });
    assert.deepEqual(planned, {
      project: "1",
      kept: { count: 3, bytes: 9 },
      removed: { count: 3, bytes: 9 },
      freed: 9,
    });
    assert.equal((await filesIn(storage)).length, 6);
    let [lists, files] = [0, 0];
    const onProgress = (read: number, looked: number) => {
      lists += read;
      files += looked;
    };
    assert.deepEqual((await only(storage, { onProgress })).removed, { count: 2, bytes: 6 });
    assert.deepEqual([lists, files], [4, 6]);
    // A file system may take B for b.
    assert.deepEqual(await filesIn(storage), ["B", "a", "c", "d"]);
    assert.equal(await storage.stat(`content/project_1/${ASSETS_LOCK}`), undefined);
  }
});

Deno.test("removeUnusedAssets() removes nothing when in doubt, or while somebody exports", async () => {
  const storage = new MemoryStorage();
  await putFiles(storage, "a", "b");
  await storage.put("content/project_1/snapshot_1/site.json", ENCODER.encode("{}"));
  const refused = async (why: RegExp) => {
    for (const dryRun of [true, false]) {
      const { problem, removed } = await only(storage, { dryRun });
      assert.match(problem ?? "", why);
      assert.deepEqual(removed, { count: 0, bytes: 0 });
    }
    assert.deepEqual(await filesIn(storage), ["a", "b"]);
  };
  await refused(/no complete snapshot of the project lists asset files/);
  await putSnapshot(storage, "1", FIRST, ["a"]);
  {
    await using _lock = await ExportLock.acquire(storage, { projectId: "1", sandbox: "x" });
    await refused(/an environment of the project is being exported/);
  }
  const broken = "content/project_1/staging/snapshot_1767323045";
  await putSnapshot(storage, "1/staging", FIRST, ["b"]);
  for (const [path, text] of [["assets.ndjson", "{}\n"], ["manifest.json", "{}"]] as const) {
    const key = `${broken}/${path}`;
    const before = storage.objects.get(key)!;
    await storage.put(key, ENCODER.encode(text));
    await refused(/1\/staging\/1767323045 doesn't say for certain which files it refers to/);
    await storage.put(key, before);
  }
  await storage.delete([`${broken}/manifest.json`]);
  await refused(/it has no manifest/);
  await storage.delete([`${broken}/canary.txt`]);
  {
    await using _lock = await ExportLock.acquire(storage, "content/project_1", {
      name: ASSETS_LOCK,
    });
    const { problem } = await only(storage);
    assert.match(problem ?? "", /another prune removes asset files/);
  }
  // What isn't sealed counts, too.
  assert.deepEqual((await only(storage)).removed, { count: 0, bytes: 0 });
});

Deno.test("exportProject() waits while unused files are removed", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const lock = await ExportLock.acquire(bench.storage, "content/project_48213", {
    name: ASSETS_LOCK,
  });
  const run = bench.export({ tables: false, include: ["uploads"] });
  const isWaiting = () => {
    return bench.events.some((event) => event.type === "retry" && event.what === "asset files");
  };
  await until(isWaiting, "the export waits");
  assert.deepEqual((await Array.fromAsync(bench.storage.list("assets/"))).flat(), []);
  await lock[Symbol.asyncDispose]();
  const { manifest } = await run;
  assert.equal(manifest.assets?.downloaded.count, 12);
  await bench.storage.put("assets/project_48213/unused.png", ENCODER.encode("abc"));
  assert.deepEqual((await only(bench.storage)).removed, { count: 1, bytes: 3 });
  const { status } = await verifySnapshot(bench.storage, "latest", { level: "references" });
  assert.equal(status, "intact");
});

Deno.test("prune that is killed at any call leaves nothing that claims to be complete and isn't, asset files included", async () => {
  let crashes = 0;
  for (let crashAt = 1;; crashAt++) {
    const storage = new MemoryStorage();
    await putSnapshot(storage, "1", FIRST, ["a", "b"]);
    await putSnapshot(storage, "1", FIRST + DAY, ["b"]);
    await putSnapshot(storage, "1/staging", FIRST + 2 * DAY, ["c"]);
    await putFiles(storage, "a", "b", "c", "d");
    const snapshots = (await Array.fromAsync(listSnapshots(storage))).flat();
    const plan = planPrune(snapshots, { keepLast: 1 });
    const traced = new TracedStorage(storage, { crashAt });
    const prune = async (storage: Storage) => {
      await applyPrune(storage, plan);
      return await removeUnusedAssets(storage);
    };
    const end = await prune(traced).catch((error) => error);
    const left = await filesIn(storage);
    for (const { name, state } of (await Array.fromAsync(listSnapshots(storage))).flat()) {
      if (state === "incomplete") continue;
      const own = name === `1/${FIRST}` ? ["a", "b"] : name.includes("staging") ? ["c"] : ["b"];
      assert.ok(own.every((file) => left.includes(file)), `${name} lacks some: ${left}`);
      const { problems } = await verifySnapshot(storage, name, { level: "manifest" });
      const missing = problems.filter(({ kind }) => kind === "missing");
      assert.deepEqual(missing.map(({ key }) => key), [], name);
    }
    const isOver = !(end instanceof CrashError);
    if (!isOver) crashes++;
    // The next one does the rest, once the locks of the dead one don't count any more.
    await storage.delete([LOCK, ASSETS_LOCK].map((name) => `content/project_1/${name}`));
    const [{ problem } = {}] = await prune(storage);
    assert.equal(problem, undefined);
    assert.deepEqual(await filesIn(storage), ["b", "c"]);
    if (isOver && traced.calls.length < crashAt) break;
  }
  assert.ok(crashes > 30, `only ${crashes} crashes`);
});

Deno.test("prune that is killed at any call leaves nothing that verify --all finds damaged, in memory and on disk", async () => {
  const project = generateProject({ records: 4, models: 1, uploads: 3, assetBytes: 20 });
  await using bench = await workbench({ project });
  for (let export_ = 1; export_ <= 3; export_++) {
    await bench.export({ tables: false, include: ["records", "uploads"] });
  }
  const made = await copyOf(bench.storage);
  const asset = [...made.objects.keys()].find((key) => key.startsWith("assets/"))!;
  const unused = asset.replace(/[^/]+$/, "unused.png");
  made.objects.set(unused, ENCODER.encode("abc"));
  const plan = planPrune((await Array.fromAsync(listSnapshots(made))).flat(), { keepLast: 1 });
  assert.equal(plan.remove.length, 2);
  /** How many snapshots claim to be complete or partial, all of which are intact. */
  const verifyAll = async (storage: Storage) => {
    const all = (await Array.fromAsync(listSnapshots(storage))).flat();
    const sealed = all.filter(({ state }) => state !== "incomplete");
    for (const { name } of sealed) {
      const { problems } = await verifySnapshot(storage, name, { level: "references" });
      assert.deepEqual(problems, [], name);
    }
    return sealed.length;
  };
  /** Prunes until a call kills it; gives whether there was such a call. */
  const isKilledAt = async (crashAt: number, storage: Storage) => {
    const traced = new SingleDeletions(storage, { crashAt });
    const end = await applyPrune(traced, plan).then(() => removeUnusedAssets(traced))
      .catch((error) => error);
    const sealed = await verifyAll(storage);
    assert.ok(sealed >= 1 && sealed <= 3);
    if (!(end instanceof CrashError)) {
      assert.equal(sealed, 1);
      assert.equal(await storage.stat(unused), undefined);
    }
    return traced.calls.length >= crashAt;
  };
  const [inMemory, onDisk] = [long(1, 2), long(1, 16)];
  let crashes = 0;
  for (let crashAt = 1;; crashAt++) {
    const isMemory = crashAt % inMemory === 0;
    if (isMemory && !await isKilledAt(crashAt, await copyOf(made))) break;
    if (isMemory) crashes++;
    if (crashAt % onDisk !== 0) continue;
    await using directory = await temporary();
    const disk = new LocalStorage(directory.path);
    for (const [key, bytes] of made.objects) await disk.put(key, bytes);
    await isKilledAt(crashAt, disk);
  }
  assert.ok(crashes > 20, `only ${crashes} crashes`);
});

/** A process may be killed between any two objects that are deleted in one call. */
class SingleDeletions extends TracedStorage {
  override async delete(keys: readonly string[], options?: DeleteOptions): Promise<void> {
    for (const key of keys) await super.delete([key], options);
  }
}

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await temporaryPath();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
