import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { NDJSON } from "../../src/sink/encodings.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { ObjectExistsError, StorageError } from "../../src/storage/storage.ts";
import { type Manifest, manifestSchema } from "../../src/snapshot/manifest.ts";
import { SnapshotWriter } from "../../src/snapshot/snapshot_writer.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { temporaryPath } from "../support/temporary.ts";

const STARTED = new Date("2026-01-02T03:04:05.678Z");
const SECOND = Math.floor(STARTED.getTime() / 1000);
const PREFIX = `content/project_205/snapshot_${SECOND}`;

const MANIFEST: Omit<Manifest, "formatVersion" | "objects"> = {
  tool: { name: "sluice", version: "0.1.0" },
  project: { id: "205", name: "Slackwater" },
  environment: { id: "main", primary: true },
  locales: ["en"],
  startedAt: STARTED.toISOString(),
  endedAt: "2026-01-02T03:05:00.000Z",
  options: { layout: "ndjson" },
  resources: { roles: { count: 2, bytes: 100 }, users: { skipped: "The role may not." } },
  records: { article: { current: { count: 1, bytes: 20 } } },
  findings: [],
  warnings: [{ code: "a", message: "B." }],
  failures: [],
};

function create(
  storage: MemoryStorage | LocalStorage,
  options: object = {},
): Promise<SnapshotWriter> {
  return SnapshotWriter.create(storage, {
    projectId: "205",
    startedAt: STARTED,
    claim: { tool: "x" },
    ...options,
  });
}

Deno.test("SnapshotWriter.create() claims a folder named after the second in which the export began", async () => {
  const storage = new MemoryStorage();
  const snapshot = await create(storage);
  assert.equal(snapshot.prefix, PREFIX);
  assert.deepEqual(storage.appeared, [`${PREFIX}/export.json`]);
  assert.deepEqual(JSON.parse(storage.text(`${PREFIX}/export.json`)!), {
    generation: 1,
    formatVersion: 1,
    startedAt: STARTED.toISOString(),
    tool: "x",
  });
  const sandbox = await create(storage, { sandbox: "a/b" });
  assert.equal(sandbox.prefix, `content/project_205/a%2Fb/snapshot_${SECOND}`);
});

Deno.test("SnapshotWriter.create() gives exports that begin in the same second folders of their own", async () => {
  const root = await temporaryPath();
  try {
    for (const storage of [new MemoryStorage(), new LocalStorage(root)]) {
      const snapshots = await Promise.all(Array.from({ length: 8 }, () => create(storage)));
      assert.deepEqual(
        snapshots.map(({ prefix }) => prefix).toSorted(),
        Array.from({ length: 8 }, (_, n) => `content/project_205/snapshot_${SECOND + n}`),
      );
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("SnapshotWriter.create() fails with the storage's error, instead of looking for another folder", async () => {
  const failure = new StorageError("The bucket is read-only.");
  let puts = 0;
  const storage = new MemoryStorage({
    beforePut: () => {
      puts++;
      throw failure;
    },
  });
  await assert.rejects(create(storage), failure);
  assert.equal(puts, 1);
});

Deno.test("SnapshotWriter lists every object with its size and SHA-256", async () => {
  const storage = new MemoryStorage();
  const snapshot = await create(storage);
  await snapshot.putJson("site.json", { data: "ü" });
  await snapshot.put("empty", new Uint8Array(), { count: 0 });
  const batches: number[] = [];
  await ReadableStream.from([[{ id: 1 }, { id: 2 }], [{ id: 3 }]]).pipeTo(snapshot.sink({
    path: (batch) => `records/article/current/batch_00${batch}.ndjson`,
    encoding: NDJSON,
    maxEntries: 2,
    onBatch: ({ count }) => batches.push(count),
  }));
  assert.deepEqual(batches, [2, 1]);
  assert.deepEqual(snapshot.objects.map(({ path, count }) => [path, count]), [
    ["export.json", undefined],
    ["site.json", undefined],
    ["empty", 0],
    ["records/article/current/batch_000.ndjson", 2],
    ["records/article/current/batch_001.ndjson", 1],
  ]);
  for (const { path, size, sha256 } of snapshot.objects) {
    const bytes = storage.objects.get(`${PREFIX}/${path}`)!;
    assert.equal(size, bytes.length);
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
  }
});

Deno.test("SnapshotWriter lists nothing that couldn't be written", async () => {
  const storage = new MemoryStorage({
    beforePut: (key) => {
      if (!key.endsWith("export.json")) throw new StorageError("The disk is full.");
    },
  });
  const snapshot = await create(storage);
  await assert.rejects(snapshot.putJson("site.json", {}), StorageError);
  await assert.rejects(
    ReadableStream.from([[{ id: 1 }]]).pipeTo(snapshot.sink({ path: () => "a", encoding: NDJSON })),
    StorageError,
  );
  assert.deepEqual(snapshot.objects.map(({ path }) => path), ["export.json"]);
});

Deno.test("SnapshotWriter.seal() writes a valid manifest of all objects, and then the canary", async () => {
  const storage = new MemoryStorage();
  const snapshot = await create(storage);
  for (const path of ["site.json", "models/b.json", "models/a.json"]) {
    await snapshot.putJson(path, { path });
  }
  assert.ok(storage.appeared.every((key) => !/manifest|canary/.test(key)), "sealed too early");
  const returned = await snapshot.seal(() => MANIFEST);
  assert.deepEqual(storage.appeared.slice(-2), [`${PREFIX}/manifest.json`, `${PREFIX}/canary.txt`]);
  const written = JSON.parse(storage.text(`${PREFIX}/manifest.json`)!);
  assert.deepEqual(manifestSchema.parse(written), returned);
  const { objects, sha256 } = written;
  assert.deepEqual(written, { formatVersion: 1, ...MANIFEST, objects, sha256 });
  assert.deepEqual(written.objects.map(({ path }: { path: string }) => path), [
    "export.json",
    "models/a.json",
    "models/b.json",
    "site.json",
  ]);
  assert.equal(storage.text(`${PREFIX}/canary.txt`), `${MANIFEST.endedAt}\n`);
});

Deno.test("SnapshotWriter.seal() writes no canary when the manifest couldn't be written", async () => {
  const storage = new MemoryStorage({
    beforePut: (key) => {
      if (key.endsWith("manifest.json")) throw new StorageError("The disk is full.");
    },
  });
  const snapshot = await create(storage);
  await assert.rejects(snapshot.seal(() => MANIFEST), StorageError);
  assert.deepEqual(storage.appeared, [`${PREFIX}/export.json`]);
});

Deno.test("SnapshotWriter.seal() seals nothing that somebody deleted a part of, or changed", async () => {
  const root = await temporaryPath();
  try {
    for (const storage of [new MemoryStorage(), new LocalStorage(root)]) {
      const snapshot = await create(storage);
      await snapshot.putJson("models/a.json", {});
      const key = `${snapshot.prefix}/models/a.json`;
      const refused = (what: string) => {
        return {
          name: "StorageError",
          message: new RegExp(`sealed, because "${key}" was ${what}`),
        };
      };
      await storage.delete([key]);
      await assert.rejects(
        snapshot.seal(() => MANIFEST),
        refused("deleted since it was written: see "),
      );
      await storage.put(key, new Uint8Array(7));
      await assert.rejects(
        snapshot.seal(() => MANIFEST),
        refused("changed from 3 to 7 bytes since it "),
      );
      const found = (await Array.fromAsync(storage.list(""))).flat();
      assert.ok(!found.some(({ key }) => /manifest|canary/.test(key)));
      await snapshot.putJson("models/a.json", {});
      await snapshot.seal(() => MANIFEST);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("SnapshotWriter.seal() believes a look at an object more than a listing that is late", async () => {
  class LateStorage extends MemoryStorage {
    override list(): ReturnType<MemoryStorage["list"]> {
      return ReadableStream.from([]);
    }
  }
  const storage = new LateStorage();
  const snapshot = await create(storage);
  await snapshot.seal(() => MANIFEST);
  assert.equal(storage.text(`${PREFIX}/canary.txt`), `${MANIFEST.endedAt}\n`);
});

Deno.test("SnapshotWriter writes nothing more once its signal is aborted", async () => {
  const reason = new Error("cancelled");
  const root = await temporaryPath();
  try {
    for (const storage of [new MemoryStorage(), new LocalStorage(root)]) {
      const aborted = new AbortController();
      const snapshot = await create(storage, { signal: aborted.signal });
      aborted.abort(reason);
      await assert.rejects(snapshot.putJson("site.json", {}), reason);
      await assert.rejects(
        ReadableStream.from([[{ id: 1 }]]).pipeTo(
          snapshot.sink({ path: () => "a", encoding: NDJSON }),
        ),
        reason,
      );
      await assert.rejects(snapshot.seal(() => MANIFEST), reason);
      const found = (await Array.fromAsync(storage.list(""))).flat();
      assert.deepEqual(found.map(({ key }) => key), [`${PREFIX}/export.json`]);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("manifestSchema lets later versions' keys through, and refuses what a reader relies on", () => {
  const manifest = { formatVersion: 1, ...MANIFEST, objects: [] };
  const later = { ...manifest, later: { x: 1 } };
  assert.deepEqual(manifestSchema.parse(later), later);
  const wrong = [
    { formatVersion: 2 },
    { objects: [{ path: "a", size: -1, sha256: "0".repeat(64) }] },
    { objects: [{ path: "a", size: 1, sha256: "zz" }] },
    { startedAt: "yesterday" },
    { project: null },
  ];
  for (const change of wrong) {
    assert.equal(
      manifestSchema.safeParse({ ...manifest, ...change }).success,
      false,
      JSON.stringify(change),
    );
  }
});

Deno.test("SnapshotWriter.create() gives up where every folder is said to be taken", async () => {
  let tries = 0;
  const storage = new MemoryStorage({
    beforePut() {
      tries++;
      throw new ObjectExistsError("It is taken.");
    },
  });
  await assert.rejects(
    SnapshotWriter.create(storage, { projectId: "7", startedAt: new Date(0), claim: {} }),
    /^StorageError: Can't begin a snapshot in memory:\/\/test\/content\/project_7, because the folders of 60 seconds/,
  );
  assert.equal(tries, 60);
});
