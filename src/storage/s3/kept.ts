import type { PutObjectCommandOutput, UploadPartCommandOutput } from "@aws-sdk/client-s3";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Md5 } from "../md5.ts";
import { StorageError } from "../storage.ts";

/** What S3 says of bytes that it took. */
export type S3Receipt = Pick<
  PutObjectCommandOutput & UploadPartCommandOutput,
  "ETag" | "ServerSideEncryption" | "SSECustomerAlgorithm"
>;

/** What is at a key, asked for after it was written. */
export interface S3LookBack {
  /** The object's bytes and ETag; `undefined` if there is none, or it may not be read. */
  read(): Promise<{ readonly etag: string | undefined; readonly bytes: Bytes } | undefined>;
  /** The object's size in bytes, if that can be told. */
  size(): Promise<number | undefined>;
}

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** S3 says that all is well, and keeps something else. */
export class OtherBytesError extends StorageError {
  /** The error's name. */
  override readonly name = "OtherBytesError";
}

/**
 * Notices when S3 says that it took bytes, and keeps others.
 *
 * Most servers' ETags are the MD5 of what was put in one request. Whether this one's are is found out with
 * the first object whose ETag isn't: that is read back. Where they aren't MD5s, sizes are compared. ETags
 * of objects that are encrypted with keys of KMS or of one's own are none anywhere.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export class S3Kept {
  /** Whether ETags are MD5s, once that is known. */
  #areMd5: boolean | undefined;

  /**
   * Checks an object that was put in one request.
   *
   * @param address The object's address.
   * @param md5 The MD5 of what was sent.
   * @param receipt What S3 said.
   * @param look Looks at the object.
   * @throws {OtherBytesError} If S3 keeps something else.
   */
  async checkObject(
    address: string,
    md5: Md5,
    receipt: S3Receipt,
    look: S3LookBack,
  ): Promise<void> {
    const tag = plainTag(receipt.ETag);
    if (isEncrypted(receipt)) return;
    if (this.#areMd5 !== false && isMd5(tag)) {
      if (tag === md5.hex) return void (this.#areMd5 = true);
      const found = await look.read();
      if (found === undefined) return;
      const [size, hex] = await digest(found.bytes);
      if (hex !== md5.hex || plainTag(found.etag) !== tag) {
        throw otherBytes(address, `${size} bytes with the MD5 ${hex}`, receipt, md5);
      }
      this.#areMd5 = false;
    }
    const size = await look.size();
    if (size === undefined || size === md5.size) return;
    throw otherBytes(address, `${size} bytes`, receipt, md5);
  }

  /**
   * Checks a part of an upload.
   *
   * @param address The object's address.
   * @param md5 The MD5 of what was sent.
   * @param receipt What S3 said.
   * @throws {OtherBytesError} If S3 keeps something else.
   */
  checkPart(address: string, md5: Md5, receipt: S3Receipt): void {
    const tag = plainTag(receipt.ETag);
    if (this.#areMd5 === false || isEncrypted(receipt) || !isMd5(tag)) return;
    if (tag === md5.hex) this.#areMd5 = true;
    else if (this.#areMd5) throw otherBytes(address, "other bytes", receipt, md5);
  }

  /**
   * Checks an object that was made of parts.
   *
   * @param address The object's address.
   * @param parts The parts' ETags.
   * @param size How many bytes were sent.
   * @param etag What S3 says of the object.
   * @param look Looks at the object.
   * @throws {OtherBytesError} If S3 keeps something else.
   */
  async checkParts(
    address: string,
    parts: readonly (string | undefined)[],
    size: number,
    etag: string | undefined,
    look: Pick<S3LookBack, "size">,
  ): Promise<void> {
    const hash = createHash("md5");
    for (const part of parts) hash.update(Buffer.from(plainTag(part), "hex"));
    if (this.#areMd5 && plainTag(etag) === `${hash.digest("hex")}-${parts.length}`) return;
    const found = await look.size();
    if (found === undefined || found === size) return;
    throw new OtherBytesError(
      `Can't write ${address}, because S3 took ${size} bytes, and keeps ${found}: ${ADVICE}.`,
    );
  }
}

const ADVICE = "check the server, and what stands before it";

function otherBytes(address: string, kept: string, { ETag }: S3Receipt, md5: Md5): OtherBytesError {
  return new OtherBytesError(
    `Can't write ${address}, because S3 took ${md5.size} bytes with the MD5 ${md5.hex}, and keeps ` +
      `${kept} (ETag ${plainTag(ETag).slice(0, 100)}): ${ADVICE}.`,
  );
}

function plainTag(etag: string | undefined): string {
  return (etag ?? "").replace(/^"|"$/g, "").toLowerCase();
}

function isMd5(tag: string): boolean {
  return /^[0-9a-f]{32}$/.test(tag);
}

function isEncrypted({ ServerSideEncryption, SSECustomerAlgorithm }: S3Receipt): boolean {
  return SSECustomerAlgorithm !== undefined || (ServerSideEncryption ?? "").startsWith("aws:");
}

async function digest(bytes: Bytes): Promise<[size: number, md5: string]> {
  const hash = createHash("md5");
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    hash.update(chunk);
  }
  return [size, hash.digest("hex")];
}
