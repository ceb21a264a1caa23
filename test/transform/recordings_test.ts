import assert from "node:assert/strict";
import type { Field, Item, ItemType, Resource } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { assembleRecords } from "../../src/transform/assemble_records.ts";
import { takeBlocks } from "../../src/transform/extract_blocks.ts";
import { tableRows } from "../../src/transform/normalize.ts";
import { WarningCounter } from "../../src/transform/warnings.ts";

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly responseBody: { readonly data: Resource | Resource[] };
}

async function recording(name: string): Promise<Exchange[]> {
  const url = new URL(`../recordings/${name}`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url)) as Exchange[];
}

/** Every resource that the API answered with, also as the result of a job. */
function resources(exchanges: readonly Exchange[]): Resource[] {
  return exchanges.flatMap(({ responseBody }) => responseBody?.data ?? []).flatMap((resource) => {
    const payload = resource.attributes?.payload as { data?: Resource } | null | undefined;
    return payload?.data ? [resource, payload.data] : [resource];
  });
}

function schemaOf(exchanges: readonly Exchange[]): SchemaIndex {
  const all = resources(exchanges);
  const latest = <T extends Resource>(type: string) => [
    ...new Map(all.filter((resource) => resource.type === type).map((r) => [r.id, r as T]))
      .values(),
  ];
  return new SchemaIndex({
    locales: ["en"],
    itemTypes: latest<ItemType>("item_type"),
    fields: latest<Field>("field"),
    fieldsets: [],
  });
}

function recorded(exchanges: readonly Exchange[], method: string, nested: boolean): Item[] {
  return exchanges
    .filter((exchange) => exchange.method === method && /^\/items\b/.test(exchange.path))
    .filter(({ path }) => path.includes("nested=true") === nested)
    .flatMap(({ responseBody }) => responseBody.data as Item);
}

for (const name of ["modular-blocks-2022.json", "structured-text-2022.json"]) {
  Deno.test(`takeBlocks() leaves what the API's regular mode answered: ${name}`, async () => {
    const exchanges = await recording(name);
    const schema = schemaOf(exchanges);
    const nested = recorded(exchanges, "GET", true);
    const regular = [...recorded(exchanges, "POST", false), ...recorded(exchanges, "PUT", false)];
    assert.equal(nested.length, 2);
    const { records, blocks } = takeBlocks(nested, schema, { version: "current" });
    assert.deepEqual(records, regular);
    assert.ok(blocks.some(({ text }) => text === "Updated Foo"));
  });
}

for (
  const name of [
    "blog-project-2022.json",
    "modular-blocks-2022.json",
    "structured-text-2022.json",
    "upload-references-2022.json",
  ]
) {
  Deno.test(`assembleRecords() rebuilds recorded records: ${name}`, async () => {
    const exchanges = await recording(name);
    const schema = schemaOf(exchanges);
    const items = resources(exchanges).filter(({ type }) => type === "item") as Item[];
    assert.ok(items.length > 0);
    const warnings = new WarningCounter();
    for (const item of items) {
      const options = { version: "current", onWarning: warnings.add } as const;
      const tables = tableRows([item], schema, options);
      const rows = (folder: string) =>
        tables.filter(({ table }) => table.startsWith(folder)).flatMap(({ rows }) => rows);
      const tableSet = { records: rows("records/"), blocks: rows("blocks/") };
      assert.deepEqual(assembleRecords(tableSet, schema), [item]);
    }
    // Regular answers hold only the ids of blocks; there is nothing else to warn about.
    assert.deepEqual(warnings.all().filter(({ code }) => code !== "block_not_loaded"), []);
  });
}
