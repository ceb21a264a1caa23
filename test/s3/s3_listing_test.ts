import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { exportProject } from "../../src/export/export.ts";
import { S3Progress } from "../../src/storage/s3/progress.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { assertBytes, bytesOf, collect } from "../storage/bodies.ts";
import { sourceOf } from "../support/exported.ts";
import type { FakeS3Answer } from "./fake_s3_objects.ts";
import { openFake, PART } from "./open_fake.ts";

function page(inner: string, root = "ListBucketResult"): FakeS3Answer {
  const body = Buffer.from(`<${root}><IsTruncated>true</IsTruncated>${inner}</${root}>`);
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

const entry = (key: string): string =>
  `<Contents><Key>some/prefix/${key}</Key><Size>1</Size></Contents>`;
const token = (text: string): string => `<NextContinuationToken>${text}</NextContinuationToken>`;

Deno.test("S3Progress.goOn() notices a circle of any length, and no other way", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.integer({ min: 1, max: 40 }), (before, length) => {
      const progress = new S3Progress("s3://b");
      for (let i = 0; i < before + length; i++) progress.goOn(`${i}`, undefined);
      assert.throws(() => {
        for (let i = 0; i < 4 * (before + length); i++) {
          progress.goOn(`${before + i % length}`, undefined);
        }
      }, StorageError);
    }),
  );
});

Deno.test("S3Storage.list() fails when the server doesn't say where it continues", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  const lost =
    /^StorageError: Can't list s3:\/\/bucket\/some\/prefix\/.*that there is more, but not where/;
  fake.fail({ operation: "ListObjectsV2", effect: page(entry("a")), times: 9 });
  await assert.rejects(collect(storage.list("")), lost);
  await assert.rejects(collect(storage.folders("")), lost);
  const upload = "<Upload><Key>some/prefix/a</Key><UploadId>1</UploadId></Upload>";
  const effect = page(upload, "ListMultipartUploadsResult");
  fake.fail({ operation: "ListMultipartUploads", effect });
  await assert.rejects(
    collect(storage.listUnfinishedUploads("")),
    /^StorageError: Can't list the uploads to s3:\/\/bucket\/some\/prefix\/.* but not where it continues/,
  );
  assert.equal(fake.count("ListMultipartUploads"), 1);
});

Deno.test("S3Storage.list() fails when pages come again and again", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  const endless = /the same page again and again/;
  // One token, which is the same each time, also where a page is empty.
  fake.fail({ operation: "ListObjectsV2", effect: page(token("t")), times: 99 });
  await assert.rejects(collect(storage.list("")), endless);
  assert.ok(fake.count("ListObjectsV2") < 5);
  fake.fail({ operation: "ListObjectsV2", effect: page(token("1") + entry("a")) });
  await assert.rejects(collect(storage.list("")), endless);
  for (const text of ["1", "2"]) {
    fake.fail({ operation: "ListMultipartUploads", effect: uploads(text) });
  }
  await assert.rejects(collect(storage.listUnfinishedUploads("")), endless);
});

/** A page of uploads that has the same entry, but goes on elsewhere. */
function uploads(next: string): FakeS3Answer {
  return page(
    "<Upload><Key>some/prefix/a</Key><UploadId>1</UploadId><Initiated>2024-01-01T00:00:00Z</Initiated>" +
      `</Upload><NextKeyMarker>${next}</NextKeyMarker>`,
    "ListMultipartUploadsResult",
  );
}

Deno.test("S3Storage.listUnfinishedUploads() gives the uploads of all pages, several to a key", async () => {
  await using opened = await openFake({ pageSize: 2 });
  const { storage, fake } = opened;
  for (let i = 0; i < 11; i++) {
    fake.objects.uploads.set(`id-${i}`, {
      key: `some/prefix/${i < 5 ? "a b" : `ü&${i}`}`,
      kept: {},
      startedAt: new Date(0),
      parts: new Map(),
    });
  }
  const found = (await collect(storage.listUnfinishedUploads(""))).flat();
  assert.equal(new Set(found.map(({ uploadId }) => uploadId)).size, 11);
  assert.equal(found.length, 11);
  assert.equal(await storage.sweep("", { olderThan: new Date() }), 11);
  assert.equal(fake.objects.uploads.size, 0);
});

Deno.test("S3Storage.list() leaves out what XML can't carry", async () => {
  await using opened = await openFake();
  const { storage, fake } = opened;
  const inner = [
    entry("a&#x1;b"),
    entry("a&#13;b"),
    entry("a\x01b"),
    entry("a&amp;#x41;b"),
    entry("&amp;lt;"),
    entry(" 007 "),
  ].join("");
  const answer = page(inner);
  const body = Buffer.from(`${answer.body}`.replace("true", "false"));
  fake.fail({ operation: "ListObjectsV2", effect: { ...answer, body } });
  const keys = (await collect(storage.list(""))).flat().map(({ key }) => key);
  assert.deepEqual(keys, ["a&#x41;b", "&lt;", " 007 "]);
});

Deno.test("S3Storage refuses listings of keys that lie elsewhere", async () => {
  await using opened = await openFake({ ignoresPrefix: true });
  const { storage, fake } = opened;
  for (const key of ["a/x", "b/y"]) await storage.put(key, bytesOf(1));
  const elsewhere =
    /^StorageError: Can't list s3:\/\/bucket\/some\/prefix\/b\/.* of keys elsewhere, such as "some\/prefix\/a\/x"/;
  await assert.rejects(collect(storage.list("b/")), elsewhere);
  await assert.rejects(collect(storage.folders("b/")), /of keys elsewhere, such as "some\/"/);
  const upload = "<Upload><Key>elsewhere</Key><UploadId>1</UploadId></Upload>";
  const text = `<ListMultipartUploadsResult>${upload}</ListMultipartUploadsResult>`;
  const effect = { status: 200, headers: {}, body: Buffer.from(text) };
  fake.fail({ operation: "ListMultipartUploads", effect });
  await assert.rejects(collect(storage.listUnfinishedUploads("")), /of keys elsewhere/);
  await assert.rejects(storage.sweep("b/", { olderThan: new Date(8e15) }), /of keys elsewhere/);
  assert.equal(fake.objects.all.size, 2);
});

Deno.test("S3Storage lists keys whose prefix a server writes in another form", async () => {
  for (const form of ["NFC", "NFD"] as const) {
    await using opened = await openFake({
      prefix: "B\u00fccher/e\u0301",
      keys: (key) => key.normalize(form),
    });
    const { storage } = opened;
    await storage.put("a/x", bytesOf(1));
    assert.deepEqual((await collect(storage.list("a/"))).flat().map(({ key }) => key), ["a/x"]);
    assert.deepEqual((await collect(storage.folders(""))).flat(), ["a"]);
  }
});

Deno.test("exportProject() ends where listings are of anything, with a sentence", async () => {
  for (const conditions of ["all", "none"] as const) {
    await using opened = await openFake({ ignoresPrefix: true, conditions });
    await opened.storage.put("x", bytesOf(1));
    await using cma = startDemoCma({ project: generateProject({ records: 3 }), rateLimit: false });
    const { storage } = opened;
    await assert.rejects(exportProject({ ...sourceOf(cma), storage }), /of keys elsewhere/);
    assert.ok(opened.fake.requests.length < 50);
  }
});

Deno.test("S3Storage works below a prefix of any characters", async () => {
  for (
    const prefix of [
      "a b+c",
      "ü/日本語 😀",
      "100%/%20",
      "?x=y&z",
      "#",
      "a;b,c=d@e:f!$'()*~",
      "&amp;",
    ]
  ) {
    await using opened = await openFake({ prefix, pageSize: 1 });
    const { storage, fake } = opened;
    assert.equal(storage.url, `s3://bucket/${prefix}`);
    for (const key of ["a/x", "a b/+ü", "c"]) {
      await storage.put(key, bytesOf(3));
      assert.ok(fake.objects.all.has(`${prefix}/${key}`));
      await assertBytes(await storage.get(key), bytesOf(3));
      assert.equal((await storage.stat(key))?.size, 3);
    }
    // In parts once: that is slower.
    await storage.put("a/big", bytesOf(prefix === "a b+c" ? PART + 1 : 1), { ifAbsent: true });
    const keys = (await collect(storage.list(""))).flat().map(({ key }) => key);
    assert.deepEqual(keys, ["a b/+ü", "a/big", "a/x", "c"]);
    assert.deepEqual((await collect(storage.folders(""))).flat(), ["a b", "a"]);
    assert.deepEqual(await opened.leftovers(), []);
    await storage.delete(keys);
    assert.equal(fake.objects.all.size, 0);
  }
});
