import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { assertBytes, bytesOf, chunksOf, TestBody } from "../storage/bodies.ts";
import type { FakeS3Answer } from "./fake_s3_objects.ts";
import { openFake, PART } from "./open_fake.ts";

/** An answer that says that all is well. */
function taken(etag: string, headers: Record<string, string> = {}): FakeS3Answer {
  return { status: 200, headers: { etag, ...headers }, body: Buffer.alloc(0) };
}

const big = (): TestBody => new TestBody(chunksOf(bytesOf(PART + 9), 65_536));
const OTHER = '"0123456789abcdef0123456789abcdef"';

Deno.test("S3Storage.put() notices at once that S3 keeps something else", async () => {
  for (const known of [true, false]) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    if (known) await storage.put("known", bytesOf(1));
    // What it keeps at the key is something else, too.
    const left = await storage.put("x", bytesOf(5));
    fake.fail({ operation: "PutObject", effect: taken(OTHER) });
    await assert.rejects(
      storage.put("x", bytesOf(6)),
      /^OtherBytesError: Can't write s3:\/\/bucket\/some\/prefix\/x, because S3 took 6 bytes with the MD5 .*, and keeps 5 bytes /,
    );
    assert.equal(await storage.stat("x"), undefined);
    assert.equal(left.size, 5);
  }
});

Deno.test("S3Storage.put() notices at once that S3's answer is about another object", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(6));
  fake.fail({ operation: "PutObject", effect: taken(OTHER) });
  await assert.rejects(storage.put("x", bytesOf(6)), /\(ETag 0123456789abcdef0123456789abcdef\)/);
});

Deno.test("S3Storage.put() notices that S3 keeps another part, or fewer parts", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(1));
  fake.fail({ operation: "UploadPart", after: 1, effect: taken(OTHER) });
  await assert.rejects(storage.put("big", big()), /because S3 took 9 bytes with the MD5/);
  assert.deepEqual(await opened.leftovers(), []);

  // It completes without the second part.
  const answer = "<CompleteMultipartUploadResult><ETag>&quot;a-1&quot;</ETag>" +
    "</CompleteMultipartUploadResult>";
  fake.onRequest = () => {
    const last = fake.requests.at(-1);
    if (last?.operation !== "CompleteMultipartUpload") return;
    const object = fake.objects.all.get("some/prefix/x")!;
    fake.objects.all.set("some/prefix/big", { ...object, etag: '"a-1"' });
  };
  const effect = { status: 200, headers: {}, body: Buffer.from(answer) };
  fake.fail({ operation: "CompleteMultipartUpload", effect });
  await assert.rejects(
    storage.put("big", big()),
    new RegExp(`because S3 took ${PART + 9} bytes, and keeps 1: check the server`),
  );
  assert.equal(await storage.stat("big"), undefined);
});

Deno.test("S3Storage.put() notices another size where ETags say nothing", async () => {
  await using opened = await openFake({ etags: "random" });
  const { storage, fake } = opened;
  for (let i = 0; i < 3; i++) {
    const { etag } = await storage.put("x", bytesOf(5));
    assert.equal((await storage.stat("x"))?.etag, etag);
  }
  // Only the first one is read back.
  assert.equal(fake.count("GetObject"), 1);
  await storage.put("big", big());
  fake.fail({ operation: "PutObject", effect: taken(OTHER) });
  await assert.rejects(storage.put("x", bytesOf(6)), /S3 took 6 bytes .* and keeps 5 bytes/);
});

Deno.test("S3Storage.put() doesn't take the ETags of encrypted objects for MD5s", async () => {
  for (
    const headers of [
      { "x-amz-server-side-encryption": "aws:kms" },
      { "x-amz-server-side-encryption": "aws:kms:dsse" },
      { "x-amz-server-side-encryption-customer-algorithm": "AES256" },
    ] as Record<string, string>[]
  ) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    await storage.put("x", bytesOf(5));
    const looks = () => fake.count("GetObject") + fake.count("HeadObject");
    fake.fail({ operation: "PutObject", effect: taken(OTHER, headers) });
    assert.equal((await storage.put("x", bytesOf(6))).etag, OTHER.slice(1, -1));
    assert.equal(looks(), 0);
  }
  await using opened = await openFake();
  await opened.storage.put("x", bytesOf(5));
  const headers = { "x-amz-server-side-encryption": "AES256" };
  opened.fake.fail({ operation: "PutObject", effect: taken(OTHER, headers) });
  await assert.rejects(opened.storage.put("x", bytesOf(6)), /and keeps 5 bytes/);
});

Deno.test("S3Storage.put() takes no request more where ETags are MD5s", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(5));
  await storage.put("big", big());
  assert.deepEqual(fake.requests.map(({ operation }) => operation), [
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPart",
    "CompleteMultipartUpload",
  ]);
  await assertBytes(await storage.get("big"), bytesOf(PART + 9));
});
