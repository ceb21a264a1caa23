import assert from "node:assert/strict";
import type { LockContent } from "../../../src/snapshot/lock/lock_content.ts";
import { LockFile } from "../../../src/snapshot/lock/lock_file.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";

const KEY = "content/project_7/lock.json";
const signal = new AbortController().signal;

/** What a lock says that was written so many milliseconds ago, and counted for a second. */
function content(agoMs: number): LockContent {
  const time = (ms: number) => new Date(Date.now() - ms).toISOString();
  return {
    owner: crypto.randomUUID(),
    host: null,
    pid: 1,
    startedAt: time(agoMs),
    renewedAt: time(agoMs),
    expiresAt: time(agoMs - 1000),
  };
}

Deno.test("LockFile removes an expired lock, and leaves nothing behind", async () => {
  const storage = new MemoryStorage();
  const file = new LockFile(storage, KEY);
  assert.equal(await file.create(content(5000), { signal }), true);
  assert.equal(await file.create(content(0), { signal }), false);
  const found = await file.read(signal) ?? assert.fail("no lock");
  assert.equal(await file.isOver(found, signal), true);
  assert.equal(await file.remove(found, content(0), { signal }), true);
  assert.deepEqual([...storage.objects.keys()], []);
});

Deno.test("LockFile doesn't remove a lock that was renewed or created since it was read", async () => {
  const storage = new MemoryStorage();
  const file = new LockFile(storage, KEY);
  const old = content(5000);
  await file.create(old, { signal });
  const found = await file.read(signal) ?? assert.fail("no lock");
  const next = { ...content(0), owner: old.owner };
  await file.renew(next, { signal });
  assert.equal(await file.remove(found, content(0), { signal }), true);
  assert.deepEqual((await file.read(signal))?.content, next);
  assert.deepEqual([...storage.objects.keys()], [KEY]);
});

Deno.test("LockFile doesn't remove a lock while another process is about to", async () => {
  const storage = new MemoryStorage();
  const file = new LockFile(storage, KEY);
  await file.create(content(5000), { signal });
  const found = await file.read(signal) ?? assert.fail("no lock");
  const guards = () => [...storage.objects.keys()].filter((key) => key !== KEY);
  let waiting: Promise<boolean> | undefined;
  // The other one stops between its guard and the lock.
  const slow = new LockFile(
    Object.assign(new MemoryStorage(), storage, {
      get: async (key: string) => {
        if (key === KEY) {
          assert.equal(guards().length, 1);
          waiting ??= file.remove(found, content(0), { signal });
          assert.equal(await waiting, false);
        }
        return await storage.get(key);
      },
      put: storage.put.bind(storage),
      stat: storage.stat.bind(storage),
      delete: storage.delete.bind(storage),
    }),
    KEY,
  );
  assert.equal(await slow.remove(found, content(0), { signal }), true);
  assert.ok(waiting !== undefined);
  assert.deepEqual([...storage.objects.keys()], []);
});
