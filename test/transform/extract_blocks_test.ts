import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { assembleBlocks } from "../../src/transform/assemble_blocks.ts";
import { extractBlocks, takeBlocks } from "../../src/transform/extract_blocks.ts";
import { project } from "./arbitraries.ts";
import { dast, item, json, paragraph, pick, resolve, schemaOf, warnings } from "./fixtures.ts";

const CURRENT = { version: "current" } as const;
const SCHEMA = schemaOf({
  article: {
    fields: {
      sections: "rich_text localized",
      hero: "single_block",
      body: "structured_text",
      plain: "string",
    },
  },
  section: { block: true, fields: { text: "string", parts: "rich_text", data: "json" } },
  quote: { block: true, fields: { text: "string", by: "string localized" } },
});

function quote(id: string, text = id): Item {
  return item("quote", id, { text, by: { en: "X" } });
}

function article(): Item {
  return item("article", "1", {
    sections: {
      en: [
        json(item("section", "s1", { text: "a", parts: [json(quote("q1"))], data: "[1, 2]" })),
        json(quote("q2")),
      ],
      it: [json(quote("q2", "in italiano"))],
    },
    hero: json(quote("q3")),
    body: dast(
      paragraph("x", { type: "inlineBlock", item: json(quote("q4")) }),
      { type: "block", item: json(item("section", "s2", { parts: [json(quote("q5"))] })) },
    ),
    plain: "p",
  });
}

Deno.test("takeBlocks() leaves ids in place, as the API's regular mode does", () => {
  const { records } = takeBlocks([article()], SCHEMA, CURRENT);
  assert.deepEqual(records, [{
    ...article(),
    attributes: {
      sections: { en: ["s1", "q2"], it: ["q2"] },
      hero: "q3",
      body: dast(
        paragraph("x", { type: "inlineBlock", item: "q4" }),
        { type: "block", item: "s2" },
      ),
      plain: "p",
    },
  }]);
});

Deno.test("takeBlocks() gives every block a row that tells where it was", () => {
  const { blocks } = takeBlocks([article()], SCHEMA, CURRENT);
  const columns = [
    "id",
    "_model",
    "_locale",
    "_field",
    "_parent_id",
    "_position",
    "_depth",
    "_path",
  ];
  const s1 = "/attributes/sections/en/0";
  const s2 = "/attributes/body/document/children/1/item";
  assert.deepEqual(pick(blocks, ...columns), [
    ["s1", "section", "en", "sections", "1", 0, 1, s1],
    ["q1", "quote", "en", "sections", "s1", 0, 2, `${s1}/attributes/parts/0`],
    ["q2", "quote", "en", "sections", "1", 1, 1, "/attributes/sections/en/1"],
    ["q2", "quote", "it", "sections", "1", 0, 1, "/attributes/sections/it/0"],
    ["q3", "quote", null, "hero", "1", 0, 1, "/attributes/hero"],
    [
      "q4",
      "quote",
      null,
      "body",
      "1",
      0,
      1,
      "/attributes/body/document/children/0/children/1/item",
    ],
    ["s2", "section", null, "body", "1", 1, 1, s2],
    ["q5", "quote", null, "body", "s2", 0, 2, `${s2}/attributes/parts/0`],
  ]);
  for (const row of blocks) {
    assert.deepEqual(pick([row], "_record_id", "_record_model", "_version"), [[
      "1",
      "article",
      "current",
    ]]);
  }
});

Deno.test("takeBlocks() writes a block's fields into columns", () => {
  const { blocks } = takeBlocks([article()], SCHEMA, CURRENT);
  assert.deepEqual(pick(blocks.slice(0, 1), "text", "parts", "data"), [["a", ["q1"], [1, 2]]]);
  // A block has one row whatever its locales, so a localized field of its own stays by locale.
  assert.deepEqual(pick(blocks.slice(2, 4), "text", "by"), [
    ["q2", { en: "X" }],
    ["in italiano", { en: "X" }],
  ]);
});

Deno.test("takeBlocks() makes no rows for blocks in other locales, but leaves their ids", () => {
  const { records, blocks } = takeBlocks([article()], SCHEMA, { ...CURRENT, locales: ["it"] });
  assert.deepEqual(records[0]?.attributes.sections, { en: ["s1", "q2"], it: ["q2"] });
  assert.deepEqual(pick(blocks, "id", "_locale"), [
    ["q2", "it"],
    ["q3", null],
    ["q4", null],
    ["s2", null],
    ["q5", null],
  ]);
});

Deno.test("takeBlocks() keeps blocks that it can't name inside their parents, and warns", () => {
  const { all, onWarning } = warnings();
  const nameless = json({ ...quote("x"), id: undefined } as unknown as Item);
  const unknown = json(item("gone", "g", {}));
  const record = item("article", "1", { sections: { en: [nameless, unknown, "q9"] } });
  const extracted = takeBlocks([record], SCHEMA, { ...CURRENT, onWarning });
  assert.deepEqual(extracted, { records: [record], blocks: [] });
  assert.deepEqual(all, [
    'unknown_block: record "1", /attributes/sections/en/0: a block with id undefined of model "QUOTE"',
    'unknown_block: record "1", /attributes/sections/en/1: a block with id "g" of model "GONE"',
    'block_not_loaded: record "1", /attributes/sections/en/2: block "q9"',
  ]);
});

Deno.test("takeBlocks() doesn't copy records without blocks", () => {
  const record = item("article", "1", { sections: { en: [] }, hero: null, body: dast() });
  assert.equal(takeBlocks([record], SCHEMA, CURRENT).records[0], record);
});

Deno.test("takeBlocks() changes nothing that it is given", () => {
  const record = article();
  takeBlocks([record], SCHEMA, CURRENT);
  assert.deepEqual(record, article());
});

Deno.test("assembleBlocks() is the inverse of takeBlocks(), whatever the records", () => {
  fc.assert(
    fc.property(project({ odd: true }), ({ schema, records }) => {
      const { records: regular, blocks } = takeBlocks(records, schema, CURRENT);
      const rows = JSON.parse(JSON.stringify(blocks)) as JsonObject[];
      assert.deepEqual(
        assembleBlocks({ records: regular, blocks: rows.reverse() }, schema),
        records,
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("assembleBlocks() doesn't take a block's JSON for values by locale", () => {
  const schema = schemaOf({
    m: { fields: { block: "single_block" } },
    b: { block: true, fields: { data: "json localized" } },
  });
  // Unlike what the schema says, as before the field was localized.
  for (const data of ['{"en":1}', "{}", '"x"', "[1]", "null", "", null]) {
    const record = item("m", "1", { block: json(item("b", "2", { data })) });
    const extracted = takeBlocks([record], schema, CURRENT);
    assert.deepEqual(assembleBlocks(extracted, schema), [record]);
  }
});

Deno.test("takeBlocks() takes every block out, each to where its row says", () => {
  fc.assert(
    fc.property(project({ odd: false }), ({ schema, records }) => {
      const { records: regular, blocks } = takeBlocks(records, schema, CURRENT);
      assert.ok(
        !JSON.stringify(regular.map(({ attributes }) => attributes)).includes('"item_type"'),
      );
      const byId = new Map(records.map((record) => [record.id, record]));
      for (const row of blocks) {
        const record = byId.get(String(row._record_id));
        const path = String(row._path);
        assert.equal((resolve(record, path) as Item).id, row.id);
        // Its parent is the nearest item above it.
        const parents = path.split("/attributes/").slice(0, -1).length;
        assert.equal(row._depth, parents);
        const parentPath = path.slice(0, path.lastIndexOf("/attributes/"));
        assert.equal((resolve(record, parentPath) as Item).id, row._parent_id);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("extractBlocks() gives records and rows page by page", async () => {
  const pages = ReadableStream.from([[article()], [item("article", "2", {})]]);
  const extracted = await Array.fromAsync(pages.pipeThrough(extractBlocks(SCHEMA, CURRENT)));
  assert.deepEqual(extracted.map(({ records, blocks }) => [records.length, blocks.length]), [
    [1, 8],
    [1, 0],
  ]);
});
