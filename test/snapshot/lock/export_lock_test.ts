import assert from "node:assert/strict";
import type { Clock } from "../../../src/async/clock.ts";
import { EXIT, SluiceError } from "../../../src/error.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { ExportLock } from "../../../src/snapshot/lock/export_lock.ts";
import { LockedError } from "../../../src/snapshot/lock/lock_errors.ts";
import { type LockContent, parseLock } from "../../../src/snapshot/lock/lock_content.ts";
import { shownAddress } from "../../../src/text/printable.ts";
import { collect } from "../../storage/bodies.ts";
import { type OpenedFake, openFake } from "../../s3/open_fake.ts";
import { CrashError, TracedStorage } from "../../support/traced_storage.ts";
import { until } from "../../support/until.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { temporaryPath } from "../../support/temporary.ts";

const PLACE = { projectId: "7" };
const KEY = "content/project_7/lock.json";

async function temporary(): Promise<AsyncDisposable & { readonly storage: LocalStorage }> {
  const path = await temporaryPath();
  return {
    storage: new LocalStorage(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function contentOf(storage: Storage): Promise<LockContent> {
  return parseLock(await new Response(await storage.get(KEY)).text()) ?? assert.fail("no lock");
}

async function keysOf(storage: Storage): Promise<string[]> {
  return (await collect(storage.list(""))).flat().map(({ key }) => key);
}

/** The lock of an export that was killed. */
async function abandon(storage: Storage, ttlMs: number, clock?: Clock): Promise<LockContent> {
  // The second call is the first renewal's.
  const dying = new TracedStorage(storage, { crashAt: 2 });
  const lock = await ExportLock.acquire(dying, PLACE, { ttlMs, clock });
  const content = await contentOf(storage);
  await lock[Symbol.asyncDispose]();
  assert.equal((await contentOf(storage)).owner, content.owner);
  return content;
}

/** Lets time pass, by this machine's clock and by the storage's. */
async function pass(storage: LocalStorage, clock: ManualClock, ms: number): Promise<void> {
  await clock.advance(ms);
  for (const key of await keysOf(storage)) {
    const { mtime } = await Deno.stat(`${storage.root}/${key}`);
    const earlier = new Date(mtime!.getTime() - ms);
    await Deno.utime(`${storage.root}/${key}`, earlier, earlier);
  }
}

/** Waits until a renewal that is under way has ended, and the next one is waited for. */
async function untilNext(clock: ManualClock, ms: number): Promise<void> {
  await until(() => clock.next === ms, "the next renewal is waited for");
}

Deno.test("ExportLock keeps others out, says who holds it, and is gone afterwards", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  {
    await using lock = await ExportLock.acquire(storage, PLACE);
    assert.equal(lock.signal.aborted, false);
    const content = await contentOf(storage);
    assert.equal(content.pid, Deno.pid);
    assert.equal(Date.parse(content.expiresAt) - Date.parse(content.renewedAt), 120_000);
    await assert.rejects(ExportLock.acquire(storage, PLACE), (error) => {
      assert.ok(error instanceof LockedError);
      assert.equal(error.exitCode, EXIT.failed);
      assert.deepEqual(error.holder, content);
      const host = content.host ?? "an unknown host";
      assert.equal(
        error.message,
        "Another export of this project and environment writes to the same place (on " +
          `${host}, process ${Deno.pid}, since ${content.startedAt}): wait for it to end; if it was ` +
          `killed, its lock ${
            shownAddress(`${storage.url}/${KEY}`)
          } expires at ${content.expiresAt}.`,
      );
      return true;
    });
    assert.deepEqual(await keysOf(storage), [KEY]);
    // Other environments and projects have locks of their own.
    await using _sandbox = await ExportLock.acquire(storage, { ...PLACE, sandbox: "dev" });
    await using _project = await ExportLock.acquire(storage, { projectId: "8" });
    const signal = new AbortController().signal;
    assert.equal(await ExportLock.isHeld(storage, "content/project_7/dev", signal), true);
    assert.equal(await ExportLock.isHeld(storage, "content/project_9", signal), false);
  }
  assert.deepEqual(await keysOf(storage), []);
  await using _again = await ExportLock.acquire(storage, PLACE);
});

Deno.test("ExportLock goes to one of several that want it at the same time", async (t) => {
  const tries = 8;
  const race = async (storage: Storage) => {
    const results = await Promise.allSettled(
      Array.from({ length: tries }, () => ExportLock.acquire(storage, PLACE)),
    );
    const won = results.filter((result) => result.status === "fulfilled");
    assert.equal(won.length, 1);
    for (const result of results) {
      if (result.status === "rejected") assert.ok(result.reason instanceof LockedError);
    }
    await won[0]!.value[Symbol.asyncDispose]();
    assert.deepEqual(await keysOf(storage), []);
  };
  await t.step("on disk", async () => {
    await using opened = await temporary();
    await race(opened.storage);
  });
  for (const conditions of ["all", "none"] as const) {
    await t.step(`on S3 that honours ${conditions} of the conditional writes`, async () => {
      await using opened: OpenedFake = await openFake({ conditions });
      await race(opened.storage);
    });
  }
});

Deno.test("ExportLock is renewed for as long as it is held", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  const clock = new ManualClock();
  await using lock = await ExportLock.acquire(storage, PLACE, { ttlMs: 2000, clock });
  const first = await contentOf(storage);
  let later = first;
  while (later.renewedAt < first.expiresAt) {
    assert.ok(clock.now() < Date.parse(first.expiresAt) + 2000, "it isn't renewed");
    await clock.advance(500);
    await untilNext(clock, 500);
    await assert.rejects(ExportLock.acquire(storage, PLACE, { clock }), LockedError);
    later = await contentOf(storage);
    assert.equal(later.owner, first.owner);
  }
  assert.equal(Date.parse(later.expiresAt) - Date.parse(later.renewedAt), 2000);
  assert.equal(lock.signal.aborted, false);
});

Deno.test("ExportLock of a killed export is taken over once it has expired, and by one only", async (t) => {
  const takeOver = async (storage: Storage, pass: (clock: ManualClock) => Promise<void>) => {
    const clock = new ManualClock();
    // The storage's clock tells seconds: what counts for longer isn't taken for old by that.
    const dead = await abandon(storage, 10_000, clock);
    await clock.advance(5000);
    await assert.rejects(ExportLock.acquire(storage, PLACE, { clock }), LockedError);
    await pass(clock);
    const locks: ExportLock[] = [];
    let failed = 0;
    // All of them find it expired at the same time.
    await Promise.all(Array.from({ length: 6 }, async () => {
      try {
        locks.push(await ExportLock.acquire(storage, PLACE, { clock }));
      } catch (error) {
        assert.ok(error instanceof LockedError, String(error));
        failed++;
      }
    }));
    assert.equal(locks.length, 1);
    assert.equal(failed, 5);
    assert.notEqual((await contentOf(storage)).owner, dead.owner);
    await locks[0]![Symbol.asyncDispose]();
    assert.deepEqual(await keysOf(storage), []);
  };
  await t.step("on disk", async () => {
    await using opened = await temporary();
    await takeOver(opened.storage, (clock) => pass(opened.storage, clock, 10_000));
  });
  await t.step("on S3", async () => {
    await using opened: OpenedFake = await openFake();
    const { all } = opened.fake.objects;
    await takeOver(opened.storage, async (clock) => {
      await clock.advance(10_000);
      for (const [key, object] of all) {
        all.set(key, { ...object, modifiedAt: new Date(object.modifiedAt.getTime() - 10_000) });
      }
    });
  });
});

Deno.test("ExportLock is taken over although one that did so was killed at any moment", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  const clock = new ManualClock();
  for (let crashAt = 1; crashAt < 20; crashAt++) {
    await abandon(storage, 60, clock);
    await pass(storage, clock, 61);
    const dying = new TracedStorage(storage, { crashAt });
    let died = true;
    try {
      const lock = await ExportLock.acquire(dying, PLACE, { ttlMs: 60, clock });
      died = dying.calls.length >= crashAt;
      await lock[Symbol.asyncDispose]();
    } catch (error) {
      if (!(error instanceof LockedError)) assert.ok(error instanceof CrashError);
    }
    await pass(storage, clock, 61);
    const lock = await ExportLock.acquire(storage, PLACE, { ttlMs: 1000, clock });
    await lock[Symbol.asyncDispose]();
    if (!died) {
      assert.ok(crashAt > 8);
      break;
    }
  }
  const left = (await keysOf(storage)).filter((key) => key === KEY);
  assert.deepEqual(left, []);
});

Deno.test("ExportLock trusts the storage's clock more than this machine's", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  // As a machine whose clock is an hour late writes it: just now.
  const past = (ms: number) => new Date(Date.now() - 3_600_000 + ms).toISOString();
  const late = {
    owner: crypto.randomUUID(),
    host: "late",
    pid: 1,
    startedAt: past(0),
    renewedAt: past(0),
    expiresAt: past(120_000),
  };
  await storage.put(KEY, new TextEncoder().encode(JSON.stringify(late)));
  await assert.rejects(ExportLock.acquire(storage, PLACE), LockedError);
  assert.deepEqual(await keysOf(storage), [KEY]);
});

Deno.test("ExportLock that says nothing counts for a while", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  for (const text of ["", "{", '{"owner": 1}']) {
    await storage.put(KEY, new TextEncoder().encode(text));
    await assert.rejects(
      ExportLock.acquire(storage, PLACE),
      /\(its lock doesn't say who it is\).* expires in some minutes\.$/,
    );
    const longAgo = new Date(Date.now() - 600_000);
    await Deno.utime(`${storage.root}/${KEY}`, longAgo, longAgo);
    const lock = await ExportLock.acquire(storage, PLACE);
    await lock[Symbol.asyncDispose]();
    assert.deepEqual(await keysOf(storage), []);
  }
});

Deno.test("ExportLock that was taken by another one ends the export, and stays the other's", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  const clock = new ManualClock();
  await using lock = await ExportLock.acquire(storage, PLACE, { ttlMs: 2000, clock });
  const now = clock.now();
  const other = {
    owner: crypto.randomUUID(),
    host: "elsewhere",
    pid: 4711,
    startedAt: new Date(now).toISOString(),
    renewedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 120_000).toISOString(),
  };
  await storage.put(KEY, new TextEncoder().encode(JSON.stringify(other)));
  await clock.advance(500);
  await until(() => lock.signal.aborted, "the loss is noticed");
  assert.ok(lock.signal.reason instanceof SluiceError);
  assert.match(
    lock.signal.reason.message,
    /^The export was stopped because another one on elsewhere, process 4711, has taken over its lock, .*\.$/,
  );
  await lock[Symbol.asyncDispose]();
  assert.equal((await contentOf(storage)).owner, other.owner);
});

Deno.test("ExportLock that was deleted by hand is written again", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  const clock = new ManualClock();
  await using lock = await ExportLock.acquire(storage, PLACE, { ttlMs: 1500, clock });
  const { owner } = await contentOf(storage);
  await storage.delete([KEY]);
  await clock.advance(375);
  await untilNext(clock, 375);
  assert.equal((await contentOf(storage)).owner, owner);
  assert.equal(lock.signal.aborted, false);
});

Deno.test("ExportLock that can't be renewed in time ends the export", async () => {
  await using opened = await temporary();
  const dying = new TracedStorage(opened.storage, { crashAt: 2 });
  const clock = new ManualClock();
  await using lock = await ExportLock.acquire(dying, PLACE, { ttlMs: 3000, clock });
  const { expiresAt } = await contentOf(opened.storage);
  while (!lock.signal.aborted) {
    await clock.advance(50);
    assert.ok(clock.now() < Date.parse(expiresAt), "others could have taken over by now");
  }
  assert.match(
    lock.signal.reason.message,
    /^The export was stopped because its lock \/.*lock\.json couldn't be renewed \(The process was killed\): .*\.$/,
  );
});

Deno.test("ExportLock survives a renewal that fails", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const { storage, fake } = opened;
  const clock = new ManualClock();
  await using lock = await ExportLock.acquire(storage, PLACE, { ttlMs: 3000, clock });
  // `fetch` sends a request again by itself that fails on a connection that was kept.
  fake.fail({ operation: "GetObject", effect: "reset", times: 2 });
  const latest = () => JSON.parse(`${fake.objects.all.get(`some/prefix/${KEY}`)?.bytes}`).renewedAt;
  const renewedAt = latest();
  await clock.advance(750);
  await untilNext(clock, 750);
  assert.equal(latest(), renewedAt);
  await clock.advance(750);
  await until(() => latest() > renewedAt, "it is renewed");
  assert.equal(lock.signal.aborted, false);
});

Deno.test({
  name: "ExportLock ends the export if its destination is removed or replaced",
  // There, a directory with an open file can't be moved.
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const ttlMs of [120_000, 2000]) {
      await using opened = await temporary();
      const { storage } = opened;
      const clock = new ManualClock();
      await using lock = await ExportLock.acquire(storage, PLACE, { ttlMs, clock });
      await Deno.rename(storage.root, `${storage.root}-moved`);
      await Deno.mkdir(storage.root);
      if (ttlMs === 2000) {
        await clock.advance(500);
        await until(() => lock.signal.aborted, "the end");
      }
      await assert.rejects(
        lock.confirm(),
        /^LostLockError: The export was stopped because its destination was removed, or replaced by/,
      );
      assert.ok(lock.signal.aborted);
      assert.deepEqual(await keysOf(storage), []);
      await Deno.remove(`${storage.root}-moved`, { recursive: true });
    }
  },
});

Deno.test("ExportLock is given back when the export is cancelled", async () => {
  await using opened = await temporary();
  const cancel = new AbortController();
  const lock = await ExportLock.acquire(opened.storage, PLACE, { signal: cancel.signal });
  const reason = new Error("stop");
  cancel.abort(reason);
  assert.equal(lock.signal.reason, reason);
  await lock[Symbol.asyncDispose]();
  assert.deepEqual(await keysOf(opened.storage), []);
  const refused = ExportLock.acquire(opened.storage, PLACE, { signal: cancel.signal });
  await assert.rejects(refused, (error) => error === reason);
});

Deno.test("ExportLock whose storage doesn't answer any more ends the export before others may take over", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  let hangs = false;
  const hanging = new Proxy(storage, {
    get: (target, name) => {
      if (name === "get" && hangs) {
        return (_key: string, { signal }: { signal: AbortSignal }) => {
          return new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          });
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const clock = new ManualClock();
  await using lock = await ExportLock.acquire(hanging, PLACE, { ttlMs: 3000, clock });
  hangs = true;
  const { expiresAt } = await contentOf(storage);
  while (!lock.signal.aborted) {
    await clock.advance(10);
    assert.ok(clock.now() < Date.parse(expiresAt), "others could have taken over by now");
  }
  hangs = false;
});

Deno.test("ExportLock of a dead machine whose clock ran ahead expires by the storage's clock", async () => {
  await using opened = await temporary();
  const { storage } = opened;
  const ahead = (ms: number) => new Date(Date.now() + 86_400_000 + ms).toISOString();
  const content = {
    owner: crypto.randomUUID(),
    host: "ahead",
    pid: 1,
    startedAt: ahead(0),
    renewedAt: ahead(0),
    expiresAt: ahead(120_000),
  };
  await storage.put(KEY, new TextEncoder().encode(JSON.stringify(content)));
  await assert.rejects(ExportLock.acquire(storage, PLACE), LockedError);
  const longAgo = new Date(Date.now() - 121_000);
  await Deno.utime(`${storage.root}/${KEY}`, longAgo, longAgo);
  await using lock = await ExportLock.acquire(storage, PLACE);
  assert.notEqual((await contentOf(storage)).owner, content.owner);
  assert.equal(lock.signal.aborted, false);
});
