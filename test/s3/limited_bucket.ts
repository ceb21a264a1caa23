import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { PolicyStatement } from "../../src/doctor/s3_policy.ts";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";

const region = "us-east-1";

/** A user of start-rgw.sh's that may do nothing by itself. */
export const LIMITED = {
  accessKeyId: "limitedaccesskey",
  secretAccessKey: "limitedsecretkey0123456789",
};
/** What Ceph calls differently, or refuses to find in a policy because it doesn't know it. */
const CEPH_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  "s3:GetBucketPublicAccessBlock": ["s3:GetPublicAccessBlock"],
  "s3:GetEncryptionConfiguration": [],
};

/** A bucket of its own, which is removed afterwards, and a prefix in it. */
export async function openBucket(endpoint: string) {
  const bucket = `sluice-doctor-${crypto.randomUUID()}`;
  const prefix = "back/ups";
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    // The SDK's own asks Deno for a permission.
    defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const storage = new S3Storage({ bucket, prefix, endpoint, region });
  const limited = new S3Storage({ bucket, prefix, endpoint, region, credentials: LIMITED });
  return {
    bucket,
    prefix,
    client,
    storage,
    limited,
    /** Grants the limited user these statements. */
    async grant(statements: readonly (Omit<PolicyStatement, "Effect"> & { Effect: string })[]) {
      const Principal = { AWS: ["arn:aws:iam:::user/test2"] };
      const Statement = statements.map((statement) => ({
        ...statement,
        Principal,
        Action: statement.Action.flatMap((action) => CEPH_ACTIONS[action] ?? action),
        // Ceph looks at the bucket when several objects are deleted in one request.
        Resource: [statement.Resource, `arn:aws:s3:::${bucket}`],
      }));
      const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    },
    async keys() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = "" }) => Key);
    },
    async [Symbol.asyncDispose]() {
      limited.close();
      await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      for await (const page of storage.list("")) await storage.delete(page.map(({ key }) => key));
      await storage.sweep("", { olderThan: new Date(8.64e15) });
      storage.close();
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    },
  };
}
