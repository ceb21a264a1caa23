import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { writeSha256 } from "../../src/text/sha256_words.ts";

Deno.test("writeSha256() writes as many words of SHA-256 as are wanted, of texts and bytes", () => {
  const data = fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(data, fc.integer({ min: 0, max: 8 }), (data, count) => {
      const words = new Uint32Array(count).fill(7);
      writeSha256(words, data);
      const digest = createHash("sha256").update(data).digest();
      const expected = Array.from(words, (_, i) => digest.readUInt32BE(4 * i));
      assert.deepEqual([...words], expected);
    }),
    { examples: [["", 8], ["\ud800", 8], ["щ\0\udc00x", 8], [new Uint8Array(), 8]] },
  );
});
