import assert from "node:assert/strict";
import { WarningCounter } from "../../src/transform/warnings.ts";

Deno.test("WarningCounter() counts by code and keeps the first example", () => {
  const warnings = new WarningCounter();
  assert.deepEqual(warnings.all(), []);
  const { add } = warnings;
  add("unknown_model", "first");
  add("invalid_json", "other");
  add("unknown_model", "second");
  assert.deepEqual(warnings.all(), [
    { code: "invalid_json", count: 1, example: "other" },
    { code: "unknown_model", count: 2, example: "first" },
  ]);
});
