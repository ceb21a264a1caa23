import { limited } from "../../async/limited.ts";
import { withGrace } from "../grace.ts";
import type { S3Bucket } from "./bucket.ts";
import { discard, isDiscarded } from "./discard.ts";
import { isConflict, isDenied, S3Error } from "./s3_error.ts";
import type { S3Condition } from "./objects.ts";
import type { S3Upload } from "./uploads.ts";
import { temporaryName } from "../object_key.ts";

/** How long removing what was put to try a server out may take, in milliseconds. */
const REMOVAL = 5_000;

/** Which writes of a server honour `If-None-Match: *`. */
export interface HonouredConditions {
  /** Those in one request. */
  readonly newPuts: boolean;
  /** Uploads in parts. */
  readonly newUploads: boolean;
}

const ALL: HonouredConditions = { newPuts: true, newUploads: true };
const NONE: HonouredConditions = { newPuts: false, newUploads: false };

/** Tells apart what is put to try a server out. */
const TRIAL = "7e57";
/** An ETag that no object has. */
const NO_ETAG = "00000000000000000000000000000000";

/** Says an ETag without quotes as a server wants to read it. */
type Match = (etag: string) => string;

/** Ceph Pacific takes quotes for a part of the ETag. */
const FORMS: readonly Match[] = [(etag) => `"${etag}"`, (etag) => etag];

/** The condition that there is no object. */
export const IF_ABSENT: S3Condition = { IfNoneMatch: "*" };

/**
 * Whether a server honours `If-None-Match: *`, so that an object is created only if there is none. AWS
 * does. Other servers may ignore the header, for all writes or (as Ceph Pacific) for uploads in parts, so
 * that an object would be lost without a word: they are tried out, once, on an object of our own. Where
 * nothing may be deleted, that object stays, and the next export tries the server out on the same one.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class S3Conditions {
  readonly #bucket: S3Bucket;
  #honoured: HonouredConditions | undefined;
  #place: string | undefined;
  /** How ETags are said, or that they aren't looked at, once that is known. */
  #matching: { readonly match: Match | undefined } | undefined;

  /**
   * Knows nothing of the server yet.
   *
   * @param bucket The bucket.
   */
  constructor(bucket: S3Bucket) {
    this.#bucket = bucket;
  }

  /**
   * For which writes the header can be relied on.
   *
   * @param directory Where an object may be put to try it out: a prefix that ends with `/`, or `""`.
   * @param signal Ends the trial.
   * @throws {S3Error} If the object can't be put.
   */
  async honoured(directory: string, signal: AbortSignal): Promise<HonouredConditions> {
    this.#honoured ??= await this.#bucket.requests.isAws()
      ? ALL
      : await this.#try(directory, signal, (key) => this.#honoursAbsence(key, signal));
    return this.#honoured;
  }

  /**
   * How an ETag is said with `If-Match`, so that an object is only written in the place of the one that has
   * it; `undefined` if that can't be relied on.
   *
   * @param directory Where an object may be put to try it out: a prefix that ends with `/`, or `""`.
   * @param signal Ends the trial.
   * @throws {S3Error} If the object can't be put.
   */
  async matching(directory: string, signal: AbortSignal): Promise<Match | undefined> {
    this.#matching ??= {
      match: await this.#bucket.requests.isAws()
        ? FORMS[0]
        : await this.#try(directory, signal, (key) => this.#honoursMatch(key, signal)),
    };
    return this.#matching.match;
  }

  async #honoursMatch(key: string, signal: AbortSignal): Promise<Match | undefined> {
    const put = async (IfMatch?: string) => {
      const condition = IfMatch === undefined ? {} : { IfMatch };
      return await this.#bucket.objects.put(key, new Uint8Array(), {}, { condition, signal });
    };
    const etag = (await put())?.replace(/^"|"$/g, "");
    if (etag === undefined) return undefined;
    for (const match of FORMS) {
      if (await outcomeOf(() => put(match(NO_ETAG))) !== "refused") return undefined;
      if (await outcomeOf(() => put(match(etag))) === "written") return match;
    }
    return undefined;
  }

  /** Tries something out on an object of our own, which is removed again. */
  async #try<T>(
    directory: string,
    signal: AbortSignal,
    run: (key: string) => Promise<T>,
  ): Promise<T> {
    // All in one place, which isn't a snapshot's: what can't be removed there would be listed as left over.
    const place = this.#place ??= directory;
    const key = await this.#left(place, signal) ?? place + temporaryName(TRIAL);
    try {
      return await run(key);
    } finally {
      // What can't be removed now is empty, and sweep() finds it.
      await limited(REMOVAL, undefined, (signal) => discard(this.#bucket, key, signal))
        .catch(() => {});
    }
  }

  /** The object of an earlier trial that couldn't be removed, if there is one. */
  async #left(directory: string, signal: AbortSignal): Promise<string | undefined> {
    const prefix = `${directory}.sluice-${TRIAL}-`;
    try {
      for await (const page of this.#bucket.objects.list(prefix, { signal })) {
        const old = page.find(isDiscarded);
        if (old !== undefined) return old.Key;
      }
    } catch (error) {
      // Who may only write needn't list.
      if (!isDenied(error)) throw error;
    }
    return undefined;
  }

  async #honoursAbsence(key: string, signal: AbortSignal): Promise<HonouredConditions> {
    const options = { condition: IF_ABSENT, signal };
    const put = (): Promise<unknown> =>
      this.#bucket.objects.put(key, new Uint8Array(), {}, options);
    let upload: S3Upload | undefined;
    try {
      // The first is refused, too, if its answer was lost and it was sent again.
      if (await outcomeOf(put) === "unsupported") return NONE;
      if (await outcomeOf(put) !== "refused") return NONE;
      // If its answer were lost, nobody would know the upload to drop.
      const created = upload = await withGrace(signal, REMOVAL, (signal) => {
        return this.#bucket.uploads.create(key, {}, { signal });
      });
      const part = await this.#bucket.uploads.putPart(upload, 1, new Uint8Array(1), { signal });
      const completing = await outcomeOf(() =>
        this.#bucket.uploads.complete(created, [part], options)
      );
      return { newPuts: true, newUploads: completing === "refused" };
    } finally {
      const begun = upload;
      if (begun !== undefined) {
        await limited(REMOVAL, undefined, (signal) => this.#bucket.uploads.drop(begun, { signal }))
          .catch(() => {});
      }
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
 * Whether a conditional write was refused because the object isn't the one that it was to replace.
 *
 * @param error What was thrown.
 */
export function isChanged(error: unknown): boolean {
  return isConflict(error) || error instanceof S3Error && error.code === "NoSuchKey";
}
