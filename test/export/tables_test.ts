import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { isObject } from "../../src/text/json.ts";
import { FIELD_TYPES, type SqlType } from "../../src/content/field_types.ts";
import type { Item, Json, JsonObject, Upload, Version } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { assembleRecords } from "../../src/transform/assemble_records.ts";
import type { TableSchema } from "../../src/transform/table_schema.ts";
import { directoryOf, entriesOf, filesOf, workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const VERSIONS: readonly Version[] = ["current", "published"];

const PROJECTS: Readonly<Record<string, () => DemoProject>> = {
  "the sample project": sampleProject,
  "a generated project": () => {
    return generateProject({
      records: long(400, 120),
      locales: ["en", "it", "zh-Hant-TW"],
      uploads: 30,
    });
  },
};

function schemaOf(project: DemoProject): SchemaIndex {
  const { site, itemTypes, fields, fieldsets } = project.environments.get(
    project.primaryEnvironment,
  )!;
  return new SchemaIndex({ locales: site.attributes.locales, itemTypes, fields, fieldsets });
}

/** The locales that a record has, as someone reads them who knows nothing of our transforms. */
function localesOf(item: Item, schema: SchemaIndex): number {
  const fields = schema.fields(item.relationships.item_type.data.id)
    .filter((field) => field.attributes.localized);
  if (fields.length === 0) return 1;
  const locales = new Set(fields.flatMap(({ attributes: { api_key: key } }) => {
    const value = item.attributes[key];
    return isObject(value) ? Object.keys(value) : [];
  }));
  return Math.max(1, locales.size);
}

/** Every JSON object inside a value, itself included. */
function* objectsIn(value: Json): Generator<JsonObject> {
  if (Array.isArray(value)) { for (const each of value) yield* objectsIn(each); }
  else if (isObject(value)) {
    yield value;
    for (const each of Object.values(value)) yield* objectsIn(each);
  }
}

function blocksIn(item: Item): JsonObject[] {
  return [...objectsIn(item.attributes)].filter(({ type, relationships }) => {
    return type === "item" && relationships !== undefined;
  });
}

/** References found by looking at every field of a record and of its blocks. */
function referencesIn(item: Item, schema: SchemaIndex): string[] {
  const found: string[] = [];
  for (const each of [item, ...blocksIn(item) as unknown as Item[]]) {
    for (const { attributes } of schema.fields(each.relationships.item_type.data.id)) {
      const value = each.attributes[attributes.api_key] ?? null;
      const values = attributes.localized && isObject(value) ? Object.values(value) : [value];
      for (const one of values) found.push(...referencesOf(attributes.field_type, one));
    }
  }
  return found;
}

function referencesOf(type: string, value: Json): string[] {
  if (value === null) return [];
  switch (type) {
    case "link":
      return [String(value)];
    case "links":
      return (value as string[]).map(String);
    case "file":
      return [String((value as JsonObject).upload_id)];
    case "gallery":
      return (value as JsonObject[]).map(({ upload_id }) => String(upload_id));
    case "seo":
      return isObject(value) && value.image ? [String(value.image)] : [];
    case "structured_text":
      return nodesIn(value as JsonObject)
        .filter(({ type }) => type === "itemLink" || type === "inlineItem")
        .map(({ item }) => String(item));
    default:
      return [];
  }
}

/** The nodes of a document; blocks are looked into on their own. */
function nodesIn(node: JsonObject): JsonObject[] {
  const inner = [node.document, ...(Array.isArray(node.children) ? node.children : [])];
  return [node, ...inner.filter(isObject).flatMap(nodesIn)];
}

async function rowsOf(directory: string, table: string, version: Version): Promise<JsonObject[]> {
  const folders = await filesOf(`${directory}/tables/${table}`).catch(() => []);
  const rows: JsonObject[] = [];
  for (const file of folders.filter((file) => file.includes(`version=${version}/`))) {
    const text = await Deno.readTextFile(`${directory}/tables/${table}/${file}`);
    rows.push(...text.split("\n").filter(Boolean).map((line) => JSON.parse(line)));
  }
  return rows;
}

async function rawOf(directory: string, version: Version): Promise<Item[]> {
  const items: Item[] = [];
  for (const file of await filesOf(`${directory}/records`)) {
    if (!file.includes(`/${version}/`)) continue;
    const text = await Deno.readTextFile(`${directory}/records/${file}`);
    items.push(...text.split("\n").filter(Boolean).map((line) => JSON.parse(line)));
  }
  return items;
}

for (const [name, make] of Object.entries(PROJECTS)) {
  Deno.test(`exportProject() writes tables of ${name} that hold all of it`, async (t) => {
    const project = make();
    const schema = schemaOf(project);
    await using bench = await workbench({ project });
    const report = await bench.export();
    const directory = directoryOf(report);
    for (const version of VERSIONS) {
      const raw = await rawOf(directory, version);
      const records = await rowsOf(directory, "records", version);
      const blocks = await rowsOf(directory, "blocks", version);
      const links = await rowsOf(directory, "links", version);

      await t.step(`${version}: a row for each record and locale`, () => {
        assert.ok(records.length > 0);
        assert.equal(records.length, raw.reduce((sum, item) => sum + localesOf(item, schema), 0));
      });
      await t.step(`${version}: a row for each block`, () => {
        assert.ok(blocks.length > 0);
        assert.equal(blocks.length, raw.reduce((sum, item) => sum + blocksIn(item).length, 0));
      });
      await t.step(`${version}: a row for each reference`, () => {
        assert.ok(links.length > 0);
        assert.deepEqual(
          links.map(({ target_id }) => String(target_id)).sort(),
          raw.flatMap((item) => referencesIn(item, schema)).sort(),
        );
      });
      await t.step(`${version}: records rebuilt from tables alone equal the raw view`, () => {
        const rebuilt = new Map(
          assembleRecords({ records, blocks }, schema).map((item) => [item.id, item]),
        );
        assert.equal(rebuilt.size, raw.length);
        for (const item of raw) assert.deepEqual(rebuilt.get(item.id), item);
      });
    }
    await t.step("every row has the columns of its table, in order", async () => {
      const { tables }: TableSchema = JSON.parse(
        await Deno.readTextFile(`${directory}/tables/schema.json`),
      );
      const files = (await filesOf(`${directory}/tables`)).filter((file) => file !== "schema.json");
      for (const file of files) {
        const table = tables.find(({ name }) => file.startsWith(`${name}/`));
        assert.ok(table, file);
        const columns = table.columns.map(({ name }) => name);
        const text = await Deno.readTextFile(`${directory}/tables/${file}`);
        for (const line of text.split("\n").filter(Boolean)) {
          assert.deepEqual(Object.keys(JSON.parse(line)), columns);
        }
      }
    });
    await t.step("a row for each upload", async () => {
      const uploads = await entriesOf<Upload>(`${directory}/uploads`);
      const rows = await entriesOf<JsonObject>(`${directory}/tables/uploads`);
      assert.deepEqual(rows.map(({ id }) => id), uploads.map(({ id }) => id));
    });
    await t.step("a row for each asset, in the order of their uploads' ids", async () => {
      const list = await Deno.readTextFile(`${directory}/assets.ndjson`);
      const lines = list.trimEnd().split("\n").map((line): JsonObject => JSON.parse(line));
      const rows = await entriesOf<JsonObject>(`${directory}/tables/assets`);
      assert.deepEqual(
        rows,
        lines.map(({ upload_id, outcome, key, size, md5, reason = null }) => {
          const isStored = outcome === "downloaded" || outcome === "kept";
          return {
            upload_id,
            outcome: isStored ? "stored" : outcome,
            key,
            size,
            md5,
            reason,
          };
        }).sort((a, b) => `${a.upload_id} ${a.key}` < `${b.upload_id} ${b.key}` ? -1 : 1),
      );
      assert.ok(rows.length > 0);
    });
  });
}

Deno.test("exportProject() asks for nothing more when it writes tables", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const requests = async (tables: boolean) => {
    bench.cma.log.clear();
    await bench.export({ tables, assets: false });
    // A minute may begin between the two.
    return bench.cma.log.requests.map(({ path }) => path.replace(/\d+T\d+%3A\d+/, "…")).sort();
  };
  assert.deepEqual(await requests(true), await requests(false));
});

Deno.test("exportProject() writes only tables, or only the raw view", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const only = await filesOf(directoryOf(await bench.export({ tables: "only" })));
  assert.ok(!only.some((file) => file.startsWith("records/")));
  assert.ok(only.some((file) => file.startsWith("tables/records/")));
  const raw = await filesOf(directoryOf(await bench.export({ tables: false })));
  assert.ok(!raw.some((file) => file.startsWith("tables/")));
  assert.ok(raw.some((file) => file.startsWith("records/")));
});

Deno.test("exportProject() limits tables to some locales, and never the raw view", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const all = await bench.export();
  const some = await bench.export({ locales: ["it"] });
  for (const version of VERSIONS) {
    const rows = await rowsOf(directoryOf(some), "records", version);
    assert.ok(rows.some(({ _locale }) => _locale === "it"));
    assert.ok(rows.every(({ _locale }) => _locale === "it" || _locale === null));
    assert.deepEqual(
      await rawOf(directoryOf(some), version),
      await rawOf(directoryOf(all), version),
    );
  }
  await assert.rejects(bench.export({ locales: ["xx"] }), /no locale "xx"/);
});

Deno.test("exportProject() writes tables as CSV with a header in each part", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const report = await bench.export({ format: "csv", structuredText: "markdown" });
  const directory = `${directoryOf(report)}/tables`;
  const { tables }: TableSchema = JSON.parse(await Deno.readTextFile(`${directory}/schema.json`));
  const files = (await filesOf(directory)).filter((file) => file !== "schema.json");
  assert.ok(files.every((file) => file.endsWith(".csv")));
  for (const file of files) {
    const table = tables.find(({ name }) => file.startsWith(`${name}/`))!;
    const [header] = (await Deno.readTextFile(`${directory}/${file}`)).split("\r\n");
    assert.equal(header, table.columns.map(({ name }) => name).join(","));
  }
  const columns = tables.flatMap((table) => table.columns.map(({ name }) => name));
  assert.ok(columns.some((name) => name.endsWith("_md")));
});

Deno.test("exportProject() writes the same into CSV as into NDJSON", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const options = { assets: false, structuredText: "html" } as const;
  const ndjson = `${directoryOf(await bench.export(options))}/tables`;
  const csv = `${directoryOf(await bench.export({ ...options, format: "csv" }))}/tables`;
  const { tables }: TableSchema = JSON.parse(await Deno.readTextFile(`${csv}/schema.json`));
  const files = (await filesOf(ndjson)).filter((file) => file !== "schema.json");
  const asCsv = files.map((file) => file.replace(/\.ndjson$/, ".csv"));
  assert.deepEqual((await filesOf(csv)).filter((file) => file !== "schema.json"), asCsv);
  for (const file of files) {
    const { columns } = tables.find(({ name }) => file.startsWith(`${name}/`))!;
    const rows = (await entriesOf<JsonObject>(`${ndjson}/${file}`.replace(/[^/]+$/, "")))
      .map((row) => columns.map(({ name, sql_type }) => cellOf(row[name]!, sql_type)));
    const text = await Deno.readTextFile(`${csv}/${file.replace(/\.ndjson$/, ".csv")}`);
    const read: unknown[][] = parse(text, {
      from_line: 2,
      // Null has no quotes, an empty text has.
      cast: (value, { quoting }) => value === "" && !quoting ? null : value,
    });
    assert.deepEqual(read, rows, file);
  }
});

Deno.test("exportProject() writes the same into Parquet as into NDJSON, and equal files of equal content", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const options = { assets: false, structuredText: "html" } as const;
  const [plain, ...others] = await Promise.all(
    ([
      {},
      { format: "parquet" },
      { format: "parquet" },
      { format: "csv" },
      { format: "csv" },
      {},
    ] as const)
      .map(async (shape) => {
        const storage = new MemoryStorage();
        const { manifest } = await bench.export({ ...options, ...shape, storage });
        const files = manifest.objects.filter(({ path }) => path.startsWith("tables/"));
        return { storage, files };
      }),
  );
  assert.deepEqual(others[0]!.files, others[1]!.files);
  assert.deepEqual(others[2]!.files, others[3]!.files);
  assert.deepEqual(others[4]!.files, plain!.files);
  const rowsOf = async (storage: MemoryStorage) => {
    const snapshot = await openSnapshot(storage, "latest");
    const tables = await snapshot.tables();
    return await Promise.all(tables.map(async (table) => {
      const rows = (await Array.fromAsync(table.rows())).flat();
      return [table.name, JSON.stringify(rows)];
    }));
  };
  const expected = await rowsOf(plain!.storage);
  assert.ok(expected.length > 20);
  assert.deepEqual(await rowsOf(others[0]!.storage), expected);
  const { problems, checked } = await verifySnapshot(others[0]!.storage, "latest");
  assert.deepEqual(problems, []);
  assert.ok(checked.objects > 20);
});

Deno.test("exportProject() writes equal files of equal content, and only creators that it may", async () => {
  await using bench = await workbench({ project: sampleProject() });
  const textsOf = async (options: Partial<ExportOptions> = {}) => {
    const report = await bench.export({ assets: false, ...options });
    const directory = `${directoryOf(report)}/tables`;
    const files = await filesOf(directory);
    return Object.fromEntries(
      await Promise.all(
        files.map(async (file) => [file, await Deno.readTextFile(`${directory}/${file}`)] as const),
      ),
    );
  };
  const texts = await textsOf();
  assert.deepEqual(await textsOf(), texts);
  const linesOf = (table: string) => {
    const lines = texts[`${table}/part_000.ndjson`]!.trimEnd().split("\n");
    return lines.map((line): JsonObject => JSON.parse(line));
  };
  assert.deepEqual(linesOf("locales"), [
    { locale: "en", position: 0, is_main: true },
    { locale: "it", position: 1, is_main: false },
    { locale: "pt-BR", position: 2, is_main: false },
  ]);
  const [user] = linesOf("creators").filter(({ type }) => type === "user");
  const ada = { name: "Ada Wren", email: "ada@slackwater.example", role_id: "3401" };
  assert.deepEqual(user, { type: "user", id: "311", ...ada });
  const [lock] = linesOf("models").filter(({ api_key }) => api_key === "lock");
  const kind = { is_block: false, is_singleton: false, is_tree: false };
  assert.partialDeepStrictEqual(lock, { ...kind, title_field: "name" });
  const field = linesOf("fields").find(({ model, api_key }) =>
    model === "lock" && api_key === "name"
  );
  assert.partialDeepStrictEqual(field, {
    field_type: "string",
    required: true,
    column_name: "name",
  });
  const { "creators/part_000.ndjson": _, ...others } = texts;
  assert.deepEqual(await textsOf({ exclude: ["users"] }), others);
});

/** A value as CSV writes it. */
function cellOf(value: Json, sqlType: SqlType): string | null {
  if (value === null) return null;
  return typeof value !== "string" || sqlType === "json" ? JSON.stringify(value) : value;
}

Deno.test("the sample project has every field type of FIELD_TYPES, and no other", () => {
  const project = sampleProject();
  const { fields } = project.environments.get(project.primaryEnvironment)!;
  const used = new Set(fields.map((field) => field.attributes.field_type));
  assert.deepEqual([...used].sort(), Object.keys(FIELD_TYPES).sort());
});
