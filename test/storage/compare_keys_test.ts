import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { compareKeys } from "../../src/storage/compare_keys.ts";

Deno.test("compareKeys() orders as UTF-8 bytes do", () => {
  const key = fc.string({ unit: "binary", maxLength: 5 });
  fc.assert(fc.property(key, key, (a, b) => {
    const bytes = Buffer.from(a).compare(Buffer.from(b));
    assert.equal(Math.sign(compareKeys(a, b)), bytes);
  }));
  assert.ok(compareKeys("\uff5e", "😀") < 0);
  assert.ok(compareKeys("a/b", "a-b") > 0);
  assert.ok(compareKeys("a", "ab") < 0);
});
