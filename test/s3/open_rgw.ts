import { CreateBucketCommand, DeleteBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { S3Storage } from "../../src/storage/s3/s3_storage.ts";

/** The address of a real S3 server, which start-rgw.sh starts; its keys are in the environment, too. */
export const RGW = Deno.env.get("SLUICE_TEST_S3_ENDPOINT");

const region = "us-east-1";

/**
 * Opens a storage in a bucket of its own on a real S3 server. The bucket is removed afterwards.
 *
 * @param endpoint The server's address.
 */
export async function openRgw(
  endpoint: string,
): Promise<AsyncDisposable & { readonly storage: S3Storage }> {
  const bucket = `sluice-test-${crypto.randomUUID()}`;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    // The SDK's own asks Deno for a permission.
    defaultUserAgentProvider: () => Promise.resolve([["test", "1"]]),
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const storage = new S3Storage({ bucket, prefix: "datocms", endpoint, region });
  return {
    storage,
    async [Symbol.asyncDispose]() {
      storage.close();
      // Somebody may have written beside it.
      using all = new S3Storage({ bucket, endpoint, region });
      for await (const page of all.list("")) await all.delete(page.map(({ key }) => key));
      await all.sweep("", { olderThan: new Date(8.64e15) });
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    },
  };
}
