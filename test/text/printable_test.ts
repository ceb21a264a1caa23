import assert from "node:assert/strict";
import fc from "fast-check";
import { printable, printableJson, shownAddress } from "../../src/text/printable.ts";
import { anyCharacter } from "../support/text.ts";

Deno.test("printable() leaves harmless text as it is", () => {
  for (const text of ["", "Hello, wörld! 你好 👋🏽", 'a "b" \\ c', "a\u00a0b"]) {
    assert.equal(printable(text), text);
  }
});

Deno.test("printable() shows control characters as escapes", () => {
  assert.equal(
    printable("a\r\nb\x1b[31m\x9b\u2028\u202e\u200f\u061c"),
    "a\\u000d\\u000ab\\u001b[31m\\u009b\\u2028\\u202e\\u200f\\u061c",
  );
});

Deno.test("printable() shows what nobody would see as escapes, but for what an emoji is made of", () => {
  const emojis = "👩‍🚀 👩🏽‍🚀 ❤️ ❤️‍🔥 1️⃣";
  assert.equal(printable(emojis), emojis);
  assert.equal(
    printable("a\u200bb\u00adc\u2060\ufeff\u{e0041}d\u200d\ufe0f🏴\u{e0067}\u{e007f}\u3164"),
    "a\\u200bb\\u00adc\\u2060\\ufeff\\u{e0041}d\\u200d\\ufe0f🏴\\u{e0067}\\u{e007f}\\u3164",
  );
});

Deno.test("printable() cuts what is too long", () => {
  assert.equal(printable("abcdef", 6), "abcdef");
  assert.equal(printable("abcdefg", 6), "abcde…");
  assert.equal(printable("\n".repeat(1000), 20).length, 20);
});

Deno.test("printable() never returns a control character, a broken character or more than it was allowed", () => {
  const text = fc.string({ unit: anyCharacter });
  const hostile = fc.array(
    fc.oneof(
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
      fc.nat(0xa0).map((unit) => String.fromCharCode(unit)),
    ),
  ).map((units) => units.join(""));
  fc.assert(fc.property(fc.oneof(text, hostile), fc.integer({ min: 1, max: 40 }), (text, max) => {
    const shown = printable(text, max);
    assert.match(shown, /^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u);
    assert.ok(shown.isWellFormed());
    assert.ok(shown.length <= max);
  }));
});

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

Deno.test("shownAddress() shows paths of files, and other addresses as they are", () => {
  assert.equal(shownAddress("file:///a%20b/content"), "/a b/content");
  assert.equal(shownAddress("s3://bucket/a%20b"), "s3://bucket/a%20b");
});

Deno.test("shownAddress() shows also what can't be a path, in plain text", () => {
  assert.equal(shownAddress("file:///a/project_..%2Fb"), "file:///a/project_..%2Fb");
  assert.equal(shownAddress("file:///a%1b[2J%"), "file:///a%1b[2J%");
  assert.equal(shownAddress("file:///a%1b[2J"), "/a\\u001b[2J");
});
