import assert from "node:assert/strict";
import fc from "fast-check";
import { renderLine } from "../../../src/cli/text/line.ts";
import { renderTable } from "../../../src/cli/text/table.ts";
import { cutToWidth, padToWidth, textWidth } from "../../../src/cli/text/width.ts";
import { wrap, wrapList } from "../../../src/cli/text/wrap.ts";

const FAMILY = "👨‍👩‍👧";

Deno.test("textWidth() counts columns, not characters", () => {
  assert.equal(textWidth("abc"), 3);
  assert.equal(textWidth("é"), 1);
  assert.equal(textWidth("e\u0301"), 1);
  assert.equal(textWidth("水の駅"), 6);
  assert.equal(textWidth("ﾊﾝｶｸ"), 4);
  assert.equal(textWidth(`${FAMILY}!`), 3);
  assert.equal(textWidth("\u200b"), 0);
  assert.equal(textWidth("█░…→"), 4);
});

Deno.test("cutToWidth() never takes more columns than there are, nor half a character", () => {
  assert.equal(cutToWidth("abcdef", 6), "abcdef");
  assert.equal(cutToWidth("abcdefg", 6), "abcde…");
  assert.equal(cutToWidth("水の駅", 5), "水の…");
  assert.equal(cutToWidth("水の駅", 4), "水…");
  assert.equal(cutToWidth(`a${FAMILY}b`, 3), "a…");
  assert.equal(cutToWidth("abc", 0), "");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat({ max: 20 }), (text, columns) => {
    const cut = cutToWidth(text, columns);
    assert.ok(textWidth(cut) <= columns);
    assert.ok(cut === text || columns === 0 || cut.endsWith("…"));
  }));
});

Deno.test("padToWidth() fills up", () => {
  assert.equal(padToWidth("水", 4), "水  ");
  assert.equal(padToWidth("7", 3, "start"), "  7");
  assert.equal(padToWidth("long", 2), "long");
});

Deno.test("wrap() breaks between words", () => {
  assert.deepEqual(wrap("the quick  brown\nfox", 10), ["the quick", "brown fox"]);
  assert.deepEqual(wrap("unbreakable a b", 4), ["unbreakable", "a b"]);
  assert.deepEqual(wrap(" ", 4), []);
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
      fc.integer({ min: 1, max: 30 }),
      (words, columns) => {
        const lines = wrap(words.join(" "), columns);
        assert.deepEqual(lines.flatMap((line) => line.split(" ")), words);
        for (const line of lines) {
          assert.ok(line.length <= columns || !line.includes(" "));
        }
      },
    ),
  );
});

Deno.test("wrapList() breaks between entries", () => {
  assert.deepEqual(wrapList(["a 1", "b 2", "c 3"], 9), ["a 1, b 2,", "c 3"]);
  assert.deepEqual(wrapList([], 9), []);
});

Deno.test("renderTable() sets text to the left and numbers to the right", () => {
  assert.deepEqual(
    renderTable(["text", "number", "text"], [["Model", "Records", "Note"], ["水", "1,204", ""], [
      "page",
      "3",
      "x",
    ]]),
    [
      "Model  Records  Note",
      "水       1,204",
      "page         3  x",
    ],
  );
  assert.deepEqual(renderTable(["text"], []), []);
});

Deno.test("renderLine() cuts before it colours", () => {
  const spans = ["ab ", ["red", "cdef"], " gh"] as const;
  assert.equal(renderLine(spans, { columns: 80, color: false }), "ab cdef gh");
  assert.equal(renderLine(spans, { columns: 80, color: true }), "ab \x1b[31mcdef\x1b[0m gh");
  assert.equal(renderLine(spans, { columns: 5, color: true }), "ab \x1b[31mc…\x1b[0m");
  assert.equal(renderLine(spans, { columns: 8, color: false }), "ab cdef…");
});
