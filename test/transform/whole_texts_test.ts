import assert from "node:assert/strict";
import fc from "fast-check";
import { WholeTexts } from "../../src/transform/whole_texts.ts";

Deno.test("WholeTexts.of() gives every text as it is, however often it is asked", () => {
  const texts = new WholeTexts();
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
    assert.equal(texts.of(a + b), a + b);
    assert.equal(texts.of(a + b), a + b);
  }));
});
