import assert from "node:assert/strict";
import fc from "fast-check";
import { safeApiKey, safeName } from "../../src/text/safe_name.ts";
import { assertKey } from "../../src/storage/storage.ts";
import { long } from "../support/long.ts";
import { anyCharacter } from "../support/text.ts";

/** Text that somebody might have thought about for a while. */
const text = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.array(
    fc.constantFrom(
      "..",
      "/",
      "\\",
      ".",
      " ",
      "%",
      "%2F",
      "\0",
      "\n",
      "\u202e",
      "\uffff",
      ":",
      "a",
      "A",
      "é",
      "e\u0301",
      "😀",
      "\ud800",
      "con",
      "NUL",
      "lpt1",
      ".jpg",
      "~",
      "ǅ",
      "İ",
      "Ⓐ",
      "ß",
      "ſ",
      "K",
      "ς",
      "\u061c",
      "\ud801",
      "\ufffd",
      "~0123456789abcdef",
    ),
    { maxLength: 8 },
  ).map((parts) => parts.join("")),
  fc.string({ unit: anyCharacter, minLength: 60, maxLength: 400, size: "max" }),
);
const composed = text.map((text) => text.normalize("NFC"));

const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength;

for (const [name, safe] of Object.entries({ safeName, safeApiKey })) {
  Deno.test(`${name}() gives one harmless segment of a path, whatever the text`, () => {
    fc.assert(
      fc.property(text, (text) => {
        const result = safe(text);
        assert.ok(bytesOf(result) <= 200 && result.length > 0, `${bytesOf(result)} bytes`);
        assert.doesNotMatch(result, /[/\\:*?"<>|\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufffe\uffff]/u);
        assert.doesNotMatch(result, /^[. ]|[. ]$/);
        assert.doesNotMatch(
          result,
          /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i,
        );
        assert.ok(result.isWellFormed());
        assert.equal(assertKey(`a/${result}`), `a/${result}`);
      }),
      { numRuns: long(500, 200) },
    );
  });

  Deno.test(`${name}() gives different texts different names`, () => {
    fc.assert(
      fc.property(composed, composed, (a, b) => {
        assert.equal(safe(a) === safe(b), a === b);
      }),
      { numRuns: long(500, 200) },
    );
    fc.assert(
      fc.property(composed, (text) => {
        const names = [
          text,
          `%${text}`,
          `.${text}`,
          ` ${text}`,
          `${text}.`,
          `${text} `,
          `${text}%2E`,
        ];
        assert.equal(new Set(names.map(safe)).size, new Set(names).size);
      }),
      { numRuns: long(500, 200) },
    );
  });
}

Deno.test("safeName() leaves ordinary names as they are", () => {
  for (
    const name of [
      "photo.jpg",
      "Été à la plage (1).JPG",
      "日本語.pdf",
      "a~b_c-d.tar.gz",
      "console.log",
      "comma.txt",
    ]
  ) {
    assert.equal(safeName(name), name);
  }
});

Deno.test("safeName() defuses names that mean something else", () => {
  assert.equal(safeName(""), "%");
  assert.equal(safeName("."), "%2E");
  assert.equal(safeName(".."), "%2E%2E");
  assert.equal(safeName("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd");
  assert.equal(safeName("..\\x"), "%2E.%5Cx");
  assert.equal(safeName("con"), "%63on");
  assert.equal(safeName("NUL.txt"), "%4EUL.txt");
  assert.equal(safeName("com¹.txt"), "%63om¹.txt");
  assert.equal(safeName("aux .txt"), "%61ux .txt");
  assert.equal(safeName("CONOUT$"), "%43ONOUT$");
  assert.equal(safeName("a."), "a%2E");
});

Deno.test("safeName() gives both ways to write an accent one name", () => {
  assert.equal(safeName("e\u0301.jpg"), safeName("é.jpg"));
});

Deno.test("safeName() cuts long names, keeps their extension and tells them apart", () => {
  const text = "é".repeat(300);
  const name = safeName(`${text}.jpeg`);
  assert.match(name, /^é+~[0-9a-f]{16}\.jpeg$/);
  assert.ok(bytesOf(name) <= 200);
  assert.notEqual(safeName(`${text}1.jpeg`), name);
  assert.equal(bytesOf(safeName("a".repeat(200))), 200);
  assert.equal(safeName("a".repeat(200)), "a".repeat(200));
});

Deno.test("safeName() gives no text the name that another one was cut to", () => {
  fc.assert(fc.property(fc.string({ minLength: 201, maxLength: 300, size: "max" }), (text) => {
    for (const safe of [safeName, safeApiKey]) {
      const cut = safe(`${text}.jpg`);
      assert.notEqual(safe(cut), cut);
    }
  }));
});

/** What file systems take for one: case, forms of a character, characters that they don't know. */
function folded(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKD").toUpperCase();
}

Deno.test("safeApiKey() gives different keys names that differ on every file system", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      fc.pre(a !== b);
      assert.notEqual(folded(safeApiKey(a)), folded(safeApiKey(b)));
    }),
    { numRuns: long(500, 200) },
  );
  const twins = [
    "straße",
    "strasse",
    "STRASSE",
    "ﬁ",
    "fi",
    "é",
    "e\u0301",
    "s",
    "ſ",
    "k",
    "K",
    "i",
    "ı",
  ];
  assert.equal(new Set([...twins, "İ", "σ", "ς"].map((key) => folded(safeApiKey(key)))).size, 16);
  fc.assert(
    fc.property(text, (key) => {
      for (const other of [key.toLowerCase(), key.toUpperCase(), key.normalize("NFKD")]) {
        if (other === key) continue;
        assert.notEqual(safeApiKey(key).toLowerCase(), safeApiKey(other).toLowerCase());
      }
    }),
    { numRuns: long(500, 200) },
  );
  assert.equal(safeApiKey("blog_post2"), "blog_post2");
});
