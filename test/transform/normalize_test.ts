import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { assembleRecords } from "../../src/transform/assemble_records.ts";
import { normalize, tableRows } from "../../src/transform/normalize.ts";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { project } from "./arbitraries.ts";
import { dast, item, json, paragraph, schemaOf } from "./fixtures.ts";

const CURRENT = { version: "current" } as const;
const SCHEMA = schemaOf({
  article: { fields: { title: "string localized", body: "structured_text localized" } },
  tag: { fields: { name: "string" } },
  card: { block: true, fields: { text: "structured_text", link: "link" } },
});

function article(id: string): Item {
  const card = item("card", `c${id}`, { text: dast(paragraph("inside")), link: "9" });
  return item("article", id, {
    title: { en: "Hello" },
    body: { en: dast(paragraph("outside"), { type: "block", item: json(card) }) },
  });
}

Deno.test("tableRows() gives the rows of all tables", () => {
  const page = [article("1"), item("tag", "2", { name: "x" }), article("3")];
  const tables = tableRows(page, SCHEMA, CURRENT);
  assert.deepEqual(tables.map(({ table, rows }) => [table, rows.length]), [
    ["records/article", 2],
    ["records/tag", 1],
    ["blocks/card", 2],
    ["links", 2],
  ]);
});

Deno.test("tableRows() renders structured text of records and blocks if asked to", () => {
  const tables = tableRows([article("1")], SCHEMA, { ...CURRENT, structuredText: "text" });
  assert.equal(tables[0]?.rows[0]?.body_text, 'outside\n<block id="c1"/>');
  assert.equal(tables[1]?.rows[0]?.text_text, "inside");
});

Deno.test("tableRows() gives every row of a table the columns that tableSchema() tells of", () => {
  const formats = [undefined, "text", "markdown", "html"] as const;
  fc.assert(
    fc.property(
      project({ odd: true }),
      fc.constantFrom(...formats),
      (generated, structuredText) => {
        const { schema, records } = generated;
        const columns = new Map(
          tableSchema(schema, { structuredText }).tables
            .map(({ name, columns }) => [name, columns.map(({ name }) => name)]),
        );
        const unknown = ["records/no_such_model", "records/unknown"];
        for (const { table, rows } of tableRows(records, schema, { ...CURRENT, structuredText })) {
          if (unknown.includes(table)) continue;
          for (const row of rows) assert.deepEqual(Object.keys(row), columns.get(table), table);
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("assembleRecords() rebuilds every record from nothing but its table rows", () => {
  fc.assert(
    fc.property(project({ odd: true }), ({ schema, records }) => {
      const versions = ["current", "published"] as const;
      const tables = versions.flatMap((version) =>
        tableRows(records, schema, { version, structuredText: "text" })
      );
      const rows = (folder: string) =>
        tables.filter(({ table }) => table.startsWith(folder)).flatMap(({ rows }) => rows)
          // As they are read from files, and in any order.
          .map((row) => JSON.parse(JSON.stringify(row)) as JsonObject).reverse();
      const rebuilt = assembleRecords(
        { records: rows("records/"), blocks: rows("blocks/") },
        schema,
      );
      const byId = (a: Item, b: Item) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
      assert.deepEqual(rebuilt.toSorted(byId), [...records, ...records].toSorted(byId));
    }),
    { numRuns: 100 },
  );
});

Deno.test("assembleRecords() keeps versions of a record apart", () => {
  const schema = schemaOf({
    m: { fields: { block: "single_block" } },
    b: { block: true, fields: { text: "string" } },
  });
  const version = (text: string) => item("m", "1", { block: json(item("b", "2", { text })) });
  const tables = [
    ...tableRows([version("draft")], schema, { version: "current" }),
    ...tableRows([version("public")], schema, { version: "published" }),
  ];
  const rows = (name: string) =>
    tables.filter(({ table }) => table === name).flatMap(({ rows }) => rows);
  assert.deepEqual(
    assembleRecords({ records: rows("records/m"), blocks: rows("blocks/b") }, schema),
    [version("draft"), version("public")],
  );
});

Deno.test("normalize() gives the tables page by page", async () => {
  const pages = [[article("1")], [], [item("tag", "2", { name: "x" })]];
  const tables = await Array.fromAsync(
    ReadableStream.from(pages).pipeThrough(normalize(SCHEMA, CURRENT)),
  );
  assert.deepEqual(tables.map((page) => page.map(({ table }) => table)), [
    ["records/article", "blocks/card", "links"],
    [],
    ["records/tag"],
  ]);
});
