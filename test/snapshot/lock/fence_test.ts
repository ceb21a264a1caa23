import assert from "node:assert/strict";
import { EXIT } from "../../../src/error.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { ExportLock } from "../../../src/snapshot/lock/export_lock.ts";
import type { LockContent } from "../../../src/snapshot/lock/lock_content.ts";
import { LockedError, TakenOverError } from "../../../src/snapshot/lock/lock_errors.ts";
import { SnapshotWriter } from "../../../src/snapshot/snapshot_writer.ts";
import { openFake } from "../../s3/open_fake.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { temporaryPath } from "../../support/temporary.ts";

const PLACE = { projectId: "7" };
const LOCK = "content/project_7/lock.json";
const HOUR = 3_600_000;
const signal = new AbortController().signal;

const bytes = (text: string) => new TextEncoder().encode(text);

/** Writes a lock as another process would. */
async function putLock(storage: Storage, claimedMs: number, agoMs = 0): Promise<void> {
  const written = Date.now() - agoMs;
  const content: LockContent = {
    owner: crypto.randomUUID(),
    host: "elsewhere",
    pid: 4711,
    startedAt: new Date(written).toISOString(),
    renewedAt: new Date(written).toISOString(),
    expiresAt: new Date(written + claimedMs).toISOString(),
  };
  await storage.put(LOCK, bytes(JSON.stringify(content)));
}

/** A snapshot that is written under a lock. */
async function begin(lock: ExportLock): Promise<SnapshotWriter> {
  return await SnapshotWriter.create(lock.storage, {
    ...PLACE,
    startedAt: new Date(),
    claim: {},
    claimant: lock,
    signal: lock.signal,
  });
}

Deno.test("ExportLock believes no lock that claims more than ten minutes", async () => {
  const storage = new MemoryStorage();
  await putLock(storage, 1000 * HOUR, 9 * 60_000);
  await assert.rejects(ExportLock.acquire(storage, PLACE), (error) => {
    assert.ok(error instanceof LockedError);
    const expiry = /expires at ([^ ]*)\.$/.exec(error.message)?.[1] ?? assert.fail(error.message);
    assert.ok(Date.parse(expiry) - Date.now() < 61_000, expiry);
    return true;
  });
  await putLock(storage, 1000 * HOUR, 11 * 60_000);
  await using _lock = await ExportLock.acquire(storage, PLACE);
});

Deno.test("ExportLock isn't taken for longer than others believe", async () => {
  for (const ttlMs of [600_001, Infinity, NaN, 0, -1]) {
    await assert.rejects(ExportLock.acquire(new MemoryStorage(), PLACE, { ttlMs }), {
      message:
        "A lock's time must be more than 0 and at most 600000 ms, as others don't believe a " +
        `longer one, but is ${ttlMs}.`,
      exitCode: EXIT.usage,
    });
  }
  await using _lock = await ExportLock.acquire(new MemoryStorage(), PLACE, { ttlMs: 600_000 });
});

Deno.test("ExportLock.storage takes no more requests than the storage while the lock is young", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await using lock = await ExportLock.acquire(storage, PLACE);
  const snapshot = await begin(lock);
  // Whether the server honours conditions is found out once.
  await snapshot.putJson("site.json", {});
  await snapshot.putJson("site.json", {});
  fake.requests.length = 0;
  for (let i = 0; i < 10; i++) await snapshot.putJson(`settings/${i}.json`, {});
  for (let i = 0; i < 10; i++) await snapshot.putJson(`settings/${i}.json`, { i });
  await lock.storage.delete([`${snapshot.prefix}/settings/0.json`]);
  const asked = fake.requests.map(({ operation }) => operation);
  assert.deepEqual(asked, [...Array(20).fill("PutObject"), "DeleteObjects"]);
  const conditions = fake.requests.slice(0, 20).map(({ headers }) =>
    headers["if-none-match"] ?? typeof headers["if-match"]
  );
  assert.deepEqual(conditions, [...Array(10).fill("*"), ...Array(10).fill("string")]);
});

Deno.test("ExportLock.storage isn't misled by an answer that is lost", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await using lock = await ExportLock.acquire(storage, PLACE);
  const snapshot = await begin(lock);
  fake.fail({ operation: "PutObject", effect: "lose" });
  await snapshot.putJson("site.json", { of: 1 });
  fake.fail({ operation: "PutObject", effect: "lose" });
  await snapshot.putJson("site.json", { of: 2 });
  const found = await storage.get(`${snapshot.prefix}/site.json`);
  assert.deepEqual(await new Response(found).json(), { of: 2 });
});

Deno.test("ExportLock notices by S3's clock that this machine was frozen, and takes back what came late", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await using lock = await ExportLock.acquire(storage, PLACE);
  const snapshot = await begin(lock);
  await snapshot.putJson("site.json", {});
  // No clock of this machine tells of the hour in which another one has gone on with it and sealed it.
  fake.objects.aheadMs = HOUR;
  await storage.put(`${snapshot.prefix}/export.json`, bytes('{"generation": 2}'));
  const manifest = {
    formatVersion: 1,
    tool: { name: "sluice", version: "1" },
    project: { id: "7", name: null },
    environment: { id: null, primary: true },
    locales: [],
    startedAt: new Date().toISOString(),
    endedAt: new Date().toISOString(),
    options: {},
    resources: {},
    records: {},
    objects: [],
    findings: [],
    warnings: [],
    failures: [],
  };
  await storage.put(`${snapshot.prefix}/manifest.json`, bytes(JSON.stringify(manifest)));
  await storage.put(`${snapshot.prefix}/canary.txt`, bytes("now\n"));
  await storage.delete([LOCK]);
  const before = new Map(fake.objects.all);
  const completed =
    /^The export was stopped because another one has completed its snapshot .* while this one was paused .*: nothing was changed in it, and there is nothing left to do\.$/;
  await assert.rejects(snapshot.putJson("settings/late.json", {}), (error) => {
    assert.ok(error instanceof TakenOverError, String(error));
    assert.match(error.message, completed);
    return true;
  });
  assert.deepEqual([...fake.objects.all.keys()], [...before.keys()]);
  await assert.rejects(snapshot.putJson("settings/later.json", {}), { message: completed });
  const deletion = lock.storage.delete([`${snapshot.prefix}/site.json`]);
  await assert.rejects(deletion, { message: completed });
  for (const [key, object] of before) assert.equal(fake.objects.all.get(key), object, key);
  assert.ok(lock.signal.aborted);
});

Deno.test("ExportLock puts nothing into a sealed folder on disk, whatever the clocks say", async () => {
  const root = await temporaryPath();
  try {
    const storage = new LocalStorage(root);
    await using lock = await ExportLock.acquire(storage, PLACE);
    const snapshot = await begin(lock);
    await snapshot.putJson("site.json", {});
    await storage.put(`${snapshot.prefix}/export.json`, bytes('{"generation": 2}'));
    await storage.put(`${snapshot.prefix}/canary.txt`, bytes("now\n"));
    const before = await listed(storage);
    for (const path of ["site.json", "late.json"]) {
      await assert.rejects(snapshot.putJson(path, {}), TakenOverError);
    }
    assert.deepEqual(await listed(storage), before);
    assert.deepEqual(await storage.clear(""), []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("ExportLock makes room for what comes late from one that has lost it", async () => {
  await using opened = await openFake();
  const root = await temporaryPath();
  try {
    for (const storage of [opened.storage, new LocalStorage(root)]) {
      await using lock = await ExportLock.acquire(storage, PLACE);
      const snapshot = await begin(lock);
      await storage.put(`${snapshot.prefix}/site.json`, bytes("late"));
      await snapshot.putJson("site.json", { mine: true });
      const found = await storage.get(`${snapshot.prefix}/site.json`);
      assert.deepEqual(await new Response(found).json(), { mine: true });
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("ExportLock is renewed after a pause in which nobody came", async () => {
  const root = await temporaryPath();
  try {
    await using opened = await openFake();
    for (const storage of [new LocalStorage(root), opened.storage, new MemoryStorage()]) {
      await using lock = await ExportLock.acquire(storage, PLACE, { ttlMs: 900 });
      // Nothing else runs meanwhile, as when the machine sleeps.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
      await lock.storage.put("a", bytes("a"));
      assert.equal(lock.signal.aborted, false);
      const keys = (await Array.fromAsync(storage.list("content/"))).flat().map(({ key }) => key);
      assert.deepEqual(keys, [LOCK]);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function listed(storage: Storage): Promise<string[]> {
  const infos = (await Array.fromAsync(storage.list("", { signal }))).flat();
  return infos.map(({ key, size, modifiedAt }) => `${key} ${size} ${modifiedAt?.toISOString()}`);
}
