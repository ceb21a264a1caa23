import assert from "node:assert/strict";
import type { Storage } from "../../../src/storage/storage.ts";
import { ExportLock } from "../../../src/snapshot/lock/export_lock.ts";
import { LockedError } from "../../../src/snapshot/lock/lock_errors.ts";
import { parseLock } from "../../../src/snapshot/lock/lock_content.ts";
import { type OpenedFake, openFake } from "../../s3/open_fake.ts";
import { TracedStorage } from "../../support/traced_storage.ts";

const PLACE = { projectId: "7" };
const DIRECTORY = "content/project_7";
const KEY = `${DIRECTORY}/lock.json`;
const signal = new AbortController().signal;

/** What can be done in a store where nothing may be deleted. */
const STORES: Readonly<Record<string, (opened: OpenedFake) => Storage>> = {
  "replaces an object by its ETag": ({ storage }) => storage,
  "only creates objects": ({ storage }) => new TracedStorage(storage),
};

async function release(storage: Storage): Promise<void> {
  const lock = await ExportLock.acquire(storage, PLACE);
  assert.ok(await ExportLock.isHeld(storage, DIRECTORY, signal));
  await assert.rejects(ExportLock.acquire(storage, PLACE), LockedError);
  await lock[Symbol.asyncDispose]();
}

for (const [name, view] of Object.entries(STORES)) {
  Deno.test(`ExportLock that can't be deleted says that it is over, in a store that ${name}`, async () => {
    await using opened = await openFake({ deletes: "none" });
    const storage = view(opened);
    for (let round = 0; round < 3; round++) {
      await release(storage);
      assert.equal(await ExportLock.isHeld(storage, DIRECTORY, signal), false);
      const lock = parseLock(await new Response(await storage.get(KEY)).text());
      assert.ok(lock?.released);
      // Who doesn't know the mark takes it over as well.
      assert.ok(Date.parse(lock.expiresAt) <= Date.now());
    }
  });

  Deno.test(`ExportLock that is over is taken by one of ten, in a store that ${name}`, async () => {
    await using opened = await openFake({ deletes: "none" });
    for (let round = 0; round < 3; round++) {
      await release(view(opened));
      const attempts = Array.from({ length: 10 }, () => ExportLock.acquire(view(opened), PLACE));
      const results = await Promise.allSettled(attempts);
      const locks = results.flatMap((result) => {
        if (result.status === "fulfilled") return [result.value];
        assert.ok(result.reason instanceof LockedError, String(result.reason));
        return [];
      });
      assert.equal(locks.length, 1);
      await locks[0]![Symbol.asyncDispose]();
    }
  });

  Deno.test(`ExportLock of a killed export is taken over when it has expired, in a store that ${name}`, async () => {
    await using opened = await openFake({ deletes: "none" });
    for (let round = 0; round < 3; round++) {
      const dead = await ExportLock.acquire(view(opened), PLACE);
      const { all } = opened.fake.objects;
      const key = `some/prefix/${KEY}`;
      const left = all.get(key)!;
      await dead[Symbol.asyncDispose]();
      // As it was before it was released, five minutes ago.
      const before = (iso: string) => new Date(Date.parse(iso) - 300_000).toISOString();
      const lock = JSON.parse(left.bytes.toString());
      const { renewedAt, expiresAt, ...rest } = lock;
      const text = { ...rest, renewedAt: before(renewedAt), expiresAt: before(expiresAt) };
      await opened.storage.put(KEY, new TextEncoder().encode(JSON.stringify(text)));
      const modifiedAt = new Date(Date.now() - 300_000);
      all.set(key, { ...all.get(key)!, modifiedAt });
      await release(view(opened));
    }
  });
}
