import assert from "node:assert/strict";
import type { Upload } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { KEY_BYTES, readHead, ROW_BYTES } from "../../src/snapshot/index/index_form.ts";
import type { ReadOptions } from "../../src/storage/storage.ts";
import { parseSample } from "../../src/tools/verify/sample.ts";
import { type VerifyOptions, verifySnapshot } from "../../src/tools/verify.ts";
import { copyOf, damaged, editManifest, forge, prefixIn } from "../support/damage.ts";
import { workbench } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const SAMPLE = sampleProject();
const ENCODER = new TextEncoder();

/** What was exported, by its options. */
const EXPORTS = new Map<string, Promise<MemoryStorage>>();

/** A snapshot in memory, to do with as one likes. */
async function exported(options: Partial<ExportOptions> = {}): Promise<MemoryStorage> {
  const name = JSON.stringify(options);
  const made = EXPORTS.get(name) ?? make(options);
  EXPORTS.set(name, made);
  return await copyOf(await made);
}

async function make(options: Partial<ExportOptions>): Promise<MemoryStorage> {
  await using bench = await workbench({ project: SAMPLE });
  await bench.export(options);
  return await copyOf(bench.storage);
}

/** What is wrong, as texts without the snapshot's folder. */
async function problemsOf(storage: MemoryStorage, options: VerifyOptions = {}): Promise<string[]> {
  const prefix = prefixIn(storage);
  const { status, problems } = await verifySnapshot(storage, "latest", options);
  assert.equal(status, problems.length === 0 ? "intact" : "damaged");
  return problems.map(({ kind, key, detail }) =>
    `${kind} ${key.replace(`${prefix}/`, "")}: ${detail}`
  );
}

Deno.test("verifySnapshot() compares what a manifest claims with the bytes, and its sums with its objects", async () => {
  for (const layout of ["ndjson", "enterprise"] as const) {
    const storage = await exported({ tables: false, layout });
    const prefix = prefixIn(storage);
    const batch = layout === "ndjson" ? "batch_000.ndjson" : "batch_000.json";
    const path = `records/article/current/${batch}`;
    const text = storage.text(`${prefix}/${path}`)!;
    const lines = text.trimEnd().split("\n").length - (layout === "ndjson" ? 0 : 1);
    // Right by its digest, and still not what it claims.
    forge(storage, prefix, path, text, lines + 1);
    assert.deepEqual(
      await problemsOf(storage),
      [
        `changed manifest.json: counts ${lines} entries of ${text.length} bytes in records/article/current, ` +
        `but lists ${lines + 1} of ${text.length}`,
        `changed ${path}: holds ${lines} entries, but ${lines + 1} are listed`,
      ].map((line) => line.replaceAll(String(text.length), String(ENCODER.encode(text).length)))
        .sort(),
    );
    forge(storage, prefix, path, text.slice(0, -1).replace(/.$/, ""), lines);
    const [, second] = await problemsOf(storage);
    assert.match(second!, /^unparsable records\/article\/current/);
    forge(storage, prefix, path, text, lines);
    assert.deepEqual(await problemsOf(storage), []);
    if (layout === "enterprise") {
      // Whoever wrote it may have divided it into lines as they liked.
      const { data } = JSON.parse(text);
      const other = JSON.stringify({ data }, null, 4);
      forge(storage, prefix, path, other, lines);
      const bytes = ENCODER.encode(other).length;
      editManifest(storage, prefix, (manifest) => {
        const { published } = manifest.records.article!;
        const records = {
          ...manifest.records,
          article: { current: { count: lines, bytes }, published },
        };
        return { ...manifest, records };
      });
      assert.deepEqual(await problemsOf(storage, { level: "references" }), [
        "dangling index/records.idx: it isn't of the batches that the manifest lists",
      ]);
    }
  }
});

Deno.test("verifySnapshot() finds an index that isn't the one of its batches, however it is sealed", async () => {
  const storage = await exported();
  const prefix = prefixIn(storage);
  const path = "index/records.idx";
  const whole = storage.objects.get(`${prefix}/${path}`)!;
  const { rowsAt, count } = readHead(whole);
  assert.ok(count > 1);
  const row = (n: number) => whole.slice(rowsAt + n * ROW_BYTES, rowsAt + (n + 1) * ROW_BYTES);
  const edits: Record<string, (index: Uint8Array) => void> = {
    "an entry's place is another one": (index) => index[rowsAt + KEY_BYTES + 4]! ^= 1,
    "one row is there twice, another one isn't": (index) => index.set(row(0), rowsAt + ROW_BYTES),
    "the first and the last row have changed places": (index) => {
      index.set(row(count - 1), rowsAt);
      index.set(row(0), rowsAt + (count - 1) * ROW_BYTES);
    },
    "a first byte has no rows": (index) => {
      const until = new DataView(index.buffer);
      const first = index[rowsAt]!;
      until.setUint32(24 + 4 * first, 0, true);
    },
  };
  for (const [what, edit] of Object.entries(edits)) {
    const index = whole.slice();
    edit(index);
    forge(storage, prefix, path, index);
    assert.deepEqual(await problemsOf(storage, { level: "references" }), [
      `dangling ${path}: it doesn't lead to the entries of the batches as they are`,
    ], what);
  }
  forge(storage, prefix, path, whole);
  assert.deepEqual(await problemsOf(storage, { level: "references" }), []);
});

Deno.test("verifySnapshot() accepts exactly the leftovers that are listed, and names what came later", async () => {
  const storage = await exported();
  const prefix = prefixIn(storage);
  for (const name of ["resume/checkpoint.json", "late.json"]) {
    storage.objects.set(`${prefix}/${name}`, ENCODER.encode("{}"));
  }
  const extra = (path: string) => `extra ${path}: the manifest doesn't list it`;
  for (const level of ["manifest", "data", "references"] as const) {
    assert.deepEqual(await problemsOf(storage, { level }), [
      extra("late.json"),
      extra("resume/checkpoint.json"),
    ]);
  }
  editManifest(storage, prefix, (manifest) => ({ ...manifest, leftovers: ["late.json"] }));
  assert.deepEqual(await problemsOf(storage), [extra("resume/checkpoint.json")]);
});

Deno.test("verifySnapshot() takes manifests of before, which had no digest of their own", async () => {
  const storage = await exported();
  const key = `${prefixIn(storage)}/manifest.json`;
  const { sha256, ...manifest } = JSON.parse(storage.text(key)!);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  storage.objects.set(key, ENCODER.encode(JSON.stringify(manifest)));
  assert.deepEqual(await problemsOf(storage), []);
  storage.objects.set(key, ENCODER.encode(JSON.stringify({ ...manifest, sha256 }, null, 1)));
  assert.deepEqual(await problemsOf(storage), [
    "changed manifest.json: its text isn't the one that was sealed",
  ]);
  storage.objects.set(key, ENCODER.encode("[]"));
  assert.deepEqual(await problemsOf(storage), [
    "unparsable manifest.json: it isn't a manifest that this version knows",
  ]);
});

Deno.test("verifySnapshot() follows every link, upload and block, and compares fields with models", async () => {
  for (const layout of ["ndjson", "enterprise"] as const) {
    const storage = await exported({ tables: false, layout });
    const prefix = prefixIn(storage);
    const name = layout === "ndjson" ? "batch_000.ndjson" : "batch_000.json";
    const article = `records/article/current/${name}`;
    const text = storage.text(`${prefix}/${article}`)!;
    const finds = async (path: string, forged: string, expected: RegExp) => {
      const before = storage.text(`${prefix}/${path}`)!;
      assert.notEqual(forged, before);
      forge(storage, prefix, path, forged);
      // Sums of bytes and counts differ now, too.
      const problems = (await problemsOf(storage, { level: "references" }))
        .filter((problem) => !problem.startsWith("changed manifest.json: counts"));
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        `${problems.join("\n")}\n${expected}`,
      );
      forge(storage, prefix, path, before);
    };
    const id = "AAAAAAAAAAAAAAAAAAAAAA";
    const uploadId = /"upload_id":"([^"]+)"/.exec(text)![1]!;
    await finds(
      article,
      text.replaceAll(`"upload_id":"${uploadId}"`, `"upload_id":"${id}"`),
      new RegExp(`^dangling ${article}: record .*/upload_id: there is no upload ${id}$`),
    );
    const glossary = `records/glossary_term/current/${name}`;
    await finds(
      glossary,
      storage.text(`${prefix}/${glossary}`)!.replace(/"see_also":\["[^"]+"/, `"see_also":["${id}"`),
      new RegExp(
        `^dangling ${glossary}: record .*/attributes/see_also/0: there is no record ${id}$`,
      ),
    );
    await finds(
      glossary,
      storage.text(`${prefix}/${glossary}`)!.replaceAll('"meaning":', '"meaninX":'),
      /^dangling .*lacks the field meaning of the model glossary_term \(/,
    );
    await finds(
      glossary,
      storage.text(`${prefix}/${glossary}`)!.replaceAll('"meaning":', '"meaninX":'),
      /^dangling .*has meaninX, which isn't a field of the model glossary_term/,
    );
    await finds(
      glossary,
      storage.text(`${prefix}/${glossary}`)!.replace(
        /"id":"[^"]+","type":"item"/,
        `"id":"${id}","type":"item"`,
      ),
      /^dangling records\/glossary_term\/published.*: the published record .* has no current version$/,
    );
    const ids = [...text.matchAll(/(?<=^\{"id":")[^"]+/gm)].map(([found]) => found);
    await finds(
      article,
      text.replace(`{"id":"${ids[1]}"`, `{"id":"${ids[0]}"`),
      new RegExp(`^extra ${article}: ${ids[0]} is there twice$`),
    );
    await finds(
      article,
      text.replace(
        /"item":\{"id":"([^"]+)","type":"item","attributes":\{[^{}]*\},"relationships":\{[^{}]*\{[^{}]*\{[^{}]*\}\}\}\}/,
        '"item":"$1"',
      ),
      /^dangling .*: the block .* is there as its id only$/,
    );
    const [line] = storage.text(`${prefix}/assets.ndjson`)!.split("\n");
    const { upload_id } = JSON.parse(line!);
    await finds(
      "assets.ndjson",
      storage.text(`${prefix}/assets.ndjson`)!.replace(`"${upload_id}"`, `"${id}"`),
      new RegExp(`^dangling assets.ndjson: it doesn't have the upload ${upload_id}$`),
    );
    await finds(
      "assets.ndjson",
      storage.text(`${prefix}/assets.ndjson`)!.replace(/"key":"assets\/[^/]+\//, '"key":"content/'),
      /^dangling assets.ndjson: 1 of its files aren't in assets\/project_48213$/,
    );
    assert.deepEqual(await problemsOf(storage, { level: "references" }), []);
  }
});

Deno.test("verifySnapshot() asks no more of the records of some models than that they are whole", async () => {
  const storage = await exported({ models: ["article"], assets: false });
  assert.deepEqual(await problemsOf(storage, { level: "references" }), []);
});

Deno.test("verifySnapshot() verifies a Project Export of DatoCMS as far as it can be", async () => {
  const storage = await exported({ tables: false, layout: "enterprise" });
  const prefix = prefixIn(storage);
  for (const key of [...storage.objects.keys()]) {
    const path = key.slice(prefix.length + 1);
    if (/^(manifest\.json|export\.json|assets\.ndjson|settings\/.*)$/.test(path)) {
      storage.objects.delete(key);
    } else if (/^(records|uploads)\//.test(path)) {
      const other = JSON.stringify(JSON.parse(storage.text(key)!), null, 2);
      storage.objects.set(key, ENCODER.encode(other));
    }
  }
  for (const level of ["manifest", "data"] as const) {
    assert.deepEqual(await problemsOf(storage, { level }), []);
  }
  // DatoCMS withdrew one of the files.
  const [withdrawn, ...others] = await problemsOf(storage, { level: "references" });
  assert.match(withdrawn!, /^missing assets\/project_48213\/.*: the asset file isn't there$/);
  assert.deepEqual(others, []);
  const { against } = await verifySnapshot(storage, "latest");
  assert.equal(against, "itself");

  const finds = async (
    path: string,
    bytes: string | undefined,
    expected: RegExp,
    level: VerifyOptions["level"] = "data",
  ) => {
    const key = path.startsWith("assets/") ? path : `${prefix}/${path}`;
    const changed = bytes === undefined ? undefined : ENCODER.encode(bytes);
    const problems = await damaged(storage, key, changed, async () => {
      const { problems } = await verifySnapshot(storage, prefix.split("_").at(-1)!, { level });
      return problems.map(({ kind, key, detail }) =>
        `${kind} ${key.replace(`${prefix}/`, "")}: ${detail}`
      );
    });
    assert.ok(problems.some((problem) => expected.test(problem)), problems.join("\n"));
  };
  const batch = "records/article/current/batch_000.json";
  const text = storage.text(`${prefix}/${batch}`)!;
  await finds(
    "canary.txt",
    undefined,
    /^missing canary.txt: the export isn't complete$/,
    "manifest",
  );
  await finds("site.json", undefined, /^missing site.json: /, "manifest");
  await finds("models/article.json", undefined, /^missing models\/article.json: it has records$/);
  await finds("models/article.json", "{}", /^unparsable models\/article.json: it isn't a model$/);
  await finds(
    "records/article/current/batch_002.json",
    text,
    /^missing records\/article\/current\/batch_001.json/,
    "manifest",
  );
  await finds(batch, "", /^truncated .*: it is empty$/, "manifest");
  await finds(
    batch,
    text.slice(0, -3),
    /^unparsable .*batch_000.json: it isn't \{"data": \[...\]\} to its end$/,
  );
  await finds(
    batch,
    '{"data":[]}',
    /^dangling .*: the published record .* has no current version$/,
    "references",
  );
  const uploads = JSON.parse(storage.text(`${prefix}/uploads/batch_000.json`)!).data as Upload[];
  const asset = uploads.filter(({ attributes }) => typeof attributes.md5 === "string")
    .map(({ attributes }) => `assets/project_48213/${attributes.path.split("/").at(-1)}`)
    .find((key) => storage.objects.has(key))!;
  await finds(asset, "other", /^(changed|truncated) assets\//, "references");
});

Deno.test("verifySnapshot() reads a part, which is another one each day until all had their turn", async () => {
  assert.deepEqual(parseSample("3/20", 0), { part: 3, of: 20 });
  const day = 24 * 60 * 60 * 1000;
  const parts = Array.from({ length: 20 }, (_, i) => parseSample("5%", 1e12 + i * day)!);
  assert.deepEqual(
    parts.map(({ part }) => part).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.ok(parts.every(({ of }) => of === 20));
  for (const wrong of ["0%", "101%", "0/3", "4/3", "5", "1/0", "0.001%"]) {
    assert.equal(parseSample(wrong, 0), undefined, wrong);
  }
  const storage = await exported();
  await assert.rejects(verifySnapshot(storage, "latest", { sample: "6/5" }), (error) => {
    assert.ok(error instanceof SluiceError && error.exitCode === EXIT.usage);
    assert.match(error.message, /^A sample is a percentage .* but "6\/5" is neither\.$/);
    return true;
  });
  const all = await verifySnapshot(storage, "latest");
  const sampled = await Promise.all(
    [1, 2, 3, 4].map((part) => verifySnapshot(storage, "latest", { sample: `${part}/4` })),
  );
  assert.equal(sampled.reduce((sum, { checked }) => sum + checked.objects, 0), all.checked.objects);
  assert.ok(sampled.every(({ status, checked }) => status === "intact" && checked.objects > 0));
  const key = `${prefixIn(storage)}/records/article/current/batch_000.ndjson`;
  const bytes = storage.objects.get(key)!.slice();
  bytes[100]! ^= 1;
  const found = await damaged(
    storage,
    key,
    bytes,
    () =>
      Promise.all(
        [1, 2, 3, 4].map((part) => verifySnapshot(storage, "latest", { sample: `${part}/4` })),
      ),
  );
  assert.equal(found.filter(({ status }) => status === "damaged").length, 1);
});

Deno.test("verifySnapshot() asks for each object once, and for what references are in a bounded number of times", async () => {
  const storage = await exported();
  const prefix = prefixIn(storage);
  const own = [...storage.objects.keys()].filter((key) => key.startsWith(`${prefix}/`));
  for (const level of ["manifest", "data", "references"] as const) {
    const asked = new Map<string, number>();
    class Counted extends MemoryStorage {
      override get(key: string, options?: ReadOptions) {
        asked.set(key, (asked.get(key) ?? 0) + 1);
        return super.get(key, options);
      }
    }
    const counted = new Counted();
    for (const [key, bytes] of storage.objects) counted.objects.set(key, bytes);
    await verifySnapshot(counted, "latest", { level });
    const expected = (key: string) => {
      if (/\/(manifest\.json|canary\.txt)$/.test(key)) return 1;
      if (level === "manifest") return 0;
      if (level === "data") return 1;
      const path = key.slice(prefix.length + 1);
      // Batches of records are read for their references, and for the index.
      if (path.startsWith("records/")) return 3;
      return /^(uploads|models|index)\/|^(site\.json|assets\.ndjson)$/.test(path) ? 2 : 1;
    };
    for (const key of own) assert.equal(asked.get(key) ?? 0, expected(key), `${level} ${key}`);
  }
});

Deno.test("verifySnapshot() ends at once when it is aborted, and tells how far it is", async () => {
  const storage = await exported();
  let told = 0;
  let last = { bytes: 0, totalBytes: 0 };
  await verifySnapshot(storage, "latest", {
    onProgress: (progress) => {
      told++;
      assert.ok(progress.bytes >= last.bytes && progress.bytes <= progress.totalBytes);
      last = progress;
    },
  });
  assert.ok(told > 50);
  assert.equal(last.bytes, last.totalBytes);
  const abort = new AbortController();
  const reason = new Error("Enough");
  let after = 0;
  await assert.rejects(
    verifySnapshot(storage, "latest", {
      signal: abort.signal,
      onProgress: () => {
        if (abort.signal.aborted) after++;
        if (--told < 30) abort.abort(reason);
      },
    }),
    (error) => error === reason,
  );
  assert.ok(after < 10, `${after} pieces came after the abort`);
});
