import assert from "node:assert/strict";
import fc from "fast-check";
import { mapBlocks } from "../../src/content/blocks.ts";
import type { Item, Json, JsonObject } from "../../src/content/resource.ts";
import { isObject, parseJson } from "../../src/text/json.ts";
import { deepFreeze } from "../support/frozen.ts";

const TYPES = ["rich_text", "single_block", "structured_text"];

function block(id: string, attributes: JsonObject = { text: "Hello" }): Item & JsonObject {
  return {
    id,
    type: "item",
    attributes,
    relationships: { item_type: { data: { id: "m", type: "item_type" } } },
  };
}

const idOf = (block: Item | string) => typeof block === "string" ? block : block.id;

/** A block, or its id as the API's regular mode shows it. */
const aBlock: fc.Arbitrary<Json> = fc.oneof(
  fc.stringMatching(/^[a-z]{1,4}$/),
  fc.stringMatching(/^[a-z]{1,4}$/).map(block),
);
/** A structured text document, or something like it. */
const { node } = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.record({ type: fc.constant("span"), value: fc.string() }),
    fc.record({
      type: fc.constantFrom("block", "inlineBlock"),
      item: fc.oneof(aBlock, fc.constant(null)),
    }),
    fc.record({ type: fc.constantFrom("itemLink", "inlineItem"), item: fc.string() }),
    fc.record({
      type: fc.constantFrom("paragraph", "list", "root"),
      children: fc.array(tie("node"), { maxLength: 4 }),
    }),
    fc.constantFrom(null, "text", 1, []),
  ),
}));
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.array(fc.oneof(aBlock, fc.constantFrom(null, 1, {})), { maxLength: 5 }),
  aBlock,
  node.map((document) => ({ schema: "dast", document })),
  fc.jsonValue() as fc.Arbitrary<Json>,
);

Deno.test("mapBlocks() replaces blocks of modular content, in order", () => {
  const seen: [string, readonly (string | number)[]][] = [];
  const result = mapBlocks([block("a"), "b", null], "rich_text", (block, path) => {
    seen.push([idOf(block), path]);
    return idOf(block).toUpperCase();
  });
  assert.deepEqual(result, ["A", "B", null]);
  assert.deepEqual(seen, [["a", [0]], ["b", [1]]]);
});

Deno.test("mapBlocks() replaces a single block", () => {
  assert.equal(
    mapBlocks(block("a"), "single_block", (found, path) => idOf(found) + path.length),
    "a0",
  );
  assert.equal(mapBlocks("a", "single_block", (found) => `${found}!`), "a!");
  assert.equal(mapBlocks(null, "single_block", () => assert.fail()), null);
});

Deno.test("mapBlocks() replaces blocks and inline blocks of structured text, and leaves records alone", () => {
  const value = deepFreeze<Json>({
    schema: "dast",
    document: {
      type: "root",
      children: [
        {
          type: "paragraph",
          children: [
            { type: "itemLink", item: "record", children: [{ type: "span", value: "x" }] },
            { type: "inlineItem", item: "record" },
            { type: "inlineBlock", item: block("a") },
          ],
        },
        { type: "block", item: block("b") },
        { type: "block", item: "c" },
      ],
    },
  });
  const paths: string[] = [];
  const result = mapBlocks(value, "structured_text", (found, path) => {
    paths.push(path.join("/"));
    // The path must lead to the block.
    let there: unknown = value;
    for (const key of path) there = (there as Record<string | number, unknown>)[key];
    assert.equal(there, found);
    return idOf(found).toUpperCase();
  });
  assert.deepEqual(paths, [
    "document/children/0/children/2/item",
    "document/children/1/item",
    "document/children/2/item",
  ]);
  assert.deepEqual(JSON.stringify(result).match(/"item":"\w+"/g), [
    '"item":"record"',
    '"item":"record"',
    '"item":"A"',
    '"item":"B"',
    '"item":"C"',
  ]);
});

Deno.test("mapBlocks() doesn't visit blocks of blocks", () => {
  const outer = block("outer", { inner: [block("inner")], text: block("text") });
  const seen: string[] = [];
  for (const type of TYPES) {
    const value: Json = type === "structured_text"
      ? { document: { type: "root", children: [{ type: "block", item: outer }] } }
      : type === "rich_text"
      ? [outer]
      : outer;
    mapBlocks(value, type, (found) => {
      seen.push(idOf(found));
      return found as Json;
    });
  }
  assert.deepEqual(seen, ["outer", "outer", "outer"]);
});

Deno.test("mapBlocks() returns the value itself when nothing is replaced", () => {
  fc.assert(fc.property(value, fc.constantFrom(...TYPES, "string", "json"), (value, type) => {
    deepFreeze(value);
    assert.equal(mapBlocks(value, type, (found) => found as Json), value);
  }));
});

Deno.test("mapBlocks() changes nothing that it is given, and only blocks in what it returns", () => {
  fc.assert(fc.property(value, fc.constantFrom(...TYPES), (value, type) => {
    const before = JSON.stringify(deepFreeze(value));
    const paths: (readonly (string | number)[])[] = [];
    const result = mapBlocks(value, type, (_block, path) => {
      paths.push(path);
      return { replaced: paths.length };
    });
    assert.equal(JSON.stringify(value), before);
    // Putting what was there back gives what was there.
    let restored = structuredClone(result);
    for (const path of paths) {
      const original = path.reduce<unknown>(
        (at, key) => (at as Record<string | number, unknown>)[key],
        value,
      );
      if (path.length === 0) restored = original as Json;
      else {
        const parent = path.slice(0, -1).reduce<unknown>(
          (at, key) => (at as Record<string | number, unknown>)[key],
          restored,
        );
        (parent as Record<string | number, unknown>)[path.at(-1)!] = original;
      }
    }
    assert.equal(JSON.stringify(restored), before);
  }));
});

Deno.test("mapBlocks() keeps keys that a careless copy would lose", () => {
  const value = JSON.parse(
    '{"__proto__":{"x":1},"document":{"type":"root","children":[{"__proto__":[],"type":"block","item":"a"}]}}',
  );
  assert.equal(
    JSON.stringify(mapBlocks(value, "structured_text", () => "b")),
    '{"__proto__":{"x":1},"document":{"type":"root","children":[{"__proto__":[],"type":"block","item":"b"}]}}',
  );
});

Deno.test("isObject() tells objects from arrays, null and the rest", () => {
  assert.deepEqual([{}, Object.create(null)].map(isObject), [true, true]);
  assert.deepEqual([[], null, undefined, "a", 1, true].map(isObject), [
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("isObject() tells objects from all else, also from numbers that no double holds", () => {
  for (const value of [{}, Object.create(null), { rawJSON: "1" }]) assert.ok(isObject(value));
  for (const value of [null, undefined, [], "x", 1, parseJson("12345678901234567890")]) {
    assert.equal(isObject(value), false);
  }
});
