import assert from "node:assert/strict";
import { tableSchema } from "../../src/transform/table_schema.ts";
import { schemaOf } from "./fixtures.ts";

const ITEM_TYPES = (...ids: string[]) => ({ item_types: ids });
const SCHEMA = schemaOf(
  {
    article: {
      fields: {
        title: "string localized",
        views: "integer",
        author: "link",
        cover: "file",
        body: "structured_text",
        odd: "hologram",
      },
    },
    author: { fields: {} },
    quote: { block: true, fields: { text: "text localized" } },
    gallery: { block: true, fields: {} },
  },
  ["en"],
  {
    "article.author": { item_item_type: ITEM_TYPES("AUTHOR", "GONE") },
    "article.body": {
      structured_text_blocks: ITEM_TYPES("QUOTE"),
      structured_text_inline_blocks: ITEM_TYPES("GALLERY", "QUOTE"),
      structured_text_links: ITEM_TYPES("AUTHOR", "ARTICLE"),
    },
  },
);

Deno.test("tableSchema() tells of every table", () => {
  const { tables } = tableSchema(SCHEMA);
  assert.deepEqual(tables.map(({ name, model }) => [name, model?.id]), [
    ["records/article", "ARTICLE"],
    ["records/author", "AUTHOR"],
    ["blocks/gallery", "GALLERY"],
    ["blocks/quote", "QUOTE"],
    ["links", undefined],
    ["uploads", undefined],
    ["locales", undefined],
    ["models", undefined],
    ["fields", undefined],
    ["creators", undefined],
    ["assets", undefined],
  ]);
  const model = { id: "ARTICLE", api_key: "article", name: "The article", title_column: null };
  assert.deepEqual(tables[0]?.model, model);
});

Deno.test("tableSchema() tells what each column holds", () => {
  const columns = tableSchema(SCHEMA).tables[0]?.columns ?? [];
  const column = (name: string) => columns.find((column) => column.name === name);
  assert.deepEqual(column("_created_at"), {
    name: "_created_at",
    sql_type: "timestamp with time zone",
    field_type: null,
    localized: false,
    references: [],
    free_text: false,
    description: "When the record was created",
  });
  assert.deepEqual(column("title"), {
    name: "title",
    sql_type: "text",
    field_type: "string",
    localized: true,
    references: [],
    free_text: true,
    description: "Label of title",
  });
  assert.equal(column("views")?.sql_type, "bigint");
  assert.equal(column("odd")?.sql_type, "json");
});

Deno.test("tableSchema() tells what a column refers to", () => {
  const columns = tableSchema(SCHEMA).tables[0]?.columns ?? [];
  const references = (name: string) => columns.find((column) => column.name === name)?.references;
  assert.deepEqual(references("author"), [{ type: "item", tables: ["records/author"] }]);
  assert.deepEqual(references("cover"), [{ type: "upload", tables: ["uploads"] }]);
  assert.deepEqual(references("body"), [
    { type: "block", tables: ["blocks/quote", "blocks/gallery"] },
    { type: "item", tables: ["records/author", "records/article"] },
  ]);
});

Deno.test("tableSchema() tells of rendered columns", () => {
  const columns = tableSchema(SCHEMA, { structuredText: "markdown" }).tables[0]?.columns ?? [];
  const index = columns.findIndex(({ name }) => name === "body");
  assert.deepEqual(columns[index + 1], {
    name: "body_md",
    sql_type: "text",
    field_type: null,
    localized: false,
    references: [],
    free_text: true,
    description: "Label of body, rendered as markdown",
  });
});

Deno.test("tableSchema() knows that a block's localized field is kept by locale", () => {
  const quote = tableSchema(SCHEMA).tables.find(({ name }) => name === "blocks/quote");
  const text = quote?.columns.find(({ name }) => name === "text");
  assert.deepEqual([text?.sql_type, text?.field_type, text?.localized], ["json", "text", true]);
});
