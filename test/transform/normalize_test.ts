import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, Json, JsonObject } from "../../src/content/resource.ts";
import { isObject, parseJson } from "../../src/text/json.ts";
import { assembleRecords } from "../../src/transform/assemble_records.ts";
import { normalize, tableRows } from "../../src/transform/normalize.ts";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { WarningCounter } from "../../src/transform/warnings.ts";
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

Deno.test("tableRows() gives no cell that a reader of tables refuses", () => {
  const fits: Record<string, (value: unknown) => boolean> = {
    boolean: (value) => typeof value === "boolean",
    integer: (value) => Number.isInteger(value),
    bigint: (value) => Number.isSafeInteger(value),
    "double precision": (value) => Number.isFinite(value),
    date: (value) => !Number.isNaN(Date.parse(String(value))),
    "timestamp with time zone": (value) => !Number.isNaN(Date.parse(String(value))),
  };
  fc.assert(
    fc.property(project({ odd: true }), ({ schema, records }) => {
      const columns = new Map(
        tableSchema(schema).tables
          .flatMap(({ name, columns }) => columns.map((c) => [`${name} ${c.name}`, c.sql_type])),
      );
      for (const { table, rows } of tableRows(records, schema, CURRENT)) {
        assert.doesNotMatch(JSON.stringify(rows), /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/);
        for (const [column, value] of rows.flatMap((row) => Object.entries(row))) {
          const type = columns.get(`${table} ${column}`);
          if (value === null || type === undefined) continue;
          assert.ok(fits[type]?.(value) ?? true, `${table} ${column}: ${JSON.stringify(value)}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("tableRows() keeps in _extra what it replaces, warns, and assembleRecords() has it again", () => {
  const fields = { title: "string localized", on: "date", count: "integer", data: "json" };
  const schema = schemaOf({
    m: { fields: { ...fields, card: "single_block" } },
    b: { block: true, fields: { text: "text localized" } },
  });
  const card = item("b", "c", { text: { en: "half \ud83d", it: "whole \ud83d\ude00" } });
  const big = parseJson("12345678901234567890") as Json;
  const record: Item = {
    ...item("m", "1", {
      title: { en: "nul \0", it: "a\u2028b" },
      on: "soon",
      count: big,
      data: '{"a\\ud800":1,"A\\ud800":"\\u0000"}',
      card: json(card),
      "un\ud800known": "\udc00",
    }),
    meta: { created_at: "0000-00-00", updated_at: "2024-02-29T10:00:00.000+01:00" },
  } as unknown as Item;
  const warnings = new WarningCounter();
  const tables = tableRows([record], schema, { ...CURRENT, onWarning: warnings.add });
  const [row, other] = tables[0]!.rows;
  assert.deepEqual(
    ["title", "on", "count", "data", "_created_at", "_updated_at"].map((name) => row![name]),
    [
      "nul \ufffd",
      null,
      null,
      { "a\ufffd": 1, "A\ufffd": "\ufffd" },
      null,
      record.meta!.updated_at,
    ],
  );
  assert.equal(other!.title, "a\u2028b");
  assert.deepEqual(tables[1]!.rows[0]!.text, { en: "half \ufffd", it: "whole \ud83d\ude00" });
  assert.deepEqual(warnings.all().map(({ code, count }) => [code, count]), [
    // The English title, and the JSON and the unknown key in both rows; the block's text.
    ["table_text_replaced", 6],
    // Each once in both rows.
    ["table_value_replaced", 6],
  ]);
  assert.match(
    warnings.all()[0]!.example,
    /^record "1", table "blocks\/b"|^record "1", table "records\/m", column "title": /,
  );
  const written = JSON.stringify(tables);
  const rows = parseJson(written) as unknown as typeof tables;
  const [rebuilt] = assembleRecords({ records: rows[0]!.rows, blocks: rows[1]!.rows }, schema);
  assert.equal(canonical(rebuilt!), canonical(record));
});

/** As JSON, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    return isObject(inner)
      ? Object.fromEntries(Object.keys(inner).sort().map((key) => [key, inner[key]]))
      : inner;
  });
}

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
