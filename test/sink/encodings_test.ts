import assert from "node:assert/strict";
import fc from "fast-check";
import { JSON_DATA, NDJSON } from "../../src/sink/encodings.ts";
import { encodingOf } from "../../src/snapshot/layout.ts";
import { anyCharacter } from "../support/text.ts";

const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

/** Entries in parts, as a sink hands them on. */
const parts = fc.array(
  fc.array(
    fc.record({
      id: fc.string({ unit: anyCharacter }),
      value: fc.jsonValue({ stringUnit: anyCharacter }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  { minLength: 1, maxLength: 4 },
);

Deno.test("JSON_DATA makes one JSON document of all parts, an entry on each line", () => {
  fc.assert(fc.property(parts, (parts) => {
    const { head = "", tail = "" } = JSON_DATA;
    const text = head + parts.map((part, i) => decode(JSON_DATA.encode(part, i === 0))).join("") +
      tail;
    assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify({ data: parts.flat() }));
    assert.equal(text.split("\n").length, parts.flat().length + 2);
  }));
});

Deno.test("NDJSON makes one line of each entry, and no other line ends", () => {
  fc.assert(fc.property(parts, (parts) => {
    const text = parts.map((part, i) => decode(NDJSON.encode(part, i === 0))).join("");
    assert.doesNotMatch(text, /[\r\u2028\u2029]/);
    const lines = text.split("\n");
    assert.equal(lines.pop(), "");
    assert.deepEqual(
      lines.map((line) => JSON.stringify(JSON.parse(line))),
      parts.flat().map((entry) => JSON.stringify(entry)),
    );
  }));
});

Deno.test("encodingOf() gives each layout its encoding", () => {
  assert.equal(encodingOf("ndjson"), NDJSON);
  assert.equal(encodingOf("enterprise"), JSON_DATA);
});
