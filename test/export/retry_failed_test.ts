import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { retryFailedAssets, type RetryFailedOptions } from "../../src/export/retry_failed.ts";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import { LockedError } from "../../src/snapshot/lock/lock_errors.ts";
import { manifestSchema } from "../../src/snapshot/manifest.ts";
import { filesOf, QUICK_RETRIES, type Workbench, workbench } from "../support/exported.ts";
import { assertSealedAreWhole, assetsOf } from "../support/sealed_snapshots.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";

const FAST = { include: ["uploads" as const], tables: false };

/** A project whose asset files can be made to fail, by the end of their paths. */
async function broken(uploads: number) {
  const project: MemoryProject = memoryCopy(
    generateProject({ records: 0, uploads, assetBytes: 50 }),
  );
  const fails = { asset: (_path: string): boolean => false };
  const made: Workbench = await workbench({
    project,
    onRequest: (_request, { pathname }) =>
      project.asset(pathname) !== undefined && fails.asset(pathname)
        ? new Response(null, { status: 404 })
        : undefined,
  });
  return {
    ...made,
    project,
    fails,
    ids: project.environments.get("main")!.uploads.uploads().map(({ id }) => id),
    retry: (options: Partial<RetryFailedOptions> = {}) =>
      retryFailedAssets({
        apiToken: made.cma.apiToken,
        baseUrl: made.cma.url,
        assetHost: made.cma.assetHost,
        retry: QUICK_RETRIES,
        storage: made.storage,
        onEvent: (event) => made.events.push(event),
        ...options,
      }),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

/** Fails for every nth asset. */
function every(n: number): (path: string) => boolean {
  const seen = new Map<string, boolean>();
  return (path) => {
    if (!seen.has(path)) seen.set(path, seen.size % n === 0);
    return seen.get(path)!;
  };
}

Deno.test("retryFailedAssets() brings what failed, and only that, until nothing is left", async () => {
  await using made = await broken(250);
  const { storage, cma, root } = made;
  made.fails.asset = every(2);
  const first = await made.export(FAST);
  const { assets } = first.manifest;
  assert.equal(first.status, "partial");
  assert.equal(assets?.failed, 125);
  assert.equal(assets.downloaded.count, 125);
  assert.equal(assets.index, "assets.ndjson");
  const failures = assets.failures ?? [];
  assert.equal(failures.length, 125);
  const prefix = first.snapshot.slice(storage.url.length + 1);
  const lines = await assetsOf(storage, prefix);
  const key = ({ upload_id }: { upload_id: string }) => upload_id;
  assert.deepEqual(
    failures.toSorted((a, b) => key(a) < key(b) ? -1 : 1),
    lines.filter(({ outcome }) => outcome === "failed")
      .map(({ upload_id, key, reason, attempts }) => ({ upload_id, key, reason, attempts }))
      .sort((a, b) => key(a) < key(b) ? -1 : 1),
  );
  for (const { reason, attempts } of failures) {
    assert.match(reason, /^127\.0\.0\.1:\d+ answered with status 404$/);
    // With the parameters that ask for the file as it was uploaded, then without.
    assert.equal(attempts, 2);
  }

  // Some still fail.
  const few = new Set(failures.slice(0, 3).map(({ key }) => key.slice(key.lastIndexOf("/") + 1)));
  made.fails.asset = (path) => few.has(path.slice(path.lastIndexOf("/") + 1));
  cma.log.clear();
  const second = await made.retry();
  // Those that fail are asked for at two addresses.
  assert.equal(cma.log.count.asset, 125 + 3);
  const asked = cma.log.requests.filter(({ path }) => path.startsWith("/uploads?"));
  assert.equal(asked.length, 2);
  assert.equal(second.status, "partial");
  assert.equal(second.snapshot, first.snapshot);
  assert.equal(second.manifest.assets?.failed, 3);
  assert.equal(second.manifest.assets?.failures?.length, 3);
  assert.equal(second.manifest.assets?.downloaded.count, 247);
  assert.equal(second.manifest.failures.length, 3);
  assert.equal(await assertSealedAreWhole(storage), 1);

  // Then none.
  made.fails.asset = () => false;
  cma.log.clear();
  const third = await made.retry();
  assert.equal(cma.log.count.asset, 3);
  assert.equal(third.status, "complete");
  assert.deepEqual(third.manifest.failures, []);
  assert.deepEqual(third.manifest.assets?.failures, []);
  assert.equal(third.manifest.assets?.index, "assets_002.ndjson");
  const written: unknown = JSON.parse(await Deno.readTextFile(`${root}/${prefix}/manifest.json`));
  assert.deepEqual(manifestSchema.parse(written), third.manifest);
  assert.equal(await assertSealedAreWhole(storage), 1);
  assert.deepEqual(
    (await filesOf(`${root}/${prefix}`)).filter((path) => path.startsWith("assets")),
    ["assets_002.ndjson"],
  );

  // Nothing is left to be done, and the next export knows all files.
  const before = await Deno.readTextFile(`${root}/${prefix}/manifest.json`);
  const fourth = await made.retry();
  assert.equal(fourth.status, "complete");
  assert.equal(await Deno.readTextFile(`${root}/${prefix}/manifest.json`), before);
  const storage2 = new TracedStorage(storage);
  const next = await made.export({ ...FAST, storage: storage2 });
  assert.equal(next.manifest.assets?.kept.count, 250);
  assert.deepEqual(storage2.keys("get").filter((key) => key.startsWith("assets/")), []);
});

Deno.test("retryFailedAssets() renews the table of assets, also after one that was killed", async () => {
  await using made = await broken(6);
  const { storage } = made;
  made.fails.asset = every(2);
  const { snapshot, manifest } = await made.export({ ...FAST, tables: true, format: "csv" });
  const prefix = snapshot.slice(storage.url.length + 1);
  const outcomes = async () => {
    const texts = new Map<string, number>();
    for (const path of await filesOf(`${made.root}/${prefix}/tables/assets`)) {
      const text = await Deno.readTextFile(`${made.root}/${prefix}/tables/assets/${path}`);
      texts.set(path, text.split("\r\n").filter((line) => line.includes(",failed,")).length);
    }
    return Object.fromEntries(texts);
  };
  assert.deepEqual(await outcomes(), { "part_000.csv": 3 });
  made.fails.asset = () => false;
  const kills = new TracedStorage(storage, {
    crashWhen: (calls) => {
      const { method, key } = calls.at(-1)!;
      return method === "put" && key.endsWith("/manifest.json");
    },
  });
  await assert.rejects(made.retry({ storage: kills }), CrashError);
  assert.deepEqual(await outcomes(), { "part_000.csv": 3, "part_001.csv": 0 });
  await storage.delete(["content/project_900001/lock.json"]);
  const rows = ({ resources: { tables } }: typeof manifest) => {
    assert.ok(tables !== undefined && "count" in tables);
    return tables.count;
  };
  assert.equal(rows((await made.retry()).manifest), rows(manifest));
  assert.deepEqual(await outcomes(), { "part_001.csv": 0 });
  assert.equal(await assertSealedAreWhole(storage), 1);
});

Deno.test("retryFailedAssets() doesn't miss uploads that were deleted or replaced since", async () => {
  await using made = await broken(6);
  made.fails.asset = () => true;
  const first = await made.export(FAST);
  assert.equal(first.manifest.assets?.failed, 6);
  const [deleted, replaced] = made.ids;
  made.project.deleteUpload(deleted!);
  const file = { filename: "other.txt", bytes: new Uint8Array([1]), mimeType: "text/plain" };
  made.project.replaceFile(replaced!, file);
  made.fails.asset = () => false;
  const { status, manifest, snapshot } = await made.retry();
  assert.equal(status, "complete");
  assert.equal(manifest.assets?.withdrawn, 2);
  assert.equal(manifest.assets?.downloaded.count, 4);
  const prefix = snapshot.slice(made.storage.url.length + 1);
  const reasons = (await assetsOf(made.storage, prefix))
    .filter(({ outcome }) => outcome === "withdrawn")
    .map(({ upload_id, reason }) => [upload_id, reason]);
  assert.deepEqual(
    new Map(reasons as [string, string][]),
    new Map([
      [deleted, "the upload was deleted since the snapshot was written"],
      [replaced, "the upload has got another file since the snapshot was written"],
    ]),
  );
  const warnings = manifest.warnings.filter(({ code }) => code === "asset_withdrawn");
  assert.equal(warnings.length, 2);
  assert.equal(await assertSealedAreWhole(made.storage), 1);
});

Deno.test("retryFailedAssets() leaves a whole snapshot whenever it is killed, and can be run again", async () => {
  await using made = await broken(4);
  made.fails.asset = every(2);
  const { snapshot } = await made.export(FAST);
  made.fails.asset = () => false;
  const files = await Promise.all((await filesOf(made.root)).map(async (path) => {
    return { path: `${made.root}/${path}`, bytes: await Deno.readFile(`${made.root}/${path}`) };
  }));
  for (let crashAt = 1;; crashAt++) {
    assert.ok(crashAt < 60);
    // As it was before it was tried again.
    for (const path of await filesOf(made.root)) await Deno.remove(`${made.root}/${path}`);
    for (const { path, bytes } of files) await Deno.writeFile(path, bytes);
    const dying = new TracedStorage(made.storage, { crashAt });
    const isKilled = await made.retry({ storage: dying }).then(
      () => dying.calls.length >= crashAt,
      (error) => {
        assert.ok(error instanceof CrashError, String(error));
        return true;
      },
    );
    // Apart from a list that isn't named in the manifest.
    const prefix = snapshot.slice(made.storage.url.length + 1);
    const folder = `${made.root}/${prefix}`;
    const { objects } = manifestSchema.parse(
      JSON.parse(await Deno.readTextFile(`${folder}/manifest.json`)),
    );
    const named = new Set([...objects.map(({ path }) => path), "manifest.json", "canary.txt"]);
    const extra = (await filesOf(folder)).filter((path) => !named.has(path));
    assert.ok(extra.every((path) => /^assets(_001)?\.ndjson$/.test(path)), extra.join());
    assert.ok(extra.length <= 1);
    const seals = (await filesOf(folder)).filter((path) => path === "canary.txt");
    assert.equal(seals.length, 1);
    await made.storage.delete(["content/project_900001/lock.json"]);
    const report = await made.retry();
    assert.equal(report.status, "complete", `killed at call ${crashAt}`);
    assert.equal(report.manifest.assets?.failed, 0);
    assert.equal(await assertSealedAreWhole(made.storage), 1);
    if (!isKilled) break;
  }
});

Deno.test("retryFailedAssets() that is cancelled changes nothing", async () => {
  await using made = await broken(12);
  made.fails.asset = () => true;
  const { snapshot } = await made.export(FAST);
  const path = `${new URL(snapshot).pathname}/manifest.json`;
  const before = await Deno.readTextFile(path);
  made.fails.asset = () => false;
  const cancel = new AbortController();
  const reason = new DOMException("Stop.", "AbortError");
  const onEvent = ({ type }: { type: string }) => type === "asset" && cancel.abort(reason);
  await assert.rejects(
    made.retry({ signal: cancel.signal, onEvent, concurrency: 2 }),
    (error) => error === reason,
  );
  assert.equal(await Deno.readTextFile(path), before);
  assert.equal(await assertSealedAreWhole(made.storage), 1);
});

Deno.test("retryFailedAssets() needs a complete snapshot with assets, and the lock", async () => {
  await using made = await broken(2);
  const none =
    /^SluiceError: There is no complete snapshot with asset files at \/.*\/content\/project_900001, whose .*: export the project first\.$/;
  await assert.rejects(made.retry(), none);
  await made.export({ ...FAST, assets: false });
  await assert.rejects(made.retry(), none);
  await using _lock = await ExportLock.acquire(made.storage, { projectId: "900001" });
  await assert.rejects(made.retry(), LockedError);
});

Deno.test("retryFailedAssets() says so if it can't read the snapshot's lists", async () => {
  await using made = await broken(2);
  made.fails.asset = () => true;
  const { snapshot } = await made.export(FAST);
  const folder = new URL(snapshot).pathname;
  const index = `${await Deno.readTextFile(`${folder}/assets.ndjson`)}{`;
  await Deno.writeTextFile(`${folder}/assets.ndjson`, index);
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/manifest.json`));
  for (const object of manifest.objects) {
    if (object.path !== "assets.ndjson") continue;
    object.sha256 = createHash("sha256").update(index).digest("hex");
  }
  await Deno.writeTextFile(`${folder}/manifest.json`, JSON.stringify(manifest));
  await assert.rejects(
    made.retry(),
    /^SluiceError: content\/.*\/assets\.ndjson isn't a list of assets: export the project again\.$/,
  );
  await Deno.writeTextFile(`${folder}/manifest.json`, '{"formatVersion": 2}');
  await assert.rejects(
    made.retry(),
    /^SluiceError: content\/.*\/manifest\.json isn't a manifest that this version knows \(.*\): export/,
  );
  // An export goes on without them.
  made.fails.asset = () => false;
  const next = await made.export(FAST);
  assert.equal(next.status, "complete");
  assert.ok(next.manifest.warnings.some(({ code }) => code === "asset_index_unreadable"));
});

Deno.test("retryFailedAssets() and exportProject() fail if more assets fail than may", async () => {
  await using made = await broken(8);
  made.fails.asset = every(2);
  await assert.rejects(made.export({ ...FAST, maxFailures: 2 }), (error) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.failed);
    assert.match(
      error.message,
      /^3 assets couldn't be fetched, and no more than 2 may fail \(the first was assets\/.*: .* status 404\), so the export was stopped, and its snapshot isn't complete: fix the cause or allow more\.$/,
    );
    return true;
  });
  assert.equal(await assertSealedAreWhole(made.storage), 0);
  const { manifest } = await made.export({ ...FAST, maxFailures: 4 });
  assert.equal(manifest.assets?.failed, 4);
  await assert.rejects(
    made.retry({ maxFailures: 0 }),
    /^SluiceError: 4 assets couldn't be fetched, .*, so the snapshot still lacks them: /,
  );
  assert.equal(await assertSealedAreWhole(made.storage), 1);
  assert.equal((await made.retry({ maxFailures: 4 })).manifest.assets?.failed, 4);
});

Deno.test("retryFailedAssets() changes no manifest once another one has its lock", async () => {
  await using made = await broken(4);
  made.fails.asset = every(2);
  const { snapshot } = await made.export(FAST);
  const manifest = `${new URL(snapshot).pathname}/manifest.json`;
  const before = await Deno.readTextFile(manifest);
  made.fails.asset = () => false;
  const lock = `${new URL(snapshot).pathname}/../lock.json`;
  const asleep: TracedStorage = new TracedStorage(made.storage, {
    onCall: () => {
      const { method, key } = asleep.calls.at(-1)!;
      if (method !== "put" || !key.endsWith("/assets_001.ndjson")) return;
      const content = JSON.parse(Deno.readTextFileSync(lock));
      Deno.writeTextFileSync(lock, JSON.stringify({ ...content, owner: crypto.randomUUID() }));
    },
  });
  await assert.rejects(made.retry({ storage: asleep }), /another one .* has taken over its lock/);
  assert.equal(await Deno.readTextFile(manifest), before);
});
