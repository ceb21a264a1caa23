import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeNdjson, ndjsonBytes } from "../../src/transform/encode_ndjson.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

Deno.test("ndjsonBytes() writes one compact line per entry, each with a line end", () => {
  assert.equal(text(ndjsonBytes([{ b: 1, a: [null] }, {}])), '{"b":1,"a":[null]}\n{}\n');
  assert.equal(ndjsonBytes([]).byteLength, 0);
});

Deno.test("ndjsonBytes() escapes what some readers take for a line end", () => {
  const line = text(ndjsonBytes([{ "k\u2029": "a\u2028b\nc\r\u0085" }]));
  assert.equal(line, '{"k\\u2029":"a\\u2028b\\nc\\r\u0085"}\n');
});

Deno.test("ndjsonBytes() is read back as the same values, whatever they hold", () => {
  const entry = fc.dictionary(
    fc.string({ unit: "binary" }),
    fc.jsonValue({ stringUnit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 3 }), (entries) => {
      const page = JSON.parse(JSON.stringify(entries)) as object[];
      const lines = text(ndjsonBytes(page)).split(/[\n\r\u2028\u2029]/);
      assert.equal(lines.pop(), "");
      assert.deepEqual(lines.map((line) => JSON.parse(line)), page);
    }),
    { numRuns: 40 },
  );
});

Deno.test("encodeNdjson() gives one chunk per page and none for an empty page", async () => {
  const pages = [[{ id: "ä" }, { id: "2" }], [], [{ id: "3" }]];
  const chunks = await Array.fromAsync(ReadableStream.from(pages).pipeThrough(encodeNdjson()));
  assert.deepEqual(chunks.map(text), ['{"id":"ä"}\n{"id":"2"}\n', '{"id":"3"}\n']);
});

Deno.test("encodeNdjson() reads no further than it is read", async () => {
  let read = 0;
  const source = ReadableStream.from((function* () {
    for (;;) yield [{ id: String(++read) }];
  })());
  const reader = source.pipeThrough(encodeNdjson()).getReader();
  await reader.read();
  assert.ok(read <= 3, `${read} pages were read for one`);
  await reader.cancel();
});
