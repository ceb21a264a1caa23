import assert from "node:assert/strict";
import fc from "fast-check";
import type { Field, ItemType, Json, JsonObject, Resource } from "../../src/content/resource.ts";
import { mayHoldBlocks, SchemaIndex } from "../../src/content/schema_index.ts";
import { deepFreeze } from "../support/frozen.ts";

function itemType(id: string, apiKey: string, modularBlock = false): ItemType {
  return { id, type: "item_type", attributes: { api_key: apiKey, modular_block: modularBlock } };
}

function field(id: string, model: string, type = "string", attributes: JsonObject = {}): Field {
  return {
    id,
    type: "field",
    attributes: { api_key: id, field_type: type, localized: false, ...attributes },
    relationships: { item_type: { data: { id: model, type: "item_type" } } },
  };
}

function fieldset(id: string, model: string, position: number): Resource {
  return {
    id,
    type: "fieldset",
    attributes: { position },
    relationships: { item_type: { data: { id: model, type: "item_type" } } },
  };
}

Deno.test("SchemaIndex() orders models by api_key, and fields and fieldsets by position", () => {
  fc.assert(fc.property(fc.infiniteStream(fc.nat()), (random) => {
    const shuffled = <T>(values: T[]) =>
      values.map((value) => [random.next().value as number, value] as const)
        .sort(([a], [b]) => a - b).map(([, value]) => value);
    const itemTypes = [
      itemType("1", "zoo"),
      itemType("2", "b_lock", true),
      itemType("3", "animal"),
      itemType("4", "a_block", true),
    ];
    const fields = [0, 1, 2, 3].map((position) =>
      field(`f${position}`, "1", "string", { position })
    );
    const fieldsets = [0, 1, 2].map((position) => fieldset(`s${position}`, "1", position));
    const schema = new SchemaIndex(deepFreeze({
      locales: ["en", "it"],
      itemTypes: shuffled(itemTypes),
      fields: shuffled([...fields, field("other", "3")]),
      fieldsets: shuffled(fieldsets),
    }));
    assert.deepEqual(schema.locales, ["en", "it"]);
    assert.deepEqual(schema.models.map(({ id }) => id), ["3", "1"]);
    assert.deepEqual(schema.blockModels.map(({ id }) => id), ["4", "2"]);
    assert.deepEqual(schema.itemTypes.map(({ id }) => id), ["4", "3", "2", "1"]);
    assert.deepEqual(schema.fields("1"), fields);
    assert.deepEqual(schema.fields("3").map(({ id }) => id), ["other"]);
    assert.deepEqual(schema.fieldsets("1"), fieldsets);
  }));
});

Deno.test("SchemaIndex() finds models by id and by their records", () => {
  const model = itemType("1", "page");
  const schema = new SchemaIndex({
    locales: ["en"],
    itemTypes: [model],
    fields: [],
    fieldsets: [],
  });
  const record = (id: string) => ({
    id: "r",
    type: "item" as const,
    attributes: {},
    relationships: { item_type: { data: { id, type: "item_type" } } },
  });
  assert.equal(schema.itemType("1"), model);
  assert.equal(schema.itemTypeOf(record("1")), model);
  for (const id of ["2", "", "__proto__", "constructor"]) {
    assert.equal(schema.itemType(id), undefined);
    assert.equal(schema.itemTypeOf(record(id)), undefined);
    assert.deepEqual([schema.fields(id), schema.fieldsets(id), schema.holdsBlocks(id)], [
      [],
      [],
      false,
    ]);
  }
});

Deno.test("SchemaIndex.holdsBlocks() is true when any field may hold blocks", () => {
  const schema = new SchemaIndex({
    locales: ["en"],
    itemTypes: [itemType("1", "page"), itemType("2", "tag")],
    fields: [field("a", "1"), field("b", "1", "rich_text"), field("c", "2", "links")],
    fieldsets: [],
  });
  assert.equal(schema.holdsBlocks("1"), true);
  assert.equal(schema.holdsBlocks("2"), false);
});

Deno.test("mayHoldBlocks() is false for structured text only if its validators rule blocks out", () => {
  const none = { item_types: [] };
  const some = { item_types: ["1"] };
  const cases: [validators: Json | undefined, expected: boolean][] = [
    [{ structured_text_blocks: none, structured_text_inline_blocks: none }, false],
    // Projects older than inline blocks have no such validator.
    [{ structured_text_blocks: none }, false],
    [{ structured_text_blocks: none, structured_text_inline_blocks: null }, false],
    [{ structured_text_blocks: some, structured_text_inline_blocks: none }, true],
    [{ structured_text_blocks: none, structured_text_inline_blocks: some }, true],
    [{ structured_text_inline_blocks: none }, true],
    [{ structured_text_blocks: null }, true],
    [{ structured_text_blocks: {} }, true],
    [{ structured_text_blocks: { item_types: null } }, true],
    [{ structured_text_blocks: [] }, true],
    [{}, true],
    [null, true],
    [undefined, true],
  ];
  for (const [validators, expected] of cases) {
    const attributes = validators === undefined ? {} : { validators };
    const found = mayHoldBlocks(field("f", "1", "structured_text", attributes));
    assert.equal(found, expected, JSON.stringify(validators));
  }
});

Deno.test("mayHoldBlocks() is true for block fields, whatever their validators, and false for the rest", () => {
  const validators = {
    rich_text_blocks: { item_types: [] },
    single_block_blocks: { item_types: [] },
  };
  assert.equal(mayHoldBlocks(field("f", "1", "rich_text", { validators })), true);
  assert.equal(mayHoldBlocks(field("f", "1", "single_block", { validators })), true);
  for (const type of ["string", "text", "json", "links", "gallery", "not_invented_yet"]) {
    assert.equal(mayHoldBlocks(field("f", "1", type)), false);
  }
});

Deno.test("SchemaIndex() takes any position, also one that isn't a number", () => {
  const positions = ["2", null, {}, Object.create(null)];
  const fields = positions.map((position, n) => field(String(n), "1", "string", { position }));
  const schema = new SchemaIndex({
    locales: ["en"],
    itemTypes: [itemType("1", "page")],
    fields,
    fieldsets: [],
  });
  assert.deepEqual(schema.fields("1"), fields);
});
