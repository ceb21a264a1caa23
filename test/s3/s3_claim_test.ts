import assert from "node:assert/strict";
import { S3Bucket } from "../../src/storage/s3/bucket.ts";
import { claimKey } from "../../src/storage/s3/claim.ts";
import { HeldTimers } from "../support/held_timers.ts";
import { until } from "../support/until.ts";
import { FakeS3 } from "./fake_s3.ts";
import { FakeS3Error } from "./fake_s3_objects.ts";

Deno.test("claimKey() isn't held up by a server that is gone when the claim is taken back", async () => {
  await using fake = await FakeS3.start({ conditions: "none" });
  using bucket = new S3Bucket("bucket", {
    endpoint: fake.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
  });
  const claim = await claimKey(bucket, "a/x", new AbortController().signal);
  assert.ok(claim);
  fake.fail({ operation: "DeleteObjects", effect: "stall", times: 99 });
  using limit = new HeldTimers(5_000);
  const ending = claim[Symbol.asyncDispose]();
  await until(() => fake.count("DeleteObjects") === 1, "the deletion");
  limit.fire();
  await ending;
  assert.equal(fake.count("DeleteObjects"), 1);
});

Deno.test("claimKey() renews its claim until it is disposed", async () => {
  await using fake = await FakeS3.start({ conditions: "none" });
  using bucket = new S3Bucket("bucket", {
    endpoint: fake.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
    retryDelay: 1,
  });
  const { signal } = new AbortController();
  const ages = new Set<number>();
  {
    await using claim = await claimKey(bucket, "a/x", signal, 1);
    assert.ok(claim);
    fake.fail({ operation: "PutObject", effect: new FakeS3Error(403, "AccessDenied") });
    await until(() => {
      const [claim] = fake.objects.all.values();
      return claim !== undefined && ages.add(claim.modifiedAt.getTime()).size >= 4;
    }, "the renewals");
  }
  assert.equal(fake.objects.all.size, 0);
});
