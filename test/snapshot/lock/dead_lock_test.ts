import assert from "node:assert/strict";
import { delay } from "../../../src/async/delay.ts";
import { LocalStorage } from "../../../src/storage/local/local_storage.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { ExportLock } from "../../../src/snapshot/lock/export_lock.ts";
import { LockedError } from "../../../src/snapshot/lock/lock_errors.ts";
import { holdKey, type LockContent, parseLock } from "../../../src/snapshot/lock/lock_content.ts";
import { collect } from "../../storage/bodies.ts";
import { filesOf } from "../../support/exported.ts";
import { CrashError, TracedStorage } from "../../support/traced_storage.ts";
import { temporaryPath } from "../../support/temporary.ts";

const PLACE = { projectId: "7" };
const KEY = "content/project_7/lock.json";
const signal = new AbortController().signal;

async function temporary(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await temporaryPath();
  return { root, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

async function contentOf(storage: Storage): Promise<LockContent> {
  return parseLock(await new Response(await storage.get(KEY)).text()) ?? assert.fail("no lock");
}

/** Lets an export take the lock, and kills it: its files are closed, and nothing else is done. */
async function killHolder(root: string): Promise<LockContent> {
  const storage = new LocalStorage(root);
  const query = new URLSearchParams({ root, project: PLACE.projectId });
  const worker = new Worker(import.meta.resolve(`./holding_worker.ts?${query}`), {
    type: "module",
  });
  const failure = Promise.withResolvers<never>();
  worker.onerror = ({ message }) => failure.reject(new Error(message));
  try {
    const held = async () => {
      while (await storage.stat(KEY) === undefined) await delay(5);
    };
    await Promise.race([held(), failure.promise]);
    await assert.rejects(ExportLock.acquire(storage, PLACE), LockedError);
    return await contentOf(storage);
  } finally {
    worker.terminate();
  }
}

/** Waits until the system has closed what a killed export had open. */
async function untilDead(root: string, { owner }: LockContent): Promise<void> {
  const storage = new LocalStorage(root);
  const end = performance.now() + 30_000;
  while (await storage.isHeld(holdKey(KEY, owner)) !== false) {
    assert.ok(performance.now() < end, "the hold doesn't end");
  }
}

Deno.test("ExportLock of an export that was killed on this machine is taken over at once", async () => {
  await using opened = await temporary();
  const { root } = opened;
  const storage = new LocalStorage(root);
  const dead = await killHolder(root);
  await untilDead(root, dead);
  assert.ok(Date.parse(dead.expiresAt) > Date.now() + 60_000);
  assert.equal(await ExportLock.isHeld(storage, "content/project_7", signal), false);
  {
    await using lock = await ExportLock.acquire(storage, PLACE);
    assert.equal(lock.signal.aborted, false);
    assert.notEqual((await contentOf(storage)).owner, dead.owner);
    assert.equal(await ExportLock.isHeld(storage, "content/project_7", signal), true);
    assert.deepEqual((await collect(storage.list(""))).flat().map(({ key }) => key), [KEY]);
  }
  assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
});

Deno.test("ExportLock of a killed export goes to one of several that find it", async () => {
  await using opened = await temporary();
  const { root } = opened;
  await untilDead(root, await killHolder(root));
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => ExportLock.acquire(new LocalStorage(root), PLACE)),
  );
  const won = results.filter((result) => result.status === "fulfilled");
  assert.equal(won.length, 1);
  for (const result of results) {
    if (result.status === "rejected") {
      assert.ok(result.reason instanceof LockedError, String(result.reason));
    }
  }
  await won[0]!.value[Symbol.asyncDispose]();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
});

/** A dead export's lock and hold, written by hand. */
async function leaveDead(root: string, change: Partial<LockContent> = {}): Promise<void> {
  const storage = new LocalStorage(root);
  const lock = await ExportLock.acquire(storage, PLACE);
  const content = { ...await contentOf(storage), ...change };
  const hidden = (await filesOf(root)).find((path) => path.endsWith(".hold"));
  assert.ok(hidden);
  await lock[Symbol.asyncDispose]();
  await storage.put(KEY, new TextEncoder().encode(JSON.stringify(content)));
  await Deno.writeTextFile(`${root}/${hidden}`, "");
}

Deno.test("ExportLock isn't taken over unless its process is known to be dead", async (t) => {
  const elsewhere: readonly (readonly [string, Partial<LockContent>])[] = [
    ["another machine's", { host: "elsewhere" }],
    ["one of an unknown machine", { host: null }],
    ["one that holds nothing else", { held: undefined }],
    ["one whose hold left no trace", { owner: crypto.randomUUID() }],
  ];
  for (const [what, change] of elsewhere) {
    await t.step(what, async () => {
      await using opened = await temporary();
      await leaveDead(opened.root, change);
      const storage = new LocalStorage(opened.root);
      const before = await contentOf(storage);
      await assert.rejects(ExportLock.acquire(storage, PLACE), LockedError);
      assert.equal(await ExportLock.isHeld(storage, "content/project_7", signal), true);
      assert.deepEqual(await contentOf(storage), before);
    });
  }
  await t.step("one of this machine, which is dead", async () => {
    await using opened = await temporary();
    await leaveDead(opened.root);
    await using _lock = await ExportLock.acquire(new LocalStorage(opened.root), PLACE);
  });
});

/** A storage whose process is killed, so that its holds end. */
class DyingStorage extends TracedStorage {
  readonly holds: AsyncDisposable[] = [];
  readonly #local: LocalStorage;

  constructor(local: LocalStorage, crashAt: number) {
    super(local, { crashAt });
    this.#local = local;
  }

  async hold(key: string): Promise<AsyncDisposable | undefined> {
    const hold = await this.#local.hold(key);
    if (hold === undefined || !key.startsWith(`${KEY}.`)) return hold;
    this.holds.push(hold);
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  isHeld(key: string): Promise<boolean | undefined> {
    return this.#local.isHeld(key);
  }
}

Deno.test("ExportLock is taken over at once whenever one that took it over was killed", async () => {
  for (let crashAt = 1;; crashAt++) {
    assert.ok(crashAt < 40);
    await using opened = await temporary();
    const { root } = opened;
    await leaveDead(root);
    const dying = new DyingStorage(new LocalStorage(root), crashAt);
    let lock: ExportLock | undefined;
    try {
      lock = await ExportLock.acquire(dying, PLACE);
    } catch (error) {
      assert.ok(error instanceof CrashError);
    }
    const crashed = dying.calls.length >= crashAt;
    await lock?.[Symbol.asyncDispose]();
    // The system gives back what it held; the files stay.
    for (const hold of dying.holds) {
      const files = (await filesOf(root)).filter((path) => path.endsWith(".hold"));
      await hold[Symbol.asyncDispose]();
      await Deno.mkdir(`${root}/content/project_7`, { recursive: true });
      for (const path of files) await Deno.writeTextFile(`${root}/${path}`, "");
    }
    await using next = await ExportLock.acquire(new LocalStorage(root), PLACE);
    assert.equal(next.signal.aborted, false);
    if (!crashed) break;
  }
});
