import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { provenReading } from "../../src/snapshot/proven_reading.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { bytesIn } from "../storage/bodies.ts";

const MB = 1024 * 1024;

/** A storage with an object, and what a manifest says of that. */
function stored(bytes: Uint8Array<ArrayBuffer>) {
  const storage = new MemoryStorage();
  storage.objects.set("a/b", bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const proven = provenReading(storage, "a", [{ path: "b", size: bytes.length, sha256 }]);
  return { storage, proven };
}

/** Millions of bytes are compared in no time so. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

Deno.test("provenReading() gives the bytes of objects of any size", async () => {
  for (const size of [0, 1, 1000, MB - 1, MB, MB + 1, 3 * MB, 3 * MB + 7]) {
    const bytes = new Uint8Array(size).map((_, n) => n % 251);
    const { proven } = stored(bytes);
    assert.ok(isSame(await bytesIn(await proven.get("a/b")), bytes), `${size} bytes`);
  }
});

Deno.test("provenReading() gives not a byte of an object that isn't what it was", async () => {
  for (const size of [100, 2 * MB]) {
    for (const edit of ["changed", "longer", "shorter", "gone"]) {
      const { storage, proven } = stored(new Uint8Array(size));
      // Only its end isn't what it was.
      if (edit === "changed") storage.objects.set("a/b", new Uint8Array(size).with(size - 1, 1));
      if (edit === "longer") storage.objects.set("a/b", new Uint8Array(size + 1));
      if (edit === "shorter") storage.objects.set("a/b", new Uint8Array(size - 1));
      if (edit === "gone") storage.objects.delete("a/b");
      await assert.rejects(proven.get("a/b"), Error, `${size} ${edit}`);
    }
  }
  await assert.rejects(stored(new Uint8Array(1)).proven.get("a/c"), /doesn't name it/);
});

Deno.test("provenReading() ends before bytes that changed while they were read", async () => {
  for (const edit of ["changed", "shorter", "longer"]) {
    const bytes = new Uint8Array(3 * MB).map((_, n) => n % 7);
    const { storage, proven } = stored(bytes);
    const reader = (await proven.get("a/b")).getReader();
    const other = edit === "changed"
      ? bytes.with(2 * MB + 5, 99)
      : edit === "shorter"
      ? bytes.slice(0, 2 * MB)
      : new Uint8Array(Buffer.concat([bytes, new Uint8Array(1)]));
    storage.objects.set("a/b", other);
    let read = 0;
    const all = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        assert.ok(isSame(value, bytes.subarray(read, read + value.length)));
        read += value.length;
      }
    };
    await assert.rejects(all(), /its bytes changed while it was read/, edit);
    assert.equal(read, edit === "longer" ? 3 * MB : 2 * MB);
  }
});
