import assert from "node:assert/strict";
import { createZstdDecompress } from "node:zlib";
import { Readable } from "node:stream";
import { unpackTar } from "modern-tar";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { showSnapshot } from "../../src/tools/show.ts";
import {
  type ArchiveForm,
  type DownloadOptions,
  downloadSnapshot,
} from "../../src/tools/download.ts";
import { SnapshotDamagedError } from "../../src/tools/download/damage.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { archiveOf } from "../../src/tools/download/archive.ts";
import { copyOf, damaged } from "../support/damage.ts";
import { workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { temporaryPath } from "../support/temporary.ts";

const SAMPLE = sampleProject();
const ENDINGS = ["/manifest.json", "/canary.txt"];

/** What was exported, by its options. */
const EXPORTS = new Map<string, Promise<MemoryStorage>>();

async function exported(options: Partial<ExportOptions> = {}): Promise<MemoryStorage> {
  const name = JSON.stringify(options);
  const made = EXPORTS.get(name) ?? make(options);
  EXPORTS.set(name, made);
  return await copyOf(await made);
}

async function make(options: Partial<ExportOptions>): Promise<MemoryStorage> {
  await using bench = await workbench({ project: SAMPLE });
  await bench.export(options);
  const copy = await copyOf(bench.storage);
  copy.objects.delete("content/project_48213/latest.json");
  return copy;
}

async function archived(
  storage: MemoryStorage,
  options: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response((await downloadSnapshot(storage, "latest", options)).bytes).bytes();
}

function plain(bytes: Uint8Array<ArrayBuffer>, form: ArchiveForm): ReadableStream<Uint8Array> {
  const stream = new Blob([bytes]).stream();
  if (form === "tar") return stream;
  if (form === "tar.gz") return stream.pipeThrough(new DecompressionStream("gzip"));
  return ReadableStream.from(Readable.from(stream).pipe(createZstdDecompress()));
}

/** What an archive is unpacked to, and the names in it in their order. */
async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  form: ArchiveForm = "tar.gz",
): Promise<{ storage: MemoryStorage; names: string[] }> {
  const storage = new MemoryStorage();
  const entries = await unpackTar(plain(bytes, form), { strict: true });
  for (const { header, data } of entries) storage.objects.set(header.name, data!);
  return { storage, names: entries.map(({ header }) => header.name) };
}

for (const form of ["tar", "tar.gz", "tar.zst"] as const) {
  Deno.test(`downloadSnapshot() makes a ${form} that is a place of snapshots when it is unpacked`, async () => {
    const source = await exported();
    source.objects.set("assets/project_48213/of-another-snapshot.png", new Uint8Array(9));
    const { bytes, snapshot, fileName, totalBytes } = await downloadSnapshot(source, "latest", {
      form,
    });
    const archive = await new Response(bytes).bytes();
    const { storage, names } = await unpacked(archive, form);
    source.objects.delete("assets/project_48213/of-another-snapshot.png");
    // It names the newest of a place, and is no part of a snapshot.
    source.objects.delete("content/project_48213/latest.json");
    assert.deepEqual(new Set(names), new Set(source.objects.keys()));
    assert.equal(names.length, source.objects.size);
    for (const [key, bytes] of source.objects) assert.deepEqual(storage.objects.get(key), bytes);
    const ends = names.slice(-2).map((name) => name.slice(name.lastIndexOf("/")));
    assert.deepEqual(ends, ENDINGS);
    const { status } = await verifySnapshot(storage, "latest", { level: "references" });
    assert.equal(status, "intact");
    assert.equal(fileName, `${snapshot.replaceAll("/", "_")}.${form}`);
    assert.match(snapshot, /^48213\/\d+$/);
    const sizes = [...source.objects].filter(([key]) => !ENDINGS.some((end) => key.endsWith(end)));
    assert.equal(totalBytes, sizes.reduce((sum, [, { length }]) => sum + length, 0));
    // The same bytes, whenever it is made.
    assert.deepEqual(await archived(source, { form }), archive);
  });
}

Deno.test("downloadSnapshot() takes a part, whose manifest lists just that and says so", async () => {
  for (const options of [{}, { layout: "enterprise", tables: false }] as const) {
    const source = await exported(options);
    const parts = [
      [{ assets: false }, /^This is a part of the snapshot 48213\/\d+: no asset files\.$/],
      [{ models: ["lock", "author"] }, /: only the records of lock, author, no tables\.$/],
      [
        { assets: false, models: ["lock"] },
        /: only the records of lock, no tables, no asset files\.$/,
      ],
    ] as const;
    for (const [selection, says] of parts) {
      const { storage, names } = await unpacked(await archived(source, selection));
      const { problems } = await verifySnapshot(storage, "latest", { level: "references" });
      assert.deepEqual(problems, [], JSON.stringify(selection));
      const models = "models" in selection ? selection.models : undefined;
      const folders = new Set(
        names.flatMap((name) => /\/records\/(\w+)\//.exec(name)?.[1] ?? []),
      );
      if (models) assert.deepEqual([...folders].sort(), [...models].sort());
      else assert.ok(folders.size > 5);
      const hasTables = models === undefined && !("tables" in options);
      assert.equal(names.some((name) => name.includes("/tables/")), hasTables);
      assert.equal(names.some((name) => /assets/.test(name)), !("assets" in selection));
      assert.ok(names.some((name) => name.includes("/uploads/batch_000")));
      const { warnings } = await showSnapshot(storage, "latest");
      assert.match(warnings.at(-1)!.message, says);
      assert.equal(warnings.at(-1)!.code, "selection");
    }
  }
});

Deno.test("downloadSnapshot() refuses what isn't there, and what has nothing to be compared with", async () => {
  const source = await exported();
  const only = await exported({ tables: "only", assets: false, models: ["lock"] });
  const foreign = await copyOf(source);
  for (const key of foreign.objects.keys()) {
    if (/\/(?:manifest|export)\.json$/.test(key)) foreign.objects.delete(key);
  }
  for (
    const [storage, options, message, exitCode] of [
      [source, { models: ["locks"] }, /has no records of a model "locks": did you mean lock\?/, 2],
      [source, { models: ["x"] }, /has no records of a model "x": see which ones it has\./, 2],
      [only, { models: ["lock"] }, /was exported as tables only, which mix all models/, 2],
      [foreign, {}, /is a Project Export of DatoCMS, which has no manifest/, 1],
      [source, { project: "7" }, /There are no snapshots of project 7/, 1],
    ] as const
  ) {
    await assert.rejects(downloadSnapshot(storage, "latest", options), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.match(error.message, message);
      assert.equal(error.exitCode, exitCode);
      return true;
    });
  }
});

Deno.test("downloadSnapshot() fails, and its archive has no valid end, whatever byte isn't as it was sealed", async () => {
  const source = await exported();
  const disk = new LocalStorage(await temporaryPath());
  try {
    const isAsset = (key: string) => key.startsWith("assets/");
    const all = [...source.objects.keys()].filter((key) => {
      return /site\.json|lock.*batch_000|assets|manifest\.json|canary\.txt|uploads/.test(key);
    });
    const assets = all.filter(isAsset).filter((_, at) => at % long(1, 4) === 0);
    const keys = [...all.filter((key) => !isAsset(key)), ...assets];
    for (const key of keys) {
      const bytes = source.objects.get(key)!;
      const flipped = bytes.slice();
      flipped[Math.floor(bytes.length / 2)]! ^= 1;
      const cut = bytes.slice(0, -1);
      const longer = new Uint8Array([...bytes, 10]);
      for (const change of [flipped, cut, longer, undefined]) {
        // A place without a seal has no complete snapshot.
        if (change === undefined && key.endsWith("canary.txt")) continue;
        const error: unknown = await damaged(source, key, change, async () => {
          const { bytes } = await downloadSnapshot(source, "latest");
          await disk.put("snapshot.tar.gz", bytes);
        }).catch((error) => error);
        assert.ok(error instanceof SnapshotDamagedError, `${key}: ${error}`);
        assert.equal(error.exitCode, EXIT.failed);
        assert.match(error.message, /^The snapshot 48213\/\d+ is damaged: ".*": .*\. Verify it/);
        assert.ok(key.endsWith(error.key), `${error.key} instead of ${key}`);
      }
    }
    assert.equal(await disk.stat("snapshot.tar.gz"), undefined);
    assert.deepEqual((await Array.fromAsync(disk.list(""))).flat(), []);
    // What was read by then can't be taken for an archive.
    const asset = assets[0]!;
    await damaged(source, asset, new Uint8Array(3), async () => {
      const { bytes } = await downloadSnapshot(source, "latest");
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      await assert.rejects(async () => {
        for await (const piece of bytes) pieces.push(piece);
      }, SnapshotDamagedError);
      const cut = await new Blob(pieces).bytes();
      await assert.rejects(new Response(plain(cut, "tar.gz")).bytes());
    });
  } finally {
    await Deno.remove(disk.root, { recursive: true }).catch(() => {});
  }
});

Deno.test("downloadSnapshot() stops when it is aborted or nobody reads on, and reads nothing ahead of a slow reader", async () => {
  const source = await exported();
  const stop = new AbortController();
  const told: number[] = [];
  const { bytes, totalBytes } = await downloadSnapshot(source, "latest", {
    form: "tar",
    signal: stop.signal,
    onProgress: ({ bytes, totalBytes: total }) => {
      told.push(bytes);
      assert.equal(total, totalBytes);
    },
  });
  assert.deepEqual(told, []);
  const reader = bytes.getReader();
  await reader.read();
  stop.abort(new DOMException("Enough.", "AbortError"));
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, { name: "AbortError" });
  for (const form of ["tar", "tar.gz", "tar.zst"] as const) {
    const { bytes } = await downloadSnapshot(source, "latest", { form });
    const reader = bytes.getReader();
    await reader.read();
    await reader.cancel("enough");
  }
  const all: number[] = [];
  await archived(source, { onProgress: ({ bytes }) => all.push(bytes) });
  assert.equal(all.at(-1), totalBytes);
  assert.deepEqual(all, all.toSorted((a, b) => a - b));
});

Deno.test("an archive holds long names, names in any script, and files of 8 GiB and more", async () => {
  const names = [
    `content/${"long/".repeat(80)}name.json`,
    `assets/${"x".repeat(240)}.png`,
    "assets/è – 写真 🌊.png",
  ];
  const bytes = archiveOf(async function* () {
    for (const name of names) {
      yield await Promise.resolve({
        name,
        size: 1,
        body: ReadableStream.from([new Uint8Array(1)]),
      });
    }
  }, { form: "tar", mtime: new Date(0) });
  const entries = await unpackTar(bytes, { strict: true });
  assert.deepEqual(entries.map(({ header }) => header.name), names);
  const size = 9 * 2 ** 30;
  const large = archiveOf(async function* () {
    yield await Promise.resolve({
      name: "large",
      size,
      body: new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024)) }),
    });
  }, { form: "tar", mtime: new Date(0) });
  const reader = large.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < 3; i++) pieces.push((await reader.read()).value!);
  const text = new TextDecoder().decode(await new Blob(pieces).bytes());
  assert.match(text, new RegExp(`\\d+ size=${size}\\n`));
  await reader.cancel("enough");
});
