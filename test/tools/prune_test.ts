import assert from "node:assert/strict";
import { LOCK } from "../../src/snapshot/layout.ts";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import {
  type DeleteOptions,
  DeletionRefusedError,
  type ObjectInfo,
  type Storage,
} from "../../src/storage/storage.ts";
import { listSnapshots } from "../../src/tools/list.ts";
import { applyPrune, type PruneResult, snapshotsIn } from "../../src/tools/prune.ts";
import { planPrune, type PrunePolicy } from "../../src/tools/prune_policy.ts";
import { openFake } from "../s3/open_fake.ts";
import { collect } from "../storage/bodies.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { temporaryPath } from "../support/temporary.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";

/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;
const FOLDER = "content/project_1";

async function prune(
  storage: Storage,
  policy: PrunePolicy,
  options: Parameters<typeof applyPrune>[2] = {},
): Promise<PruneResult> {
  const snapshots = (await collect(listSnapshots(storage))).flat();
  return await applyPrune(storage, planPrune(snapshots, policy), options);
}

async function keysOf(storage: Storage): Promise<string[]> {
  return (await collect(storage.list(""))).flat().map(({ key }) => key).sort();
}

function ids(snapshots: readonly { readonly id: string }[]): number[] {
  return snapshots.map(({ id }) => (Number(id) - FIRST) / DAY);
}

Deno.test("applyPrune() removes what the plan doesn't keep, on disk and in S3, and nothing else", async () => {
  await using directory = await temporary();
  await using opened = await openFake();
  for (const storage of [new LocalStorage(directory.path), opened.storage]) {
    for (const day of [0, 1, 2, 3]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
    await putSmallSnapshot(storage, "1/staging", FIRST);
    await storage.put("assets/project_1/7-cat.png", new Uint8Array([1]));
    // What was made of a snapshot goes with it.
    for (const day of [0, 3]) {
      await storage.put(`${FOLDER}/snapshot_${FIRST + day * DAY}.idx/a.idx`, new Uint8Array(1));
    }
    const before = await keysOf(storage);
    const gone = before.filter((key) =>
      /_1\/snapshot_(?:1767323045|1767409445)(?:\.idx)?\//.test(key)
    );
    assert.equal(gone.length, 11);
    const infos = (await collect(storage.list(FOLDER))).flat();
    const size = infos.reduce((sum, { key, size }) => gone.includes(key) ? sum + size : sum, 0);

    const planned = await prune(storage, { keepLast: 2 }, { dryRun: true });
    assert.deepEqual(await keysOf(storage), before);
    let seen = 0;
    const result = await prune(storage, { keepLast: 2 }, { onSnapshot: (count) => seen += count });
    assert.deepEqual(result, planned);
    assert.equal(seen, 2);
    assert.deepEqual(ids(result.remove), [1, 0]);
    assert.equal(result.freed, size);
    assert.deepEqual(result.failed, []);
    assert.deepEqual(result.warnings, []);
    assert.deepEqual(result.keep, [
      {
        id: String(FIRST + 3 * DAY),
        name: `1/${FIRST + 3 * DAY}`,
        reasons: ["newest", "newest complete", "last"],
      },
      { id: String(FIRST + 2 * DAY), name: `1/${FIRST + 2 * DAY}`, reasons: ["last"] },
      {
        id: String(FIRST),
        name: `1/staging/${FIRST}`,
        reasons: ["newest", "newest complete", "last"],
      },
    ]);
    assert.deepEqual(await keysOf(storage), before.filter((key) => !gone.includes(key)));
    // No empty folder looks like a snapshot.
    assert.equal((await snapshotsIn(storage, FOLDER, new AbortController().signal)).length, 2);
    assert.deepEqual((await prune(storage, { keepLast: 2 })).remove, []);
  }
});

/** A process may be killed between any two objects that are deleted in one call. */
class SingleDeletions extends TracedStorage {
  override async delete(keys: readonly string[], options?: DeleteOptions): Promise<void> {
    for (const key of keys) await super.delete([key], options);
  }
}

Deno.test("applyPrune() that is killed at any call leaves nothing that claims to be complete and isn't", async () => {
  const policy = { keepLast: 1, incompleteOlderThan: "1d" };
  let crashes = 0;
  for (let crashAt = 1;; crashAt++) {
    const storage = new MemoryStorage();
    for (const day of [0, 2, 3]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
    await putSmallSnapshot(storage, "1", FIRST + DAY, { incomplete: true });
    const snapshots = (await collect(listSnapshots(storage))).flat();
    const plan = planPrune(snapshots, policy);
    assert.equal(plan.remove.length, 3);
    const traced = new SingleDeletions(storage, { crashAt });
    const end = await applyPrune(traced, plan).catch((error) => error);
    const sealed = await assertSealedAreWhole(storage);
    assert.ok(sealed >= 1);
    // The checkpoint goes before what it tells of: nobody resumes the rest.
    const left = (await keysOf(storage)).filter((key) => key.includes(String(FIRST + DAY)));
    const isWhole = left.length === 4;
    assert.ok(isWhole || !left.some((key) => key.endsWith("/checkpoint.json")), left.join());
    const isOver = !(end instanceof CrashError);
    if (!isOver) crashes++;
    // The next one does the rest, once the lock of the dead one doesn't count any more.
    await storage.delete([`${FOLDER}/${LOCK}`]);
    await prune(storage, policy);
    const keys = await keysOf(storage);
    assert.ok(keys.every((key) => key.includes(`/snapshot_${FIRST + 3 * DAY}/`)), keys.join());
    assert.equal(await assertSealedAreWhole(storage), 1);
    if (isOver && traced.calls.length < crashAt) break;
  }
  assert.ok(crashes > 15, `only ${crashes} crashes`);
});

Deno.test("applyPrune() leaves an environment alone that is being exported, and prunes the others", async () => {
  const storage = new MemoryStorage();
  for (const folder of ["1", "1/staging"]) {
    for (const day of [0, 1]) await putSmallSnapshot(storage, folder, FIRST + day * DAY);
  }
  const lock = await ExportLock.acquire(storage, { projectId: "1" });
  const reason = "its environment is being exported";
  const expected = [{ id: String(FIRST), name: `1/${FIRST}`, reason }];
  for (const dryRun of [true, false]) {
    const { remove, failed } = await prune(storage, { keepLast: 1 }, { dryRun });
    assert.deepEqual(failed, expected);
    assert.deepEqual(remove.map(({ name }) => name), [`1/staging/${FIRST}`]);
  }
  await lock[Symbol.asyncDispose]();
  const { remove, failed } = await prune(storage, { keepLast: 1 });
  assert.deepEqual([remove.map(({ name }) => name), failed], [[`1/${FIRST}`], []]);
  assert.equal(await assertSealedAreWhole(storage), 2);
});

Deno.test("applyPrune() leaves alone what was completed since it was planned", async () => {
  const storage = new MemoryStorage();
  const old = await putSmallSnapshot(storage, "1", FIRST, { incomplete: true });
  await putSmallSnapshot(storage, "1", FIRST + DAY);
  const snapshots = (await collect(listSnapshots(storage))).flat();
  const plan = planPrune(snapshots, { keepLast: 1, incompleteOlderThan: "1d" });
  assert.deepEqual(ids(plan.remove), [0]);
  await putSmallSnapshot(storage, "1", FIRST);
  await storage.delete([`${old}/resume/checkpoint.json`]);
  const { failed } = await applyPrune(storage, plan);
  assert.deepEqual(failed.map(({ reason }) => reason), ["it has been completed meanwhile"]);
  assert.equal(await assertSealedAreWhole(storage), 2);
});

/** A storage where snapshots of one time are locked. */
class LockedStorage extends MemoryStorage {
  readonly settings = { versioning: () => Promise.resolve({ known: true, value: "off" }) } as never;

  override async stat(key: string): Promise<ObjectInfo | undefined> {
    const found = await super.stat(key);
    const isLocked = found && key.includes(String(FIRST));
    return isLocked ? { ...found, lockedUntil: new Date(Date.UTC(2090, 0)) } : found;
  }

  override async delete(keys: readonly string[], options?: DeleteOptions): Promise<void> {
    if (keys.some((key) => key.includes(String(FIRST)))) {
      throw new DeletionRefusedError("Can't delete it, because it is locked.");
    }
    await super.delete(keys, options);
  }
}

Deno.test("applyPrune() says what can't be removed, until when, and removes the rest", async () => {
  const storage = new LockedStorage();
  for (const day of [0, 1, 2]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
  const { remove, failed, freed } = await prune(storage, { keepLast: 1 });
  assert.deepEqual(ids(remove), [1]);
  assert.equal(freed, remove[0]!.bytes);
  assert.deepEqual(failed, [{
    id: String(FIRST),
    name: `1/${FIRST}`,
    reason: "Can't delete it, because it is locked.",
    lockedUntil: "2090-01-01T00:00:00.000Z",
  }]);
  assert.equal(await assertSealedAreWhole(storage), 2);
});

Deno.test("applyPrune() stops when it is aborted, and leaves no lock", async () => {
  const storage = new MemoryStorage();
  for (let day = 0; day < 20; day++) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
  const stop = new AbortController();
  const reason = new Error("stopped");
  const done = prune(storage, { keepLast: 1 }, {
    signal: stop.signal,
    onSnapshot: () => stop.abort(reason),
  });
  await assert.rejects(done, reason);
  assert.ok(await assertSealedAreWhole(storage) > 10);
  assert.ok((await keysOf(storage)).every((key) => !key.endsWith(LOCK)));
});

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await temporaryPath();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
