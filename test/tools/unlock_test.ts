import assert from "node:assert/strict";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { unlock, type Unlocked } from "../../src/tools/unlock.ts";
import { age } from "../s3/age.ts";
import { openFake } from "../s3/open_fake.ts";
import { expireLock } from "../support/expire_lock.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { temporaryPath } from "../support/temporary.ts";
import { TracedStorage } from "../support/traced_storage.ts";

/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const KEY = "content/project_1/lock.json";

function stateOf(locks: readonly Unlocked[]) {
  return locks.map(({ key, kind, state, removed }) => [key, kind, state, removed]);
}

Deno.test("unlock() shows who holds a lock, and keeps it unless it is told to remove it by force", async () => {
  await using directory = await temporary();
  await using opened = await openFake();
  // That a process holds something is seen on disks alone, where the next test looks.
  for (const storage of [new TracedStorage(new LocalStorage(directory.path)), opened.storage]) {
    await putSmallSnapshot(storage, "1", FIRST);
    await putSmallSnapshot(storage, "1/staging", FIRST);
    assert.deepEqual(await unlock(storage), []);
    {
      await using lock = await ExportLock.acquire(storage, { projectId: "1" });
      await using other = await ExportLock.acquire(storage, { projectId: "1", sandbox: "staging" });
      const [held, ...more] = await unlock(storage, { environment: "main" });
      assert.deepEqual(more, []);
      assert.deepEqual(stateOf([held!]), [[KEY, "export", "held", false]]);
      assert.equal(held!.project, "1");
      assert.equal(held!.environment, null);
      assert.equal(held!.holder?.pid, Deno.pid);
      assert.ok(Date.now() - Date.parse(held!.holder!.renewedAt) < 60_000);
      const locks = await unlock(storage, { environment: "staging", force: true });
      const key = "content/project_1/staging/lock.json";
      assert.deepEqual(stateOf(locks), [[key, "export", "held", true]]);
      assert.equal(locks[0]!.environment, "staging");
      await lock.confirm();
      // Who still runs makes it anew.
      assert.equal(await storage.stat(key), undefined);
      await other.confirm();
      assert.ok(await storage.stat(key));
      await unlock(storage, { environment: "staging", force: true });
      await using taken = await ExportLock.acquire(storage, { projectId: "1", sandbox: "staging" });
      await assert.rejects(other.confirm(), /another one .* has taken over its lock/);
      await taken.confirm();
    }
    assert.deepEqual(await unlock(storage), []);
  }
});

Deno.test("unlock() removes locks of the dead, those of takeovers too, on disk and in S3", async () => {
  await using directory = await temporary();
  await using opened = await openFake();
  const disk = new LocalStorage(directory.path);
  const cases = [
    { storage: disk, expire: (key: string) => expireLock(disk, key) },
    { storage: opened.storage, expire: () => Promise.resolve(age(opened.fake, 3_600_000)) },
  ];
  for (const { storage, expire } of cases) {
    const time = new Date().toISOString();
    const content = { owner: "o", host: "elsewhere", pid: 7, startedAt: time, renewedAt: time };
    const text = JSON.stringify({
      ...content,
      expiresAt: new Date(Date.now() + 120_000).toISOString(),
    });
    const keys = [KEY, `${KEY}.1x2y3z`];
    for (const key of keys) await storage.put(key, new TextEncoder().encode(text));
    assert.deepEqual(stateOf(await unlock(storage)), [
      [KEY, "export", "held", false],
      [`${KEY}.1x2y3z`, "takeover", "held", false],
    ]);
    for (const key of keys) await expire(key);
    const locks = await unlock(storage);
    assert.deepEqual(stateOf(locks), [
      [KEY, "export", "stale", true],
      [`${KEY}.1x2y3z`, "takeover", "stale", true],
    ]);
    assert.equal(locks[0]!.holder?.host, "elsewhere");
    for await (const page of storage.list("content/")) assert.deepEqual(page, []);
    assert.deepEqual(await unlock(storage), []);
  }
});

Deno.test("unlock() takes a lock that can't be understood for held, and removes it by force", async () => {
  const storage = new MemoryStorage();
  for (const text of ["", "{", '{"owner":1}', "null"]) {
    await storage.put(KEY, new TextEncoder().encode(text));
    const [lock] = await unlock(storage);
    assert.equal(lock?.holder, null);
    assert.deepEqual(stateOf([lock!]), [[KEY, "export", "held", false]]);
    await unlock(storage, { force: true });
    assert.deepEqual([...storage.objects.keys()], []);
  }
});

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await temporaryPath();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
