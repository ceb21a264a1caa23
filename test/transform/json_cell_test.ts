import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJsonCell } from "../../src/transform/json_cell.ts";
import { long } from "../support/long.ts";

Deno.test("parseJsonCell() parses JSON, and tells whether it is written the same again", () => {
  assert.deepEqual(parseJsonCell('{"a":[1,"x",null]}'), {
    value: { a: [1, "x", null] },
    exact: true,
  });
  assert.deepEqual(parseJsonCell("[1, 2]"), { value: [1, 2], exact: false });
  // A null column stands for a field that is null.
  assert.deepEqual(parseJsonCell("null"), { value: null, exact: false });
});

Deno.test("parseJsonCell() keeps as text what isn't JSON", () => {
  for (const text of ["", "{", "undefined", "01", "{'a':1}", "[1,]", "\ufeff{}"]) {
    const { value, exact, problem } = parseJsonCell(text);
    assert.deepEqual([value, exact, problem?.code], [text, false, "invalid_json"], text);
  }
});

Deno.test("parseJsonCell() keeps as text what nests too deep to be written again", () => {
  const text = "[".repeat(100_000) + "]".repeat(100_000);
  const { value, problem } = parseJsonCell(text);
  assert.equal(value, text);
  assert.deepEqual(problem, { code: "invalid_json", message: "nested more than 500 levels deep" });
});

Deno.test("parseJsonCell() keeps as text numbers that would lose digits", () => {
  for (
    const number of [
      "12345678901234567890",
      "-9007199254740993",
      "0.12345678901234567891",
      "1e400",
      "-1.5E-400",
      "123456789012345678e5",
    ]
  ) {
    const text = `{ "a": [${number}] }`;
    const { value, problem } = parseJsonCell(text);
    assert.deepEqual([value, problem?.code], [text, "inexact_json"], number);
    assert.equal(problem?.message, `${number} has more digits than a number can hold`);
  }
});

Deno.test("parseJsonCell() parses numbers that only look long", () => {
  for (
    const [number, value] of [
      ["1.00000000000000000000", 1],
      ["1000000000000000000000", 1e21],
      ["0.1000000000000000055e0", undefined],
      ["1.5e+300", 1.5e300],
      ["-0.000000000000000000e5", -0],
      ["0.30000000000000004", 0.30000000000000004],
      ["9007199254740992", 2 ** 53],
      ["5e-324", 5e-324],
    ] as const
  ) {
    const cell = parseJsonCell(`[${number} ]`);
    assert.deepEqual(cell.value, value === undefined ? `[${number} ]` : [value], number);
  }
  const text = '{ "12345678901234567890": "\\"12345678901234567890" }';
  assert.deepEqual(parseJsonCell(text).value, { "12345678901234567890": '"12345678901234567890' });
});

Deno.test("parseJsonCell() holds every number that a double can, however it is written", () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
    for (const text of [JSON.stringify([number]), `[${number.toExponential()} ]`]) {
      assert.deepEqual(parseJsonCell(text).value, JSON.parse(text));
    }
  }));
});

Deno.test("parseJsonCell() is done with hostile text at once, and says little about it", () => {
  const texts = [
    `1.${"0".repeat(1e6)}1`,
    "9".repeat(1e6),
    `["${"\\n".repeat(long(1e7, 3e6))}", 12345678901234567890]`,
    `${"[".repeat(1e5)}${"]".repeat(1e5)}`,
    "[".repeat(1e6),
    "\u001b[2J",
    `"${"\u009b\u202e".repeat(1e5)}`,
  ];
  for (const text of texts) {
    const start = performance.now();
    const { value, problem } = parseJsonCell(text);
    assert.equal(value, text);
    assert.match(problem!.message, /^[^\p{Cc}]{1,200}$/u);
    // Quadratic time would be minutes; a busy machine takes seconds.
    assert.ok(performance.now() - start < 20_000, `${performance.now() - start} ms`);
  }
});
