import assert from "node:assert/strict";
import { findSnapshot } from "../../src/snapshot/find_snapshot.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { noteLatest } from "../../src/snapshot/latest.ts";
import { applyPrune } from "../../src/tools/prune.ts";
import { listSnapshots } from "../../src/tools/list.ts";
import { openFake } from "../s3/open_fake.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { temporaryPath } from "../support/temporary.ts";
import { TracedStorage } from "../support/traced_storage.ts";

const { signal } = new AbortController();
/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;
const HINT = "content/project_1/latest.json";

async function hint(storage: Storage, text: string, key = HINT): Promise<void> {
  await storage.put(key, new TextEncoder().encode(text));
}

function naming(seconds: number): string {
  return JSON.stringify({ snapshot: `snapshot_${seconds}` });
}

async function latest(storage: Storage, text = "latest"): Promise<string> {
  return (await findSnapshot(storage, text, { signal })).name;
}

Deno.test("findSnapshot() finds the newest sealed one whatever latest.json says", async () => {
  const storage = new MemoryStorage();
  for (const day of [0, 1, 2]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
  await putSmallSnapshot(storage, "1", FIRST + 3 * DAY, { incomplete: true });
  await putSmallSnapshot(storage, "1", 99_999_999_999);
  await putSmallSnapshot(storage, "2", FIRST + 9 * DAY);
  const hostile = [
    "",
    "{",
    "null",
    "[]",
    `"snapshot_${FIRST}"`,
    "[".repeat(4000),
    naming(FIRST) + " ".repeat(5000),
    naming(99_999_999_999),
    naming(FIRST + 3 * DAY),
    naming(FIRST + 7 * DAY),
    '{"snapshot":"snapshot_01767323045"}',
    '{"snapshot":"../project_2/snapshot_1768100645"}',
    '{"snapshot":"snapshot_1/../../project_2/snapshot_1768100645"}',
    '{"__proto__":{"snapshot":"snapshot_1767323045"}}',
    '{"snapshot":["snapshot_1767323045"]}',
    // Right and stale ones.
    naming(FIRST + 2 * DAY),
    naming(FIRST + DAY),
    naming(FIRST),
  ];
  for (const text of hostile) {
    await hint(storage, text);
    assert.equal(await latest(storage, "1/latest"), `1/${FIRST + 2 * DAY}`, text);
  }
  await storage.delete([HINT]);
  assert.equal(await latest(storage, "1/latest"), `1/${FIRST + 2 * DAY}`);
});

Deno.test("latest.json saves the listings of what isn't asked for, on disk and in S3", async () => {
  await using directory = await temporary();
  await using opened = await openFake();
  for (const storage of [new LocalStorage(directory.path), opened.storage]) {
    for (const day of [0, 1, 2]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
    for (const sandbox of ["a", "b", "staging", "x"]) {
      await putSmallSnapshot(storage, `1/${sandbox}`, FIRST + 5 * DAY);
    }
    const calls = async (text: string, name: string): Promise<number> => {
      const traced = new TracedStorage(storage);
      assert.equal(await latest(traced, text), name, text);
      return traced.calls.length;
    };
    const questions = [
      ["latest", `1/${FIRST + 2 * DAY}`, 4],
      ["1/latest", `1/${FIRST + 2 * DAY}`, 4],
      ["latest:staging", `1/staging/${FIRST + 5 * DAY}`, 8],
      ["staging/latest", `1/staging/${FIRST + 5 * DAY}`, 8],
      ["1/staging/latest", `1/staging/${FIRST + 5 * DAY}`, 8],
      ["latest:main", `1/${FIRST + 2 * DAY}`, 7],
    ] as const;
    const before = await Promise.all(questions.map(([text, name]) => calls(text, name)));
    await noteLatest(storage, `content/project_1/snapshot_${FIRST + 2 * DAY}`, signal);
    await noteLatest(storage, `content/project_1/staging/snapshot_${FIRST + 5 * DAY}`, signal);
    for (const [at, [text, name, most]] of questions.entries()) {
      const now = await calls(text, name);
      assert.ok(now <= most && now < before[at]!, `${text}: ${before[at]} before, ${now} now`);
    }
    // One that was sealed by somebody who writes no hint is found all the same.
    await putSmallSnapshot(storage, "1", FIRST + 4 * DAY);
    assert.equal(await latest(storage), `1/${FIRST + 4 * DAY}`);
  }
});

Deno.test("noteLatest() names the newest sealed one, not just any that was sealed", async () => {
  const storage = new MemoryStorage();
  const prefixes: string[] = [];
  for (const day of [0, 1, 2]) {
    prefixes.push(await putSmallSnapshot(storage, "1", FIRST + day * DAY));
  }
  const noted = () => JSON.parse(storage.text(HINT)!).snapshot;
  const newest = `snapshot_${FIRST + 2 * DAY}`;
  // A retry may seal one anew that isn't the newest.
  await noteLatest(storage, prefixes[0]!, signal);
  assert.equal(noted(), newest);
  await noteLatest(storage, prefixes[1]!, signal);
  assert.equal(noted(), newest);
  await hint(storage, naming(FIRST + 8 * DAY));
  await noteLatest(storage, prefixes[1]!, signal);
  assert.equal(noted(), newest);
  // Where it can't be written, nothing fails.
  const full = new MemoryStorage({
    beforePut: () => {
      throw new Error("full");
    },
  });
  await noteLatest(full, prefixes[1]!, signal);
});

Deno.test("applyPrune() renews latest.json if what it names was removed, and leaves a right one", async () => {
  const storage = new MemoryStorage();
  for (const day of [0, 1, 2]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
  const remove = async (...days: number[]) => {
    const infos = (await Array.fromAsync(listSnapshots(storage))).flat();
    const ids = days.map((day) => String(FIRST + day * DAY));
    await applyPrune(storage, { keep: [], remove: infos.filter(({ id }) => ids.includes(id)) });
    return storage.text(HINT);
  };
  await hint(storage, naming(FIRST + 2 * DAY));
  assert.equal(await remove(0), naming(FIRST + 2 * DAY));
  assert.equal(await remove(2), `${naming(FIRST + DAY)}\n`);
  assert.equal(await remove(1), undefined);
});

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await temporaryPath();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
