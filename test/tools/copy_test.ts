import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { ASSETS_LOCK } from "../../src/snapshot/layout.ts";
import { ExportLock, LockedError } from "../../src/snapshot/lock/export_lock.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { type CopyOptions, copySnapshot } from "../../src/tools/copy.ts";
import { SnapshotDamagedError } from "../../src/tools/download/damage.ts";
import { removeUnusedAssets } from "../../src/tools/unused_assets.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { copyOf, damaged, prefixIn } from "../support/damage.ts";
import { workbench } from "../support/exported.ts";
import { MemoryStorage, type MemoryStorageHooks } from "../support/memory_storage.ts";
import { temporaryPath } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const SAMPLE = sampleProject();
const ENCODER = new TextEncoder();
const BESIDE = ["content/project_48213/lock.json", "content/project_48213/latest.json"];
let made: Promise<MemoryStorage> | undefined;

/** A snapshot of the sample project, with its asset files, to do with as one likes. */
async function exported(): Promise<MemoryStorage> {
  made ??= (async () => {
    await using bench = await workbench({ project: SAMPLE });
    await bench.export({ tables: false });
    return await copyOf(bench.storage);
  })();
  return await copyOf(await made);
}

/** A second place in memory. */
class Second extends MemoryStorage {
  override readonly url: MemoryStorage["url"] = "memory://second";
}

function second(
  hooks?: MemoryStorageHooks,
  objects: Iterable<[string, Uint8Array<ArrayBuffer>]> = [],
) {
  const storage = new Second(hooks);
  for (const [key, bytes] of objects) storage.objects.set(key, bytes);
  return storage;
}

/** The error that a copy is refused with. */
async function refusal(from: MemoryStorage, to: MemoryStorage, options?: CopyOptions) {
  const before = new Map(to.objects);
  const error: unknown = await copySnapshot(from, "latest", to, options).catch((error) => error);
  assert.ok(error instanceof SluiceError, String(error));
  for (const [key, bytes] of before) assert.equal(to.objects.get(key), bytes, key);
  return error;
}

Deno.test("copySnapshot() copies a snapshot and its asset files, and then finds it there", async () => {
  const from = await exported();
  const own = [...from.objects.keys()];
  from.objects.set("assets/project_48213/of-another-snapshot.png", new Uint8Array(9));
  const disk = new LocalStorage(await temporaryPath());
  try {
    const told: number[] = [];
    const result = await copySnapshot(from, "latest", disk, {
      onProgress: ({ bytes, totalBytes }) => told.push(bytes / totalBytes),
    });
    const copy = await copyOf(disk);
    assert.deepEqual([...copy.objects.keys()].sort(), own.sort());
    for (const key of own) assert.deepEqual(copy.objects.get(key), from.objects.get(key), key);
    assert.equal((await verifySnapshot(disk, "latest", { level: "references" })).status, "intact");
    assert.deepEqual(told, told.toSorted((a, b) => a - b));
    assert.equal(told.at(-1), 1);
    const prefix = prefixIn(from);
    assert.deepEqual({ ...result, objects: undefined }, {
      snapshot: `48213/${prefix.slice(prefix.lastIndexOf("_") + 1)}`,
      from: `${from.url}/${prefix}`,
      to: `${disk.url}/${prefix}`,
      state: "copied",
      objects: undefined,
      assets: { copied: { count: 12, bytes: 21_662 }, skipped: { count: 0, bytes: 0 } },
    });
    const count = own.filter((key) => key.startsWith(prefix)).length - 2;
    assert.equal(result.objects.copied.count, count);

    const again = await copySnapshot(from, "latest", disk);
    assert.equal(again.state, "there");
    assert.deepEqual(again.objects, {
      copied: { count: 0, bytes: 0 },
      skipped: result.objects.copied,
    });
    assert.deepEqual(again.assets.skipped, result.assets.copied);

    // From disk to elsewhere, a part of it.
    const part = second();
    await copySnapshot(disk, "latest", part, { assets: false, models: ["lock"] });
    const { problems } = await verifySnapshot(part, "latest", { level: "references" });
    assert.deepEqual(problems, []);
    assert.ok([...part.objects.keys()].every((key) => !/assets|article\/current/.test(key)));
    const other = await refusal(from, part);
    assert.match(
      other.message,
      /"manifest.json" there is that of another snapshot, or of another part/,
    );
    assert.equal(other.exitCode, EXIT.usage);
  } finally {
    await Deno.remove(disk.root, { recursive: true });
  }
});

Deno.test("copySnapshot() continues what was interrupted at any write, and nothing claims to be complete before", async () => {
  const from = await exported();
  const prefix = prefixIn(from);
  const puts = from.objects.size + 1;
  for (let last = 0; last < puts; last += 7) {
    const stop = new AbortController();
    let begun = 0;
    const to = second({
      beforePut: (key) => {
        if (BESIDE.includes(key)) return;
        if (begun++ === last) stop.abort(new DOMException("Killed.", "AbortError"));
      },
    });
    const error: unknown = await copySnapshot(from, "latest", to, { signal: stop.signal })
      .catch((error) => error);
    if (!to.objects.has(`${prefix}/canary.txt`)) {
      assert.equal((error as Error).name, "AbortError", String(last));
      assert.equal(
        await ExportLock.isHeld(to, "content/project_48213", AbortSignal.timeout(1000)),
        false,
      );
    }
    const there = new Map([...to.objects].filter(([key]) => !BESIDE.includes(key)));
    const { state, objects, assets } = await copySnapshot(from, "latest", to);
    for (const [key, bytes] of there) assert.equal(to.objects.get(key), bytes, key);
    if (state === "copied") {
      const isSeal = (key: string) => /\/(?:manifest\.json|canary\.txt)$/.test(key);
      const kept = [...there.keys()].filter((key) => !isSeal(key)).length;
      assert.equal(objects.skipped.count + assets.skipped.count, kept);
    }
    assert.equal((await verifySnapshot(to, "latest", { level: "references" })).status, "intact");
    assert.equal(to.appeared.findLast((key) => !BESIDE.includes(key)), `${prefix}/canary.txt`);
  }
});

Deno.test("copySnapshot() fails if something isn't as it was sealed, and seals nothing", async () => {
  const from = await exported();
  const prefix = prefixIn(from);
  const asset = [...from.objects.keys()].find((key) => key.startsWith("assets/"))!;
  for (const key of [`${prefix}/site.json`, `${prefix}/assets.ndjson`, asset]) {
    const flipped = from.objects.get(key)!.slice();
    flipped[3]! ^= 1;
    for (const change of [flipped, flipped.slice(1), new Uint8Array([...flipped, 1]), undefined]) {
      const to = second();
      await damaged(from, key, change, async () => {
        assert.ok(await refusal(from, to) instanceof SnapshotDamagedError, key);
      });
      assert.ok(!to.objects.has(key));
      assert.ok(!to.objects.has(`${prefix}/canary.txt`));
      assert.ok(BESIDE.every((key) => !to.objects.has(key)));
    }
  }
});

Deno.test("copySnapshot() replaces nothing: what else is in its place keeps it from it", async () => {
  const from = await exported();
  const prefix = prefixIn(from);
  const asset = [...from.objects.keys()].find((key) => key.startsWith("assets/"))!;
  const site = from.objects.get(`${prefix}/site.json`)!;
  const flipped = site.slice();
  flipped[3]! ^= 1;
  for (
    const [key, bytes, message] of [
      [
        `${prefix}/resume/checkpoint.json`,
        site,
        /checkpoint.json" there doesn't belong to the snapshot/,
      ],
      [
        `${prefix}/site.json`,
        site.slice(1),
        /site.json" there has \d+ bytes instead of \d+\. .* delete the folder/,
      ],
      [`${prefix}/site.json`, flipped, /site.json" there has other bytes/],
      [`${prefix}/manifest.json`, site, /manifest.json" there is that of another snapshot/],
      [`${prefix}/canary.txt`, ENCODER.encode("2020-01-01T00:00:00.000Z\n"), /of another snapshot/],
      [
        asset,
        from.objects.get(asset)!.map((byte) => byte ^ 1),
        /there has other bytes\. .* delete that file/,
      ],
      [asset, new Uint8Array(1), /there has 1 bytes instead of \d+/],
    ] as const
  ) {
    const to = second(undefined, [[key, bytes]]);
    const { message: found, exitCode } = await refusal(from, to);
    assert.match(found, message);
    assert.equal(exitCode, EXIT.usage);
    assert.deepEqual(to.objects.get(key), bytes);
    if (!key.endsWith("canary.txt")) assert.ok(!to.objects.has(`${prefix}/canary.txt`));
  }
  const same = await refusal(from, from as MemoryStorage);
  assert.match(same.message, /copied from one place to another, but both are memory:\/\/test/);
});

Deno.test("copySnapshot() waits for nobody who exports there, and takes no lock for what is there", async () => {
  const from = await exported();
  const to = second();
  await using _lock = await ExportLock.acquire(to, "content/project_48213");
  await assert.rejects(copySnapshot(from, "latest", to), LockedError);
  const there = second(undefined, from.objects);
  const appeared = there.appeared.length;
  assert.equal((await copySnapshot(from, "latest", there)).state, "there");
  assert.equal(there.appeared.length, appeared);
});

Deno.test("copySnapshot() waits while unused asset files are removed there, and nobody removes any meanwhile", async () => {
  const from = await exported();
  const to = second();
  const name = ASSETS_LOCK;
  const lock = await ExportLock.acquire(to, "content/project_48213", { name });
  let waits = 0;
  const copied = copySnapshot(from, "latest", to, { onWait: () => waits++ });
  await until(() => waits === 1, "the copy waits");
  assert.deepEqual([...to.objects.keys()].filter((key) => key.startsWith("assets/")), []);
  await lock[Symbol.asyncDispose]();
  assert.equal((await copied).assets.copied.count, 12);

  // Once files are there, a prune finds that somebody writes a snapshot that needs them.
  const problems: (string | undefined)[] = [];
  const busy = second({
    beforePut: async (key) => {
      if (!key.endsWith("/site.json")) return;
      problems.push(...(await removeUnusedAssets(busy)).map(({ problem }) => problem));
    },
  });
  await copySnapshot(from, "latest", busy);
  assert.deepEqual(problems, ["an environment of the project is being exported"]);
  assert.equal((await verifySnapshot(busy, "latest", { level: "references" })).status, "intact");
});
