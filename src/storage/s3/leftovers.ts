import {
  assertKey,
  type DeleteOptions,
  DeletionRefusedError,
  type SweepOptions,
  type UnfinishedUpload,
} from "../storage.ts";
import type { S3Bucket } from "./bucket.ts";
import type { S3Listing } from "./listing.ts";
import { S3Error } from "./s3_error.ts";

/**
 * Removes what killed processes left below a storage's root: uploads in parts, and objects that were there
 * only while another one was created.
 */
export class S3Leftovers {
  readonly #bucket: S3Bucket;
  readonly #base: string;
  readonly #listing: S3Listing;

  /**
   * Removes nothing yet.
   *
   * @param bucket The bucket.
   * @param base What the keys of the storage begin with in the bucket.
   * @param listing Lists what is there.
   */
  constructor(bucket: S3Bucket, base: string, listing: S3Listing) {
    this.#bucket = bucket;
    this.#base = base;
    this.#listing = listing;
  }

  /**
   * Drops an upload, with the parts that S3 keeps of it.
   *
   * @param upload The upload; one that isn't there any more is fine.
   * @param options The signal, and what is asked before.
   * @throws {S3Error} If it can't be dropped.
   */
  async drop(
    upload: Pick<UnfinishedUpload, "key" | "uploadId">,
    { signal, fence }: DeleteOptions,
  ): Promise<void> {
    await fence?.check();
    const key = this.#base + assertKey(upload.key);
    await this.#bucket.uploads.drop({ key, id: upload.uploadId }, { signal });
  }

  /**
   * Removes what is old.
   *
   * @param prefix What their keys begin with.
   * @param options How old, the signal, and what is asked before.
   * @return How many were removed.
   * @throws {S3Error} If one can't be removed.
   */
  async sweep(prefix: string, { olderThan, ...options }: SweepOptions): Promise<number> {
    let removed = 0;
    for await (const uploads of this.#listing.uploads(prefix, options)) {
      for (const upload of uploads) {
        if (upload.startedAt >= olderThan) continue;
        await this.drop(upload, options);
        removed++;
      }
    }
    for await (const page of this.#listing.objects(prefix, options, true)) {
      const old = page.filter(({ modifiedAt }) => modifiedAt && modifiedAt < olderThan);
      await this.#delete(old.map(({ key }) => key), options);
      removed += old.length;
    }
    return removed;
  }

  /**
   * Removes all, if nobody writes any more. Who may not list uploads has none that could be dropped.
   *
   * @param prefix What their keys begin with.
   * @param options The signal, and what is asked before.
   * @return The keys of what couldn't be removed.
   * @throws {S3Error} If S3 can't be reached.
   */
  async clear(prefix: string, options: DeleteOptions): Promise<readonly string[]> {
    const { signal, fence } = options;
    const kept: string[] = [];
    try {
      for await (const uploads of this.#listing.uploads(prefix, { signal })) {
        await fence?.check();
        for (const upload of uploads) await this.drop(upload, { signal });
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    for await (const page of this.#listing.objects(prefix, { signal }, true)) {
      const keys = page.map(({ key }) => key);
      try {
        await this.#delete(keys, options);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        kept.push(...keys);
      }
    }
    return kept;
  }

  async #delete(keys: readonly string[], options: DeleteOptions): Promise<void> {
    await this.#bucket.objects.delete(keys.map((key) => this.#base + key), options);
  }
}

/** Whether S3 said that it won't, or can't. */
function isRefusal(error: unknown): boolean {
  return error instanceof DeletionRefusedError ||
    error instanceof S3Error && [400, 403, 404, 405, 501].includes(error.status ?? 0);
}
