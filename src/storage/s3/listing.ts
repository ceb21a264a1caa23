import { assertPrefix, isKey, isTemporary } from "../object_key.ts";
import type { FoldersOptions, ObjectInfo, ReadOptions, UnfinishedUpload } from "../storage.ts";
import type { S3Bucket } from "./bucket.ts";

/**
 * Lists what lies below a storage's root, by the storage's own keys. Anybody may put things there: what has
 * no key that could be asked for is left out.
 */
export class S3Listing {
  readonly #bucket: S3Bucket;
  readonly #base: string;

  /**
   * Asks nothing yet.
   *
   * @param bucket The bucket.
   * @param base What the keys of the storage begin with in the bucket: `""`, or something with `/` at its end.
   */
  constructor(bucket: S3Bucket, base: string) {
    this.#bucket = bucket;
    this.#base = base;
  }

  /**
   * Pages of objects, ordered by key.
   *
   * @param prefix What the keys begin with.
   * @param options The signal.
   * @param temporary Whether those are listed that are there only while others are written, or all others.
   * @throws {S3Error} If they can't be listed.
   */
  async *objects(
    prefix: string,
    { signal }: ReadOptions,
    temporary: boolean,
  ): AsyncGenerator<ObjectInfo[], void, void> {
    const start = this.#base + assertPrefix(prefix);
    for await (const objects of this.#bucket.objects.list(start, { signal })) {
      const page = objects.flatMap(({ Key = "", Size, ETag, LastModified }) => {
        const key = this.#toKey(Key);
        if (key === undefined || isTemporary(key) !== temporary) return [];
        return [toInfo(key, Size, ETag, LastModified)];
      });
      if (page.length > 0) yield page;
    }
  }

  /**
   * Pages of the names of the folders directly below a prefix.
   *
   * @param prefix The prefix.
   * @param options From which name on, and the signal.
   * @throws {S3Error} If they can't be listed.
   */
  async *folders(prefix: string, options: FoldersOptions): AsyncGenerator<string[], void, void> {
    const start = this.#base + assertPrefix(prefix);
    for await (const names of this.#bucket.objects.listFolders(start, options)) {
      const page = names.filter(isKey);
      if (page.length > 0) yield page;
    }
  }

  /**
   * Pages of the uploads in parts that are neither completed nor dropped.
   *
   * @param prefix What their keys begin with.
   * @param options The signal.
   * @throws {S3Error} If they can't be listed.
   */
  async *uploads(
    prefix: string,
    { signal }: ReadOptions,
  ): AsyncGenerator<UnfinishedUpload[], void, void> {
    const start = this.#base + assertPrefix(prefix);
    for await (const uploads of this.#bucket.uploads.list(start, { signal })) {
      const page = uploads.flatMap(({ Key = "", UploadId, Initiated }) => {
        const key = this.#toKey(Key);
        if (key === undefined || UploadId === undefined || Initiated === undefined) return [];
        return [{ key, uploadId: UploadId, startedAt: Initiated }];
      });
      if (page.length > 0) yield page;
    }
  }

  /** The storage's key of an object, or `undefined` if it has none. */
  #toKey(fullKey: string): string | undefined {
    if (!fullKey.startsWith(this.#base)) return undefined;
    const key = fullKey.slice(this.#base.length);
    return isKey(key) ? key : undefined;
  }
}

/**
 * What is known of an object.
 *
 * @param key The storage's key.
 * @param size Its size in bytes.
 * @param etag Its ETag as S3 tells it, in quotes.
 * @param modifiedAt When it was written.
 */
export function toInfo(key: string, size = 0, etag?: string, modifiedAt?: Date): ObjectInfo {
  const tag = etag?.replace(/^"|"$/g, "");
  return { key, size, ...(tag && { etag: tag }), ...(modifiedAt && { modifiedAt }) };
}
