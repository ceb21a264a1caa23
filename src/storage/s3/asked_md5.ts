import type { Md5 } from "../md5.ts";

/** What a command of the AWS SDK takes. */
export interface ContentMd5 {
  /** MD5 of the body in base64. */
  readonly ContentMD5?: string;
}

/**
 * Sends the `Content-MD5` header with objects and parts to those servers that ask for it: buckets that keep
 * objects for a time (Object Lock) take nothing without a checksum, and servers that aren't AWS may know no
 * other. MD5 takes time, so that it isn't computed for the others.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export class AskedMd5 {
  #isAsked = false;

  /**
   * Sends bytes; once more, if the server refuses them only because the header is missing.
   *
   * @param md5 Their MD5.
   * @param send Sends them, with what it is given.
   * @return What `send` gives.
   * @throws What `send` throws.
   */
  async send<T>(md5: Md5, send: (md5: ContentMd5) => Promise<T>): Promise<T> {
    if (this.#isAsked) return await send({ ContentMD5: md5.base64 });
    try {
      return await send({});
    } catch (error) {
      if (!asks(error)) throw error;
      this.#isAsked = true;
      return await send({ ContentMD5: md5.base64 });
    }
  }
}

function asks(error: unknown): boolean {
  return error instanceof Error && /content-?md5/i.test(`${error.name} ${error.message}`);
}
