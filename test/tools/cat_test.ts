import assert from "node:assert/strict";
import { inLocale } from "../../src/content/in_locale.ts";
import type { Field, Item, ItemType } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { catSnapshot } from "../../src/tools/cat.ts";
import { directoryOf, entriesOf, filesOf, workbench } from "../support/exported.ts";
import { openFake } from "../s3/open_fake.ts";

async function recordsIn(found: Awaited<ReturnType<typeof catSnapshot>>): Promise<Item[]> {
  assert.ok("records" in found);
  return (await Array.fromAsync(found.records)).flat();
}

async function valueIn(found: ReturnType<typeof catSnapshot>): Promise<unknown> {
  const result = await found;
  assert.ok("value" in result);
  return result.value;
}

for (const layout of ["ndjson", "enterprise"] as const) {
  Deno.test(`catSnapshot() gives each thing of a snapshot as it was exported: ${layout}`, async () => {
    await using bench = await workbench({ project: sampleProject() });
    const { storage } = bench;
    const report = await bench.export({ layout, assets: false, tables: false });
    const directory = directoryOf(report);
    const json = async (path: string) =>
      JSON.parse(await Deno.readTextFile(`${directory}/${path}`));
    assert.deepEqual(
      await valueIn(catSnapshot(storage, "latest", "site")),
      await json("site.json"),
    );
    assert.deepEqual(
      await valueIn(catSnapshot(storage, "latest", "manifest")),
      await json("manifest.json"),
    );
    for (const version of ["current", "published"] as const) {
      const expected = await entriesOf<Item>(`${directory}/records/article/${version}`);
      assert.ok(expected.length > 5);
      const options = { version };
      const found = await recordsIn(await catSnapshot(storage, "latest", "article", options));
      assert.deepEqual(found, expected);
      for (const record of expected) {
        const own = catSnapshot(storage, "latest", record.id, options);
        assert.deepEqual(await valueIn(own), record);
      }
    }
    const [upload] = await entriesOf<Item>(`${directory}/uploads`);
    assert.deepEqual(await valueIn(catSnapshot(storage, "latest", upload!.id)), upload);
  });
}

Deno.test("catSnapshot() reads a Project Export of DatoCMS, and what an export left unfinished", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const { storage } = bench;
  const report = await bench.export({ layout: "enterprise", assets: false, tables: false });
  const directory = directoryOf(report);
  const [record] = await entriesOf<Item>(`${directory}/records/lock/current`);
  for (const path of ["manifest.json", "export.json"]) await Deno.remove(`${directory}/${path}`);
  for (const file of await filesOf(`${directory}/records`)) {
    const path = `${directory}/records/${file}`;
    // Nobody says how its JSON is laid out.
    const data = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify(data, null, 2));
  }
  assert.deepEqual(await valueIn(catSnapshot(storage, "latest", record!.id)), record);
  await Deno.remove(`${directory}/canary.txt`);
  const id = report.snapshot.split("_").at(-1)!;
  assert.deepEqual(await valueIn(catSnapshot(storage, id, record!.id)), record);
  await assert.rejects(catSnapshot(storage, "latest", "site"), /There is no snapshot "latest"/);
});

Deno.test("catSnapshot() shows one locale's values, also in blocks of blocks", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const { storage } = bench;
  await bench.export({ assets: false, tables: false });
  const records = await recordsIn(await catSnapshot(storage, "latest", "glossary_term"));
  const italian = await recordsIn(
    await catSnapshot(storage, "latest", "glossary_term", { locale: "it" }),
  );
  assert.deepEqual(
    italian.map(({ attributes }) => attributes.term),
    records.map(({ attributes }) => (attributes.term as { it?: string }).it ?? null),
  );
  assert.ok(italian.some(({ attributes }) => attributes.term === "chiusa"));
  assert.deepEqual(
    italian.map(({ attributes }) => attributes.see_also),
    records.map(({ attributes }) => attributes.see_also),
  );
  await assert.rejects(
    catSnapshot(storage, "latest", "glossary_term", { locale: "xx" }),
    /has no locale "xx": its locales are en, it, pt-BR\./,
  );

  const itemType = (id: string) => ({ data: { id, type: "item_type" } });
  const model = (id: string) => ({
    id,
    type: "item_type",
    attributes: { api_key: id, modular_block: id === "b" },
  } as ItemType);
  const field = (of: string, key: string, type: string, localized: boolean) => ({
    id: of + key,
    type: "field",
    attributes: { api_key: key, field_type: type, localized },
    relationships: { item_type: itemType(of) },
  } as Field);
  const schema = new SchemaIndex({
    locales: ["en", "it"],
    itemTypes: [model("a"), model("b")],
    fields: [
      field("a", "parts", "rich_text", false),
      field("b", "text", "string", true),
      field("b", "inner", "single_block", true),
      field("b", "odd", "json", false),
    ],
    fieldsets: [],
  });
  const block = (attributes: object) => ({
    id: "x",
    type: "item",
    attributes,
    relationships: { item_type: itemType("b") },
  });
  const inner = block({ text: { it: "dentro" }, inner: { en: null } });
  const item = {
    ...block({ parts: [block({ text: { en: "out" }, inner: { it: inner }, odd: { it: 1 } })] }),
    relationships: { item_type: itemType("a") },
  } as unknown as Item;
  const before = structuredClone(item);
  assert.deepEqual(inLocale(item, "it", schema).attributes, {
    parts: [block({
      text: null,
      inner: block({ text: "dentro", inner: null }),
      odd: { it: 1 },
    })],
  });
  assert.deepEqual(item, before);
});

Deno.test("catSnapshot() says what isn't there, or can't be read", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const { storage } = bench;
  const report = await bench.export({
    assets: false,
    models: ["article", "lock"],
    published: false,
    tables: false,
  });
  const fails = async (
    what: string,
    message: RegExp,
    options: Parameters<typeof catSnapshot>[3] = {},
    exitCode: number = EXIT.failed,
  ) => {
    await assert.rejects(
      async () => {
        const found = await catSnapshot(storage, "latest", what, options);
        if ("records" in found) await Array.fromAsync(found.records);
      },
      (error) => {
        assert.ok(error instanceof SluiceError, String(error));
        assert.match(error.message, message);
        assert.equal(error.exitCode, exitCode);
        return true;
      },
    );
  };
  await fails("artcle", /no model, current record or upload "artcle" .*: the nearest is article\./);
  await fails("AAAAAAAAAAAAAAAAAAAAAA", /no model, current record or upload "A+" in the snapshot/);
  await fails("author", /was exported without records of "author"/);
  await fails("lock", /was exported without published versions of records of "lock"/, {
    version: "published",
  });
  await fails("lock", /of project 5/, { project: "5" });
  const batch = `${directoryOf(report)}/records/lock/current/batch_000.ndjson`;
  const text = await Deno.readTextFile(batch);
  await Deno.writeTextFile(batch, `${text}{"id":`);
  await fails(
    "lock",
    /batch_000\.ndjson isn't what was written there, because it has more than its \d+ bytes/,
  );
  await Deno.remove(batch);
  await fails("lock", /can't be read as a snapshot: There is no file/);
});

Deno.test("catSnapshot() reads no more of S3 than it needs, and lets go when it is stopped", async () => {
  await using bench = await workbench({ project: sampleProject() });
  await using opened = await openFake();
  const { storage, fake } = opened;
  await bench.export({ storage, assets: false, tables: false });
  fake.requests.length = 0;
  await valueIn(catSnapshot(storage, "latest", "site"));
  const operations = fake.requests.map(({ operation }) => operation);
  // Among the listings, latest.json and the seal that it names.
  assert.deepEqual(operations, [
    "ListObjectsV2",
    "GetObject",
    "HeadObject",
    "ListObjectsV2",
    "GetObject",
  ]);
  const found = await catSnapshot(storage, "latest", "article");
  assert.ok("records" in found);
  const reader = found.records.getReader();
  assert.ok((await reader.read()).value!.length > 5);
  await reader.cancel();
  const abort = new AbortController();
  abort.abort(new Error("Enough"));
  const { signal } = abort;
  await assert.rejects(catSnapshot(storage, "latest", "article", { signal }), /Enough/);
});
