import type { S3Bucket } from "./bucket.ts";
import { DeletionRefusedError } from "../storage.ts";

/**
 * Removes an empty object that was there only for a time. Where nothing may be deleted, it gets a byte
 * instead, which says that nobody needs it any more.
 *
 * @param bucket The bucket.
 * @param key The object's full key.
 * @param signal Ends it.
 * @throws {StorageError} If it can be neither removed nor written.
 */
export async function discard(bucket: S3Bucket, key: string, signal: AbortSignal): Promise<void> {
  try {
    await bucket.objects.delete([key], { signal });
  } catch (error) {
    if (!(error instanceof DeletionRefusedError)) throw error;
    await bucket.objects.put(key, new Uint8Array(1), {}, { signal });
  }
}

/** Whether what is listed was discarded, but couldn't be removed. */
export function isDiscarded({ Size = 0 }: { readonly Size?: number | undefined }): boolean {
  return Size > 0;
}
