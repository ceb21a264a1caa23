import assert from "node:assert/strict";
import type { JsonObject } from "../../src/content/resource.ts";
import { localeRows, normalizeLocales } from "../../src/transform/normalize_locales.ts";
import { item, pick, schemaOf, warnings } from "./fixtures.ts";

const CURRENT = { version: "current" } as const;

Deno.test("localeRows() gives one row per locale, with plain fields in each", () => {
  const schema = schemaOf({ article: { fields: { title: "string localized", views: "integer" } } });
  const record = item("article", "1", { title: { it: "Ciao", en: "Hello" }, views: 3 });
  assert.deepEqual(pick(localeRows([record], schema, CURRENT), "id", "_locale", "title", "views"), [
    ["1", "en", "Hello", 3],
    ["1", "it", "Ciao", 3],
  ]);
});

Deno.test("localeRows() has no row for a locale that a record doesn't have", () => {
  const schema = schemaOf({ article: { fields: { title: "string localized" } } });
  const records = [item("article", "1", { title: { it: "Ciao" } })];
  assert.deepEqual(pick(localeRows(records, schema, CURRENT), "_locale", "title"), [[
    "it",
    "Ciao",
  ]]);
});

Deno.test("localeRows() tells a locale that is null from one that a field lacks", () => {
  const schema = schemaOf({
    article: { fields: { title: "string localized", body: "text localized" } },
  });
  const records = [item("article", "1", { title: { en: null, it: "Ciao" }, body: { it: "…" } })];
  assert.deepEqual(pick(localeRows(records, schema, CURRENT), "_locale", "title", "body"), [
    ["en", null, null],
    ["it", "Ciao", "…"],
  ]);
  const [en, it] = localeRows(records, schema, CURRENT);
  assert.ok((en?._extra as JsonObject).absent instanceof Array);
  assert.ok(((en?._extra as JsonObject).absent as string[]).includes("body"));
  assert.ok(!((en?._extra as JsonObject).absent as string[]).includes("title"));
  assert.ok(!((it?._extra as JsonObject).absent as string[]).includes("body"));
});

Deno.test("localeRows() goes by the schema, not by the look of a value", () => {
  const schema = schemaOf({ article: { fields: { seo: "seo", place: "json localized" } } });
  const lookalike = { en: "not a locale", it: "nor this" };
  const records = [item("article", "1", { seo: lookalike, place: { en: '{"it":1}' } })];
  assert.deepEqual(pick(localeRows(records, schema, CURRENT), "_locale", "seo", "place"), [
    ["en", lookalike, { it: 1 }],
  ]);
});

Deno.test("localeRows() knows locales with regions and scripts, in the project's order", () => {
  const locales = ["zh-Hant-TW", "pt-BR", "en"];
  const schema = schemaOf({ article: { fields: { title: "string localized" } } }, locales);
  const title = { "xx-Old": "?", en: "Tea", "pt-BR": "Chá", "zh-Hant-TW": "茶" };
  const rows = localeRows([item("article", "1", { title })], schema, CURRENT);
  assert.deepEqual(pick(rows, "_locale", "title"), [
    ["zh-Hant-TW", "茶"],
    ["pt-BR", "Chá"],
    ["en", "Tea"],
    ["xx-Old", "?"],
  ]);
});

Deno.test("localeRows() gives a model without localized fields one row without locale", () => {
  const schema = schemaOf({ tag: { fields: { name: "string" } } });
  const rows = localeRows([item("tag", "1", { name: "x" })], schema, {
    ...CURRENT,
    locales: ["it"],
  });
  assert.deepEqual(pick(rows, "_locale", "name"), [[null, "x"]]);
});

Deno.test("localeRows() gives a record whose localized fields are all empty one row", () => {
  const schema = schemaOf({ article: { fields: { title: "string localized", n: "integer" } } });
  const records = [item("article", "1", { title: null, n: 1 }), item("article", "2", { n: 2 })];
  assert.deepEqual(pick(localeRows(records, schema, CURRENT), "id", "_locale", "title", "n"), [
    ["1", null, null, 1],
    ["2", null, null, 2],
  ]);
});

Deno.test("localeRows() makes only rows of the locales that are asked for", () => {
  const schema = schemaOf({ article: { fields: { title: "string localized" } } });
  const records = [item("article", "1", { title: { en: "Hello", it: "Ciao" } })];
  const rows = localeRows(records, schema, { ...CURRENT, locales: ["it"] });
  assert.deepEqual(pick(rows, "_locale", "title"), [["it", "Ciao"]]);
});

Deno.test("localeRows() writes a record's metadata into columns", () => {
  const schema = schemaOf({ page: { tree: true, fields: { title: "string" } } });
  const record = {
    ...item("page", "1", { title: "x", parent_id: "9", position: 2, shiny: true }),
    relationships: {
      item_type: { data: { id: "PAGE", type: "item_type" } },
      creator: { data: { id: "7", type: "user" } },
    },
    meta: {
      status: "draft",
      created_at: "2022-03-01T16:08:09.418+00:00",
      stage: null,
      is_valid: true,
    },
  };
  const [row] = localeRows([record], schema, { version: "published" });
  assert.ok(row);
  assert.deepEqual(Object.keys(row), [
    "id",
    "_model",
    "_locale",
    "_version",
    "_status",
    "_created_at",
    "_updated_at",
    "_published_at",
    "_first_published_at",
    "_publication_scheduled_at",
    "_unpublishing_scheduled_at",
    "_is_valid",
    "_is_current_version_valid",
    "_is_published_version_valid",
    "_current_version",
    "_stage",
    "_has_children",
    "_creator_type",
    "_creator_id",
    "_parent_id",
    "_position",
    "title",
    "_extra",
  ]);
  assert.deepEqual(
    pick([row], "_model", "_version", "_status", "_creator_type", "_creator_id", "_parent_id"),
    [["page", "published", "draft", "user", "7", "9"]],
  );
  assert.deepEqual(row._position, 2);
  assert.deepEqual((row._extra as JsonObject).attributes, { shiny: true });
});

Deno.test("localeRows() leaves nothing over of a record as the API documents it", () => {
  const schema = schemaOf({
    page: { tree: true, fields: { title: "string localized" } },
    tag: { fields: { name: "string" } },
  });
  const meta = {
    created_at: "2022-03-01T16:08:09.418+00:00",
    updated_at: "2022-03-01T16:08:09.418+00:00",
    published_at: null,
    first_published_at: null,
    publication_scheduled_at: null,
    unpublishing_scheduled_at: null,
    status: "draft",
    is_current_version_valid: true,
    is_published_version_valid: null,
    current_version: "1",
    stage: null,
    has_children: null,
  };
  const rows = localeRows(
    [
      { ...item("page", "1", { title: { en: null }, parent_id: null, position: 1 }), meta },
      { ...item("tag", "2", { name: null }), meta: { ...meta, is_valid: true } },
    ],
    schema,
    CURRENT,
  );
  assert.deepEqual(pick(rows, "id", "_extra"), [["1", null], ["2", null]]);
});

Deno.test("localeRows() gives a field that is called like a meta column another name", () => {
  const schema = schemaOf({ odd: { fields: { id: "string", id_: "string", _locale: "string" } } });
  const record = item("odd", "1", { id: "field", id_: "other", _locale: "x" });
  const rows = localeRows([record], schema, CURRENT);
  assert.deepEqual(pick(rows, "id", "id__", "id_", "_locale", "_locale_"), [
    ["1", "field", "other", null, "x"],
  ]);
});

Deno.test("localeRows() parses JSON fields, and keeps as text what can't be parsed exactly", () => {
  const schema = schemaOf({
    m: { fields: { a: "json", b: "json", c: "json", d: "json localized" } },
  });
  const { all, onWarning } = warnings();
  const record = item("m", "1", {
    a: '{ "x": [1.50] }',
    b: "{oops",
    c: "[12345678901234567890]",
    d: { it: "no" },
  });
  const rows = localeRows([record], schema, { ...CURRENT, onWarning });
  assert.deepEqual(pick(rows, "a", "b", "c", "d"), [
    [{ x: [1.5] }, "{oops", "[12345678901234567890]", "no"],
  ]);
  assert.deepEqual(all.map((warning) => warning.slice(0, 45)), [
    'invalid_json: record "1", /attributes/b: Expe',
    'inexact_json: record "1", /attributes/c: 1234',
    'invalid_json: record "1", /attributes/d/it: U',
  ]);
});

Deno.test("localeRows() passes through what it doesn't know, and warns", () => {
  const schema = schemaOf({ m: { fields: { a: "hologram", b: "string localized" } } });
  const { all, onWarning } = warnings();
  const hologram = { rays: [1, 2] };
  const rows = localeRows(
    [item("m", "1", { a: hologram, b: "not by locale" }), item("gone", "2", { x: 1 })],
    schema,
    { ...CURRENT, onWarning },
  );
  assert.deepEqual(pick(rows, "_model", "a", "b"), [["m", hologram, null], [
    "GONE",
    undefined,
    undefined,
  ]]);
  assert.deepEqual((rows[0]?._extra as JsonObject).attributes, { b: "not by locale" });
  assert.deepEqual((rows[1]?._extra as JsonObject).attributes, { x: 1 });
  assert.deepEqual(all, [
    'unknown_field_type: record "1", /attributes/a: the field type "hologram" isn\'t known',
    "unexpected_value: record \"1\", /attributes/b: a localized field's value that isn't an object",
    'unknown_model: record "2" is of model "GONE"',
  ]);
});

Deno.test("localeRows() changes nothing that it is given", () => {
  const schema = schemaOf({ m: { fields: { a: "json localized", b: "string" } } });
  const record = item("m", "1", { a: { en: "[1]", it: null }, b: "x", c: "unknown" });
  const before = structuredClone(record);
  localeRows([record], schema, CURRENT);
  assert.deepEqual(record, before);
});

Deno.test("normalizeLocales() turns each page into a page of rows", async () => {
  const schema = schemaOf({ tag: { fields: { name: "string localized" } } });
  const pages = [
    [item("tag", "1", { name: { en: "a", it: "b" } })],
    [item("tag", "2", { name: { en: "c" } })],
  ];
  const rows = await Array.fromAsync(
    ReadableStream.from(pages).pipeThrough(normalizeLocales(schema, CURRENT)),
  );
  assert.deepEqual(rows.map((page) => pick(page, "id", "name")), [
    [["1", "a"], ["1", "b"]],
    [["2", "c"]],
  ]);
});
