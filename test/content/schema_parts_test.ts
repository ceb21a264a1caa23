import assert from "node:assert/strict";
import type { Field, ItemType, Resource } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { schemaParts } from "../../src/content/schema_parts.ts";

const itemType = (id: string, api_key: string, modular_block = false) =>
  ({ type: "item_type", id, attributes: { api_key, modular_block } }) as unknown as ItemType;
const relationships = { item_type: { data: { type: "item_type", id: "1" } } };
const title = {
  type: "field",
  id: "3",
  attributes: { api_key: "title", position: 1 },
  relationships,
} as unknown as Field;
const group = { type: "fieldset", id: "4", attributes: { title: "Group" }, relationships };
const before = new SchemaIndex({
  locales: ["en"],
  itemTypes: [itemType("1", "article"), itemType("2", "quote", true)],
  fields: [title],
  fieldsets: [group as Resource],
});

Deno.test("schemaParts() names models, fields, fieldsets and locales", () => {
  assert.deepEqual([...schemaParts(before).values()].map(({ name }) => name), [
    "locales",
    "model article",
    "field article.title",
    "fieldset article.Group",
    "block model quote",
  ]);
});

Deno.test("schemaParts() tells parts that differ, whatever the order they come in", () => {
  const after = new SchemaIndex({
    locales: ["en"],
    itemTypes: [itemType("2", "citation", true), itemType("1", "article")],
    fields: [{ ...title, attributes: { ...title.attributes, position: 2 } } as Field],
    fieldsets: [group as Resource],
  });
  const [one, other] = [schemaParts(before), schemaParts(after)];
  const differing = [...other].filter(([id, { text }]) => one.get(id)?.text !== text);
  assert.deepEqual(differing.map(([id, { name }]) => `${id}: ${name}`), [
    "field 3: field article.title",
    "item_type 2: block model citation",
  ]);
});
