import assert from "node:assert/strict";
import { join } from "node:path";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { DeletionRefusedError, type Storage } from "../../src/storage/storage.ts";
import { type Manifest, manifestSchema, statusOf } from "../../src/snapshot/manifest.ts";
import type { ManifestContent } from "../../src/snapshot/seal.ts";
import { SnapshotWriter } from "../../src/snapshot/snapshot_writer.ts";
import { openFake } from "../s3/open_fake.ts";
import { PART } from "../s3/open_fake.ts";
import { temporaryPath } from "../support/temporary.ts";

const CONTENT: ManifestContent = {
  tool: { name: "sluice", version: "1.2.3" },
  project: { id: "7", name: null },
  environment: { id: null, primary: true },
  locales: ["en"],
  status: "complete",
  startedAt: "2026-01-02T03:04:05.678Z",
  endedAt: "2026-01-02T03:05:05.678Z",
  options: {},
  resources: {},
  records: {},
  findings: [],
  warnings: [],
  failures: [],
};

const text = (text: string) => new TextEncoder().encode(text);

async function begin(storage: Storage): Promise<SnapshotWriter> {
  const startedAt = new Date(CONTENT.startedAt);
  const snapshot = await SnapshotWriter.create(storage, { projectId: "7", startedAt, claim: {} });
  await snapshot.putJson("site.json", { of: 1 });
  return snapshot;
}

async function pathsIn({ storage, prefix }: SnapshotWriter): Promise<string[]> {
  const keys = (await Array.fromAsync(storage.list(`${prefix}/`))).flat().map(({ key }) => key);
  return keys.map((key) => key.slice(prefix.length + 1));
}

/** A disk and S3. */
async function* places(): AsyncGenerator<Storage, void> {
  const root = await temporaryPath("sluice-seal-");
  try {
    yield new LocalStorage(root);
    await using opened = await openFake();
    yield opened.storage;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("SnapshotWriter.seal() leaves only what the manifest lists", async () => {
  for await (const storage of places()) {
    const snapshot = await begin(storage);
    const { prefix } = snapshot;
    await snapshot.putAside("resume/checkpoint.json", text("{}"));
    await storage.put(`${prefix}/resume/journal_3.ndjson`, text("late"));
    await storage.put(`${prefix}/records/late/current/batch_009.ndjson`, text("late"));
    if (storage instanceof LocalStorage) {
      const folder = join(storage.root, prefix, "records/killed/current");
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(join(folder, `.sluice-${crypto.randomUUID()}.tmp`), "half");
    } else if (storage instanceof S3Storage) {
      const body = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
      // It never ends, as that of one that was killed.
      const killed = storage.put(`${prefix}/records/killed/batch_000.ndjson`, body.readable);
      killed.catch(() => {});
      const writer = body.writable.getWriter();
      writer.write(new Uint8Array(2 * PART)).catch(() => {});
      const uploads = async () =>
        (await Array.fromAsync(storage.listUnfinishedUploads(""))).flat().length;
      while (await uploads() === 0);
      await snapshot.seal(() => CONTENT);
      assert.equal(await uploads(), 0);
      await writer.close().catch(() => {});
      await assert.rejects(killed);
    }
    const manifest = storage instanceof LocalStorage
      ? await snapshot.seal(() => CONTENT)
      : await manifestIn(snapshot);
    assert.deepEqual(manifest.objects.map(({ path }) => path), ["export.json", "site.json"]);
    assert.equal(manifest.leftovers, undefined);
    const all = ["canary.txt", "export.json", "manifest.json", "site.json"];
    assert.deepEqual(await pathsIn(snapshot), all);
    if (storage instanceof LocalStorage) {
      const names = [...Deno.readDirSync(join(storage.root, prefix))].map(({ name }) => name);
      assert.deepEqual(names.sort(), all);
    }
  }
});

async function manifestIn({ storage, prefix }: SnapshotWriter): Promise<Manifest> {
  const stream = await storage.get(`${prefix}/manifest.json`);
  return manifestSchema.parse(await new Response(stream).json());
}

Deno.test("SnapshotWriter.seal() names what it may not delete, and why", async () => {
  for await (const bare of places()) {
    const storage: Storage = Object.assign(Object.create(bare) as Storage, {
      url: bare.url,
      list: (prefix: string) => bare.list(prefix),
      put: bare.put.bind(bare),
      get: bare.get.bind(bare),
      stat: bare.stat.bind(bare),
      clear: () => Promise.resolve([`${snapshot.prefix}/models/.sluice-1.tmp`]),
      delete: () => Promise.reject(new DeletionRefusedError("Nothing is deleted here.")),
    });
    const snapshot: SnapshotWriter = await begin(storage);
    await snapshot.putAside("resume/checkpoint.json", text("{}"));
    await bare.put(`${snapshot.prefix}/late.json`, text("late"));
    const told: [readonly string[], string][] = [];
    const notes: Manifest["warnings"][number][] = [];
    const manifest = await snapshot.seal(
      () => ({ ...CONTENT, warnings: [...notes] }),
      (paths, why) => {
        told.push([paths, why]);
        notes.push({ code: "leftovers", message: why });
      },
    );
    assert.deepEqual(told, [
      [["models/.sluice-1.tmp"], "the storage refuses it"],
      [["late.json"], "Nothing is deleted here"],
      [["resume/checkpoint.json"], "Nothing is deleted here"],
    ]);
    const leftovers = ["late.json", "models/.sluice-1.tmp", "resume/checkpoint.json"];
    assert.deepEqual(manifest.leftovers, leftovers);
    assert.equal(manifest.warnings.length, 3);
    assert.deepEqual(await manifestIn(snapshot), manifest);
    assert.ok((await pathsIn(snapshot)).includes("canary.txt"));
  }
});

Deno.test("SnapshotWriter.seal() notices what was changed to as many other bytes", async () => {
  for await (const storage of places()) {
    const snapshot = await begin(storage);
    const key = `${snapshot.prefix}/site.json`;
    const own = await new Response(await storage.get(key)).bytes();
    // Somebody writes it again: the same at first.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await storage.put(key, own);
    const other = await begin(storage);
    assert.notEqual(other.prefix, snapshot.prefix);
    await storage.put(key, text(new TextDecoder().decode(own).replace("1", "2")));
    await assert.rejects(snapshot.seal(() => CONTENT), {
      message: new RegExp(`can't be sealed, because "${key}" was changed to other bytes since`),
    });
    assert.deepEqual(await pathsIn(snapshot), ["export.json", "site.json"]);
    await storage.put(key, own);
    await snapshot.seal(() => CONTENT);
  }
});

Deno.test("statusOf() tells of manifests that don't say so themselves", () => {
  const failures = [{ code: "asset_failed", message: "Gone." }];
  assert.equal(statusOf({ failures: [] }), "complete");
  assert.equal(statusOf({ failures }), "partial");
  assert.equal(statusOf({ status: "complete", failures }), "complete");
  const old = { ...CONTENT, status: undefined, formatVersion: 1, objects: [] };
  assert.equal(manifestSchema.parse(JSON.parse(JSON.stringify(old))).status, undefined);
});
