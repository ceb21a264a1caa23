import assert from "node:assert/strict";
import { getOwn, setOwn } from "../../src/text/own.ts";
import type { JsonObject } from "../../src/content/resource.ts";

Deno.test("getOwn() doesn't answer with what is inherited", () => {
  assert.equal(getOwn({ a: 1 }, "a"), 1);
  assert.equal(getOwn({}, "constructor"), undefined);
  assert.equal(getOwn({}, "__proto__"), undefined);
  assert.equal(getOwn(undefined, "a"), undefined);
  assert.equal(getOwn(JSON.parse('{"__proto__":1}'), "__proto__"), 1);
});

Deno.test("setOwn() sets __proto__ like any other key", () => {
  const object: JsonObject = {};
  setOwn(object, "__proto__", { polluted: true });
  setOwn(object, "a", 1);
  assert.equal(JSON.stringify(object), '{"__proto__":{"polluted":true},"a":1}');
  assert.equal(object.polluted, undefined);
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
});
