import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { listSnapshots } from "../../src/tools/list.ts";
import { applyPrune } from "../../src/tools/prune.ts";
import { planPrune } from "../../src/tools/prune_policy.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";
import { verifySnapshot } from "../../src/tools/verify.ts";
import { openRgw, RGW } from "./open_rgw.ts";

const endpoint = RGW;
const region = "us-east-1";
/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;

/** A bucket of its own whose objects are locked for a day; it is removed afterwards. */
async function openLocked(
  endpoint: string,
): Promise<AsyncDisposable & { readonly storage: S3Storage }> {
  const Bucket = `sluice-prune-${crypto.randomUUID()}`;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    // The SDK's own asks Deno for a permission.
    defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
  });
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const Rule = { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } } as const;
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule } as const;
  await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  const storage = new S3Storage({ bucket: Bucket, prefix: "datocms", endpoint, region });
  return {
    storage,
    async [Symbol.asyncDispose]() {
      storage.close();
      const found = await client.send(new ListObjectVersionsCommand({ Bucket }));
      for (const { Key, VersionId } of [...found.Versions ?? [], ...found.DeleteMarkers ?? []]) {
        const BypassGovernanceRetention = true;
        const one = { Bucket, Key, VersionId, BypassGovernanceRetention };
        await client.send(new DeleteObjectCommand(one));
      }
      await client.send(new DeleteBucketCommand({ Bucket }));
      client.destroy();
    },
  };
}

if (endpoint !== undefined) {
  Deno.test("applyPrune() on a real server with Object Lock says until when the bytes are kept", async () => {
    await using opened = await openLocked(endpoint);
    const { storage } = opened;
    for (const day of [0, 1, 2]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
    const snapshots = (await Array.fromAsync(listSnapshots(storage))).flat();
    const plan = planPrune(snapshots, { keepLast: 1 });
    const result = await applyPrune(storage, plan);
    assert.deepEqual(result.failed, []);
    assert.equal(result.remove.length, 2);
    for (const { lockedUntil } of result.remove) {
      const left = Date.parse(lockedUntil!) - Date.now();
      assert.ok(left > 0 && left <= DAY * 1000, lockedUntil);
    }
    assert.equal(result.freed, 0);
    assert.deepEqual(result.warnings.map(({ code }) => code), ["versions_kept"]);
    assert.equal(await assertSealedAreWhole(storage), 1);
    assert.equal((await Array.fromAsync(listSnapshots(storage))).flat().length, 1);
  });

  Deno.test("applyPrune() on a real server that is killed leaves nothing that claims to be complete and isn't", async () => {
    await using opened = await openRgw(endpoint);
    const { storage } = opened;
    let crashes = 0;
    // The lock is taken with the first calls; then each snapshot goes, its seal first.
    for (const [round, crashAt] of [4, 5, 6, 7, 9].entries()) {
      const start = FIRST + round * 10 * DAY;
      for (const day of [0, 1, 2]) await putSmallSnapshot(storage, "1", start + day * DAY);
      const snapshots = (await Array.fromAsync(listSnapshots(storage))).flat();
      const plan = planPrune(snapshots, { keepLast: 1 });
      const traced = new TracedStorage(storage, { crashAt });
      const end = await applyPrune(traced, plan).catch((error) => error);
      if (end instanceof CrashError) crashes++;
      const left = (await Array.fromAsync(listSnapshots(storage))).flat();
      for (const { name, state } of left.filter(({ state }) => state !== "incomplete")) {
        const { problems } = await verifySnapshot(storage, name, { level: "manifest" });
        assert.deepEqual(problems.filter(({ kind }) => kind === "missing"), [], `${name} ${state}`);
      }
      await assertSealedAreWhole(storage);
      await storage.delete(["content/project_1/lock.json"]);
    }
    assert.ok(crashes >= 4, `only ${crashes} crashes`);
  });
}
