import assert from "node:assert/strict";
import fc from "fast-check";
import { PieceReader } from "../../src/storage/piece_reader.ts";
import { bytesOf, chunksOf } from "./bodies.ts";

Deno.test("PieceReader gives the body's bytes, whichever pieces are given back when", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(5000),
      fc.integer({ min: 1, max: 700 }),
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 600 }), held: fc.nat(4) }), {
        minLength: 1,
      }),
      async (length, chunk, steps) => {
        const bytes = bytesOf(length);
        const body = ReadableStream.from(chunksOf(bytes, chunk));
        using reader = new PieceReader(body, { key: "x" });
        const held: { piece: Uint8Array<ArrayBuffer>; start: number }[] = [];
        let start = 0;
        for (let step = 0;; step++) {
          const { size, held: most } = steps[step % steps.length]!;
          const piece = await reader.read(size);
          if (piece === undefined) break;
          assert.equal(piece.length, Math.min(size, length - start));
          held.push({ piece, start });
          start += piece.length;
          // What isn't given back must stay as it is.
          for (const { piece, start } of held) {
            assert.deepEqual(piece, bytes.subarray(start, start + piece.length));
          }
          for (const { piece } of held.splice(most)) reader.recycle(piece);
        }
        assert.equal(start, length);
        assert.deepEqual(bytes, bytesOf(length));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("PieceReader uses the memory of pieces again that were given back", async () => {
  const body = ReadableStream.from(chunksOf(bytesOf(1000), 7));
  using reader = new PieceReader(body, { key: "x" });
  const buffers = new Set<ArrayBuffer>();
  for (let piece = await reader.read(50); piece !== undefined; piece = await reader.read(50)) {
    buffers.add(piece.buffer);
    reader.recycle(piece);
  }
  // The first one grows as it is filled.
  assert.ok(buffers.size <= 2, `${buffers.size} buffers`);
});
