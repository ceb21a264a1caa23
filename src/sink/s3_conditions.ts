import { limited } from "../async/limited.ts";
import { withGrace } from "./grace.ts";
import type { S3Bucket } from "./s3_bucket.ts";
import { S3Error } from "./s3_error.ts";
import type { S3Upload } from "./s3_uploads.ts";
import { temporaryName } from "./object_key.ts";

/** How long removing what was put to try a server out may take, in milliseconds. */
const REMOVAL = 5_000;

/**
 * Whether a server honours `If-None-Match: *`, so that an object is created only if there is none. AWS
 * does. Other servers may ignore the header, for all writes or (as Ceph Pacific) for uploads in parts, so
 * that an object would be lost without a word: they are tried out, once, on an object of our own.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class S3Conditions {
  readonly #bucket: S3Bucket;
  #honoured: boolean | undefined;

  /**
   * Knows nothing of the server yet.
   *
   * @param bucket The bucket.
   */
  constructor(bucket: S3Bucket) {
    this.#bucket = bucket;
  }

  /**
   * Whether the header can be relied on.
   *
   * @param directory Where an object may be put to try it out: a prefix that ends with `/`, or `""`.
   * @param signal Ends the trial.
   * @throws {S3Error} If the object can't be put.
   */
  async areHonoured(directory: string, signal: AbortSignal): Promise<boolean> {
    this.#honoured ??= await this.#bucket.requests.isAws() ||
      await this.#tryOut(directory + temporaryName(), signal);
    return this.#honoured;
  }

  async #tryOut(key: string, signal: AbortSignal): Promise<boolean> {
    const put = (): Promise<unknown> =>
      this.#bucket.objects.put(key, new Uint8Array(), {}, { ifAbsent: true, signal });
    let upload: S3Upload | undefined;
    try {
      // The first is refused, too, if its answer was lost and it was sent again.
      if (await outcomeOf(put) === "unsupported") return false;
      if (await outcomeOf(put) !== "refused") return false;
      // If its answer were lost, nobody would know the upload to drop.
      const created = upload = await withGrace(signal, REMOVAL, (signal) => {
        return this.#bucket.uploads.create(key, {}, { signal });
      });
      const part = await this.#bucket.uploads.putPart(upload, 1, new Uint8Array(1), { signal });
      const completing = await outcomeOf(() =>
        this.#bucket.uploads.complete(created, [part], { ifAbsent: true, signal })
      );
      return completing === "refused";
    } finally {
      // What can't be removed now is empty, and sweep() finds it.
      await limited(REMOVAL, undefined, async (signal) => {
        if (upload !== undefined) {
          await this.#bucket.uploads.drop(upload, { signal }).catch(() => {});
        }
        await this.#bucket.objects.delete([key], { signal });
      }).catch(() => {});
    }
  }
}

/** What came of a conditional write. */
async function outcomeOf(
  write: () => Promise<unknown>,
): Promise<"written" | "refused" | "unsupported"> {
  try {
    await write();
    return "written";
  } catch (error) {
    if (isConflict(error)) return "refused";
    if (error instanceof S3Error && (error.status === 501 || error.status === 400)) {
      return "unsupported";
    }
    throw error;
  }
}

/**
 * Whether a conditional write was refused because there is an object, or because someone else is just
 * writing it.
 *
 * @param error What was thrown.
 */
export function isConflict(error: unknown): boolean {
  // MinIO said 304 for a while.
  return error instanceof S3Error && [304, 409, 412].includes(error.status ?? 0);
}
