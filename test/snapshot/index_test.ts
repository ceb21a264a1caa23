import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { encodingOf } from "../../src/snapshot/layout.ts";
import { IndexMaker } from "../../src/snapshot/index/make_index.ts";
import { IndexReader } from "../../src/snapshot/index/index_reader.ts";
import { compressionOf } from "../../src/sink/compression.ts";
import { decompressed } from "../../src/sink/members.ts";
import { batchSink } from "../../src/sink/batch_sink.ts";
import { bytesIn } from "../storage/bodies.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const { signal } = new AbortController();

/** Entries as the API sends them, and as nobody sends them. */
const entry = fc.record({
  id: fc.oneof(
    { weight: 5, arbitrary: fc.stringMatching(/^[\w-]{22}$/) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme" }) },
  ),
  attributes: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
  isIdLast: fc.boolean(),
  // Some are longer than a member of a compressed batch.
  length: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 300_000),
}).map(({ id, attributes: some, isIdLast, length }) => {
  const attributes = { ...some, long: "é".repeat(length) };
  return isIdLast ? { type: "item", attributes, id } : { id, type: "item", attributes };
});

async function offsetsOf(index: Uint8Array<ArrayBuffer>, id: string): Promise<number[]> {
  const read = (start: number, end: number) => Promise.resolve(index.slice(start, end));
  const reader = await IndexReader.open(read, index.length, signal);
  return (await reader.find(id, signal)).map(({ offset }) => offset);
}

const ENDINGS = { ndjson: "ndjson", enterprise: "json", zstd: "ndjson.zst", gzip: "ndjson.gz" };

for (const layout of ["ndjson", "enterprise", "zstd", "gzip"] as const) {
  Deno.test(`an index leads to each entry, wherever it is, and nowhere else: ${layout}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, { selector: ({ id }) => id, minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (entries, maxEntries, isForeign, place, flip) => {
          const storage = new MemoryStorage();
          const paths: string[] = [];
          await ReadableStream.from([entries]).pipeTo(batchSink(storage, {
            key: (batch) => `s/${batch}.${ENDINGS[layout]}`,
            encoding: encodingOf(layout === "enterprise" ? layout : "ndjson"),
            compression: layout === "zstd" || layout === "gzip" ? layout : "none",
            maxEntries,
            onBatch: ({ key }) => void paths.push(key.slice(2)),
          }));
          if (isForeign && layout === "enterprise") {
            for (const [key, bytes] of storage.objects) {
              const { data } = JSON.parse(new TextDecoder().decode(bytes));
              const text = JSON.stringify({ "é": [1], data, meta: {} }, null, 2);
              storage.objects.set(key, new TextEncoder().encode(text));
            }
          }
          const batches = paths.map((path) => {
            return { path, size: storage.objects.get(`s/${path}`)!.length };
          });
          const maker = new IndexMaker("x.idx");
          await maker.make({ storage, prefix: "s", batches, signal });
          const index = await new Blob([...maker.bytes(batches)]).bytes();
          const reader = await IndexReader.open(
            (start, end) => Promise.resolve(index.slice(start, end)),
            index.length,
            signal,
          );
          assert.equal(reader.head.count, entries.length);
          for (const entry of entries) {
            const [found, ...more] = await reader.find(entry.id, signal);
            assert.deepEqual(more, []);
            const { batch, offset, size, inside, length, crc32: sum } = found!;
            const range = { start: offset, end: offset + size };
            const bytes = await storage.get(`s/${batch.path}`, { range });
            const text = await bytesIn(decompressed(bytes, compressionOf(batch.path), "x"));
            const own = text.subarray(inside, inside + length);
            const value = JSON.parse(new TextDecoder().decode(own));
            assert.deepEqual(value, JSON.parse(JSON.stringify(entry)));
            assert.equal(sum, crc32(own));
          }
          assert.deepEqual(await reader.find(`${entries[0]!.id}?`, signal), []);

          // A byte that is another one is known, or changes nothing of where an entry is.
          const at = Math.floor(place * index.length);
          const other = index.slice();
          other[at]! ^= flip;
          for (const { id } of entries) {
            const found = (some: Uint8Array<ArrayBuffer>) => offsetsOf(some, id);
            try {
              assert.deepEqual(await found(other), await found(index), `byte ${at}`);
            } catch (error) {
              assert.ok(error instanceof SyntaxError || error instanceof TypeError, String(error));
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
}
