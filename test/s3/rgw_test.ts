import assert from "node:assert/strict";
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { assertBytes, bytesOf, chunksOf, collect, TestBody } from "../storage/bodies.ts";
import type { OpenedStorage } from "../storage/opened_storage.ts";
import { storageContract } from "../storage/storage_contract.ts";

/**
 * The tests on a real S3 server, which start-rgw.sh starts. The keys come from AWS_ACCESS_KEY_ID and
 * AWS_SECRET_ACCESS_KEY.
 */
const endpoint = Deno.env.get("SLUICE_TEST_S3_ENDPOINT");
const PART = 5 * 1024 * 1024;

if (endpoint === undefined) {
  Deno.test({
    name: "S3Storage on a real server (ignored: SLUICE_TEST_S3_ENDPOINT isn't set)",
    ignore: Deno.env.get("SLUICE_TEST_CI") !== "true",
    fn() {
      assert.fail("SLUICE_TEST_S3_ENDPOINT must be set in CI: see test/s3/start-rgw.sh.");
    },
  });
} else {
  storageContract("S3Storage on a real server", () => open(endpoint), { runs: 10 });

  Deno.test("S3Storage on a real server says that there is no such bucket or key", async () => {
    await using opened = await open(endpoint);
    using nowhere = new S3Storage({ bucket: "sluice-no-such-bucket", endpoint, region });
    await assert.rejects(
      nowhere.put("x", bytesOf(1)),
      /there is no bucket sluice-no-such-bucket: /,
    );
    await assert.rejects(collect(nowhere.list("")), /there is no bucket sluice-no-such-bucket: /);
    const { url } = opened.storage;
    const bucket = new URL(url).hostname;
    const stranger = { accessKeyId: "stranger", secretAccessKey: "nobody-knows-5f3a9c" };
    using unknown = new S3Storage({ bucket, endpoint, region, credentials: stranger });
    await assert.rejects(unknown.get("x"), /S3 doesn't know the access key/);
    const liar = { ...stranger, accessKeyId: Deno.env.get("AWS_ACCESS_KEY_ID") ?? "" };
    using wrong = new S3Storage({ bucket, endpoint, region, credentials: liar });
    await assert.rejects(wrong.get("x"), /the secret key isn't the one of the access key/);
  });

  Deno.test("S3Storage on a real server keeps types and metadata", async () => {
    await using opened = await open(endpoint);
    const options = { contentType: "text/csv", metadata: { note: "a b" } };
    await opened.storage.put("small", bytesOf(3), options);
    await opened.storage.put("big", new TestBody(chunksOf(bytesOf(PART + 1), 65_536)), options);
    for (const key of ["small", "big"]) {
      const { ContentType, Metadata } = await opened.head(key);
      assert.equal(ContentType, "text/csv");
      assert.equal(Metadata?.note, "a b");
    }
  });

  Deno.test("S3Storage on a real server works below a prefix of any characters", async () => {
    for (const prefix of ["a b+c/ü😀", "100%/%20", "?x=y&z#;,:@$'()*~<&amp;>"]) {
      await using opened = await open(endpoint, { prefix });
      const { storage } = opened;
      const keys = [" 007 ", "a b/+ü", "a/x", "x&#65;y"];
      for (const key of keys) await storage.put(key, bytesOf(3), { ifAbsent: true });
      await storage.put("z", new TestBody(chunksOf(bytesOf(PART + 1), 65_536)));
      for (const key of keys) await assertBytes(await storage.get(key), bytesOf(3));
      const listed = (await collect(storage.list(""))).flat().map(({ key }) => key);
      assert.deepEqual(listed, [...keys, "z"]);
      assert.deepEqual((await collect(storage.folders(""))).flat(), ["a b", "a"]);
      assert.deepEqual(await opened.leftovers(), []);
    }
  });

  Deno.test("S3Storage on a real server lists objects of others that XML can't carry", async () => {
    await using opened = await open(endpoint);
    const names = ["a\x01b", "a\rb", "a\nb"];
    for (const name of names) await opened.putAsOthers(name);
    await opened.storage.put("x", bytesOf(1));
    const listed = (await collect(opened.storage.list(""))).flat().map(({ key }) => key);
    await opened.deleteAsOthers(names);
    assert.deepEqual(listed, ["x"]);
  });

  Deno.test("S3Storage on a real server writes many parts, several at a time", async () => {
    await using opened = await open(endpoint, { queueSize: 4 });
    const bytes = bytesOf(12 * PART + 3);
    await opened.storage.put("x", new TestBody(chunksOf(bytes, 65_536)));
    await assertBytes(await opened.storage.get("x"), bytes);
    assert.deepEqual(await opened.leftovers(), []);
  });
}

const region = "us-east-1";

/** Opens a storage in a bucket of its own, which is removed afterwards. */
async function open(endpoint: string, options: { queueSize?: number; prefix?: string } = {}) {
  const bucket = `sluice-test-${crypto.randomUUID()}`;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    // The SDK's own asks Deno for a permission.
    defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const queueSize = options.queueSize ?? 1;
  const { prefix = "some/prefix" } = options;
  const storage = new S3Storage({ bucket, prefix, endpoint, region, partSize: PART, queueSize });
  const realFetch = globalThis.fetch;
  return {
    storage,
    async head(key: string) {
      const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
      return await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}` }));
    },
    async putAsOthers(name: string) {
      const { PutObjectCommand } = await import("@aws-sdk/client-s3");
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${name}` }));
    },
    async deleteAsOthers(names: readonly string[]) {
      const { DeleteObjectCommand } = await import("@aws-sdk/client-s3");
      for (const name of names) {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}/${name}` }));
      }
    },
    async leftovers() {
      using whole = new S3Storage({ bucket, endpoint, region });
      const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      const temporary = Contents.flatMap(({ Key = "" }) => Key.includes(".sluice-") ? [Key] : []);
      const uploads = (await collect(whole.listUnfinishedUploads(""))).flat();
      return [...temporary, ...uploads.map(({ key }) => key)];
    },
    holdWrites() {
      const waiting = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      globalThis.fetch = async (input, init) => {
        if (init?.method === "PUT") {
          waiting.resolve();
          await released.promise;
        }
        return await realFetch(input, init);
      };
      return { waiting: waiting.promise, release: released.resolve };
    },
    maxHeld: (queueSize + 1) * PART,
    sizes: [PART - 1, PART, PART + 1],
    async [Symbol.asyncDispose]() {
      globalThis.fetch = realFetch;
      for await (const page of storage.list("")) await storage.delete(page.map(({ key }) => key));
      await storage.sweep("", { olderThan: new Date(8.64e15) });
      storage.close();
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    },
  } satisfies OpenedStorage & Record<string, unknown>;
}
