import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, Page, Version } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { exportProject } from "../../src/export/export.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { downloadSingle } from "../../src/tools/download/single.ts";
import { openSnapshot, type Snapshot } from "../../src/tools/open.ts";
import { copyOf } from "../support/damage.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { temporaryPath } from "../support/temporary.ts";

const VIEWS = ["published", "current"] as const;
const ENDINGS = ["json", "json.gz"] as const;

/** A storage with a snapshot, and a document of each view, compressed and not. */
async function exported(project: DemoProject): Promise<MemoryStorage> {
  await using cma = startDemoCma({ project, rateLimit: false });
  const storage = new MemoryStorage();
  await exportProject({ ...sourceOf(cma), storage, assets: false, tables: false });
  for (const view of VIEWS) {
    for (const ending of ENDINGS) {
      const { bytes } = await downloadSingle(storage, "latest", { view, gzip: ending !== "json" });
      await storage.put(`documents/${view}.${ending}`, bytes);
    }
  }
  return storage;
}

const SAMPLE = await exported(sampleProject());
const PLAIN = "documents/current.json";

async function all<T>(pages: ReadableStream<Page<T>>): Promise<T[]> {
  return (await Array.fromAsync(pages)).flat();
}

/** Makes sure that a document gives what the snapshot gives that it was made of. */
async function assertSame(document: Snapshot, snapshot: Snapshot, view: Version): Promise<void> {
  assert.equal(document.document?.view, view);
  assert.equal(document.document.source.snapshot, snapshot.name);
  assert.equal(document.manifest, undefined);
  assert.deepEqual(await document.site(), await snapshot.site());
  assert.deepEqual(await document.models(), await snapshot.models());
  assert.deepEqual(await document.schema(), await snapshot.schema());
  const items: Item[] = [];
  for (
    const { model: { attributes: { api_key: key, modular_block } } } of await snapshot.models()
  ) {
    if (modular_block) continue;
    const own = await all(snapshot.records(key, { version: view }));
    assert.deepEqual(await all(document.records(key)), own);
    assert.deepEqual(await all(document.records(key, { version: view })), own);
    // Each lookup reads the document again: some of them show it.
    for (const item of own.filter((_, i) => i % 10 === 0)) {
      const [found, expected] = [await document.record(item.id), await snapshot.record(item.id)];
      assert.deepEqual(found![view], expected![view]);
      assert.equal(found!.model, expected!.model);
      assert.equal(found![view === "current" ? "published" : "current"], undefined);
    }
    items.push(...own);
  }
  const uploads = await all(snapshot.uploads());
  assert.deepEqual(await all(document.uploads()), uploads);
  assert.deepEqual(await document.upload(uploads.at(-1)!.id), uploads.at(-1));
  assert.equal(await document.upload(items[0]?.id ?? ""), undefined);
  for (const id of ["", '"', uploads[0]!.id]) assert.equal(await document.record(id), undefined);
}

for (const view of VIEWS) {
  for (const ending of ENDINGS) {
    Deno.test(`openSnapshot() gives of a single document what the snapshot has: ${view}.${ending}`, async () => {
      const snapshot = await openSnapshot(SAMPLE, "latest");
      const document = await openSnapshot(SAMPLE, `documents/${view}.${ending}`);
      await assertSame(document, snapshot, view);
      const locales = { locale: "it", fallbackLocales: ["en"] };
      assert.deepEqual(
        await all(document.records("article", locales)),
        await all(snapshot.records("article", { version: view, ...locales })),
      );
      const [{ id } = { id: "" }] = await all(document.records("article"));
      const expected = await snapshot.record(id, locales);
      assert.deepEqual((await document.record(id, locales))![view], expected![view]);
    });
  }
}

Deno.test("openSnapshot() gives of a single document what the snapshot has, of any project", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: long(400, 60) }),
      fc.constantFrom(...VIEWS),
      fc.constantFrom(...ENDINGS),
      async (seed, records, view, ending) => {
        const storage = await exported(generateProject({ seed, records, models: 3, uploads: 5 }));
        const document = await openSnapshot(storage, `documents/${view}.${ending}`);
        await assertSame(document, await openSnapshot(storage, "latest"), view);
      },
    ),
    { numRuns: long(15, 1) },
  );
});

Deno.test("openSnapshot() says what a single document hasn't", async () => {
  const document = await openSnapshot(SAMPLE, PLAIN);
  assert.equal(document.name, PLAIN);
  assert.equal(document.address, `${SAMPLE.url}/${PLAIN}`);
  const isUsage = (message: RegExp) => (error: unknown) => {
    return error instanceof SluiceError && error.exitCode === EXIT.usage &&
      message.test(error.message);
  };
  await assert.rejects(
    all(document.records("article", { version: "published" })),
    isUsage(/documents\/current\.json has the current versions of records only/),
  );
  await assert.rejects(
    all(document.records("artcle")),
    isUsage(/no model "artcle": the nearest is article/),
  );
  await assert.rejects(all(document.records("article", { locale: "xx" })), /no locale "xx"/);
  await assert.rejects(document.record("1", { locale: "xx" }), /no locale "xx"/);
  await assert.rejects(document.tables(), isUsage(/is a single document, which has no tables/));
  const [upload] = await all(document.uploads());
  const asset = await document.asset(upload!.id);
  assert.deepEqual(asset!.upload, upload);
  assert.equal(asset!.file, undefined);
  assert.match(asset!.reason!, /a single document has no files/);
  assert.equal(await document.asset("nothing"), undefined);
  assert.equal(await document.settings("roles"), undefined);
});

Deno.test("openSnapshot() refuses what is no whole document", async () => {
  const refused = async (key: string, bytes: Uint8Array<ArrayBuffer> | undefined, why: RegExp) => {
    const storage = await copyOf(SAMPLE);
    if (bytes === undefined) storage.objects.delete(key);
    else storage.objects.set(key, bytes);
    await assert.rejects(openSnapshot(storage, key), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, "snapshot_unreadable");
      assert.match(error.message, why);
      return true;
    });
  };
  for (const ending of ENDINGS) {
    const key = `documents/current.${ending}`;
    const bytes = SAMPLE.objects.get(key)!;
    for (const part of [0, 0.3, 0.7, 0.999]) {
      await refused(key, bytes.slice(0, Math.floor(part * bytes.length)), /it was cut off/);
    }
    await refused(key, undefined, /can't be read as a snapshot/);
  }
  const text = SAMPLE.text(PLAIN)!;
  const encoder = new TextEncoder();
  await refused(PLAIN, encoder.encode(JSON.stringify(JSON.parse(text))), /on a line of its own/);
  await refused(PLAIN, encoder.encode("{}\n"), /or changed, or isn't one/);
  await refused(
    PLAIN,
    encoder.encode(text.replace(/\n"project":.*\n/, '\n"project":null,\n')),
    /Expected a project with locales/,
  );
  const prefix = [...SAMPLE.objects.keys()].find((key) => key.endsWith("/canary.txt"))!;
  await assert.rejects(
    openSnapshot(SAMPLE, prefix.replace("canary.txt", "manifest.json")),
    /or changed, or isn't one/,
  );
});

Deno.test("a single document that is another one than was opened isn't read", async () => {
  const storage = await copyOf(SAMPLE);
  const document = await openSnapshot(storage, PLAIN);
  const own = storage.objects.get(PLAIN)!;
  storage.objects.set(PLAIN, storage.objects.get("documents/published.json")!);
  await assert.rejects(all(document.records("article")), /is another document than/);
  storage.objects.set(PLAIN, own.slice(0, -20));
  await assert.rejects(all(document.records("article")), /it was cut off/);
});

/** A storage whose objects come in small pieces, which it counts. */
class SlowStorage extends MemoryStorage {
  pieces = 0;
  cancelled = 0;

  override async get(
    ...[key]: Parameters<MemoryStorage["get"]>
  ): ReturnType<MemoryStorage["get"]> {
    const bytes = this.objects.get(key)!;
    let at = 0;
    return await Promise.resolve(
      new ReadableStream({
        pull: (controller) => {
          this.pieces++;
          controller.enqueue(bytes.slice(at, at += 1000));
          if (at >= bytes.length) controller.close();
        },
        cancel: () => void this.cancelled++,
      }, { highWaterMark: 0 }),
    );
  }
}

Deno.test("a single document is read piece by piece, no further than it is asked for", async () => {
  const storage = new SlowStorage();
  for (const [key, bytes] of SAMPLE.objects) storage.objects.set(key, bytes);
  const document = await openSnapshot(storage, PLAIN);
  const whole = storage.pieces;
  assert.equal(whole, Math.ceil(storage.objects.get(PLAIN)!.length / 1000));
  const [upload] = await all(document.uploads());
  storage.pieces = 0;
  assert.deepEqual(await document.upload(upload!.id), upload);
  assert.ok(storage.pieces < whole, `${storage.pieces} of ${whole} pieces`);
  assert.equal(storage.cancelled, 1);
  storage.pieces = 0;
  const reader = document.uploads().getReader();
  assert.ok((await reader.read()).value!.length > 0);
  await reader.cancel();
  assert.equal(storage.cancelled, 2);
  assert.ok(storage.pieces < whole, `${storage.pieces} of ${whole} pieces`);
});

Deno.test("each method of a single document ends when its signal is aborted, and leaves no file open", async () => {
  const root = await temporaryPath();
  try {
    const storage = new LocalStorage(root);
    await storage.put(PLAIN, SAMPLE.objects.get(PLAIN)!);
    const document = await openSnapshot(storage, PLAIN);
    const signal = AbortSignal.abort(new Error("Enough"));
    const [{ id } = { id: "" }] = await all(document.uploads());
    const reads = [
      () => openSnapshot(storage, PLAIN, { signal }),
      () => document.site({ signal }),
      () => document.models({ signal }),
      () => all(document.records("article", { signal })),
      () => document.record("1", { signal }),
      () => all(document.uploads({ signal })),
      () => document.upload(id, { signal }),
      () => document.asset(id, { signal }),
      () => document.tables({ signal }),
      () => document.settings("roles", { signal }),
    ];
    for (const read of reads) await assert.rejects(read, /Enough/);
    const own = new AbortController();
    const reader = document.uploads({ signal: own.signal }).getReader();
    assert.ok((await reader.read()).value!.length > 0);
    own.abort(new Error("Enough"));
    await assert.rejects(reader.read(), /Enough/);
    assert.equal((await document.upload(id))?.id, id);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
