import assert from "node:assert/strict";
import { recordShape } from "../../src/content/record_shape.ts";
import type { Field, JsonObject } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { buildSchema, itemTypeId } from "../../src/simulator/schema_builder.ts";

const blocks = (...names: string[]) => ({ item_types: names });
const PARTS = buildSchema({
  article: {
    name: "article",
    fields: {
      title: { type: "string" },
      body: {
        type: "structured_text",
        validators: {
          structured_text_blocks: blocks("quote"),
          structured_text_inline_blocks: blocks(),
        },
      },
    },
  },
  page: { name: "page", fields: { title: { type: "string" } } },
  any: { name: "any", fields: { parts: { type: "rich_text" } } },
  quote: {
    name: "quote",
    attributes: { modular_block: true },
    fields: {
      by: { type: "single_block", validators: { single_block_blocks: blocks("person", "quote") } },
    },
  },
  person: {
    name: "person",
    attributes: { modular_block: true },
    fields: { name: { type: "string" } },
  },
  other: {
    name: "other",
    attributes: { modular_block: true },
    fields: { name: { type: "string" } },
  },
}, ["en"]);

function shapes(edit: (field: Field) => JsonObject = () => ({}), locales = ["en"]) {
  const fields = PARTS.fields.map((field) => {
    return { ...field, attributes: { ...field.attributes, ...edit(field) } };
  });
  const schema = new SchemaIndex({ ...PARTS, fields, locales });
  return Object.fromEntries(["article", "page", "any"].map((key) => {
    return [key, recordShape(schema, itemTypeId(key))];
  }));
}

/** The models whose records look otherwise. */
function changed(...how: Parameters<typeof shapes>): string[] {
  const [before, after] = [shapes(), shapes(...how)];
  return Object.keys(before).filter((key) => before[key]!.text !== after[key]!.text);
}

Deno.test("recordShape() knows the blocks that may be in records, at any depth", () => {
  const { article, page, any } = shapes();
  const ids = (...keys: string[]) => new Set(keys.map(itemTypeId));
  assert.deepEqual(article!.blockModels, ids("quote", "person"));
  assert.deepEqual(page!.blockModels, ids());
  // What says nothing of its blocks may hold any.
  assert.deepEqual(any!.blockModels, ids("quote", "person", "other"));
});

Deno.test("recordShape() is another one if a field, a block in it or a locale is", () => {
  const of = (key: string) => ({ relationships: { item_type: { data } } }: Field) =>
    data.id === itemTypeId(key) ? { hint: "Another one" } : {};
  assert.deepEqual(changed(), []);
  assert.deepEqual(changed(of("page")), ["page"]);
  assert.deepEqual(changed(of("person")), ["article", "any"]);
  assert.deepEqual(changed(of("other")), ["any"]);
  assert.deepEqual(changed(undefined, ["en", "it"]), ["article", "page", "any"]);
});
