import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { S3Client } from "@aws-sdk/client-s3";
import { S3Error } from "../../src/storage/s3/s3_error.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { assertBytes, bytesOf, chunksOf, collect, TestBody } from "../storage/bodies.ts";
import { creationContract } from "../storage/creation_contract.ts";
import { storageContract } from "../storage/storage_contract.ts";
import { turn, until } from "../support/until.ts";
import { FakeS3 } from "./fake_s3.ts";
import { FakeS3Error } from "./fake_s3_objects.ts";
import { openFake, PART } from "./open_fake.ts";

storageContract("S3Storage", () => openFake({ pageSize: 100 }), { objects: 250, runs: 20 });
for (const conditions of ["puts", "none", "unsupported"] as const) {
  const name = `S3Storage on a server that has conditions for ${conditions}`;
  creationContract(name, () => openFake({ conditions }));
}

Deno.test("S3Storage.put() takes one request for what fits in a part, and parts for more", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  for (const size of [0, 1, PART - 1]) await storage.put("x", new TestBody([bytesOf(size)]));
  await storage.put("x", bytesOf(PART), { size: PART });
  assert.equal(fake.count("PutObject"), 4);
  assert.equal(fake.requests.length, 4);
  await storage.put("x", new TestBody(chunksOf(bytesOf(2 * PART + 1), 100_000)));
  const parts = fake.requests.filter(({ operation }) => operation === "UploadPart");
  assert.deepEqual(parts.map(({ size }) => size), [PART, PART, 1]);
  assert.deepEqual(parts.map(({ partNumber }) => partNumber), [1, 2, 3]);
});

Deno.test("S3Storage.put() keeps no more parts on their way than its queue has room for", async () => {
  await using opened = await openFake({ queueSize: 2 });
  const { storage, fake } = opened;
  const held = fake.hold();
  const puts = [1, 2, 3].map((i) => storage.put(`${i}`, bytesOf(PART + 1, i)));
  await held.waiting;
  await until(() => fake.pending === 2, "the parts that there is room for");
  // A third one would come while nothing else happens.
  for (let i = 0; i < 50; i++) await turn();
  assert.equal(fake.pending, 2);
  held.release();
  await Promise.all(puts);
  for (const i of [1, 2, 3]) await assertBytes(await storage.get(`${i}`), bytesOf(PART + 1, i));
});

Deno.test("S3Storage.put() passes types, metadata, encryption and storage class on", async () => {
  await using opened = await openFake({
    sse: "aws:kms",
    sseKmsKeyId: "alias/backup",
    storageClass: "STANDARD_IA",
  });
  const { storage, fake } = opened;
  const options = {
    contentType: "application/x-ndjson",
    contentDisposition: "attachment; filename*=UTF-8''%C3%BC",
    metadata: { "Project-Id": "12 34" },
  };
  await storage.put("small", bytesOf(3), options);
  await storage.put("big", bytesOf(PART + 1), options);
  for (const key of ["small", "big"]) {
    const kept = fake.objects.all.get(`some/prefix/${key}`)?.kept;
    assert.ok(kept);
    const { "x-amz-meta-sluice-put": token, ...others } = kept;
    assert.equal(token === undefined, key === "small");
    assert.deepEqual(others, {
      "content-type": "application/x-ndjson",
      "content-disposition": "attachment; filename*=UTF-8''%C3%BC",
      "x-amz-meta-project-id": "12 34",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/backup",
      "x-amz-storage-class": "STANDARD_IA",
    });
  }
  const body = new TestBody([bytesOf(1)]);
  const put = storage.put("x", body, { metadata: { name: "Grüße" } });
  await assert.rejects(put, /in ASCII only, but one is "Grüße"/);
  assert.ok(body.cancelled);
});

Deno.test("S3Storage.put() gives the object's ETag", async () => {
  await using opened = await openFake();
  const small = await opened.storage.put("x", bytesOf(3));
  assert.match(small.etag ?? "", /^[0-9a-f]{32}$/);
  const big = await opened.storage.put("x", bytesOf(PART + 1));
  assert.match(big.etag ?? "", /^[0-9a-f]{32}-2$/);
  assert.equal((await opened.storage.stat("x"))?.etag, big.etag);
});

Deno.test("S3Storage.put() doesn't tell what isn't asked: no condition, no checksum, no trial", async () => {
  await using opened = await openFake();
  await opened.storage.put("x", bytesOf(3));
  const [request, ...others] = opened.fake.requests;
  assert.equal(others.length, 0);
  assert.equal(request?.headers["if-none-match"], undefined);
  assert.equal(request?.headers["x-amz-checksum-crc32"], undefined);
  assert.equal(request?.headers["x-amz-meta-sluice-put"], undefined);
});

Deno.test("S3Storage.put() with ifAbsent tries the server out once", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("a/x", bytesOf(3), { ifAbsent: true });
  const before = fake.requests.length;
  await storage.put("b/y", bytesOf(3), { ifAbsent: true });
  const [look, put, ...others] = fake.requests.slice(before);
  assert.equal(look?.operation, "HeadObject");
  assert.equal(put?.headers["if-none-match"], "*");
  assert.equal(others.length, 0);
});

Deno.test("S3Storage.put() with ifAbsent needs no more than the permission to write", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(3), { ifAbsent: true });
  fake.fail({ operation: "HeadObject", times: 9, effect: new FakeS3Error(403, "AccessDenied") });
  await storage.put("y", bytesOf(3), { ifAbsent: true });
  await assert.rejects(storage.put("y", bytesOf(3), { ifAbsent: true }), /it is there already/);
});

Deno.test("S3Storage.put() with ifAbsent waits for others' claims, but not for those of the dead", async () => {
  await using opened = await openFake({ conditions: "none" });
  const { storage, fake } = opened;
  // The second deletion is that of the claim; the first one is that of the trial.
  const gone = new FakeS3Error(500, "InternalError");
  fake.fail({ operation: "DeleteObjects", after: 1, times: 6, effect: gone });
  const failing = new TestBody([], new Error("killed"));
  await assert.rejects(storage.put("x", failing, { ifAbsent: true }), /killed/);
  const [name, ...others] = fake.objects.all.keys();
  assert.match(name ?? "", /^some\/prefix\/\.sluice-[0-9a-f]{16}-[0-9a-f-]{36}\.tmp$/);
  assert.equal(others.length, 0);
  const claim = fake.objects.all.get(name ?? "");
  assert.ok(claim && name);

  const looks = fake.count("ListObjectsV2");
  const put = storage.put("x", bytesOf(3), { ifAbsent: true });
  await until(() => fake.count("ListObjectsV2") >= looks + 3, "the looks at the claim");
  assert.equal(await storage.stat("x"), undefined);
  fake.objects.all.delete(name);
  await put;
  assert.equal((await storage.stat("x"))?.size, 3);

  await storage.delete(["x"]);
  // A lock that was about to be created when its process was killed expires in two minutes, too.
  const twoMinutesAgo = new Date(Date.now() - 120_000);
  fake.objects.all.set(name, { ...claim, modifiedAt: twoMinutesAgo });
  await storage.put("x", bytesOf(4), { ifAbsent: true });
  assert.equal((await storage.stat("x"))?.size, 4);
});

Deno.test("S3Storage.list() leaves out what isn't an object of ours", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("a/x", bytesOf(3));
  const object = fake.objects.all.get("some/prefix/a/x");
  assert.ok(object);
  for (const key of ["a/", "a//b", "a/../b", "", `a/.sluice-${crypto.randomUUID()}.tmp`]) {
    fake.objects.all.set(`some/prefix/${key}`, object);
  }
  for (const key of ["some/prefixes/x", "some/other", "x"]) fake.objects.all.set(key, object);
  const listed = (await collect(storage.list(""))).flat().map(({ key }) => key);
  assert.deepEqual(listed, ["a/x"]);
});

Deno.test("S3Storage.list() continues behind any name", async () => {
  await using opened = await openFake({ pageSize: 1 });
  const keys = ["100% #1?&=+", "<x>&amp;'\"", "a b/c", "e\u0301", "\u00e9", "\uff5e", "😀"];
  for (const key of keys) await opened.storage.put(key, bytesOf(1));
  const pages = await collect(opened.storage.list(""));
  assert.deepEqual(pages.map((page) => page.map(({ key }) => key)), keys.map((key) => [key]));
});

Deno.test("S3Storage.delete() deletes thousands of objects, a thousand at a time", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("0", bytesOf(1));
  const object = fake.objects.all.get("some/prefix/0");
  assert.ok(object);
  const keys = Array.from({ length: 2_345 }, (_, i) => `${i} & <${i}>`);
  for (const key of keys) fake.objects.all.set(`some/prefix/${key}`, object);
  await storage.delete(keys);
  assert.deepEqual([...fake.objects.all.keys()], ["some/prefix/0"]);
  assert.equal(fake.count("DeleteObjects"), 3);
});

Deno.test("S3Storage.delete() says which object it may not delete", async () => {
  await using opened = await openFake({ prefix: "locked" });
  await opened.storage.put("x", bytesOf(1));
  await assert.rejects(
    opened.storage.delete(["x"]),
    new RegExp(
      "^DeletionRefusedError: Can't delete s3://bucket/locked/x, because the credentials lack the permission " +
        "s3:DeleteObject on arn:aws:s3:::bucket/locked/x: add it to the policy",
    ),
  );
});

Deno.test("S3Storage.sweep() removes what killed processes left, and nothing else", async () => {
  await using opened = await openFake({ pageSize: 2 });
  const { storage, fake } = opened;
  const old = { bytes: Buffer.alloc(0), etag: "", modifiedAt: new Date(0), kept: {} };
  const young = { ...old, modifiedAt: new Date() };
  const all = fake.objects.all;
  all.set("some/prefix/a/x", old);
  all.set("some/prefix/a/.sluice-0.tmp", old);
  all.set("some/prefix/a/.sluice-1.tmp", young);
  all.set("other/.sluice-0.tmp", old);
  for (const key of ["some/prefix/a/y", "some/prefix/b/y", "some/prefix/b/z", "other/y"]) {
    for (const startedAt of [new Date(0), new Date()]) {
      fake.objects.uploads.set(`${fake.objects.uploads.size}`, {
        key,
        kept: {},
        startedAt,
        parts: new Map(),
      });
    }
  }
  const olderThan = new Date(Date.now() - 3_600_000);
  assert.equal((await collect(storage.listUnfinishedUploads(""))).flat().length, 6);
  assert.equal((await collect(storage.listUnfinishedUploads("b/"))).flat().length, 4);
  assert.equal(await storage.sweep("b/", { olderThan }), 2);
  assert.equal(await storage.sweep("", { olderThan }), 2);
  assert.equal(await storage.sweep("", { olderThan }), 0);
  assert.deepEqual([...all.keys()], [
    "some/prefix/a/x",
    "some/prefix/a/.sluice-1.tmp",
    "other/.sluice-0.tmp",
  ]);
  const left = [...fake.objects.uploads.values()].map(({ key }) => key);
  assert.equal(left.filter((key) => key.startsWith("some/")).length, 3);
  assert.equal(left.filter((key) => key.startsWith("other/")).length, 2);
});

Deno.test("S3Storage.put() sends Content-MD5 where a bucket keeps objects for a time, and only there", async () => {
  for (const objectLock of [true, false]) {
    await using opened = await openFake({ objectLock, queueSize: 3 });
    const { storage, fake } = opened;
    const bytes = bytesOf(3 * PART + 1);
    await storage.put("big", new TestBody(chunksOf(bytes, PART)));
    await storage.put("small", bytesOf(3), { ifAbsent: true });
    await assertBytes(await storage.get("big"), bytes);
    const writes = fake.requests.filter(({ operation }) =>
      /^(PutObject|UploadPart)$/.test(operation)
    );
    const asked = writes.filter(({ headers }) => headers["content-md5"] !== undefined);
    assert.equal(asked.length > 0, objectLock);
    // Once it is known, nothing is sent twice.
    if (objectLock) assert.ok(asked.includes(writes.at(-1)!) && writes.length - asked.length <= 3);
  }
});

Deno.test("S3Storage takes a client of your own, and leaves it open", async () => {
  await using opened = await openFake();
  const client = new S3Client({
    endpoint: opened.fake.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
    // The SDK's own asks Deno for a permission.
    defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
    // What the SDK does by itself: the fake checks these checksums.
    requestChecksumCalculation: "WHEN_SUPPORTED",
  });
  try {
    for (const size of [3, PART + 1]) {
      using storage = new S3Storage({ bucket: "bucket", client, partSize: PART });
      await storage.put("x", bytesOf(size));
      await assertBytes(await storage.get("x"), bytesOf(size));
      await storage.delete(["x"]);
    }
    const writes = opened.fake.requests.filter(({ operation }) =>
      operation === "PutObject" || operation === "UploadPart"
    );
    assert.equal(writes.length, 3);
    for (const { headers } of writes) assert.ok(headers["x-amz-checksum-crc32"]);
  } finally {
    client.destroy();
  }
});

Deno.test("S3Storage.put() with ifAbsent tries a server out that a profile names", async () => {
  await using fake = await FakeS3.start({ conditions: "none" });
  const client = new S3Client({
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
    defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
    requestChecksumCalculation: "WHEN_REQUIRED",
    maxAttempts: 1,
  });
  // What the SDK finds in the profile's endpoint_url: the environment is all tests' own.
  Object.assign(client.config, { serviceConfiguredEndpoint: () => Promise.resolve(fake.endpoint) });
  try {
    using storage = new S3Storage({ bucket: "bucket", client });
    await storage.put("x", bytesOf(3), { ifAbsent: true });
    // One looks for an earlier trial.
    assert.equal(fake.count("ListObjectsV2"), 2, "It is claimed, as conditions have no effect.");
  } finally {
    client.destroy();
  }
});

Deno.test("S3Storage() refuses sizes and prefixes that can't be", () => {
  const partSize = PART - 1;
  assert.throws(
    () => new S3Storage({ bucket: "b", partSize }),
    /partSize must be .* but is 5242879/,
  );
  assert.throws(() => new S3Storage({ bucket: "b", queueSize: 0 }), /queueSize must be/);
  for (const prefix of ["/a", "a//b", "../a", "a/./b"]) {
    assert.throws(() => new S3Storage({ bucket: "b", prefix }), StorageError);
  }
  using storage = new S3Storage({ bucket: "b", prefix: "a/b/" });
  assert.equal(storage.url, "s3://b/a/b");
  using whole = new S3Storage({ bucket: "b" });
  assert.equal(whole.url, "s3://b");
});

Deno.test("S3Storage does nothing more once it is closed", async () => {
  await using opened = await openFake();
  await opened.storage.put("x", bytesOf(1));
  opened.storage.close();
  await assert.rejects(
    opened.storage.stat("x"),
    /^StorageError: The storage s3:\/\/bucket is closed/,
  );
  assert.ok(!(await opened.storage.stat("x").catch((error) => error) instanceof S3Error));
});

Deno.test("S3Storage is closed also if that comes while the SDK is loaded", async () => {
  await using fake = await FakeS3.start();
  const storage = new S3Storage({
    bucket: "bucket",
    endpoint: fake.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
  });
  const both = Promise.allSettled([storage.stat("x"), storage.stat("y")]);
  storage.close();
  for (const end of await both) {
    assert.ok(end.status === "rejected");
    assert.match(`${end.reason}`, /^StorageError: The storage s3:\/\/bucket is closed/);
  }
  assert.equal(fake.requests.length, 0);
});
