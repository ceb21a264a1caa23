import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inLocale } from "../../src/content/in_locale.ts";
import type { Item, JsonObject, Page, Resource, Upload } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { directoryOf, entriesOf, filesOf, sourceOf, workbench } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** A snapshot in memory, and where it lies. */
interface Exported {
  readonly storage: MemoryStorage;
  readonly prefix: string;
}

async function exported(options: Partial<ExportOptions> = {}): Promise<Exported> {
  await using cma = startDemoCma({ project: sampleProject(), rateLimit: false });
  const storage = new MemoryStorage();
  const report = await exportProject({ ...sourceOf(cma), storage, ...options });
  return { storage, prefix: report.snapshot.slice(storage.url.length + 1) };
}

/** A copy, as a Project Export of DatoCMS has it: no manifest, batches of JSON. */
function asProjectExport({ storage, prefix }: Exported): Exported {
  const copy = new MemoryStorage();
  for (const [key, bytes] of storage.objects) {
    const isOurs = /\/(?:manifest|export)\.json$|\/assets\.ndjson$|\/tables\//.test(key);
    if (!isOurs) copy.objects.set(key, bytes);
  }
  return { storage: copy, prefix };
}

const NDJSON = await exported();
const ENTERPRISE = await exported({ layout: "enterprise", format: "csv" });
const LAYOUTS = {
  ndjson: NDJSON,
  enterprise: ENTERPRISE,
  "project export": asProjectExport(ENTERPRISE),
};

async function all<T>(pages: ReadableStream<Page<T>>): Promise<T[]> {
  return (await Array.fromAsync(pages)).flat();
}

/** What lies in a folder of the snapshot, parsed without the code that is tested. */
function entriesIn<T>({ storage, prefix }: Exported, folder: string): T[] {
  const keys = [...storage.objects.keys()].filter((key) => key.startsWith(`${prefix}/${folder}/`));
  return keys.sort().flatMap((key) => {
    const text = storage.text(key)!;
    if (key.endsWith(".json")) return JSON.parse(text).data;
    return text.trimEnd().split("\n").map((line) => JSON.parse(line));
  });
}

for (const [layout, place] of Object.entries(LAYOUTS)) {
  Deno.test(`openSnapshot() gives all that a snapshot holds: ${layout}`, async () => {
    const snapshot = await openSnapshot(place.storage, "latest");
    const site = JSON.parse(place.storage.text(`${place.prefix}/site.json`)!);
    assert.deepEqual(await snapshot.site(), site.data);
    assert.equal(snapshot.manifest === undefined, layout === "project export");

    const models = await snapshot.models();
    assert.deepEqual(
      models.map(({ model }) => model.id).sort(),
      site.included.filter(({ type }: Resource) => type === "item_type")
        .map(({ id }: Resource) => id).sort(),
    );
    let records = 0;
    for (const { model: { attributes: { api_key: key, modular_block } }, fields } of models) {
      assert.ok(fields.length > 0 || key === "", key);
      if (modular_block) continue;
      for (const version of ["current", "published"] as const) {
        const expected = entriesIn<Item>(place, `records/${key}/${version}`);
        assert.deepEqual(await all(snapshot.records(key, { version })), expected);
        records += expected.length;
      }
    }
    assert.ok(records > 60);
    const uploads = entriesIn<Upload>(place, "uploads");
    assert.deepEqual(await all(snapshot.uploads()), uploads);
    assert.deepEqual(
      await snapshot.settings("roles"),
      entriesIn(place, "settings").filter((each) => (each as Resource).type === "role"),
    );
    const workflows = await snapshot.settings("workflows");
    assert.ok(workflows!.length > 0 && workflows!.every(({ type }) => type === "workflow"));
    assert.equal(await snapshot.settings("../../site"), undefined);
  });

  Deno.test(`openSnapshot() finds each record and upload by its id: ${layout}`, async () => {
    const snapshot = await openSnapshot(place.storage, "latest");
    const published = new Map(
      entriesIn<Item>(place, "records/article/published").map((each) => [each.id, each]),
    );
    const current = entriesIn<Item>(place, "records/article/current");
    assert.ok(published.size < current.length);
    for (const item of current) {
      assert.deepEqual(await snapshot.record(item.id), {
        model: "article",
        current: item,
        published: published.get(item.id),
      });
    }
    const [upload] = entriesIn<Upload>(place, "uploads");
    assert.deepEqual(await snapshot.upload(upload!.id), upload);
    for (const id of ["", "nothing", upload!.id, '"', "\u{1f600}"]) {
      assert.equal(await snapshot.record(id), undefined);
    }
    assert.equal(await snapshot.upload(current[0]!.id), undefined);
    assert.equal(await snapshot.asset("nothing"), undefined);
  });

  Deno.test(`openSnapshot() gives the file of an asset, and checks its bytes: ${layout}`, async () => {
    const snapshot = await openSnapshot(place.storage, "latest");
    let files = 0;
    for (const upload of entriesIn<Upload>(place, "uploads")) {
      const asset = await snapshot.asset(upload.id);
      assert.deepEqual(asset?.upload, upload);
      if (asset.file === undefined) {
        assert.match(asset.reason!, /\w/);
        continue;
      }
      const bytes = await new Response(await asset.file.open()).bytes();
      const { md5 } = upload.attributes;
      if (md5 !== null) assert.equal(createHash("md5").update(bytes).digest("hex"), md5);
      assert.equal(bytes.length, asset.file.size);
      files++;
    }
    assert.ok(files > 3);
  });
}

Deno.test("openSnapshot() narrows records to a locale, and to others where it has nothing", async () => {
  const snapshot = await openSnapshot(NDJSON.storage, "latest");
  const schema = await snapshot.schema();
  const [own, other] = ["it", "en"];
  const items = await all(snapshot.records("article"));
  assert.deepEqual(
    await all(snapshot.records("article", { locale: own })),
    items.map((item) => inLocale(item, own!, schema)),
  );
  const narrowed = await all(
    snapshot.records("article", { locale: own, fallbackLocales: [other!] }),
  );
  const isLocalized = (key: string) => {
    const model = schema.models.find(({ attributes }) => attributes.api_key === "article")!;
    return schema.fields(model.id).some(({ attributes }) =>
      attributes.api_key === key && attributes.localized
    );
  };
  let fallen = 0;
  for (const [i, { attributes }] of narrowed.entries()) {
    for (const [key, value] of Object.entries(items[i]!.attributes)) {
      if (!isLocalized(key) || typeof attributes[key] === "object") continue;
      const values = value as JsonObject;
      assert.equal(attributes[key], values[own!] ?? values[other!] ?? null);
      if ((values[own!] ?? null) === null && attributes[key] !== null) fallen++;
    }
  }
  assert.ok(fallen > 0, "some field falls back");
  const { current } = (await snapshot.record(items[0]!.id, { locale: own }))!;
  assert.deepEqual(current, inLocale(items[0]!, own!, schema));
  await assert.rejects(
    all(snapshot.records("article", { locale: own, fallbackLocales: ["xx"] })),
    /has no locale "xx"/,
  );
});

Deno.test("openSnapshot() gives tables with their columns, rows and bytes", async () => {
  const snapshot = await openSnapshot(NDJSON.storage, "latest");
  const tables = await snapshot.tables();
  const table = tables.find(({ name }) => name === "records/article")!;
  const rows = await all(table.rows({ version: "published" }));
  assert.deepEqual(rows, entriesIn(NDJSON, "tables/records/article/version=published"));
  assert.equal(
    (await all(table.rows())).length,
    table.parts.reduce((sum, { count }) => sum + count, 0),
  );
  assert.deepEqual(Object.keys(rows[0]!), table.columns.map(({ name }) => name));
  assert.ok(tables.some(({ name }) => name === "uploads"));

  const csv = (await (await openSnapshot(ENTERPRISE.storage, "latest")).tables())[0]!;
  assert.throws(() => csv.rows(), /is CSV/);
  const text = await new Response(await csv.bytes(csv.parts[0]!)).text();
  assert.equal(text, ENTERPRISE.storage.text(`${ENTERPRISE.prefix}/${csv.parts[0]!.path}`));
});

/** A copy of a place in which one object is another one. */
function damaged({ storage }: Exported, key: string, change: (text: string) => string) {
  const copy = new MemoryStorage();
  for (const [own, bytes] of storage.objects) copy.objects.set(own, bytes);
  const text = change(storage.text(key)!);
  assert.notEqual(text, storage.text(key));
  copy.objects.set(key, new TextEncoder().encode(text));
  return copy;
}

Deno.test("openSnapshot() never trusts what it reads", async (t) => {
  const { storage, prefix } = NDJSON;
  const batch = `${prefix}/records/article/current/batch_000.ndjson`;
  const isDamaged = (error: unknown) => {
    return error instanceof SluiceError && error.code === "snapshot_damaged" &&
      error.exitCode === EXIT.failed && /isn't what was written there/.test(error.message);
  };
  await t.step("a letter that is another one", async () => {
    const other = damaged(
      NDJSON,
      batch,
      (text) => text.replace(/"title":\{"en":"./, '"title":{"en":"#'),
    );
    const snapshot = await openSnapshot(other, "latest");
    await assert.rejects(all(snapshot.records("article")), isDamaged);
    const id = entriesIn<Item>(NDJSON, "records/article/current")[0]!.id;
    await assert.rejects(snapshot.record(id), isDamaged);
  });
  await t.step("a batch that lacks its last line", async () => {
    const other = damaged(NDJSON, batch, (text) => text.replace(/[^\n]+\n$/, ""));
    const snapshot = await openSnapshot(other, "latest");
    await assert.rejects(all(snapshot.records("article")), isDamaged);
  });
  await t.step("a project with other bytes", async () => {
    const other = damaged(
      NDJSON,
      `${prefix}/site.json`,
      (text) => text.replace('"name"', '"Name"'),
    );
    await assert.rejects((await openSnapshot(other, "latest")).site(), isDamaged);
  });
  await t.step("a manifest that isn't the one that was sealed", async () => {
    const other = damaged(
      NDJSON,
      `${prefix}/manifest.json`,
      (text) => text.replace('"count": ', '"count": 1'),
    );
    await assert.rejects(openSnapshot(other, "latest"), /text isn't the one that was sealed/);
  });
  await t.step("an object that isn't there", async () => {
    const other = damaged(NDJSON, batch, () => "");
    other.objects.delete(batch);
    await assert.rejects(
      all((await openSnapshot(other, "latest")).records("article")),
      /can't be read as a snapshot/,
    );
  });
  await t.step("an asset's file with other bytes", async () => {
    const snapshot = await openSnapshot(storage, "latest");
    for (const { id } of await all(snapshot.uploads())) {
      const { file } = (await snapshot.asset(id))!;
      if (file === undefined) continue;
      const bytes = storage.objects.get(file.key)!;
      const other = new MemoryStorage();
      for (const each of storage.objects) other.objects.set(...each);
      other.objects.set(file.key, bytes.map((byte, i) => i === 0 ? byte ^ 1 : byte));
      const asset = await (await openSnapshot(other, "latest")).asset(id);
      await assert.rejects(async () => {
        await new Response(await asset!.file!.open()).bytes();
      }, isDamaged);
      return;
    }
    assert.fail("no upload has a file");
  });
});

Deno.test("openSnapshot() says what isn't there", async () => {
  const snapshot = await openSnapshot(NDJSON.storage, "latest");
  await assert.rejects(
    all(snapshot.records("artcle")),
    /has no model "artcle": the nearest is article/,
  );
  const blocks = (await snapshot.models()).filter(({ model }) => model.attributes.modular_block);
  await assert.rejects(
    all(snapshot.records(blocks[0]!.model.attributes.api_key)),
    /it is a block model, whose blocks are in records/,
  );
  const some = await exported({
    models: ["author"],
    assets: false,
    tables: false,
    published: false,
  });
  const other = await openSnapshot(some.storage, "latest");
  await assert.rejects(all(other.records("article")), /without records of "article"/);
  await assert.rejects(all(other.records("author", { version: "published" })), /without published/);
  assert.deepEqual(await other.tables(), []);
  const [upload] = await all(other.uploads());
  const asset = await other.asset(upload!.id);
  assert.equal(asset!.file, undefined);
  assert.match(asset!.reason!, /without asset files/);
  await assert.rejects(openSnapshot(some.storage, "1234"), /no snapshot "1234"/);
});

Deno.test("openSnapshot(): each method ends when its signal is aborted", async () => {
  const snapshot = await openSnapshot(NDJSON.storage, "latest");
  const signal = AbortSignal.abort(new Error("Enough"));
  const [{ id } = { id: "" }] = await all(snapshot.uploads());
  const reads = [
    () => openSnapshot(NDJSON.storage, "latest", { signal }),
    () => snapshot.site({ signal }),
    () => all(snapshot.records("article", { signal })),
    () => snapshot.record("1", { signal }),
    () => all(snapshot.uploads({ signal })),
    () => snapshot.upload(id, { signal }),
    () => snapshot.asset(id, { signal }),
    () => snapshot.tables({ signal }),
    () => snapshot.settings("roles", { signal }),
  ];
  for (const read of reads) await assert.rejects(read, /Enough/);
  const own = new AbortController();
  const reader = snapshot.records("article", { signal: own.signal }).getReader();
  assert.ok((await reader.read()).value!.length > 0);
  own.abort(new Error("Enough"));
  await assert.rejects(reader.read(), /Enough/);
});

Deno.test("The documentation's static site is built from a snapshot as it is written", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ tables: false });
  const page = await Deno.readTextFile("docs/library.md");
  const [, code] = /<!-- example: static site -->\n\n```ts\n(.*?)```/s.exec(page)!;
  const here = code!
    .replace('"@sluice/datocms"', JSON.stringify(new URL("../../mod.ts", import.meta.url).href))
    .replace('"../sluice/snapshots"', JSON.stringify(bench.root))
    .replaceAll("`site/", `\`${bench.root}/site/`);
  await import(`data:application/typescript,${encodeURIComponent(here)}`);
  const files = await filesOf(`${bench.root}/site`);
  const pages = files.filter((file) => file.endsWith(".html"));
  const articles = await entriesOf<Item>(`${directoryOf(report)}/records/article/published`);
  assert.equal(pages.length, 3 * articles.length);
  const italian = await Deno.readTextFile(
    `${bench.root}/site/it/perche-le-porte-si-appoggiano.html`,
  );
  assert.match(italian, /<h1>Perché le porte si appoggiano l'una all'altra<\/h1>/);
  assert.match(italian, /<img src="\.\.\/[^"]+" alt="">/);
  assert.ok(files.length > pages.length, "pictures lie beside the pages");
});
