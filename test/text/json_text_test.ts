import assert from "node:assert/strict";
import fc from "fast-check";
import { printableJson } from "../../src/text/json_text.ts";
import { anyCharacter } from "../support/text.ts";

Deno.test("printableJson() writes JSON of the same value that no terminal obeys", () => {
  const value = fc.oneof(
    fc.jsonValue({ stringUnit: anyCharacter }),
    fc.dictionary(
      fc.string({ unit: anyCharacter }),
      fc.nat(0x2100).map((n) => String.fromCharCode(n)),
    ),
  );
  fc.assert(fc.property(value, fc.constantFrom(0, 2), (value, indent) => {
    const text = printableJson(value, indent);
    assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(value));
    // Line breaks of indentation are its own.
    const line = text.replaceAll("\n", "");
    assert.match(line, /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*$/u);
  }));
});

Deno.test("printableJson() escapes what JSON.stringify() leaves", () => {
  assert.equal(
    printableJson({ "\x9b": "\x7f\u2028\u202e\u200b\u{e0041}" }, 2),
    '{\n  "\\u009b": "\\u007f\\u2028\\u202e\\u200b\\udb40\\udc41"\n}',
  );
});
