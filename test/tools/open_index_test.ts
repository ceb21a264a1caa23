import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Item, Page, Upload } from "../../src/content/resource.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { applyPrune } from "../../src/tools/prune.ts";
import { catSnapshot } from "../../src/tools/cat.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { copyOf, editManifest } from "../support/damage.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

interface Exported {
  readonly storage: MemoryStorage;
  readonly prefix: string;
}

async function exported(
  project: DemoProject,
  options: Partial<ExportOptions> = {},
): Promise<Exported> {
  await using cma = startDemoCma({ project, rateLimit: false });
  const storage = new MemoryStorage();
  const common = { assets: false, tables: false };
  const report = await exportProject({ ...sourceOf(cma), storage, ...common, ...options });
  return { storage, prefix: report.snapshot.slice(storage.url.length + 1) };
}

/** A storage of the same objects as another one that remembers what was read of it. */
class WatchedStorage extends MemoryStorage {
  readonly reads: string[] = [];
  override readonly objects: MemoryStorage["objects"];

  constructor({ objects }: MemoryStorage) {
    super();
    this.objects = objects;
  }

  override get(
    ...[key, options]: Parameters<MemoryStorage["get"]>
  ): ReturnType<MemoryStorage["get"]> {
    this.reads.push(key);
    return super.get(key, options);
  }

  override stat(key: string): ReturnType<MemoryStorage["stat"]> {
    this.reads.push(key);
    return super.stat(key);
  }
}

const SAMPLE = await exported(sampleProject());

/** The snapshot as an export of before wrote it: without indexes. */
async function withoutIndex({ storage, prefix }: Exported): Promise<MemoryStorage> {
  const old = await copyOf(storage);
  const isIndex = (path: string) => path.startsWith("index/");
  for (const key of old.objects.keys()) {
    if (isIndex(key.slice(prefix.length + 1))) old.objects.delete(key);
  }
  editManifest(old, prefix, (manifest) => {
    return { ...manifest, objects: manifest.objects.filter(({ path }) => !isIndex(path)) };
  });
  return old;
}

async function all<T>(pages: ReadableStream<Page<T>>): Promise<T[]> {
  return (await Array.fromAsync(pages)).flat();
}

const LAYOUTS: readonly Partial<ExportOptions>[] = [
  {},
  { layout: "enterprise" },
  { compress: "zstd" },
  { compress: "gzip" },
];

Deno.test("record() and upload() by the index are those that a scan finds, of any project", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: long(400, 60) }),
      fc.integer({ min: 1, max: 6 }),
      async (seed, records, models) => {
        for (const options of LAYOUTS) {
          const project = generateProject({ seed, records, models, uploads: 5 });
          const { storage, prefix } = await exported(project, options);
          const paths = [...storage.objects.keys()].map((key) => key.slice(prefix.length + 1));
          assert.ok(paths.includes("index/records.idx") && paths.includes("index/uploads.idx"));
          const indexed = await openSnapshot(storage, "latest");
          const scanned = await openSnapshot(storage, "latest", { index: "none" });
          const ids = new Set<string>();
          for (const { model } of await indexed.models()) {
            if (model.attributes.modular_block) continue;
            for (const version of ["current", "published"] as const) {
              for (
                const { id } of await all(indexed.records(model.attributes.api_key, { version }))
              ) ids.add(id);
            }
          }
          assert.equal(ids.size, records);
          for (const id of ids) {
            assert.deepEqual(await indexed.record(id), await scanned.record(id));
          }
          const uploads = await all(indexed.uploads());
          for (const upload of uploads) assert.deepEqual(await indexed.upload(upload.id), upload);
          for (const id of ["", "x", uploads[0]!.id]) {
            assert.equal(await indexed.record(id), undefined);
          }
          const { status } = await verifySnapshot(storage, "latest", { level: "references" });
          assert.equal(status, "intact");
        }
      },
    ),
    { numRuns: long(40, 1) },
  );
});

async function anyOf(
  storage: MemoryStorage,
): Promise<{ readonly item: Item; readonly upload: Upload }> {
  const snapshot = await openSnapshot(storage, "latest");
  const [item] = await all(snapshot.records("article", { version: "published" }));
  const [upload] = await all(snapshot.uploads());
  return { item: item!, upload: upload! };
}

Deno.test("record() takes a bounded number of requests, however many batches there are", async () => {
  const { prefix } = SAMPLE;
  const { item, upload } = await anyOf(SAMPLE.storage);
  const storage = new WatchedStorage(SAMPLE.storage);
  const snapshot = await openSnapshot(storage, "latest");
  const reads = async (read: () => Promise<unknown>) => {
    storage.reads.length = 0;
    await read();
    return storage.reads.map((key) => key.slice(prefix.length + 1));
  };
  const versions = ["current", "published"].map((version) => {
    return `records/article/${version}/batch_000.ndjson`;
  });
  assert.deepEqual(await reads(() => snapshot.record(item.id)), [
    "index/records.idx",
    ...versions,
  ]);
  assert.deepEqual(await reads(() => snapshot.record(item.id)), versions);
  assert.deepEqual(await reads(() => snapshot.record("nothing")), []);
  assert.deepEqual(await reads(() => snapshot.upload(upload.id)), [
    "index/uploads.idx",
    "uploads/batch_000.ndjson",
  ]);
});

Deno.test("catSnapshot() finds an id by the requests that its help tells", async () => {
  const { prefix } = SAMPLE;
  const id = prefix.slice(prefix.lastIndexOf("_") + 1);
  const { item, upload } = await anyOf(SAMPLE.storage);
  const requests = async (objects: MemoryStorage, what: string) => {
    const storage = new WatchedStorage(objects);
    const found = await catSnapshot(storage, id, what);
    assert.ok("value" in found && (found.value as Item).id === what);
    return storage.reads.length;
  };
  // Of an index that is larger than 8 MiB, the head is read, all of it, the rows, and an older one as a whole.
  const larger = 3;
  assert.ok(await requests(SAMPLE.storage, item.id) + larger <= 7);
  assert.ok(await requests(SAMPLE.storage, upload.id) + 2 * larger <= 10);
  const old = await withoutIndex(SAMPLE);
  const batches = [...old.objects.keys()].filter((key) => /\/(records|uploads)\//.test(key));
  const records = batches.filter((key) => key.includes("/records/"));
  // The manifest, and whether there is an index beside the snapshot.
  assert.ok(await requests(old, item.id) <= records.length + 2);
  assert.equal(await requests(old, upload.id), batches.length + 3);
});

Deno.test("a snapshot without an index is read as before, or by one in memory or beside it", async () => {
  const { prefix } = SAMPLE;
  const old = await withoutIndex(SAMPLE);
  const { item, upload } = await anyOf(old);
  const storage = new WatchedStorage(old);
  for (const index of ["auto", "none", "memory", "beside"] as const) {
    const snapshot = await openSnapshot(storage, "latest", { index });
    assert.deepEqual((await snapshot.record(item.id))!.published, item);
    assert.deepEqual(await snapshot.upload(upload.id), upload);
    const made = [...old.objects.keys()].filter((key) => key.startsWith(`${prefix}.idx/`));
    const names = index === "beside" ? ["records.idx", "uploads.idx"] : [];
    assert.deepEqual(made, names.map((name) => `${prefix}.idx/${name}`));
  }
  // From now on it is found there, and nothing but it and the record is read.
  const snapshot = await openSnapshot(storage, "latest");
  storage.reads.length = 0;
  assert.deepEqual((await snapshot.record(item.id))!.published, item);
  assert.equal(storage.reads.filter((key) => key.startsWith(`${prefix}/`)).length, 2);
  assert.equal((await verifySnapshot(old, "latest")).status, "intact");

  // One of another snapshot isn't believed.
  const key = `${prefix}.idx/records.idx`;
  old.objects.set(key, old.objects.get(`${prefix}.idx/uploads.idx`)!);
  for (const index of ["auto", "beside"] as const) {
    const other = await openSnapshot(old, "latest", { index });
    assert.deepEqual((await other.record(item.id))!.published, item);
  }
  assert.notDeepEqual(old.objects.get(key), old.objects.get(`${prefix}.idx/uploads.idx`));

  const id = prefix.slice(prefix.lastIndexOf("_") + 1);
  const remove = [{ prefix, id, name: `48213/${id}`, state: "complete" }];
  await applyPrune(old, { keep: [], remove } as unknown as Parameters<typeof applyPrune>[1]);
  assert.deepEqual([...old.objects.keys()].filter((key) => key.startsWith(prefix)), []);
});

Deno.test("a record that isn't where the index says, as it was, isn't given", async (t) => {
  const { prefix } = SAMPLE;
  const { item } = await anyOf(SAMPLE.storage);
  const batch = `${prefix}/records/article/published/batch_000.ndjson`;
  const isDamaged = (error: unknown) => {
    return (error as { readonly code?: string }).code === "snapshot_damaged";
  };
  await t.step("a letter is another one", async () => {
    const storage = await copyOf(SAMPLE.storage);
    const text = storage.text(batch)!;
    storage.objects.set(
      batch,
      new TextEncoder().encode(text.replace('"title":{"en":"', '"title":{"eN":"')),
    );
    const snapshot = await openSnapshot(storage, "latest");
    await assert.rejects(snapshot.record(item.id), isDamaged);
  });
  await t.step("the index is another one than was sealed", async () => {
    const storage = await copyOf(SAMPLE.storage);
    const index = storage.objects.get(`${prefix}/index/records.idx`)!;
    storage.objects.set(
      `${prefix}/index/records.idx`,
      index.map((byte, at) => at === index.length - 50 ? byte ^ 1 : byte),
    );
    await assert.rejects((await openSnapshot(storage, "latest")).record(item.id), isDamaged);
  });
  await t.step("verify finds an index that was sealed and is wrong", async () => {
    const storage = await copyOf(SAMPLE.storage);
    const key = `${prefix}/index/records.idx`;
    const bytes = storage.objects.get(key)!;
    const changed = bytes.map((byte, at) => at === bytes.length - 20 ? byte ^ 1 : byte);
    sealIndex(storage, changed);
    const { problems } = await verifySnapshot(storage, "latest", { level: "references" });
    assert.deepEqual(problems.map(({ kind, key }) => `${kind} ${key}`), [`dangling ${key}`]);
  });
});

/** An index with the checksums of its rows or as older ones are, and some bytes more of names. */
function renamed(
  index: Uint8Array<ArrayBuffer>,
  isSummed: boolean,
  more = 0,
): Uint8Array<ArrayBuffer> {
  const namesAt = 1048;
  const rowsAt = new DataView(index.buffer, index.byteOffset).getUint32(12, true);
  const { batches, crc32 } = JSON.parse(new TextDecoder().decode(index.subarray(namesAt, rowsAt)));
  assert.equal(crc32.length, 256);
  const text = JSON.stringify({ batches, ...(isSummed && { crc32 }) }) + " ".repeat(more);
  const names = new TextEncoder().encode(text);
  const head = index.slice(0, namesAt);
  new DataView(head.buffer).setUint32(12, namesAt + names.length, true);
  new DataView(head.buffer).setUint32(20, names.length, true);
  return new Uint8Array(Buffer.concat([head, names, index.subarray(rowsAt)]));
}

/** Writes another index of records, which is sealed as if it had always been so. */
function sealIndex(storage: MemoryStorage, index: Uint8Array<ArrayBuffer>): void {
  const { prefix } = SAMPLE;
  const path = "index/records.idx";
  storage.objects.set(`${prefix}/${path}`, index);
  const sha256 = createHash("sha256").update(index).digest("hex");
  editManifest(storage, prefix, (manifest) => ({
    ...manifest,
    objects: manifest.objects.map((object) => {
      return object.path === path ? { ...object, size: index.length, sha256 } : object;
    }),
  }));
}

/** The same bytes, but for one in an id's key. */
function withOtherKey(index: Uint8Array<ArrayBuffer>, id: string): Uint8Array<ArrayBuffer> {
  const key = createHash("sha256").update(id).digest().subarray(0, 16);
  const at = Buffer.from(index.buffer, index.byteOffset, index.length).indexOf(key);
  assert.ok(at > 0);
  const other = index.slice();
  other[at + 5]! ^= 1;
  return other;
}

Deno.test("a damaged key doesn't look like an id that isn't there", async (t) => {
  const { prefix } = SAMPLE;
  const { item } = await anyOf(SAMPLE.storage);
  for (const isSummed of [true, false]) {
    await t.step(
      `in an index that is read by ranges, ${isSummed ? "with" : "without"} checksums`,
      async () => {
        const storage = await copyOf(SAMPLE.storage);
        const key = `${prefix}/index/records.idx`;
        const index = renamed(storage.objects.get(key)!, isSummed, 9 * 1024 ** 2);
        sealIndex(storage, index);
        const snapshot = await openSnapshot(storage, "latest");
        assert.deepEqual((await snapshot.record(item.id))!.published, item);
        assert.equal(await snapshot.record("nothing"), undefined);
        storage.objects.set(key, withOtherKey(index, item.id));
        const other = await openSnapshot(storage, "latest");
        await assert.rejects(
          other.record(item.id),
          isSummed ? /index\/records\.idx isn't as it was written/ : /isn't what was written there/,
        );
      },
    );
  }
  await t.step("in an index beside the snapshot: the batches are searched", async () => {
    const storage = await withoutIndex(SAMPLE);
    await (await openSnapshot(storage, "latest", { index: "beside" })).record(item.id);
    const key = `${prefix}.idx/records.idx`;
    storage.objects.set(key, withOtherKey(storage.objects.get(key)!, item.id));
    const snapshot = await openSnapshot(storage, "latest");
    assert.deepEqual((await snapshot.record(item.id))!.published, item);
  });
  await t.step("an older index that was sealed is still intact", async () => {
    const storage = await copyOf(SAMPLE.storage);
    const key = `${prefix}/index/records.idx`;
    const index = renamed(storage.objects.get(key)!, false);
    sealIndex(storage, index);
    assert.equal(
      (await verifySnapshot(storage, "latest", { level: "references" })).status,
      "intact",
    );
    const snapshot = await openSnapshot(storage, "latest");
    assert.deepEqual((await snapshot.record(item.id))!.published, item);
  });
});
