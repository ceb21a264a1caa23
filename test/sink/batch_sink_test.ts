import assert from "node:assert/strict";
import fc from "fast-check";
import { batchSink, type BatchSinkOptions, type WrittenBatch } from "../../src/sink/batch_sink.ts";
import { JSON_DATA, NDJSON } from "../../src/sink/encodings.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { turn, until } from "../support/until.ts";
import { temporaryPath } from "../support/temporary.ts";

interface Entry {
  readonly id: number;
  readonly text: string;
}

function sinkInto(storage: MemoryStorage | LocalStorage, options: Partial<BatchSinkOptions> = {}) {
  return batchSink(storage, { key: (batch) => `batch_${batch}`, encoding: NDJSON, ...options });
}

function entries(from: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({ id: from + i, text: "x" }));
}

function read(text: string, encoding: typeof NDJSON): Entry[] {
  return encoding === NDJSON
    ? text.split("\n").filter(Boolean).map((line) => JSON.parse(line))
    : JSON.parse(text).data;
}

for (const [name, encoding] of Object.entries({ NDJSON, JSON_DATA })) {
  Deno.test(`batchSink() writes all entries in order into full ${name} batches, whatever the pages`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          pages: fc.array(fc.nat(250), { maxLength: 6 }),
          text: fc.nat(60),
          maxEntries: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(Infinity)),
          maxBytes: fc.integer({ min: 1, max: 20_000 }),
        }),
        async ({ pages, text, maxEntries, maxBytes }) => {
          const storage = new MemoryStorage();
          const batches: WrittenBatch[] = [];
          let id = 0;
          const all = pages.map((size) =>
            entries(0, size).map(() => ({ id: id++, text: "ü".repeat(id % (text + 1)) }))
          );
          await ReadableStream.from(all).pipeTo(sinkInto(storage, {
            encoding,
            maxEntries,
            maxBytes,
            onBatch: (batch) => {
              assert.ok(storage.objects.has(batch.key), "told before it is there");
              batches.push(batch);
            },
          }));
          assert.deepEqual(storage.appeared, batches.map((_, i) => `batch_${i}`));
          const written = batches.map(({ key }) => read(storage.text(key)!, encoding));
          assert.deepEqual(written.flat(), all.flat());
          assert.deepEqual(batches.map(({ count }) => count), written.map(({ length }) => length));
          for (const [i, { key, size, count }] of batches.entries()) {
            assert.equal(size, storage.objects.get(key)!.length);
            assert.ok(count >= 1 && count <= maxEntries);
            if (i < batches.length - 1) {
              assert.ok(count === maxEntries || size >= maxBytes, "rolled over too early");
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
}

Deno.test("batchSink() rolls over at exactly the number of entries", async () => {
  const storage = new MemoryStorage();
  const counts: number[] = [];
  const pages = [entries(0, 3), [], entries(3, 7), entries(10, 10)];
  await ReadableStream.from(pages).pipeTo(
    sinkInto(storage, { maxEntries: 5, onBatch: ({ count }) => counts.push(count) }),
  );
  assert.deepEqual(counts, [5, 5, 5, 5]);
});

Deno.test("batchSink() rolls over with the entry that makes a batch large enough, whatever the pages", async () => {
  const line = new TextEncoder().encode(JSON.stringify({ id: 0 }) + "\n").length;
  for (const length of [1, 7, 100, 333, 1000]) {
    const pages = Array.from({ length: Math.ceil(1000 / length) }, (_, page) => {
      return Array.from({ length: Math.min(length, 1000 - page * length) }, () => ({ id: 0 }));
    });
    const counts: number[] = [];
    await ReadableStream.from(pages).pipeTo(
      sinkInto(new MemoryStorage(), {
        maxBytes: 150 * line - 1,
        onBatch: ({ count }) => counts.push(count),
      }),
    );
    assert.deepEqual(counts, [150, 150, 150, 150, 150, 150, 100], `${length}`);
  }
});

Deno.test("batchSink() puts everything into one object if any number of entries may be in it", async () => {
  const storage = new MemoryStorage();
  const written: WrittenBatch[] = [];
  const sink = batchSink(storage, {
    key: () => "list.ndjson",
    encoding: NDJSON,
    maxEntries: Infinity,
    onBatch: (batch) => void written.push(batch),
  });
  const text = "x".repeat(1024 * 1024);
  await ReadableStream.from(Array.from({ length: 34 }, (_, n) => [{ n, text }])).pipeTo(sink);
  assert.deepEqual(written.map(({ count }) => count), [34]);
  assert.ok((await storage.stat("list.ndjson"))!.size > 34 * text.length);
});

Deno.test("batchSink() fills a batch that was begun as if it had never been left", async () => {
  for (const encoding of [NDJSON, JSON_DATA]) {
    const whole = new MemoryStorage();
    await ReadableStream.from([entries(0, 12)]).pipeTo(
      sinkInto(whole, { encoding, maxEntries: 10 }),
    );
    for (const left of [1, 9, 10, 12]) {
      const storage = new MemoryStorage();
      let bytes: Uint8Array<ArrayBuffer>[] = [];
      let [batch, count] = [0, 0];
      const first = sinkInto(storage, {
        encoding,
        maxEntries: 10,
        onEntries: (some, more) => [bytes, count] = [[...bytes, ...more], count + some.length],
        onBatch: (written) => [batch, bytes, count] = [written.batch + 1, [], 0],
      }).getWriter();
      first.closed.catch(() => {});
      await first.write(entries(0, left));
      await first.abort(new Error("Killed"));
      await ReadableStream.from(left < 12 ? [entries(left, 12 - left)] : []).pipeTo(
        sinkInto(storage, {
          encoding,
          maxEntries: 10,
          firstBatch: batch,
          begun: count === 0 ? undefined : { count, bytes: () => ReadableStream.from(bytes) },
        }),
      );
      for (const key of ["batch_0", "batch_1"]) {
        const [found, expected] = [await storage.get(key), await whole.get(key)];
        assert.equal(await new Response(found).text(), await new Response(expected).text());
      }
    }
  }
});

Deno.test("batchSink() writes nothing when there are no entries", async () => {
  for (const pages of [[], [[]], [[], []]]) {
    const storage = new MemoryStorage();
    await ReadableStream.from(pages).pipeTo(sinkInto(storage, { encoding: JSON_DATA }));
    assert.deepEqual(storage.appeared, []);
  }
});

Deno.test("batchSink() refuses sizes under which no entry fits", () => {
  for (const maxEntries of [0, -1, 1.5, NaN]) {
    assert.throws(() => sinkInto(new MemoryStorage(), { maxEntries }), {
      name: "RangeError",
      message:
        `The most entries in a batch must be a whole number above 0: current value is ${maxEntries}`,
    });
  }
});

Deno.test("batchSink() takes no page before the storage took the one before", async () => {
  const gate = Promise.withResolvers<void>();
  const storage = new MemoryStorage({ onChunk: () => gate.promise });
  let pulled = 0;
  const pages = new ReadableStream<Entry[]>({
    pull(controller) {
      if (++pulled > 50) return controller.close();
      controller.enqueue(entries(pulled, 1));
    },
  }, { highWaterMark: 0 });
  const writing = pages.pipeTo(sinkInto(storage));
  for (let i = 0; i < 10; i++) await turn();
  assert.ok(pulled <= 4, `${pulled} pages were taken`);
  gate.resolve();
  await writing;
  assert.equal(read(storage.text("batch_0")!, NDJSON).length, 50);
});

Deno.test("batchSink() fails with the storage's own error, wherever it happens", async () => {
  const failure = new StorageError("The disk is full.");
  let chunks = 0;
  const hooks = {
    "at the first batch": { beforePut: () => Promise.reject(failure) },
    "at a later batch": {
      beforePut: (key: string) => key === "batch_2" ? Promise.reject(failure) : undefined,
    },
    "in the middle": {
      onChunk: () => {
        if (++chunks === 3) throw failure;
      },
    },
  };
  for (const [where, hook] of Object.entries(hooks)) {
    const storage = new MemoryStorage(hook);
    let cancelled: unknown;
    let id = 0;
    const pages = new ReadableStream<Entry[]>({
      pull: (controller) => controller.enqueue(entries(id++, 1)),
      cancel: (reason) => cancelled = reason,
    });
    await assert.rejects(pages.pipeTo(sinkInto(storage, { maxEntries: 4 })), failure, where);
    assert.equal(cancelled, failure, where);
    assert.equal(storage.open, 0, where);
    assert.ok(storage.appeared.every((key) => read(storage.text(key)!, NDJSON).length === 4));
  }
});

Deno.test("batchSink() fails when an entry can't be encoded, and leaves no part of the batch", async () => {
  const storage = new MemoryStorage();
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  await assert.rejects(
    ReadableStream.from([[{ id: 1 }], [cycle]]).pipeTo(sinkInto(storage)),
    TypeError,
  );
  assert.deepEqual(storage.appeared, []);
  assert.equal(storage.open, 0);
});

Deno.test("batchSink() leaves nothing of the batch behind when the source fails or the pipe is aborted", async () => {
  const failure = new Error("source");
  const failing = async function* () {
    yield entries(0, 2);
    yield entries(2, 2);
    await turn();
    throw failure;
  };
  const endless = async function* () {
    for (;;) {
      yield entries(0, 1);
      await turn();
    }
  };
  const root = await temporaryPath();
  try {
    for (const storage of [new MemoryStorage(), new LocalStorage(root)]) {
      await assert.rejects(
        ReadableStream.from(failing()).pipeTo(sinkInto(storage, { maxEntries: 3 })),
        failure,
      );
      assert.ok(await storage.stat("batch_0"));
      assert.equal(await storage.stat("batch_1"), undefined);
      await storage.delete(["batch_0"]);

      const controller = new AbortController();
      const piping = ReadableStream.from(endless()).pipeTo(sinkInto(storage), {
        signal: controller.signal,
      });
      await turn();
      controller.abort(failure);
      await assert.rejects(piping, failure);
      assert.equal(await storage.stat("batch_0"), undefined);
      if (storage instanceof MemoryStorage) assert.equal(storage.open, 0);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("batchSink() ends at once when it or its signal is aborted, also while the storage stalls", async () => {
  const reason = new Error("cancelled");
  for (const bySignal of [true, false]) {
    const controller = new AbortController();
    let stalled = false;
    const storage = new MemoryStorage({
      onChunk: (_key, _chunk, signal) => {
        stalled = true;
        return new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason))
        );
      },
    });
    const writer = sinkInto(storage, { signal: controller.signal }).getWriter();
    await writer.write(entries(0, 1));
    const stuck = assert.rejects(writer.write(entries(1, 1)), reason);
    await until(() => stalled, "the storage stalls");
    await turn();
    if (bySignal) controller.abort(reason);
    else await writer.abort(reason);
    await assert.rejects(writer.closed, reason);
    await stuck;
    assert.deepEqual(storage.appeared, []);
    assert.equal(storage.open, 0);
  }
});
