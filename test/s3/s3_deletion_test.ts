import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DeletionRefusedError } from "../../src/storage/storage.ts";
import { bytesOf } from "../storage/bodies.ts";
import { type FakeS3Answer, FakeS3Error } from "./fake_s3_objects.ts";
import { openFake } from "./open_fake.ts";

const KEYS = Array.from({ length: 20 }, (_, i) => `x${i}`);

Deno.test("S3Storage.delete() deletes one by one where batches are refused, and remembers that", async () => {
  for (
    const deletes of [
      new FakeS3Error(501, "NotImplemented"),
      new FakeS3Error(405, "MethodNotAllowed"),
      new FakeS3Error(400, "InvalidRequest"),
      new FakeS3Error(404, "NoSuchKey"),
      new FakeS3Error(403, "AccessDenied"),
      new FakeS3Error(403, "SignatureDoesNotMatch"),
    ]
  ) {
    await using opened = await openFake({ deletes });
    const { storage, fake } = opened;
    for (let round = 1; round <= 2; round++) {
      for (const key of KEYS) await storage.put(key, bytesOf(1));
      await storage.delete(KEYS);
      assert.equal(fake.objects.all.size, 0);
      assert.equal(fake.count("DeleteObjects"), 1);
      assert.equal(fake.count("DeleteObject"), round * KEYS.length);
    }
  }
});

Deno.test("S3Storage.delete() deletes what the answer to a batch doesn't name", async () => {
  const answers: readonly string[] = ["", "<DeleteResult/>", "<html><body>Welcome</body></html>"];
  for (const text of answers) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    const effect: FakeS3Answer = { status: 200, headers: {}, body: Buffer.from(text) };
    fake.fail({ operation: "DeleteObjects", times: 9, effect });
    for (const key of KEYS) await storage.put(key, bytesOf(1));
    await storage.delete(KEYS);
    assert.equal(fake.objects.all.size, 0);
  }
});

Deno.test("S3Storage.delete() doesn't take wrong keys or a missing bucket for a server without batches", async () => {
  for (
    const [effect, message] of [
      [new FakeS3Error(403, "InvalidAccessKeyId"), /doesn't know the access key/],
      [new FakeS3Error(404, "NoSuchBucket"), /there is no bucket bucket/],
      [new FakeS3Error(400, "ExpiredToken"), /session token has expired/],
    ] as const
  ) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    for (const operation of ["DeleteObjects", "DeleteObject"]) fake.fail({ operation, effect });
    await assert.rejects(storage.delete(["x"]), (error: Error) => {
      assert.ok(!(error instanceof DeletionRefusedError));
      assert.match(error.message, message);
      return true;
    });
    await storage.delete(KEYS);
    assert.equal(fake.count("DeleteObjects"), 2);
    assert.equal(fake.count("DeleteObject"), 1);
  }
});

Deno.test("S3Storage.mayDelete() says whether objects may be deleted", async () => {
  await using allowed = await openFake({ deletes: new FakeS3Error(501, "NotImplemented") });
  assert.equal(await allowed.storage.mayDelete("x"), true);
  for (const effect of [new FakeS3Error(403, "AccessDenied"), new FakeS3Error(405, "NotAllowed")]) {
    await using refused = await openFake();
    refused.fake.fail({ operation: "DeleteObject", effect });
    assert.equal(await refused.storage.mayDelete("x"), false);
  }
  await using broken = await openFake();
  broken.fake.fail({
    operation: "DeleteObject",
    effect: new FakeS3Error(403, "SignatureDoesNotMatch"),
  });
  await assert.rejects(broken.storage.mayDelete("x"), /secret key isn't the one/);
});

Deno.test("S3Storage.delete() sends no other checksum than Content-MD5 to a server that isn't AWS", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.delete(["x"]);
  const headers = Object.keys(fake.requests.at(-1)!.headers);
  assert.ok(headers.includes("content-md5"));
  assert.deepEqual(headers.filter((name) => /checksum/.test(name)), []);
});

Deno.test("S3Storage.replace() writes only in the place of what has the tag", async () => {
  for (const conditions of ["all", "none"] as const) {
    await using opened = await openFake({ conditions });
    const { storage } = opened;
    const { etag } = await storage.put("x", bytesOf(3));
    const isHonoured = conditions === "all";
    assert.equal(await storage.replace("x", etag!, bytesOf(4)), isHonoured || undefined);
    assert.equal(await storage.replace("x", etag!, bytesOf(5)), isHonoured ? false : undefined);
    assert.equal((await storage.stat("x"))?.size, isHonoured ? 4 : 3);
    assert.deepEqual(await opened.leftovers(), []);
  }
});

Deno.test("S3Storage.replace() knows its own object when S3's answer is lost", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  const first = await storage.put("x", bytesOf(3));
  assert.equal(await storage.replace("x", first.etag!, bytesOf(4)), true);
  const second = await storage.stat("x");
  fake.fail({ operation: "PutObject", effect: "lose" });
  assert.equal(await storage.replace("x", second!.etag!, bytesOf(5)), true);
  assert.equal((await storage.stat("x"))?.size, 5);
});
