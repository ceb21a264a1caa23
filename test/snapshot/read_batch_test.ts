import assert from "node:assert/strict";
import fc from "fast-check";
import { batchSink } from "../../src/sink/batch_sink.ts";
import { JSON_DATA, NDJSON } from "../../src/sink/encodings.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { ObjectNotFoundError } from "../../src/storage/storage.ts";
import { readBatch } from "../../src/snapshot/read_batch.ts";
import { parseJson } from "../../src/text/json.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { anyCharacter } from "../support/text.ts";
import { temporaryPath } from "../support/temporary.ts";

const ENCODINGS = { "batch.ndjson": NDJSON, "batch.json": JSON_DATA };

/** Records with whatever JSON there is in them. */
const record = fc.record({
  id: fc.string({ unit: anyCharacter }),
  type: fc.constant("item"),
  attributes: fc.oneof(
    fc.dictionary(
      fc.oneof(
        fc.string({ unit: anyCharacter }),
        fc.constantFrom("__proto__", "constructor", "toString", "\u2028"),
      ),
      fc.jsonValue({ stringUnit: anyCharacter, maxDepth: 6 }),
      { maxKeys: 5 },
    ),
    fc.constantFrom(
      JSON.parse('{"__proto__":{"__proto__":[1]},"a":"\\u2028\\u2029\\ud800\\u0000\\r\\n"}'),
      { deep: JSON.parse("[".repeat(500) + "]".repeat(500)), long: "é\u2028".repeat(50_000) },
      parseJson('{"exact":[12345678901234567890,0.1234567890123456789,1e400]}'),
    ),
  ),
});

for (const [key, encoding] of Object.entries(ENCODINGS)) {
  Deno.test(`readBatch() reads back from ${key} whatever was written to it`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(record, { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        async (pages) => {
          const storage = new MemoryStorage();
          await ReadableStream.from(pages).pipeTo(batchSink(storage, { key: () => key, encoding }));
          if (pages.flat().length === 0) return assert.equal(storage.objects.size, 0);
          const read = (await Array.fromAsync(readBatch(storage, key))).flat();
          assert.deepEqual(
            read.map((entry) => JSON.stringify(entry)),
            pages.flat().map((entry) => JSON.stringify(entry)),
          );
        },
      ),
      { numRuns: 25 },
    );
  });
}

Deno.test("readBatch() reads in pages, and lets go of the file when it isn't read to its end", async () => {
  const root = await temporaryPath();
  try {
    const storage = new LocalStorage(root);
    const entries = Array.from({ length: 250 }, (_, n) => ({ id: n, text: "x".repeat(2000) }));
    await ReadableStream.from([entries]).pipeTo(
      batchSink(storage, { key: () => "b.ndjson", encoding: NDJSON }),
    );
    const pages = await Array.fromAsync(readBatch<{ id: number }>(storage, "b.ndjson"));
    assert.deepEqual(pages.map(({ length }) => length), [100, 100, 50]);
    assert.deepEqual(pages.flat(), entries);
    for await (const page of readBatch(storage, "b.ndjson")) {
      assert.equal(page.length, 100);
      break;
    }
    const controller = new AbortController();
    const reason = new Error("cancelled");
    await assert.rejects(async () => {
      for await (const _page of readBatch(storage, "b.ndjson", controller.signal)) {
        controller.abort(reason);
      }
    }, reason);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("readBatch() fails when a batch isn't there, or isn't what its name says", async () => {
  const storage = new MemoryStorage();
  const put = (key: string, text: string | Uint8Array<ArrayBuffer>) =>
    storage.put(key, typeof text === "string" ? new TextEncoder().encode(text) : text);
  await assert.rejects(Array.fromAsync(readBatch(storage, "no.ndjson")), ObjectNotFoundError);
  await put("cut.ndjson", '{"id":"1"}\n{"id":');
  await put("gap.ndjson", '{"id":"1"}\n\n{"id":"2"}\n');
  await put("html.json", "<html>");
  await put("other.json", '{"items":[]}');
  await put("list.json", "[]");
  await put("bytes.ndjson", new Uint8Array([0x22, 0xff, 0x22, 0x0a]));
  await put(
    "bytes.json",
    new Uint8Array([
      ...new TextEncoder().encode('{"data":["'),
      0xff,
      ...new TextEncoder().encode('"]}'),
    ]),
  );
  for (
    const key of [
      "cut.ndjson",
      "gap.ndjson",
      "html.json",
      "other.json",
      "list.json",
    ]
  ) {
    await assert.rejects(Array.fromAsync(readBatch(storage, key)), SyntaxError, key);
  }
  for (const key of ["bytes.ndjson", "bytes.json"]) {
    await assert.rejects(Array.fromAsync(readBatch(storage, key)), TypeError, key);
  }
  await put("open.ndjson", '{"id":"1"}\n{"id":"2"}');
  assert.deepEqual(await Array.fromAsync(readBatch(storage, "open.ndjson")), [[{ id: "1" }, {
    id: "2",
  }]]);
  await put("empty.ndjson", "");
  assert.deepEqual(await Array.fromAsync(readBatch(storage, "empty.ndjson")), []);
});
