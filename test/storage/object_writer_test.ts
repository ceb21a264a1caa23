import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { ObjectWriter } from "../../src/storage/object_writer.ts";
import { ObjectExistsError, StorageError } from "../../src/storage/storage.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { turn } from "../support/until.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("ObjectWriter() writes one object of all its pieces, and tells its size and SHA-256", async () => {
  const storage = new MemoryStorage();
  const writer = new ObjectWriter(storage, "a/b.txt");
  for (const piece of ["Hello", "", ", ", "wörld"]) await writer.write(bytes(piece));
  assert.equal(writer.size, 13);
  assert.deepEqual(storage.appeared, []);
  assert.deepEqual(await writer.close(), {
    key: "a/b.txt",
    size: 13,
    sha256: createHash("sha256").update("Hello, wörld").digest("hex"),
    info: { key: "a/b.txt", size: 13 },
  });
  assert.equal(storage.text("a/b.txt"), "Hello, wörld");
  const empty = new ObjectWriter(storage, "empty");
  assert.equal((await empty.close()).size, 0);
  assert.equal(storage.text("empty"), "");
});

Deno.test("ObjectWriter.write() waits until the storage took the piece", async () => {
  const gate = Promise.withResolvers<void>();
  const storage = new MemoryStorage({ beforePut: () => gate.promise });
  const writer = new ObjectWriter(storage, "a");
  let written = false;
  const writing = writer.write(bytes("x")).then(() => written = true);
  for (let i = 0; i < 3; i++) await turn();
  assert.equal(written, false);
  gate.resolve();
  await writing;
  await writer.close();
});

Deno.test("ObjectWriter() fails with the storage's own error, whenever it fails", async () => {
  const failure = new StorageError("The disk is full.");
  let chunks = 0;
  const storages = {
    atOnce: new MemoryStorage({ beforePut: () => Promise.reject(failure) }),
    later: new MemoryStorage({ beforePut: () => turn().then(() => Promise.reject(failure)) }),
    inTheMiddle: new MemoryStorage({
      onChunk: () => {
        if (++chunks === 3) throw failure;
      },
    }),
  };
  for (const [name, storage] of Object.entries(storages)) {
    const writer = new ObjectWriter(storage, "a");
    await assert.rejects(
      async () => {
        for (let i = 0; i < 10; i++) await writer.write(bytes("x"));
        await writer.close();
      },
      failure,
      name,
    );
    // Whatever is tried afterwards fails the same way.
    await assert.rejects(writer.write(bytes("x")), failure, name);
    await assert.rejects(writer.close(), failure, name);
    await writer.abort();
    assert.deepEqual(storage.appeared, []);
    assert.equal(storage.open, 0);
  }
});

Deno.test("ObjectWriter.close() fails with the storage's own error", async () => {
  const storage = new MemoryStorage();
  await storage.put("a", bytes("first"));
  const writer = new ObjectWriter(storage, "a", { ifAbsent: true });
  await writer.write(bytes("second"));
  await assert.rejects(writer.close(), ObjectExistsError);
  assert.equal(storage.text("a"), "first");
});

Deno.test("ObjectWriter.abort() leaves nothing behind", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (const pieces of [0, 1, 3]) {
      for (const storage of [new MemoryStorage(), new LocalStorage(root)]) {
        const writer = new ObjectWriter(storage, "a/b");
        for (let i = 0; i < pieces; i++) await writer.write(bytes("x".repeat(1000)));
        await writer.abort(new Error("enough"));
        assert.equal(await storage.stat("a/b"), undefined);
        if (storage instanceof MemoryStorage) assert.equal(storage.open, 0);
      }
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("ObjectWriter() ends with the signal's reason, also while a storage stalls", async () => {
  const controller = new AbortController();
  const reason = new Error("cancelled");
  const storage = new MemoryStorage({
    onChunk: (_key, _chunk, signal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  });
  const writer = new ObjectWriter(storage, "a", { signal: controller.signal });
  await writer.write(bytes("x"));
  const stalled = writer.write(bytes("y"));
  await turn();
  controller.abort(reason);
  await assert.rejects(stalled, reason);
  await assert.rejects(writer.close(), reason);
  assert.deepEqual(storage.appeared, []);
  assert.equal(storage.open, 0);
});

Deno.test("ObjectWriter.close() notices that the storage took another number of bytes", async () => {
  const storage = new MemoryStorage();
  const put = storage.put.bind(storage);
  storage.put = async (...args) => ({ ...await put(...args), size: 4 });
  const writer = new ObjectWriter(storage, "x");
  await writer.write(new TextEncoder().encode("hello"));
  await assert.rejects(
    writer.close(),
    /^StorageError: The storage says that x has 4 bytes, but 5 were written: /,
  );
});
