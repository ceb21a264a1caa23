import assert from "node:assert/strict";
import fc from "fast-check";
import { collectBytes } from "../../src/async/collect_bytes.ts";

/** A stream of chunks: one that reads into memory it is given, or one that gives its own. */
function streamOf(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  type: "bytes" | "chunks",
  onCancel: () => void = () => {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = chunks.filter(({ length }) => length > 0).map((chunk) => chunk.slice());
  const source = {
    pull(
      controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController,
    ): void {
      const chunk = left.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      controller.close();
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
    },
    cancel: onCancel,
  };
  return type === "bytes"
    ? new ReadableStream({ ...source, type: "bytes" })
    : new ReadableStream<Uint8Array<ArrayBuffer>>(source);
}

for (const type of ["bytes", "chunks"] as const) {
  Deno.test(`collectBytes() puts together what a stream of ${type} gives`, async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 60_000, max: 200_000 }).map((size) => new Uint8Array(size).fill(size)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), async (chunks) => {
        const copies = chunks.map((chunk) => new Uint8Array(chunk));
        const whole = new Uint8Array(await new Blob(copies).bytes());
        const sizes: number[] = [];
        const bytes = await collectBytes(streamOf(copies, type), (size) => sizes.push(size));
        assert.deepEqual(bytes, whole);
        assert.equal(sizes.at(-1) ?? 0, whole.length);
        assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  Deno.test(`collectBytes() cancels a stream of ${type} that it isn't to read on`, async () => {
    let cancelled = 0;
    const chunks = Array.from({ length: 10 }, () => new Uint8Array(1000));
    const stream = streamOf(chunks, type, () => cancelled++);
    await assert.rejects(
      collectBytes(stream, (size) => {
        if (size > 3000) throw new Error(`enough after ${size}`);
      }),
      /enough after 4000/,
    );
    assert.equal(cancelled, 1);
    assert.equal(stream.locked, false);
  });
}

Deno.test("collectBytes() fails with what the stream fails with", async () => {
  for (const type of ["bytes", undefined] as const) {
    const stream = new ReadableStream({
      ...(type && { type }),
      pull: (controller) => controller.error(new Error("broken")),
    });
    await assert.rejects(collectBytes(stream), /broken/);
  }
});
