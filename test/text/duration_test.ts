import assert from "node:assert/strict";
import fc from "fast-check";
import { durationMs, isDuration } from "../../src/text/duration.ts";

Deno.test("durationMs() adds up the parts", () => {
  assert.equal(durationMs("50s"), 50_000);
  assert.equal(durationMs("1h30m"), 5_400_000);
  assert.equal(durationMs("1.5h"), 5_400_000);
  assert.equal(durationMs("1d1ms"), 86_400_001);
});

Deno.test("isDuration() accepts nothing without a unit, nothing negative, and no time at all", () => {
  for (const text of ["", "50", "s", "-5s", "5 s", "5S", "1h30", "0s", "1e3s", ".5s", "∞s"]) {
    assert.equal(isDuration(text), false, text);
  }
});

Deno.test("durationMs() is the sum for any parts, and refuses what isn't a duration", () => {
  const units = [["ms", 1], ["s", 1000], ["m", 60_000], ["h", 3_600_000], [
    "d",
    86_400_000,
  ]] as const;
  const part = fc.record({ n: fc.integer({ min: 1, max: 1000 }), unit: fc.constantFrom(...units) });
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
    const text = parts.map(({ n, unit }) => `${n}${unit[0]}`).join("");
    assert.ok(isDuration(text));
    assert.equal(durationMs(text), parts.reduce((sum, { n, unit }) => sum + n * unit[1], 0));
  }));
  fc.assert(fc.property(fc.string(), (text) => {
    if (!isDuration(text) && !/^(0|\.)+/.test(text)) {
      assert.throws(() => durationMs(text), RangeError);
    }
  }));
});
