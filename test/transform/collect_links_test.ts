import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item } from "../../src/content/resource.ts";
import { collectLinks, linkRows } from "../../src/transform/collect_links.ts";
import { project } from "./arbitraries.ts";
import { dast, item, json, paragraph, pick, resolve, schemaOf, warnings } from "./fixtures.ts";

const CURRENT = { version: "current" } as const;
const SCHEMA = schemaOf({
  article: {
    fields: {
      author: "link",
      related: "links localized",
      cover: "file",
      photos: "gallery",
      seo: "seo",
      body: "structured_text",
      hero: "single_block",
    },
  },
  card: { block: true, fields: { image: "file", more: "rich_text" } },
});

Deno.test("linkRows() finds every kind of reference, in document order", () => {
  const record = item("article", "1", {
    author: "a1",
    related: { en: ["r1", "r2"], it: [] },
    cover: { upload_id: "u1", alt: null },
    photos: [{ upload_id: "u2" }, { upload_id: "u3" }],
    seo: { title: "x", image: "u4" },
    body: dast(
      paragraph(
        { type: "itemLink", item: "r3", children: [{ type: "span", value: "x" }] },
        { type: "inlineItem", item: "r4" },
        { type: "inlineBlock", item: json(item("card", "c1", { image: { upload_id: "u5" } })) },
      ),
      {
        type: "block",
        item: json(
          item("card", "c2", { more: [json(item("card", "c3", { image: { upload_id: "u6" } }))] }),
        ),
      },
    ),
    hero: json(item("card", "c4", { image: { upload_id: "u7" } })),
  });
  const rows = linkRows([record], SCHEMA, CURRENT);
  const columns = ["_kind", "target_type", "target_id", "_source_id", "_locale", "_path"];
  const children = "/attributes/body/document/children";
  assert.deepEqual(pick(rows, ...columns), [
    ["link", "item", "a1", "1", null, "/attributes/author"],
    ["links", "item", "r1", "1", "en", "/attributes/related/en/0"],
    ["links", "item", "r2", "1", "en", "/attributes/related/en/1"],
    ["file", "upload", "u1", "1", null, "/attributes/cover/upload_id"],
    ["gallery", "upload", "u2", "1", null, "/attributes/photos/0/upload_id"],
    ["gallery", "upload", "u3", "1", null, "/attributes/photos/1/upload_id"],
    ["seo_image", "upload", "u4", "1", null, "/attributes/seo/image"],
    ["structured_text_link", "item", "r3", "1", null, `${children}/0/children/0/item`],
    ["structured_text_inline", "item", "r4", "1", null, `${children}/0/children/1/item`],
    [
      "file",
      "upload",
      "u5",
      "c1",
      null,
      `${children}/0/children/2/item/attributes/image/upload_id`,
    ],
    [
      "file",
      "upload",
      "u6",
      "c3",
      null,
      `${children}/1/item/attributes/more/0/attributes/image/upload_id`,
    ],
    ["file", "upload", "u7", "c4", null, "/attributes/hero/attributes/image/upload_id"],
  ]);
  assert.deepEqual(pick(rows, "target_id", "_field", "_position", "_block_model"), [
    ["a1", "author", 0, null],
    ["r1", "related", 0, null],
    ["r2", "related", 1, null],
    ["u1", "cover", 0, null],
    ["u2", "photos", 0, null],
    ["u3", "photos", 1, null],
    ["u4", "seo", 0, null],
    ["r3", "body", 0, null],
    ["r4", "body", 1, null],
    ["u5", "body", 0, "card"],
    ["u6", "body", 0, "card"],
    ["u7", "hero", 0, "card"],
  ]);
  assert.deepEqual(Object.keys(rows[0] ?? {}), [
    "_record_id",
    "_record_model",
    "_version",
    "_locale",
    "_source_id",
    "_field",
    "_position",
    "_block_model",
    "_path",
    "_kind",
    "target_type",
    "target_id",
  ]);
});

Deno.test("linkRows() finds neither more nor fewer references than there are", () => {
  fc.assert(
    fc.property(project({ odd: false }), ({ schema, records }) => {
      const rows = linkRows(records, schema, CURRENT);
      const byId = new Map(records.map((record) => [record.id, record]));
      for (const row of rows) {
        assert.equal(resolve(byId.get(String(row._record_id)), String(row._path)), row.target_id);
      }
      // Only references have such ids in generated records.
      const ids = JSON.stringify(records).match(/"(item|asset)-\d+"/g) ?? [];
      assert.deepEqual(rows.map(({ target_id }) => `"${target_id}"`).sort(), ids.sort());
    }),
    { numRuns: 50 },
  );
});

Deno.test("linkRows() lists only references of the locales that are asked for", () => {
  const record = item("article", "1", { author: "a1", related: { en: ["r1"], it: ["r2"] } });
  const rows = linkRows([record], SCHEMA, { ...CURRENT, locales: ["it"] });
  assert.deepEqual(pick(rows, "_locale", "target_id"), [[null, "a1"], ["it", "r2"]]);
});

Deno.test("linkRows() warns about what it doesn't know, and finds the rest", () => {
  const { all, onWarning } = warnings();
  const record = item("article", "1", {
    author: { en: "a1" },
    related: { en: "r1" },
    cover: { upload: "u1" },
    photos: ["u2"],
    seo: [],
    body: dast({ type: "hologram", children: [{ type: "inlineItem", item: "r1" }] }),
    hero: "c1",
  });
  const rows = linkRows([record], SCHEMA, { ...CURRENT, onWarning });
  assert.deepEqual(pick(rows, "_kind", "target_id", "_path"), [
    ["gallery", "u2", "/attributes/photos/0"],
    ["structured_text_inline", "r1", "/attributes/body/document/children/0/children/0/item"],
  ]);
  assert.deepEqual(all, [
    'unexpected_value: record "1", /attributes/author: {"en":"a1"} where a reference should be',
    'unexpected_value: record "1", /attributes/related/en: "r1" where a reference should be',
    'unexpected_value: record "1", /attributes/cover/upload_id: null where a reference should be',
    'unexpected_value: record "1", /attributes/seo: [] where a reference should be',
    'unknown_dast_node: record "1", /attributes/body/document/children/0: a node of type "hologram"',
  ]);
});

Deno.test("linkRows() never throws, whatever the records", () => {
  fc.assert(
    fc.property(project({ odd: true }), ({ schema, records }) => {
      const before = structuredClone(records) as Item[];
      linkRows(records, schema, CURRENT);
      assert.deepEqual(records, before);
    }),
    { numRuns: 50 },
  );
});

Deno.test("collectLinks() gives rows page by page", async () => {
  const pages = [[item("article", "1", { author: "a1" })], [item("article", "2", {})]];
  const rows = await Array.fromAsync(
    ReadableStream.from(pages).pipeThrough(collectLinks(SCHEMA, CURRENT)),
  );
  assert.deepEqual(rows.map((page) => pick(page, "target_id")), [[["a1"]], []]);
});
