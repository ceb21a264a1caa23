import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Item, Resource, Version } from "../../../src/content/resource.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../../src/error.ts";
import { readSingleDocument, type SinglePart } from "../../../src/snapshot/single_document.ts";
import { SnapshotDamagedError } from "../../../src/tools/download/damage.ts";
import { downloadSingle, type DownloadSingleOptions } from "../../../src/tools/download/single.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { openFake } from "../../s3/open_fake.ts";
import { copyOf, damaged, prefixIn } from "../../support/damage.ts";
import { directoryOf, entriesOf, filesOf, workbench } from "../../support/exported.ts";
import { textOf } from "../../support/zip_files.ts";

async function bytesOf(storage: Storage, options?: DownloadSingleOptions) {
  const { bytes } = await downloadSingle(storage, "latest", options);
  return await new Response(bytes).bytes();
}

function reading(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<SinglePart, void> {
  return readSingleDocument(new Blob([bytes]).stream());
}

/** The lines of all batches whose paths match. */
async function linesIn(directory: string, path: RegExp): Promise<string[]> {
  const files = (await filesOf(directory)).filter((file) => path.test(file));
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(`${directory}/${file}`)));
  return texts.flatMap((text) => text.trimEnd().split("\n"));
}

for (const view of ["published", "current"] as const) {
  Deno.test(`downloadSingle() makes a document of the ${view} versions, each as it is in the snapshot`, async () => {
    await using bench = await workbench({ project: sampleProject() });
    const report = await bench.export({ assets: false, tables: false });
    const directory = directoryOf(report);
    const told: { bytes: number; totalBytes: number }[] = [];
    const download = await downloadSingle(bench.storage, "latest", {
      ...(view === "current" && { view }),
      onProgress: (progress) => told.push(progress),
    });
    const text = await new Response(download.bytes).text();
    const { meta, project, models, uploads, contents, end, ...others } = JSON.parse(text);
    assert.deepEqual(others, {});
    const site = JSON.parse(await Deno.readTextFile(`${directory}/site.json`)).data;
    const { tool, ...described } = meta;
    assert.equal(tool.name, "sluice");
    assert.deepEqual(described, {
      schemaVersion: 1,
      exportedAt: report.manifest.endedAt,
      projectId: site.id,
      environment: report.manifest.environment.id,
      view,
      source: { kind: "datocms", snapshot: download.snapshot },
      status: "complete",
    });
    assert.deepEqual(project, site);
    const files = (await filesOf(`${directory}/models`)).map(async (file) => {
      return JSON.parse(await Deno.readTextFile(`${directory}/models/${file}`));
    });
    const key = ({ data }: { data: Resource }) => String(data.attributes!.api_key);
    const byKey = (a: { data: Resource }, b: { data: Resource }) => key(a) < key(b) ? -1 : 1;
    assert.deepEqual(models.toSorted(byKey), (await Promise.all(files)).toSorted(byKey));
    assert.deepEqual(end, { records: contents.length, uploads: uploads.length, complete: true });
    assert.deepEqual(download.content(), { records: contents.length, uploads: uploads.length });
    // Each is a line of its own, just as it was.
    const lines = text.split("\n").map((line) => line.replace(/,$/, ""));
    const records = await linesIn(directory, new RegExp(`^records/.*/${view}/`));
    const own = lines.slice(lines.indexOf('"contents":[') + 1, lines.lastIndexOf("]"));
    assert.deepEqual(own.toSorted(), records.toSorted());
    const first = lines.indexOf('"uploads":[') + 1;
    assert.deepEqual(
      lines.slice(first, first + uploads.length),
      await linesIn(directory, /^uploads\//),
    );
    assert.deepEqual(told.at(-1), {
      bytes: download.totalBytes,
      totalBytes: download.totalBytes,
    });
    assert.ok(contents.length > 20 && uploads.length > 10);
  });
}

Deno.test("downloadSingle() gives the same document of other layouts and from S3, and the same bytes again", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ layout: "enterprise", assets: false, tables: false });
  const directory = directoryOf(report);
  const options = { view: "current", gzip: true } as const;
  const whole = await bytesOf(bench.storage, options);
  assert.deepEqual(await bytesOf(bench.storage, options), whole);
  // No time, and the same system everywhere.
  assert.deepEqual([...whole.subarray(4, 8), whole[9]], [0, 0, 0, 0, 3]);
  const text = textOf(gunzipSync(whole));
  assert.equal(text, textOf(await bytesOf(bench.storage, { view: "current" })));
  const records = (await filesOf(`${directory}/records`)).filter((file) => /current/.test(file));
  const expected = await Promise.all(
    records.map((file) => entriesOf<Item>(`${directory}/records/${file.replace(/\/[^/]*$/, "")}`)),
  );
  const { contents, ...rest } = JSON.parse(text);
  assert.deepEqual(contents, expected.flat());

  await using opened = await openFake();
  for (const [key, bytes] of (await copyOf(bench.storage)).objects) {
    await opened.storage.put(key, bytes);
  }
  assert.deepEqual(await bytesOf(opened.storage, options), whole);

  // As DatoCMS's own export: nobody says how its JSON is laid out.
  for (const path of ["manifest.json", "export.json"]) await Deno.remove(`${directory}/${path}`);
  for (const file of records) {
    const path = `${directory}/records/${file}`;
    const value = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify(value, null, 2));
  }
  const own = JSON.parse(textOf(await bytesOf(bench.storage, { view: "current" })));
  assert.deepEqual(own.contents, contents);
  assert.deepEqual(own.models, rest.models);
  assert.deepEqual({ ...own.meta, exportedAt: "", environment: "" }, {
    ...rest.meta,
    exportedAt: "",
    environment: "",
  });
});

Deno.test("readSingleDocument() reads what downloadSingle() made, and refuses what was cut off or changed", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ assets: false, tables: false });
  const plain = await bytesOf(bench.storage);
  const packed = await bytesOf(bench.storage, { gzip: true });
  const value = JSON.parse(textOf(plain));
  for (const bytes of [plain, packed]) {
    const read: Record<string, unknown> = { models: [], uploads: [], contents: [] };
    for await (const each of reading(bytes)) {
      if ("entries" in each) (read[each.part] as unknown[]).push(...each.entries);
      else read[each.part] = each.value;
    }
    assert.deepEqual(read, value);
  }
  const ended = async (bytes: Uint8Array<ArrayBuffer>) => {
    let last: string | undefined;
    for await (const { part } of reading(bytes)) last = part;
    return last;
  };
  for (const bytes of [plain, packed]) {
    // The last byte of the plain one is a line feed.
    for (let n = 0; n < 40; n++) {
      const cut = bytes.slice(
        0,
        n < 20 ? bytes.length - 2 - n : Math.floor((n - 20) * bytes.length / 21),
      );
      await assert.rejects(ended(cut), SyntaxError, `cut after ${cut.length} bytes`);
    }
  }
  const lines = textOf(plain).split("\n");
  const encoder = new TextEncoder();
  for (let n = lines.indexOf('"uploads":['); n < lines.length - 1; n += 7) {
    const others = lines.toSpliced(n, 1).join("\n");
    await assert.rejects(ended(encoder.encode(others)), SyntaxError, `without line ${n}`);
  }
  const more = `${textOf(plain)}{}\n`;
  await assert.rejects(ended(encoder.encode(more)), /nothing after the end/);
  await assert.rejects(ended(encoder.encode("{}")), SyntaxError);
  await assert.rejects(ended(new Uint8Array()), /cut off/);
});

Deno.test("downloadSingle() fails without an end where something isn't as it was sealed", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ assets: false, tables: false });
  const copy = await copyOf(bench.storage);
  const prefix = prefixIn(copy);
  const keys = [...copy.objects.keys()].filter((key) => /\/published\/|\/uploads\//.test(key));
  for (const gzip of [false, true]) {
    const whole = await bytesOf(copy, { gzip });
    for (const key of keys.slice(-4)) {
      const bytes = copy.objects.get(key)!.slice();
      bytes[bytes.length >> 1]! ^= 1;
      await damaged(copy, key, bytes, async () => {
        const written: Uint8Array<ArrayBuffer>[] = [];
        const out = new WritableStream({ write: (piece) => void written.push(piece) });
        const { bytes } = await downloadSingle(copy, "latest", { gzip });
        await assert.rejects(bytes.pipeTo(out), (error) => {
          assert.ok(error instanceof SnapshotDamagedError);
          assert.equal(error.key, key.slice(prefix.length + 1));
          return true;
        });
        const got = await new Blob(written).bytes();
        assert.ok(got.length < whole.length);
        await assert.rejects(
          (async () => {
            for await (const _ of reading(got));
          })(),
          SyntaxError,
        );
      });
    }
  }
});

Deno.test("downloadSingle() refuses the public view of a snapshot without it", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await bench.export({ assets: false, tables: false, published: false });
  await assert.rejects(downloadSingle(bench.storage, "latest"), (error) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    return true;
  });
  const view: Version = "current";
  assert.ok((await bytesOf(bench.storage, { view })).length > 10_000);
});
