import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { exportProject } from "../../src/export/export.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { assertNotPublic } from "../../src/storage/public_access.ts";
import { type Storage, StorageError } from "../../src/storage/storage.ts";
import { type BucketSettings, GOOD, keepSecret, setUp } from "../s3/bucket_settings.ts";
import { FakeS3Error } from "../s3/fake_s3_objects.ts";
import { type OpenedFake, openFake } from "../s3/open_fake.ts";
import { workbench } from "../support/exported.ts";

const POLICY = "its policy grants access to everybody";
const GRANT = "its ACL grants READ to everybody";

/** A fake whose bucket is set up like this. */
async function open(bucket: BucketSettings): Promise<OpenedFake> {
  const opened = await openFake();
  setUp(opened.fake.objects, bucket);
  return opened;
}

Deno.test("settings.publicAccess() finds what makes a bucket public, unless that is without effect", async () => {
  const cases: readonly (readonly [BucketSettings, readonly string[], boolean])[] = [
    [GOOD, [], true],
    [{}, [], false],
    [{ publicPolicy: false }, [], false],
    [{ publicPolicy: true }, [POLICY], false],
    [{ publicGrant: "READ" }, [GRANT], false],
    [{ publicPolicy: true, publicGrant: "READ", block: "acls" }, [POLICY], false],
    [{ publicPolicy: true, publicGrant: "READ", block: "policies" }, [GRANT], false],
    [{ publicPolicy: true, publicGrant: "READ", block: "all" }, [], true],
  ];
  for (const [bucket, reasons, blocked] of cases) {
    await using opened = await open(bucket);
    const access = await opened.storage.settings.publicAccess();
    assert.deepEqual(access, { reasons, blocked, unanswered: [] });
  }
});

Deno.test("settings.publicAccess() proves nothing while the block of public access can't be looked at", async () => {
  await using opened = await open({ publicPolicy: true, publicGrant: "READ" });
  const { settings } = opened.fake.objects;
  settings.set("setting:publicAccessBlock", new FakeS3Error(403, "AccessDenied"));
  const hidden = await opened.storage.settings.publicAccess();
  assert.deepEqual([hidden.reasons, hidden.blocked], [[], undefined]);
  assert.deepEqual(hidden.unanswered, [{
    known: false,
    denied: true,
    permission: "s3:GetBucketPublicAccessBlock",
    code: "AccessDenied",
  }]);
  // What a server doesn't have can't block anything.
  settings.set("setting:publicAccessBlock", new FakeS3Error(501, "NotImplemented"));
  assert.deepEqual((await opened.storage.settings.publicAccess()).reasons, [POLICY, GRANT]);
});

Deno.test("settings.publicAccess() doesn't believe other servers than AWS, but looks at the policy", async () => {
  const allow = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
  const cases: readonly (readonly [unknown, boolean])[] = [
    [{ ...allow, Principal: "*" }, true],
    [[{ ...allow, Principal: { AWS: ["arn:aws:iam:::user/me", "*"] } }], true],
    [[{ ...allow, Principal: { AWS: "*" } }], true],
    [[{ ...allow, Principal: { AWS: ["arn:aws:iam:::user/me"] } }], false],
    [[{ ...allow, Effect: "Deny", Principal: "*" }], false],
    [
      { ...allow, Principal: "*", Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } },
      false,
    ],
    [undefined, false],
  ];
  await using opened = await open({ publicPolicy: true });
  const { settings } = opened.fake.objects;
  for (const [Statement, isPublic] of cases) {
    settings.set("setting:policy", JSON.stringify({ Statement }));
    const { reasons } = await opened.storage.settings.publicAccess();
    assert.deepEqual(reasons, isPublic ? [POLICY] : []);
  }
  for (const broken of ["{", new FakeS3Error(403, "AccessDenied")]) {
    settings.set("setting:policy", broken);
    const { reasons, unanswered } = await opened.storage.settings.publicAccess();
    assert.deepEqual([reasons, unanswered.length], [[], 1]);
  }
});

Deno.test("settings.publicAccess() takes an answer to another question for none", async () => {
  await using opened = await open(GOOD);
  const listing =
    "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated></ListBucketResult>";
  for (const name of ["publicAccessBlock", "policyStatus", "acl", "encryption"]) {
    opened.fake.objects.settings.set(`setting:${name}`, listing);
  }
  const { reasons, blocked, unanswered } = await opened.storage.settings.publicAccess();
  assert.deepEqual([reasons, blocked, unanswered.length], [[], undefined, 3]);
  assert.equal((await opened.storage.settings.encryption()).known, false);
});

Deno.test("assertNotPublic() fails with the keys' and the place's errors, not with the settings'", async () => {
  await using opened = await openFake();
  await assertNotPublic(opened.storage);
  keepSecret(opened.fake.objects);
  await assertNotPublic(opened.storage);
  await assertNotPublic(new LocalStorage("."));
  opened.fake.fail({ effect: new FakeS3Error(404, "NoSuchBucket"), times: 9 });
  await assert.rejects(assertNotPublic(opened.storage), /there is no bucket bucket/);
});

Deno.test("exportProject() refuses a public bucket before it writes or asks anything", async () => {
  await using opened = await open({ publicPolicy: true });
  await using bench = await workbench({ project: sampleProject() });
  const options = { storage: opened.storage, models: ["lock"], include: ["records" as const] };
  await assert.rejects(bench.export(options), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.exitCode, EXIT.usage);
    assert.equal(
      error.message,
      "The bucket bucket is public (its policy grants access to everybody), so nothing was written: " +
        "refuse public access with `aws s3api put-public-access-block --bucket bucket " +
        "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true," +
        "BlockPublicPolicy=true,RestrictPublicBuckets=true`, or allow it if everybody may see " +
        "the project.",
    );
    return true;
  });
  assert.ok(opened.fake.requests.every(({ operation }) => operation.startsWith("setting:")));
  assert.equal(opened.fake.objects.all.size, 0);
  assert.equal(bench.cma.log.requests.length, 0);

  const { status } = await bench.export({ ...options, allowPublic: true });
  assert.equal(status, "complete");
  assert.ok([...opened.fake.objects.all.keys()].some((key) => key.endsWith("/canary.txt")));
});

Deno.test("exportProject() is aborted while it looks whether the bucket is public", async () => {
  await using opened = await open({});
  const { promise, resolve } = Promise.withResolvers<void>();
  opened.fake.delay("setting:acl", promise);
  const controller = new AbortController();
  const exporting = exportProject({
    apiToken: "token",
    baseUrl: "http://127.0.0.1:9",
    storage: opened.storage,
    signal: controller.signal,
  });
  controller.abort(new Error("enough"));
  await assert.rejects(exporting, /enough/);
  resolve();
});

Deno.test("settings.versioning() tells what S3 says, and no other storage has any", async () => {
  for (
    const [versioning, value] of [
      ["Enabled", "enabled"],
      ["Suspended", "suspended"],
      [undefined, "off"],
    ] as const
  ) {
    await using opened = await open({ ...(versioning && { versioning }) });
    assert.deepEqual(await opened.storage.settings.versioning(), { known: true, value });
  }
  await using opened = await openFake();
  assert.equal((await opened.storage.settings.versioning()).known, false);
  const local: Storage = new LocalStorage(".");
  assert.equal(local.settings, undefined);
});

Deno.test("S3Storage keeps objects in the class of their keys, and encrypts all of them", async () => {
  await using opened = await openFake({
    storageClass: (key) => key.startsWith("assets/") ? "STANDARD_IA" : undefined,
    sse: "aws:kms",
    sseKmsKeyId: "a-key",
  });
  const { storage, fake } = opened;
  await storage.put("assets/x", new Uint8Array(1));
  await storage.put("content/x", new Uint8Array(1));
  await storage.put("assets/big", ReadableStream.from([new Uint8Array(6 * 1024 * 1024)]));
  const kept = (key: string) => fake.objects.all.get(`some/prefix/${key}`)?.kept ?? {};
  assert.equal(kept("assets/x")["x-amz-storage-class"], "STANDARD_IA");
  assert.equal(kept("assets/big")["x-amz-storage-class"], "STANDARD_IA");
  assert.equal(kept("content/x")["x-amz-storage-class"], undefined);
  for (const key of ["assets/x", "content/x", "assets/big"]) {
    assert.equal(kept(key)["x-amz-server-side-encryption"], "aws:kms");
    assert.equal(kept(key)["x-amz-server-side-encryption-aws-kms-key-id"], "a-key");
  }
});
