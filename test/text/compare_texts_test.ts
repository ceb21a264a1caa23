import assert from "node:assert/strict";
import fc from "fast-check";
import { compareTexts } from "../../src/text/compare_texts.ts";

Deno.test("compareTexts() gives both texts back, and what they have in common", () => {
  const texts = fc.array(fc.constantFrom("a", "b", " ", "c ", "é", "🚣", "\n")).map((all) =>
    all.join("")
  );
  fc.assert(fc.property(texts, texts, (before, after) => {
    const parts = compareTexts(before, after);
    const of = (kind: string) => {
      return parts.filter((part) => part.kind !== kind).map(({ text }) => text).join("");
    };
    assert.equal(of("added"), before);
    assert.equal(of("removed"), after);
    if (before === after) assert.ok(parts.every(({ kind }) => kind === "same"));
  }));
  assert.deepEqual(compareTexts("a b c", "a x b c"), [
    { kind: "same", text: "a " },
    { kind: "added", text: "x " },
    { kind: "same", text: "b c" },
  ]);
  // Too long to be compared word by word.
  const [long, other] = ["a ", "b "].map((word) => word.repeat(2000));
  assert.ok(compareTexts(long!, other!).length <= 3);
});
