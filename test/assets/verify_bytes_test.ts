import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  BytesMismatchError,
  type ExpectedBytes,
  VerifyBytes,
} from "../../src/assets/verify_bytes.ts";

const md5Of = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

/** Passes chunks through; counts the bytes that came out. */
async function pass(chunks: Uint8Array<ArrayBuffer>[], expected?: ExpectedBytes) {
  const verify = new VerifyBytes(expected);
  let out = 0;
  let error: unknown;
  try {
    for await (const chunk of ReadableStream.from(chunks).pipeThrough(verify)) out += chunk.length;
  } catch (caught) {
    error = caught;
  }
  return { verify, out, error };
}

const someChunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 })
  .map((chunks) => chunks.map((chunk) => new Uint8Array(chunk)));

Deno.test("VerifyBytes() passes the right bytes on, and tells their size and MD5", async () => {
  await fc.assert(
    fc.asyncProperty(someChunks, fc.boolean(), fc.boolean(), async (chunks, bySize, byMd5) => {
      const whole = await new Blob(chunks).bytes();
      const { verify, out, error } = await pass(chunks, {
        size: bySize ? whole.length : undefined,
        md5: byMd5 ? md5Of(whole).toUpperCase() : undefined,
      });
      assert.equal(error, undefined);
      assert.equal(out, whole.length);
      assert.equal(verify.size, whole.length);
      assert.equal(verify.md5, md5Of(whole));
    }),
    { numRuns: 50 },
  );
});

Deno.test("VerifyBytes() fails as soon as there are too many bytes, and lets none of those through", async () => {
  const { out, error, verify } = await pass([
    new Uint8Array(4),
    new Uint8Array(4),
    new Uint8Array(1000),
  ], { size: 7 });
  assert.ok(error instanceof BytesMismatchError);
  assert.equal(error.message, "expected 7 bytes, but more came");
  assert.equal(out, 4);
  assert.equal(verify.size, 8);
});

Deno.test("VerifyBytes() fails at the end when there are too few bytes", async () => {
  for (const chunks of [[], [new Uint8Array(4)]]) {
    const { error } = await pass(chunks, { size: 7 });
    assert.ok(error instanceof BytesMismatchError);
    assert.equal(error.message, `expected 7 bytes, but only ${4 * chunks.length} came`);
  }
});

Deno.test("VerifyBytes() fails at the end when the bytes are others", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const md5 = md5Of(new Uint8Array([1, 2, 4]));
  const { error } = await pass([bytes], { size: 3, md5 });
  assert.ok(error instanceof BytesMismatchError);
  assert.equal(error.message, `expected MD5 ${md5}, but it is ${md5Of(bytes)}`);
});

Deno.test("VerifyBytes() fails for every single byte that differs", async () => {
  const bytes = new Uint8Array(40).map((_, i) => i);
  const expected = { size: bytes.length, md5: md5Of(bytes) };
  await fc.assert(
    fc.asyncProperty(fc.nat(39), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const wrong = bytes.slice();
      wrong[at]! ^= flip;
      assert.ok((await pass([wrong], expected)).error instanceof BytesMismatchError);
    }),
    { numRuns: 30 },
  );
});

Deno.test("VerifyBytes() passes no more than it is to accept, and says that more is no accident", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(10));
    },
  }, { highWaterMark: 0 });
  let passed = 0;
  await assert.rejects(
    endless.pipeThrough(new VerifyBytes({ maxSize: 35 })).pipeTo(
      new WritableStream({ write: (chunk) => void (passed += chunk.byteLength) }),
    ),
    (error) => {
      assert.ok(error instanceof BytesMismatchError);
      assert.equal(error.message, "more than 35 bytes came, which is more than is accepted");
      assert.equal(error.retryable, false);
      return true;
    },
  );
  assert.ok(passed <= 35 && pulled <= 6, `${passed} bytes of ${pulled} chunks`);
});
