import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { S3Error } from "../../src/storage/s3/s3_error.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { type Storage, StorageError } from "../../src/storage/storage.ts";
import { assertBytes, bytesIn, bytesOf, chunksOf, collect, TestBody } from "../storage/bodies.ts";
import { HeldTimers } from "../support/held_timers.ts";
import { until } from "../support/until.ts";
import { type FakeS3Answer, FakeS3Error } from "./fake_s3_objects.ts";
import { type OpenedFake, openFake, PART } from "./open_fake.ts";

/** An answer that isn't one of the fake's. */
const answer = (status: number, body: string, headers = {}): FakeS3Answer => ({
  status,
  headers,
  body: Buffer.from(body),
});

const PAGE = "<html><head><title>Hi</title></head><body>Hi<br></body></html>\r\n";

/** What is asked of S3, by what asks for it. */
const REQUESTS: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
  PutObject: (storage) => storage.put("x", bytesOf(9)),
  CreateMultipartUpload: (storage) => storage.put("x", bytesOf(PART + 1)),
  UploadPart: (storage) => storage.put("x", bytesOf(PART + 1)),
  CompleteMultipartUpload: (storage) => storage.put("x", bytesOf(PART + 1)),
  HeadObject: (storage) => storage.stat("old"),
  GetObject: async (storage) => await bytesIn(await storage.get("old")),
  ListObjectsV2: (storage) => collect(storage.list("")),
  DeleteObjects: (storage) => storage.delete(["old"]),
};

/** A storage that holds the object `old`, and tries everything twice. */
async function openWithOld(): Promise<OpenedFake> {
  const opened = await openFake({ maxAttempts: 2 });
  await opened.storage.put("old", bytesOf(3));
  return opened;
}

Deno.test("S3Storage.put() doesn't take the error after a 200 for an object", async () => {
  const error = new FakeS3Error(200, "InternalError").toAnswer();
  const bodies = ["", "\n", "  \n"].map((end) => Buffer.concat([error.body, Buffer.from(end)]));
  for (const body of [...bodies, Buffer.from(`\n \n${error.body}`.trim()), Buffer.alloc(0)]) {
    await using opened = await openFake({ maxAttempts: 2 });
    const { storage, fake } = opened;
    fake.fail({ operation: "CompleteMultipartUpload", effect: { ...error, body } });
    await storage.put("x", new TestBody(chunksOf(bytesOf(PART + 1), PART)));
    assert.equal(fake.count("CompleteMultipartUpload"), 2);
    await assertBytes(await storage.get("x"), bytesOf(PART + 1));

    fake.fail({ operation: "CompleteMultipartUpload", effect: { ...error, body }, times: 2 });
    await assert.rejects(storage.put("y", bytesOf(PART + 1)), S3Error);
    assert.equal(await storage.stat("y"), undefined);
    assert.equal(fake.objects.uploads.size, 0);
  }
});

Deno.test("S3Storage doesn't take the pages of something else for S3's answers", async () => {
  for (const [operation, run] of Object.entries(REQUESTS)) {
    await using opened = await openWithOld();
    opened.fake.fail({ operation, effect: answer(200, PAGE), times: 9 });
    await assert.rejects(
      run(opened.storage),
      /^S3Error: Can't .*, because what answers there doesn't speak S3 \(HTTP 200\): check the endpoint\.$/,
      operation,
    );
    assert.equal(opened.fake.objects.uploads.size, 0);
    assert.equal(opened.fake.objects.all.has("some/prefix/x"), false);
  }
});

Deno.test("S3Storage asks again when a proxy can't reach S3, and then says so", async () => {
  for (const [operation, run] of Object.entries(REQUESTS)) {
    for (
      const effect of [answer(502, PAGE), ...(operation === "PutObject" ? [answer(504, "")] : [])]
    ) {
      await using opened = await openWithOld();
      opened.fake.fail({ operation, effect });
      await run(opened.storage);
      opened.fake.fail({ operation, effect, times: 9 });
      await assert.rejects(
        run(opened.storage),
        new RegExp(
          `or a proxy before it, failed also after several .* \\(HTTP ${effect.status}\\)`,
        ),
        operation,
      );
    }
  }
});

Deno.test("S3Storage asks again when an answer breaks off or ends nowhere", async () => {
  for (const [operation, run] of Object.entries(REQUESTS)) {
    // These have no body.
    if (["PutObject", "UploadPart", "HeadObject", "GetObject"].includes(operation)) continue;
    for (const effect of ["truncate", "hang"] as const) {
      await using opened = await openFake({ maxAttempts: 2, requestTimeout: 12_345 });
      using timeouts = new HeldTimers(operation === "CompleteMultipartUpload" ? 300_000 : 12_345);
      const { storage, fake } = opened;
      await storage.put("old", bytesOf(3));
      fake.fail({ operation, effect });
      const running = run(storage);
      if (effect === "hang") {
        await until(() => fake.hanging === 1, "half an answer");
        timeouts.fire();
      }
      await running;
      assert.equal(fake.count(operation), 2, operation);
      // Whoever began an upload whose name was lost can't drop it; sweep() does.
      assert.equal(fake.objects.uploads.size, operation === "CreateMultipartUpload" ? 1 : 0);
      assert.equal(
        await storage.sweep("", { olderThan: new Date(8.64e15) }),
        fake.count("CreateMultipartUpload") === 2 ? 1 : 0,
      );
      assert.equal(fake.objects.uploads.size, 0);
    }
  }
});

Deno.test("S3Storage reads no answer to its end that is larger than any of S3's", async () => {
  await using opened = await openWithOld();
  const { storage, fake } = opened;
  const body = Buffer.alloc(33 * 1024 * 1024, " ");
  for (const status of [200, 403]) {
    const effect = { status, headers: {}, body };
    fake.fail({ operation: "ListObjectsV2", times: 2, effect });
    await assert.rejects(collect(storage.list("")), /AnswerTooLarge: the answer is larger than 32/);
  }
});

Deno.test("S3Storage.put() sends a part again whose answer was lost", async () => {
  await using opened = await openFake({ queueSize: 3 });
  const { storage, fake } = opened;
  fake.fail({ operation: "UploadPart", effect: "lose", times: 2 });
  const bytes = bytesOf(3 * PART + 1);
  await storage.put("x", new TestBody(chunksOf(bytes, PART)));
  assert.equal(fake.count("UploadPart"), 6);
  await assertBytes(await storage.get("x"), bytes);
});

Deno.test("S3Storage.get() gives the bytes as they are kept, packed or not", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  await storage.put("x", bytesOf(3));
  const kept = fake.objects.all.get("some/prefix/x");
  assert.ok(kept);
  const bytes = gzipSync(bytesOf(1000));
  fake.objects.all.set("some/prefix/x", { ...kept, bytes, kept: { "content-encoding": "gzip" } });
  await assertBytes(await storage.get("x"), new Uint8Array(bytes));
  assert.equal((await storage.stat("x"))?.size, bytes.length);
  assert.equal(fake.requests.at(-1)?.headers["accept-encoding"], "identity");
});

Deno.test("S3Storage explains whatever a server sends as an error, in one line", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const { storage, fake } = opened;
  const codes = [
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "\x1b[2J",
    "a".repeat(9999),
  ];
  // A pattern that looks for their end takes minutes for these.
  const messages = [`${".".repeat(300_000)}x`, `${" ".repeat(300_000)}x`, "a\nb\x1b[2J"];
  for (const [i, code] of codes.entries()) {
    for (const message of i === 0 ? messages : messages.slice(2)) {
      const xml =
        `<Error><Code>${code}</Code><Message>${message}</Message><Region>\n</Region></Error>`;
      fake.fail({ operation: "PutObject", effect: answer(418, xml) });
      await assert.rejects(storage.put("x", bytesOf(1)), (error: Error) => {
        assert.ok(error instanceof S3Error);
        assert.match(
          error.message,
          /^Can't write .*, because of an error that is not known here \(/,
        );
        // deno-lint-ignore no-control-regex -- control characters are what is looked for
        assert.doesNotMatch(error.message, /[\0-\x1f]/);
        assert.ok(error.message.length < 600);
        return true;
      });
    }
  }
});

Deno.test("S3Storage says what is wrong with a session token that can't be sent, and not the token", async () => {
  const sessionToken = "IQoJb3JpZ2luX2VjEJr\nsecond line of the token";
  const credentials = { accessKeyId: "fake-key", secretAccessKey: "fake-secret", sessionToken };
  await using opened = await openFake({ credentials, maxAttempts: 1 });
  await assert.rejects(opened.storage.put("x", bytesOf(1)), (error: Error) => {
    assert.match(error.message, /hold a line break or another character .*: copy them again\.$/);
    assert.doesNotMatch(Deno.inspect(error, { depth: 9 }), /IQoJb3JpZ2lu|second line/);
    return true;
  });
  assert.ok(opened.storage.secrets.includes(sessionToken));
});

Deno.test("S3Storage says that a bucket is too new for its region", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const location = { location: "http://127.0.0.1:4/" };
  const error = new FakeS3Error(307, "TemporaryRedirect", location);
  for (const [operation, run] of Object.entries(REQUESTS)) {
    if (operation === "HeadObject" || operation === "GetObject") continue;
    opened.fake.fail({ operation, effect: error });
    await assert.rejects(
      run(opened.storage),
      /the bucket is so new that this region doesn't know it/,
    );
  }
  opened.fake.fail({ operation: "HeadObject", effect: error });
  await assert.rejects(
    opened.storage.stat("x"),
    /the bucket is so new that this region doesn't know/,
  );
});

Deno.test("S3Storage follows no redirect, and says where the bucket is", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const { storage, fake } = opened;
  const headers = { location: fake.endpoint, "x-amz-bucket-region": "eu-west-1" };
  for (const operation of ["HeadObject", "GetObject", "ListObjectsV2"]) {
    const before = fake.requests.length;
    fake.fail({ operation, effect: new FakeS3Error(301, "PermanentRedirect", headers) });
    await assert.rejects(
      REQUESTS[operation]!(storage),
      /the bucket bucket is in the region eu-west-1: set AWS_REGION=eu-west-1\.$/,
    );
    assert.equal(fake.requests.length, before + 1);
  }
});

Deno.test("S3Storage names the host to which what isn't S3 redirects", async () => {
  await using opened = await openFake({ maxAttempts: 1 });
  const { storage, fake } = opened;
  const ends = (host: string, status: number) =>
    new RegExp(
      `the answer is a redirect to ${host} \\(HTTP ${status}\\), which isn't followed: check`,
    );
  for (const status of [301, 302, 303, 307, 308]) {
    const effect = answer(status, PAGE, { location: "https://login.example/?next=x" });
    fake.fail({ operation: "PutObject", effect });
    await assert.rejects(storage.put("x", bytesOf(3)), ends("login\\.example", status));
  }
  fake.fail({ operation: "HeadObject", effect: answer(302, "", { location: "/login" }) });
  await assert.rejects(storage.stat("x"), ends("another address", 302));
});

Deno.test("S3Storage takes an endpoint with a path", async () => {
  for (const path of ["/s3", "/storage/v1/s3", "/a%20b"]) {
    await using opened = await openFake({ path });
    const { storage, fake } = opened;
    await storage.put("a b/ü+", bytesOf(3));
    await storage.put("big", bytesOf(PART + 1));
    assert.deepEqual([...fake.objects.all.keys()], ["some/prefix/a b/ü+", "some/prefix/big"]);
    assert.equal((await collect(storage.list(""))).flat().length, 2);
    await storage.delete(["a b/ü+", "big"]);
    assert.equal(fake.objects.all.size, 0);
  }
});

Deno.test("S3Storage says that an endpoint is no address", async () => {
  for (
    const endpoint of [
      "localhost:9000",
      "127.0.0.1",
      "ftp://user:secret@127.0.0.1/",
      "user:secret@x",
    ]
  ) {
    using storage = new S3Storage({ bucket: "bucket", endpoint, region: "us-east-1" });
    await assert.rejects(storage.stat("x"), (error: Error) => {
      assert.ok(error instanceof StorageError);
      assert.match(
        error.message,
        /^The endpoint of S3 must be a URL that begins with http:\/\/ or/,
      );
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});
