import assert from "node:assert/strict";
import {
  PutBucketAclCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { type Examination, examine } from "../../src/doctor/doctor.ts";
import { leastPolicy, type PolicyStatement } from "../../src/doctor/s3_policy.ts";
import { assertNotPublic } from "../../src/storage/public_access.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { workbench } from "../support/exported.ts";
import { LIMITED, openBucket } from "./limited_bucket.ts";

/** See rgw_test.ts. */
const endpoint = Deno.env.get("SLUICE_TEST_S3_ENDPOINT");
const region = "us-east-1";
/** With BlockPublicAcls, Ceph Pacific refuses every write. */
const BLOCK = {
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** How each check ended. */
function statuses({ checks }: Examination): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

const USABLE = { write: "ok", read: "ok", list: "ok", delete: "ok" };

if (endpoint !== undefined) {
  Deno.test("examine() sees how a real server's bucket is set up", async () => {
    await using opened = await openBucket(endpoint);
    const { bucket, client, storage } = opened;
    assert.deepEqual(statuses(await examine({ storage })), {
      ...USABLE,
      public_access: "warning",
      versioning: "warning",
      lifecycle: "warning",
      encryption: "unknown",
      unfinished_uploads: "ok",
    });
    assert.deepEqual(await opened.keys(), []);

    const Bucket = bucket;
    await client.send(new PutBucketAclCommand({ Bucket, ACL: "public-read" }));
    const open = await examine({ storage });
    assert.equal(statuses(open).public_access, "problem");
    assert.equal(open.problems, 1);
    await assert.rejects(
      assertNotPublic(storage),
      /is public \(.*its ACL grants READ to everybody\)/,
    );

    const Rules = [{
      ID: "unfinished",
      Status: "Enabled" as const,
      Filter: { Prefix: "" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
    }];
    const LifecycleConfiguration = { Rules };
    for (
      const command of [
        new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: BLOCK }),
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
      ]
    ) await client.send(command as never);
    assert.deepEqual(statuses(await examine({ storage })), {
      ...USABLE,
      public_access: "warning",
      versioning: "warning",
      lifecycle: "ok",
      encryption: "unknown",
      unfinished_uploads: "ok",
    });
    await assertNotPublic(storage);
    const VersioningConfiguration = { Status: "Suspended" as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    assert.deepEqual(await storage.settings.versioning(), { known: true, value: "suspended" });
  });

  Deno.test("exportProject() refuses a real server's public bucket", async () => {
    await using opened = await openBucket(endpoint);
    const { bucket, prefix, client, storage } = opened;
    await using bench = await workbench({ project: sampleProject() });
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow",
        Principal: "*",
        Action: ["s3:GetObject"],
        Resource: [`arn:aws:s3:::${bucket}/${prefix}/*`],
      }],
    });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    await assert.rejects(
      bench.export({ storage }),
      /is public \(its policy grants access to everybody\), so nothing was written/,
    );
    assert.deepEqual(await opened.keys(), []);
  });

  Deno.test("leastPolicy() is enough for an export and for sluice doctor, and the least", async () => {
    await using opened = await openBucket(endpoint);
    const { limited } = opened;
    await using bench = await workbench({ project: sampleProject() });
    const statements = leastPolicy(opened);

    const nothing = await examine({ storage: limited });
    assert.equal(statuses(nothing).write, "problem");
    assert.equal(statuses(nothing).list, "problem");
    const write = nothing.checks.find(({ name }) => name === "write");
    assert.match(
      write?.message ?? "",
      /the credentials lack the permission s3:PutObject on arn:aws:s3:::/,
    );
    // What is proposed is what the documentation has.
    const proposed = JSON.parse((write?.fix ?? "").replace(/^.*\n/, "")) as PolicyStatement;
    assert.equal(proposed.Resource, statements[0]?.Resource);
    assert.ok(proposed.Action.every((action) => statements[0]?.Action.includes(action)));

    await opened.grant(statements.slice(0, 2));
    assert.equal((await bench.export({ storage: limited })).status, "complete");
    const keys = await opened.keys();
    assert.ok(keys.some((key) => key.endsWith("/canary.txt")));
    assert.ok(keys.every((key) => key.startsWith("back/ups/")));
    await limited.put("content/big", ReadableStream.from([new Uint8Array(9 * 1024 * 1024)]));

    await opened.grant(statements);
    const { checks, problems } = await examine({ storage: limited, clean: true });
    assert.equal(problems, 0);
    const denied = checks.filter(({ fix }) => fix?.startsWith("Add this statement"));
    // Ceph lets nobody but the bucket's owner look at the block of public access.
    assert.deepEqual(denied.map(({ name, status }) => [name, status]), [[
      "public_access",
      "unknown",
    ]]);
    // A policy that grants something to a user isn't public, whatever Ceph says of it.
    await assertNotPublic(opened.storage);
    assert.deepEqual((await opened.keys()).filter((key) => key.includes("doctor")), []);
  });

  Deno.test("examine() says which of an export's permissions is missing", async () => {
    await using opened = await openBucket(endpoint);
    const [objects, bucket, doctor] = leastPolicy(opened);
    assert.ok(objects && bucket && doctor);
    const cases = [
      ["write", "s3:PutObject"],
      ["read", "s3:GetObject"],
      ["delete", "s3:DeleteObject"],
    ] as const;
    for (const [name, permission] of cases) {
      // Who owns an object may read it on Ceph, whatever isn't granted.
      const denied = { ...objects, Sid: "Deny", Effect: "Deny", Action: [permission] };
      await opened.grant([objects, bucket, doctor, denied]);
      const { checks } = await examine({ storage: opened.limited });
      // Exports work without deleting anything.
      const expected = name === "delete" ? "warning" : "problem";
      const problem = checks.find((check) => check.status === expected && check.name === name);
      const problems = checks.filter(({ status }) => status === "problem");
      assert.deepEqual(problems, expected === "problem" ? [problem] : []);
      assert.ok(problem?.message.includes(`lack the permission ${permission} `), problem?.message);
      assert.ok(problem?.fix?.includes(`"${permission}"`), problem?.fix);
      const left = await opened.keys();
      assert.equal(left.length, name === "delete" ? 2 : 0);
      await opened.storage.delete(left.map((key) => key.slice("back/ups/".length)));
    }
  });

  Deno.test("examine() tells bad keys and a missing bucket of a real server", async () => {
    await using opened = await openBucket(endpoint);
    const { bucket } = opened;
    const accessKeyId = LIMITED.accessKeyId;
    const cases = [
      [
        { bucket, credentials: { accessKeyId, secretAccessKey: "wrong" } },
        /the secret key isn't the one of the access key: check AWS_SECRET_ACCESS_KEY/,
        undefined,
      ],
      [
        { bucket, credentials: { accessKeyId: "nobody", secretAccessKey: "wrong" } },
        /S3 doesn't know the access key: check AWS_ACCESS_KEY_ID/,
        undefined,
      ],
      [
        { bucket: "sluice-no-such-bucket" },
        /there is no bucket sluice-no-such-bucket: create it/,
        "aws s3 mb s3://sluice-no-such-bucket",
      ],
    ] as const;
    for (const [options, message, fix] of cases) {
      using storage = new S3Storage({ endpoint, region, ...options });
      const { checks, notChecked } = await examine({ storage });
      const [check, ...more] = checks;
      assert.deepEqual([check?.name, check?.status, more], ["write", "problem", []]);
      assert.match(check?.message ?? "", message);
      assert.equal(check?.fix, fix);
      assert.ok(
        notChecked.includes("The bucket's settings weren't checked, because of that problem."),
      );
    }
  });
}
