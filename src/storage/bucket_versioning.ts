import { behindFence } from "./fenced_storage.ts";
import type { S3Versioning } from "./s3/settings.ts";
import { S3Storage } from "./s3/s3_storage.ts";
import type { ReadOptions, Storage } from "./storage.ts";

/**
 * Whether a storage keeps what is overwritten or deleted in it.
 *
 * @param storage The storage.
 * @param options The signal.
 * @return What S3 says; `undefined` if it doesn't, or if the storage isn't S3.
 * @throws {S3Error} If the bucket can't be reached.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
 *
 * @example
 * ```ts
 * import { bucketVersioning } from "./bucket_versioning.ts";
 * import { LocalStorage } from "./local/local_storage.ts";
 *
 * console.assert(await bucketVersioning(new LocalStorage("./snapshots")) === undefined);
 * ```
 */
export async function bucketVersioning(
  storage: Storage,
  options: ReadOptions = {},
): Promise<S3Versioning | undefined> {
  const bucket = behindFence(storage);
  if (!(bucket instanceof S3Storage)) return undefined;
  const answer = await bucket.settings.versioning(options);
  return answer.known ? answer.value : undefined;
}
