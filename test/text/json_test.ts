import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../../src/text/json.ts";
import { anyCharacter } from "../support/text.ts";

/** A number as JSON allows it, whatever a double holds of it. */
const numberText = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?([eE][+-]?\d{1,4})?$/);

/** A number as sign, digits and exponent, without zeros that mean nothing: equal numbers are equal texts. */
function canonical(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? assert.fail(`not a number: ${text}`);
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = BigInt(exponent) - BigInt(fraction.length) +
    BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}

Deno.test("parseJson() keeps every number's value, also those that a double can't hold", () => {
  fc.assert(
    fc.property(numberText, (text) => {
      for (const json of [text, ` ${text}\n`]) {
        assert.equal(canonical(JSON.stringify(parseJson(json))), canonical(text));
      }
      for (
        const wrap of [
          (n: string) => `[1,${n},"x"]`,
          (n: string) => `{"a":${n}}`,
          (n: string) => `{"a": [${n} ]}`,
        ]
      ) {
        const written = JSON.stringify(parseJson(wrap(text)));
        const found = /(?<=[[:,])-?\d[\d.eE+-]*(?=[\],}])/g;
        const wanted = wrap(text).replaceAll(" ", "").match(found)!.map(canonical);
        assert.deepEqual(written.match(found)!.map(canonical), wanted);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("parseJson() gives plain numbers wherever a double is enough", () => {
  const text =
    '{"a":1,"b":-0.1,"c":1.0,"d":1e5,"e":9007199254740991,"f":1565776891123,"g":0.30000000000000004}';
  const parsed = parseJson(`[${text},12345678901234567890]`) as [Record<string, unknown>, unknown];
  assert.deepEqual(parsed[0], JSON.parse(text));
});

Deno.test("parseJson() keeps numbers that double can't hold as their text", () => {
  for (
    const text of [
      "12345678901234567890",
      "0.1234567890123456789",
      "12345678.987654321",
      "1e400",
      "-1E-400",
      "[9007199254740993]",
    ]
  ) {
    assert.equal(JSON.stringify(parseJson(text)), text);
  }
});

Deno.test("parseJson() gives the same as JSON.parse() for everything else", () => {
  fc.assert(fc.property(fc.json({ stringUnit: anyCharacter }), (text) => {
    assert.equal(JSON.stringify(parseJson(text)), JSON.stringify(JSON.parse(text)));
  }));
  for (const text of ["", "{", "<html>", "nul", "01", "[1,]", "'a'"]) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
});

Deno.test("parseJson() takes __proto__ for a key like any other", () => {
  for (const number of ["1", "12345678901234567890"]) {
    const text = `{"__proto__":{"admin":true},"n":${number},"a":[{"__proto__":null}]}`;
    const value = parseJson(text) as Record<string, unknown>;
    assert.equal(JSON.stringify(value), text);
    assert.equal(value.admin, undefined);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  }
});

Deno.test("parseJson() is done with a number of many zeros at once", () => {
  const text = `1.${"0".repeat(1e6)}1`;
  const start = performance.now();
  assert.equal(JSON.stringify(parseJson(text)), text);
  // Quadratic time would be minutes; a busy machine takes seconds.
  assert.ok(performance.now() - start < 20_000, `${performance.now() - start} ms`);
});

/** What looks at every number: the same, but slower. */
function parseEach(text: string): unknown {
  const { parse, rawJSON } = JSON as unknown as {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: Source) => unknown,
    ): unknown;
    rawJSON(text: string): unknown;
  };
  interface Source {
    readonly source?: string;
  }
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined) return value;
    const isExact = Number.isFinite(value) && canonical(String(value)) === canonical(source);
    return isExact ? value : rawJSON(source);
  });
}

Deno.test("parseJson() takes numbers in strings for text, whatever stands around them", () => {
  /** What makes it hard to see where strings begin and end. */
  const piece = fc.oneof(
    numberText,
    fc.constantFrom('"', "\\", '\\"', ":", ",", "[", "]", " ", "\n", "{", "}", "\u2028", "1e999"),
    fc.constantFrom("d41d8cd98f00b204e9800998ecf8427e", "12345678901234567890", "0.123456789"),
  );
  const hard = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      numberText,
      hard.map((text) => JSON.stringify(text)),
      fc.constantFrom("null", "true", "-0", "-0.0", "1E5"),
      fc.tuple(fc.array(tie("value"), { maxLength: 4 }), fc.constantFrom(",", " ,\n"))
        .map(([values, comma]) => `[${values.join(comma)}]`),
      fc.tuple(
        fc.array(fc.tuple(fc.oneof(hard, fc.constant("__proto__")), tie("value")), {
          maxLength: 4,
        }),
        fc.constantFrom(":", " : "),
      ).map(([entries, colon]) => {
        return `{${entries.map(([key, text]) => JSON.stringify(key) + colon + text).join()}}`;
      }),
    ),
  }));
  fc.assert(
    fc.property(value, (text) => {
      const [parsed, wanted] = [parseJson(text), parseEach(text)];
      assert.equal(JSON.stringify(parsed), JSON.stringify(wanted));
      // Where nothing needs to be kept as text, they are equal as values: -0 isn't 0.
      if (!/\d{16}|\d\.\d{8}|\d{8}\.\d|[eE][+-]?\d{3}/.test(text)) assert.deepEqual(parsed, wanted);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("parseJson() takes a long text of strings that look like numbers at once", () => {
  const items = Array.from({ length: 20_000 }, (_, at) => `{"a":"x,1234567890123456789${at},"}`);
  const text = `[${items.join()}]`;
  const start = performance.now();
  assert.equal(JSON.stringify(parseJson(text)), text);
  // Quadratic time would be minutes; a busy machine takes seconds.
  assert.ok(performance.now() - start < 20_000, `${performance.now() - start} ms`);
});
