import { EXIT } from "../error.ts";
import { parseS3Location } from "./s3/location.ts";
import { type ReadOptions, type Storage, StorageError } from "./storage.ts";

/**
 * The command of the AWS command line that refuses all public access to a bucket.
 *
 * @param bucket The bucket's name.
 */
export function blockCommand(bucket: string): string {
  const all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
  const configuration = all.map((name) => `${name}=true`).join(",");
  return `aws s3api put-public-access-block --bucket ${bucket} ` +
    `--public-access-block-configuration ${configuration}`;
}

/**
 * Refuses a bucket that provably anybody can use: a project's content, unpublished records included, isn't
 * to be found there by others. A storage that isn't S3, and a server that doesn't tell, are fine.
 *
 * @param storage The storage.
 * @param options The signal.
 * @throws {StorageError} If the bucket is public; the exit code is {@linkcode EXIT.usage}.
 * @throws {S3Error} If the bucket can't be reached.
 */
export async function assertNotPublic(storage: Storage, options: ReadOptions = {}): Promise<void> {
  if (storage.settings === undefined) return;
  const { reasons } = await storage.settings.publicAccess(options);
  if (reasons.length === 0) return;
  const { bucket } = parseS3Location(storage.url);
  throw new StorageError(
    `The bucket ${bucket} is public (${
      reasons.join("; ")
    }), so nothing was written: refuse public access ` +
      `with \`${blockCommand(bucket)}\`, or allow it if everybody may see the project.`,
    EXIT.usage,
    { code: "bucket_public", facts: { bucket } },
  );
}
