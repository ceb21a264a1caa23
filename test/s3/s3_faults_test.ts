import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { S3Error } from "../../src/storage/s3/s3_error.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { ObjectExistsError, StorageError } from "../../src/storage/storage.ts";
import { assertBytes, bytesIn, bytesOf, chunksOf, collect, TestBody } from "../storage/bodies.ts";
import { HeldTimers } from "../support/held_timers.ts";
import { until } from "../support/until.ts";
import { FakeS3, type FakeS3Options } from "./fake_s3.ts";
import { FakeS3Error } from "./fake_s3_objects.ts";
import { openFake, PART } from "./open_fake.ts";

const slowDown = new FakeS3Error(503, "SlowDown");
const broken = new FakeS3Error(500, "InternalError");
const denied = new FakeS3Error(403, "AccessDenied");

/** A body of more than one part. */
const big = (): TestBody => new TestBody(chunksOf(bytesOf(2 * PART + 9), 65_536));

Deno.test("S3Storage asks again when S3 is busy or the connection breaks", async () => {
  for (const effect of [slowDown, broken, "reset"] as const) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    fake.fail({ effect, times: 2 });
    await storage.put("x", bytesOf(9));
    for (
      const operation of ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]
    ) {
      fake.fail({ operation, effect, times: 1 });
    }
    await storage.put("big", big());
    for (const operation of ["HeadObject", "GetObject", "ListObjectsV2", "DeleteObjects"]) {
      fake.fail({ operation, effect, times: 1 });
    }
    assert.equal((await storage.stat("big"))?.size, 2 * PART + 9);
    await assertBytes(await storage.get("big"), bytesOf(2 * PART + 9));
    assert.equal((await collect(storage.list(""))).flat().length, 2);
    await storage.delete(["x", "big"]);
    assert.equal(fake.objects.all.size, 0);
    assert.equal(fake.count("PutObject"), 3);
    assert.equal(fake.count("UploadPart"), 4);
  }
});

Deno.test("S3Storage asks again with the right time when this machine's clock is wrong", async () => {
  await using opened = await openFake();
  opened.fake.fail({ effect: new FakeS3Error(403, "RequestTimeTooSkewed") });
  await opened.storage.put("x", bytesOf(1));
  assert.equal(opened.fake.count("PutObject"), 2);
  // An answer to HEAD only tells the time.
  const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
  opened.fake.fail({ effect: new FakeS3Error(403, "RequestTimeTooSkewed", headers) });
  assert.equal((await opened.storage.stat("x"))?.size, 1);
  assert.equal(opened.fake.count("HeadObject"), 2);
});

Deno.test("S3Storage.put() gives up after its attempts, and leaves nothing", async () => {
  for (const operation of ["PutObject", "UploadPart", "CompleteMultipartUpload"]) {
    await using opened = await openFake({ maxAttempts: 2 });
    const { storage, fake } = opened;
    fake.fail({ operation, effect: slowDown, times: 99 });
    const body = operation === "PutObject" ? new TestBody([bytesOf(9)]) : big();
    await assert.rejects(
      storage.put("x", body),
      new RegExp(
        "^S3Error: Can't write s3://bucket/some/prefix/x, because S3 was too busy, also after several " +
          "attempts \\(SlowDown, HTTP 503\\): try again later or lower the concurrency\\.$",
      ),
    );
    assert.equal(fake.count(operation), operation === "UploadPart" ? 2 * 1 : 2);
    assert.equal(fake.objects.all.size, 0);
    assert.equal(fake.objects.uploads.size, 0);
  }
});

Deno.test("S3Storage.put() stops all parts and the body when one part fails", async () => {
  await using opened = await openFake({ queueSize: 3 });
  const { storage, fake } = opened;
  fake.fail({ operation: "UploadPart", after: 1, effect: denied });
  fake.fail({ operation: "UploadPart", effect: "stall", times: 9 });
  const body = new TestBody(chunksOf(bytesOf(20 * PART), PART));
  const put = storage.put("x", body);
  await assert.rejects(put, /the permission s3:PutObject on arn:aws:s3:::bucket\/some\/prefix\/x/);
  assert.ok(body.cancelled);
  assert.ok(body.reason instanceof S3Error);
  assert.ok(body.pulled <= 5 * PART);
  assert.equal(fake.objects.uploads.size, 0);
  assert.equal(fake.count("AbortMultipartUpload"), 1);
  await until(() => fake.pending === 0, "the end of all requests");
});

Deno.test("S3Storage.put() cuts off its parts when it is aborted", async () => {
  await using opened = await openFake({ queueSize: 2 });
  const { storage, fake } = opened;
  fake.fail({ operation: "UploadPart", effect: "stall", times: 9 });
  const controller = new AbortController();
  const body = new TestBody(chunksOf(bytesOf(9 * PART), PART));
  const put = storage.put("x", body, { signal: controller.signal });
  await until(() => fake.count("UploadPart") === 2, "the request");
  const reason = new Error("stop");
  controller.abort(reason);
  await assert.rejects(put, (error) => error === reason);
  assert.equal(body.reason, reason);
  assert.equal(fake.objects.uploads.size, 0);
  await until(() => fake.pending === 0, "the end of all requests");
});

Deno.test("S3Storage.put() waits a little for the answer that tells whether the object is there", async () => {
  for (const operation of ["PutObject", "CompleteMultipartUpload"]) {
    await using opened = await openFake({ grace: 5_000 });
    const { storage, fake } = opened;
    const controller = new AbortController();
    const stall = Promise.withResolvers<void>();
    fake.delay(operation, stall.promise);
    const put = storage.put("x", operation === "PutObject" ? bytesOf(9) : big(), {
      signal: controller.signal,
    });
    await until(() => fake.count(operation) === 1, "the request");
    controller.abort(new Error("too late"));
    stall.resolve();
    const { size } = await put;
    assert.equal((await storage.stat("x"))?.size, size);
  }
});

Deno.test("S3Storage.put() ends when that answer doesn't come", async () => {
  for (const operation of ["PutObject", "CompleteMultipartUpload", "CreateMultipartUpload"]) {
    await using opened = await openFake({ grace: 12_345 });
    using grace = new HeldTimers(12_345);
    const { storage, fake } = opened;
    fake.fail({ operation, effect: "stall" });
    const controller = new AbortController();
    const body = operation === "PutObject" ? new TestBody([bytesOf(9)]) : big();
    const put = storage.put("x", body, { signal: controller.signal });
    await until(() => fake.count(operation) === 1, "the request");
    const reason = new Error("stop");
    controller.abort(reason);
    grace.fire();
    await assert.rejects(put, (error) => error === reason);
    assert.equal(await storage.stat("x"), undefined);
    assert.equal(fake.objects.uploads.size, 0);
  }
});

Deno.test("S3Storage.put() drops the upload that is begun while it is aborted", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  const controller = new AbortController();
  const stall = Promise.withResolvers<void>();
  fake.delay("CreateMultipartUpload", stall.promise);
  const body = big();
  const put = storage.put("x", body, { signal: controller.signal });
  await until(() => fake.count("CreateMultipartUpload") === 1, "the request");
  controller.abort(new Error("stop"));
  stall.resolve();
  await assert.rejects(put, /stop/);
  assert.ok(body.cancelled);
  assert.equal(fake.objects.uploads.size, 0);
  assert.equal(fake.count("AbortMultipartUpload"), 1);
});

Deno.test("S3Storage ends at once when it is aborted between two attempts", async () => {
  await using opened = await openFake({ retryDelay: 1_000_000 });
  const { storage, fake } = opened;
  const controller = new AbortController();
  fake.fail({ operation: "HeadObject", effect: broken, times: 9 });
  const looking = storage.stat("x", { signal: controller.signal });
  await until(() => fake.count("HeadObject") === 1 && fake.pending === 0, "the request");
  const reason = new Error("stop");
  controller.abort(reason);
  await assert.rejects(looking, (error) => error === reason);
});

Deno.test("S3Storage.put() knows its own object when S3's answer is lost", async () => {
  for (
    const [size, operation] of [[9, "PutObject"], [PART + 1, "CompleteMultipartUpload"]] as const
  ) {
    for (const ifAbsent of [true, false]) {
      await using opened = await openFake();
      const { storage, fake } = opened;
      // So that the trial, which also writes, is over.
      await storage.put("first", bytesOf(1), { ifAbsent: true });
      fake.fail({ operation, effect: "lose" });
      const info = await storage.put("x", bytesOf(size), { ifAbsent });
      assert.equal(info.size, size);
      assert.equal((await storage.stat("x"))?.etag, info.etag);
      assert.equal(fake.objects.uploads.size, 0);
      const again = storage.put("x", bytesOf(size), { ifAbsent: true });
      await assert.rejects(again, ObjectExistsError);
    }
  }
});

Deno.test("S3Storage.put() with ifAbsent isn't misled by a lost answer when it tries the server out", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  fake.fail({ operation: "PutObject", effect: "lose" });
  await storage.put("x", bytesOf(9), { ifAbsent: true });
  // No claim was made, for which others' would be looked at: only an earlier trial.
  assert.equal(fake.count("ListObjectsV2"), 1);
  const put = fake.requests.findLast(({ operation }) => operation === "PutObject");
  assert.equal(put?.headers["if-none-match"], "*");
});

Deno.test("S3Storage.put() with ifAbsent takes 304 for a refusal", async () => {
  await using opened = await openFake({ conditions: "puts" });
  const { storage, fake } = opened;
  // The trial's second one.
  fake.fail({ operation: "PutObject", after: 1, effect: new FakeS3Error(304, "") });
  await storage.put("x", bytesOf(9), { ifAbsent: true });
  await assert.rejects(storage.put("x", bytesOf(9), { ifAbsent: true }), ObjectExistsError);
});

Deno.test("S3Storage.put() takes a conflict for another one's object", async () => {
  for (
    const [size, operation] of [[9, "PutObject"], [PART + 1, "CompleteMultipartUpload"]] as const
  ) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    await storage.put("first", bytesOf(1), { ifAbsent: true });
    const conflict = new FakeS3Error(409, "ConditionalRequestConflict");
    fake.fail({ operation, effect: conflict, times: 99 });
    const put = storage.put("x", bytesOf(size), { ifAbsent: true });
    await assert.rejects(put, ObjectExistsError);
    const always = storage.put("x", bytesOf(PART + 1));
    if (operation === "PutObject") await always;
    else await assert.rejects(always, S3Error);
    assert.equal(fake.objects.uploads.size, 0);
  }
});

Deno.test("S3Storage.put() asks again after a conflict, which doesn't mean that there is an object", async () => {
  for (
    const [size, operation] of [[9, "PutObject"], [PART + 1, "CompleteMultipartUpload"]] as const
  ) {
    await using opened = await openFake();
    const { storage, fake } = opened;
    await storage.put("first", bytesOf(1), { ifAbsent: true });
    for (const code of ["ConditionalRequestConflict", "OperationAborted"]) {
      fake.fail({ operation, effect: new FakeS3Error(409, code) });
      await storage.put("x", bytesOf(size), { ifAbsent: true });
      assert.equal((await storage.stat("x"))?.size, size);
      await storage.delete(["x"]);
    }
  }
});

Deno.test("S3Storage.put() leaves nothing behind whenever it is aborted", async () => {
  for (const conditions of ["all", "none"] as const) {
    for (let number = 1;; number++) {
      await using opened = await openFake({ conditions, queueSize: 2 });
      const { storage, fake } = opened;
      const controller = new AbortController();
      fake.onRequest = (count) => {
        if (count === number) controller.abort(new Error("stop"));
      };
      const body = new TestBody(chunksOf(bytesOf(PART + 5), PART));
      const [put] = await Promise.allSettled([
        storage.put("x", body, { ifAbsent: true, signal: controller.signal }),
      ]);
      fake.onRequest = undefined;
      const isThere = await storage.stat("x") !== undefined;
      assert.equal(isThere, put.status === "fulfilled", `${conditions}, request ${number}`);
      assert.deepEqual(await opened.leftovers(), [], `${conditions}, request ${number}`);
      if (!controller.signal.aborted) break;
    }
  }
});

Deno.test("S3Storage.delete() asks again for what S3 was too busy to delete", async () => {
  for (const code of ["InternalError", "SlowDown"]) {
    await using opened = await openFake({ maxAttempts: 2 });
    const { storage, fake } = opened;
    const keys = ["a", "b", "c"];
    for (const key of keys) await storage.put(key, bytesOf(1));
    const effect = {
      status: 200,
      headers: {},
      body: Buffer.from(
        `<DeleteResult><Error><Key>some/prefix/b</Key><Code>${code}</Code></Error></DeleteResult>`,
      ),
    };
    fake.fail({ operation: "DeleteObjects", effect });
    await storage.delete(keys);
    assert.equal(fake.objects.all.size, 0);
    fake.fail({ operation: "DeleteObjects", effect, times: 2 });
    await assert.rejects(
      storage.delete(keys),
      /^S3Error: Can't delete s3:\/\/bucket\/some\/prefix\/b, because S3 was too busy, also after several/,
    );
    assert.equal(fake.count("DeleteObjects"), 4);
  }
});

Deno.test("S3Storage.put() says what failed first when the upload can't be dropped either", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const { storage, fake } = opened;
  fake.fail({ operation: "UploadPart", effect: new FakeS3Error(400, "BadDigest") });
  fake.fail({ operation: "AbortMultipartUpload", effect: broken });
  await assert.rejects(storage.put("x", big()), /the bytes changed on their way/);
  const [upload, ...others] = (await collect(storage.listUnfinishedUploads(""))).flat();
  assert.equal(upload?.key, "x");
  assert.equal(others.length, 0);
  await storage.abortUnfinishedUpload(upload);
  await storage.abortUnfinishedUpload(upload);
  assert.equal(fake.objects.uploads.size, 0);
});

Deno.test("S3Storage.put() drops an upload again when it outlives that", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  fake.fail({ operation: "UploadPart", effect: denied });
  fake.fail({ operation: "AbortMultipartUpload", effect: new FakeS3Error(404, "NoSuchUpload") });
  await assert.rejects(storage.put("x", big()), S3Error);
  assert.equal(fake.count("AbortMultipartUpload"), 2);
  assert.equal(fake.objects.uploads.size, 0);
});

Deno.test("S3Storage asks again when S3 gives no answer", async () => {
  await using opened = await openFake({ requestTimeout: 12_345, maxAttempts: 2 });
  using timeouts = new HeldTimers(12_345);
  const { storage, fake } = opened;
  fake.fail({ operation: "PutObject", effect: "stall" });
  const put = storage.put("x", bytesOf(0));
  await until(() => fake.count("PutObject") === 1, "the first attempt");
  timeouts.fire();
  await put;
  assert.equal(fake.count("PutObject"), 2);
  fake.fail({ operation: "HeadObject", effect: "stall", times: 2 });
  const stat = assert.rejects(storage.stat("x"), /gave no answer in time, also after several att/);
  for (const attempt of [1, 2]) {
    await until(() => fake.count("HeadObject") === attempt, "the attempt");
    timeouts.fire();
  }
  await stat;
});

Deno.test("S3Storage.get() asks for the rest when the connection breaks in the middle", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(300_000));
  fake.fail({ operation: "GetObject", effect: "truncate", times: 4 });
  await assertBytes(await storage.get("x"), bytesOf(300_000));
  const ranges = fake.requests.map(({ headers }) => headers.range).filter(Boolean);
  assert.deepEqual(ranges, ["bytes=150000-", "bytes=225000-", "bytes=262500-", "bytes=281250-"]);
});

Deno.test("S3Storage.get() asks for the rest of a range when the connection breaks in it", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(300_000));
  const rangesAsked = async (start: number, end?: number) => {
    const before = fake.requests.length;
    fake.fail({ operation: "GetObject", effect: "truncate", times: 2 });
    await assertBytes(
      await storage.get("x", { range: { start, end } }),
      bytesOf(300_000).slice(start, end),
    );
    return fake.requests.slice(before).map(({ headers }) => headers.range);
  };
  assert.deepEqual(await rangesAsked(1_000, 101_000), [
    "bytes=1000-100999",
    "bytes=51000-100999",
    "bytes=76000-100999",
  ]);
  assert.deepEqual(await rangesAsked(200_000), [
    "bytes=200000-",
    "bytes=250000-299999",
    "bytes=275000-299999",
  ]);
});

Deno.test("S3Storage.get() takes a range from a server that knows none", async () => {
  await using opened = await openFake({ ignoresRanges: true });
  const { storage } = opened;
  await storage.put("x", bytesOf(300_000));
  for (
    const [start, end] of [[0, 10], [100_000, 200_000], [299_990], [300_000], [400_000, 500_000]]
  ) {
    const range = { start: start!, end };
    await assertBytes(await storage.get("x", { range }), bytesOf(300_000).slice(start, end));
  }
  await (await storage.get("x", { range: { start: 5 } })).cancel();
});

Deno.test("S3Storage.get() fails when nothing more comes, or another object is there by then", async () => {
  const broken =
    /^StorageError: Can't read s3:\/\/bucket\/some\/prefix\/x to its end, because the connection broke/;
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(300_000));
  // Half of one byte is none.
  fake.fail({ operation: "GetObject", effect: "truncate", times: 99 });
  await assert.rejects(bytesIn(await storage.get("x")), broken);
  assert.ok(fake.count("GetObject") < 40);

  const refusals: readonly FakeS3Options[] = [{}, { ignoresRanges: true }];
  for (const options of refusals) {
    await using opened = await openFake(options);
    const { storage, fake } = opened;
    await storage.put("x", bytesOf(300_000));
    fake.fail({ operation: "GetObject", effect: "truncate" });
    const body = await storage.get("x");
    if (!options.ignoresRanges) await storage.put("x", bytesOf(300_001));
    await assert.rejects(bytesIn(body), broken);
    assert.equal(fake.count("GetObject"), 2);
  }
});

Deno.test("S3Storage.get() can be left and aborted while it asks for the rest", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(300_000));
  for (const how of ["cancel", "abort"] as const) {
    const stall = Promise.withResolvers<void>();
    fake.fail({ operation: "GetObject", effect: "truncate" });
    const controller = new AbortController();
    const before = fake.count("GetObject");
    const reader = (await storage.get("x", { signal: controller.signal })).getReader();
    fake.delay("GetObject", stall.promise);
    const reading = (async () => {
      while (!(await reader.read()).done);
    })();
    reading.catch(() => {});
    await until(() => fake.count("GetObject") === before + 2, "the rest");
    if (how === "cancel") await reader.cancel();
    else controller.abort(new Error("enough"));
    stall.resolve();
    if (how === "cancel") await reading;
    else await assert.rejects(reading, /enough/);
    await until(() => fake.pending === 0, "the end of all requests");
  }
});

Deno.test("S3Storage.get() asks again when no more bytes come, but waits for a slow reader", async () => {
  await using opened = await openFake({ requestTimeout: 12_345 });
  using timeouts = new HeldTimers(12_345);
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(5_000_000));
  const reader = (await storage.get("x")).getReader();
  for (let size = 0; size < 100_000;) {
    size += (await reader.read()).value?.length ?? NaN;
    // As long as nobody asks for bytes, no time runs out.
    assert.equal(timeouts.waiting, 0);
  }
  await reader.cancel();
  fake.fail({ operation: "GetObject", effect: "hang" });
  const reading = assertBytes(await storage.get("x"), bytesOf(5_000_000));
  await until(() => fake.hanging === 1 && timeouts.waiting === 1, "the end of the bytes");
  timeouts.fire();
  await reading;
});

Deno.test("S3Storage.get() says that no more bytes came", async () => {
  await using opened = await openFake({ requestTimeout: 12_345, ignoresRanges: true });
  using timeouts = new HeldTimers(12_345);
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(5_000_000));
  fake.fail({ operation: "GetObject", effect: "hang" });
  const reading = assert.rejects(bytesIn(await storage.get("x")), /no bytes came for 12\.345 s/);
  await until(() => fake.hanging === 1 && timeouts.waiting === 1, "the end of the bytes");
  timeouts.fire();
  await reading;
});

Deno.test("S3Storage says what is wrong with the place or the keys", async () => {
  const cases: [FakeS3Error, RegExp][] = [
    [new FakeS3Error(404, "NoSuchBucket"), /there is no bucket bucket: create it or check/],
    [
      new FakeS3Error(403, "SignatureDoesNotMatch"),
      /the secret key isn't the one of the access key/,
    ],
    [new FakeS3Error(403, "InvalidAccessKeyId"), /S3 doesn't know the access key: check AWS_ACC/],
    [new FakeS3Error(400, "ExpiredToken"), /the AWS session token has expired: get new/],
    [new FakeS3Error(400, "InvalidToken"), /S3 doesn't know the AWS session token/],
    [
      new FakeS3Error(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-1" }),
      /the bucket bucket is in the region eu-west-1: set AWS_REGION=eu-west-1\.$/,
    ],
    [
      new FakeS3Error(400, "AuthorizationHeaderMalformed", {}, "<Region>eu-west-2</Region>"),
      /the bucket bucket is in the region eu-west-2: set AWS_REGION=eu-west-2\.$/,
    ],
    [new FakeS3Error(301, "PermanentRedirect"), /in another region: set AWS_REGION to its region/],
    [new FakeS3Error(403, "RequestTimeTooSkewed"), /this machine's clock is more than 15 minutes/],
    [new FakeS3Error(403, "QuotaExceeded"), /the quota for bucket is used up/],
    [new FakeS3Error(507, "XMinioStorageFull"), /the server has no room left: delete what isn't/],
    [new FakeS3Error(507, "Unknown"), /the server has no room left: delete what isn't needed/],
    [new FakeS3Error(400, "KMS.DisabledException"), /AWS KMS refused the key \(KMS\.Disabled/],
    [new FakeS3Error(418, "Teapot"), /of an error that is not known here \(HTTP 418, Teapot: a/],
  ];
  await using opened = await openFake({ maxAttempts: 1 });
  for (const [effect, message] of cases) {
    opened.fake.fail({ operation: "PutObject", effect });
    await assert.rejects(opened.storage.put("x", bytesOf(1)), (error: Error) => {
      assert.ok(error instanceof S3Error);
      assert.match(error.message, /^Can't write s3:\/\/bucket\/some\/prefix\/x, because /);
      assert.match(error.message, message);
      assert.equal(error.message.split(". ").length, 1);
      assert.doesNotMatch(error.message, /fake-secret/);
      return true;
    });
  }
});

Deno.test("S3Storage says that the endpoint holds the bucket", async () => {
  await using fake = await FakeS3.start();
  const { port } = new URL(fake.endpoint);
  const common = {
    region: "us-east-1",
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
  };
  // A server that takes the bucket from the host's name takes the rest for an object's key.
  fake.fail({ effect: new FakeS3Error(404, "NoSuchKey"), times: 9 });
  using storage = new S3Storage({
    ...common,
    bucket: "127",
    endpoint: `http://127.0.0.1:${port}`,
  });
  await assert.rejects(
    collect(storage.list("")),
    /^S3Error: Can't list s3:\/\/127\/, because the endpoint seems to hold the bucket already \(127\.0\.0\.1\): set it, or AWS_ENDPOINT_URL_S3, to the address without 127\.$/,
  );
  await assert.rejects(
    storage.put("x", bytesOf(1), { ifAbsent: true }),
    /seems to hold the bucket/,
  );
  assert.equal(fake.count("PutObject"), 0);
  // Which isn't there is for a server to say that speaks of others.
  assert.equal(await storage.stat("x"), undefined);
  using aws = new S3Storage({
    ...common,
    bucket: "backups",
    endpoint: "https://backups.s3.eu-west-1.amazonaws.com",
  });
  await assert.rejects(aws.stat("x"), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.exitCode, 2);
    assert.match(
      error.message,
      /holds the bucket \(backups\.s3\..*: set it, .* without backups\.$/,
    );
    return true;
  });
});

Deno.test("S3Storage names the permission that it lacks", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(1));
  // If several can't be deleted in a request, each is tried by itself.
  fake.fail({ operation: "DeleteObject", effect: denied });
  const attempts: [string, () => Promise<unknown>, RegExp][] = [
    [
      "PutObject",
      () => storage.put("x", bytesOf(1)),
      /s3:PutObject on .*:::bucket\/some\/prefix\/x:/,
    ],
    [
      "GetObject",
      () => storage.get("x"),
      /s3:GetObject on arn:aws:s3:::bucket\/some\/prefix\/x \(or s3:ListBucket, /,
    ],
    [
      "HeadObject",
      () => storage.stat("x"),
      /s3:GetObject on arn:aws:s3:::bucket\/some\/prefix\/x \(or s3:ListBucket, /,
    ],
    ["ListObjectsV2", () => collect(storage.list("a/")), /s3:ListBucket on arn:aws:s3:::bucket:/],
    [
      "DeleteObjects",
      () => storage.delete(["x"]),
      /s3:DeleteObject on .*:::bucket\/some\/prefix\/x:/,
    ],
    [
      "ListMultipartUploads",
      () => collect(storage.listUnfinishedUploads("")),
      /s3:ListBucketMultipartUploads on arn:aws:s3:::bucket:/,
    ],
  ];
  for (const [operation, attempt, message] of attempts) {
    fake.fail({ operation, effect: denied });
    await assert.rejects(attempt(), message);
  }
});

Deno.test("S3Storage says that there are no keys, no region or no server", async () => {
  const credentials = { accessKeyId: "fake-key", secretAccessKey: "fake-secret" };
  await using fake = await FakeS3.start();
  const { endpoint } = fake;
  const none = (): Promise<never> => {
    const error = new Error("Could not load credentials from any providers");
    return Promise.reject(Object.assign(error, { name: "CredentialsProviderError" }));
  };
  using keyless = new S3Storage({ bucket: "bucket", endpoint, region: "r", credentials: none });
  await assert.rejects(
    keyless.stat("x"),
    /there are no valid AWS credentials: set AWS_ACCESS_KEY_ID/,
  );
  using stranger = new S3Storage({
    bucket: "bucket",
    endpoint,
    region: "us-east-1",
    credentials: { ...credentials, accessKeyId: "someone" },
  });
  await assert.rejects(
    stranger.get("x"),
    /S3 doesn't know the access key: check AWS_ACCESS_KEY_ID/,
  );
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  using lost = new S3Storage({
    bucket: "bucket",
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials,
    maxAttempts: 2,
  });
  await assert.rejects(
    lost.stat("x"),
    new RegExp(
      `^S3Error: Can't inspect s3://bucket/x, because nothing listens at 127\\.0\\.0\\.1:${port}: check the ` +
        "endpoint, the network and the proxy, if any\\.$",
    ),
  );
});

Deno.test({
  name: "S3Storage names the permission that Deno misses",
  permissions: { net: false, env: "inherit", read: "inherit" },
  async fn() {
    const credentials = { accessKeyId: "fake-key", secretAccessKey: "fake-secret" };
    const endpoint = "http://127.0.0.1:4";
    using storage = new S3Storage({ bucket: "b", endpoint, region: "us-east-1", credentials });
    await assert.rejects(
      storage.stat("x"),
      /because Deno may not do it \(Requires net access to "127\.0\.0\.1:4", .* --allow-net flag\)\.$/,
    );
  },
});
