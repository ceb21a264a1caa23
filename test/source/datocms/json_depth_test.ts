import assert from "node:assert/strict";
import fc from "fast-check";
import { isDeeperThan } from "../../../src/source/datocms/json_depth.ts";
import { anyCharacter } from "../../support/text.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

Deno.test("isDeeperThan() counts what is in what, and nothing in strings", () => {
  fc.assert(fc.property(fc.json({ stringUnit: anyCharacter, maxDepth: 6 }), (text) => {
    const depth = depthOf(JSON.parse(text));
    for (const levels of [0, 1, Math.max(0, depth - 1), depth, depth + 1]) {
      assert.equal(isDeeperThan(bytesOf(text), levels), depth > levels);
    }
  }));
});

Deno.test("isDeeperThan() is done at once with what is much deeper, and with what isn't JSON", () => {
  for (const unit of ["[", "{", '{"a":', '[{"\\\\":', "]", '"', "\\", "x"]) {
    const text = bytesOf(unit.repeat(1e6));
    assert.equal(isDeeperThan(text, 1000), /[[{]/.test(unit), unit);
  }
});
