import { createHash } from "node:crypto";
import { concurrently } from "../../async/concurrently.ts";
import { isConflict, isDenied, S3Error } from "./s3_error.ts";
import { asking, BEFORE_SENDING, type S3RequestOptions, type S3Requests } from "./requests.ts";
import { type DeleteOptions, DeletionRefusedError } from "../storage.ts";

/** The most keys that S3 deletes in one request. */
const AT_ONCE = 1000;
/** Requests at a time, where each deletes one object. */
const SINGLE = 8;
/** The ETag of no object. */
const NO_ETAG = `"${"0".repeat(32)}"`;
/** Other codes than those of a lacking permission that say that nothing is deleted there. */
const REFUSALS = ["NotImplemented", "MethodNotAllowed", "ObjectLocked", "InvalidObjectLock"];

/** What the AWS SDK adds for its checksum of a request's body. */
const CHECKSUM = /^x-amz-(checksum-|sdk-checksum-algorithm$)/i;

/**
 * Deletes objects: a thousand in a request or, where the server refuses that, one by one. Which of both is
 * remembered.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
export class S3Deletion {
  readonly #requests: S3Requests;
  #batches = true;

  /**
   * Knows nothing of the server yet.
   *
   * @param requests Sends the requests.
   */
  constructor(requests: S3Requests) {
    this.#requests = requests;
  }

  /**
   * Deletes objects; those that aren't there are fine.
   *
   * @param keys Their full keys.
   * @param options The signal, and what is asked before each request.
   * @throws {DeletionRefusedError} If nothing may be deleted there.
   * @throws {S3Error} If one can't be deleted.
   */
  async delete(keys: readonly string[], options: DeleteOptions): Promise<void> {
    try {
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        await this.#deleteSome(keys.slice(at, at + AT_ONCE), options);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new DeletionRefusedError((error as S3Error).message, undefined, { cause: error });
    }
  }

  /**
   * Whether objects may be deleted.
   *
   * @param key The full key of one that isn't there.
   * @param options The signal.
   * @throws {S3Error} If that can't be found out.
   */
  async isAllowed(key: string, { signal }: S3RequestOptions): Promise<boolean> {
    // In a bucket with versions, deleting what isn't there leaves a trace, unless it is for one tag only.
    const IfMatch = await this.#requests.isAws() ? NO_ETAG : undefined;
    try {
      await this.#deleteOne(key, { signal }, IfMatch);
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      if (IfMatch !== undefined && isConflict(error)) return true;
      throw error;
    }
  }

  async #deleteSome(keys: readonly string[], options: DeleteOptions): Promise<void> {
    if (!this.#batches) return await this.#deleteEach(keys, options);
    let left: readonly string[];
    try {
      left = await this.#deleteBatch(keys, options);
    } catch (error) {
      if (!mayBeOfTheBatch(error)) throw error;
      left = keys;
    }
    await this.#deleteEach(left, options);
    // Only now: what is wrong with the credentials is so with single deletions, too.
    if (left.length === keys.length) this.#batches = false;
  }

  async #deleteEach(keys: readonly string[], { signal, fence }: DeleteOptions): Promise<void> {
    const tasks = keys.map((key) => (signal: AbortSignal) =>
      this.#deleteOne(key, { signal, fence })
    );
    await concurrently(tasks, SINGLE, signal);
  }

  async #deleteOne(
    key: string,
    { signal, fence }: DeleteOptions,
    IfMatch?: string,
  ): Promise<void> {
    const call = { signal, verb: "delete", key, permission: "s3:DeleteObject" };
    await this.#requests.find(call, ({ sdk, client }, send) => {
      const object = { Bucket: this.#requests.bucket, Key: key, ...(IfMatch && { IfMatch }) };
      const command = new sdk.DeleteObjectCommand(object);
      command.middlewareStack.add(asking(fence), BEFORE_SENDING);
      return client.send(command, send);
    });
  }

  /** Deletes objects in one request. Gives the keys of which the answer doesn't say what became of them. */
  async #deleteBatch(
    keys: readonly string[],
    { signal, fence }: DeleteOptions,
  ): Promise<string[]> {
    const call = { signal, verb: "delete", key: keys[0], permission: "s3:DeleteObject" };
    return await this.#requests.send(call, async ({ sdk, client, isAws }, send) => {
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: false };
      const command = new sdk.DeleteObjectsCommand({ Bucket: this.#requests.bucket, Delete });
      // Many servers that aren't AWS, and older ones, insist on it, and some refuse all other checksums.
      command.middlewareStack.add((next) => (args) => next(withContentMd5(args, !isAws)), {
        step: "build",
        priority: "low",
      });
      command.middlewareStack.add(asking(fence), BEFORE_SENDING);
      const { Deleted = [], Errors = [] } = await client.send(command, send);
      const failed = Errors.find(({ Code }) => Code !== "NoSuchKey");
      call.key = failed?.Key ?? keys[0];
      // Thrown here, it is tried again if S3 was only too busy for it.
      if (failed) throw Object.assign(new Error(failed.Message), { name: failed.Code ?? "Error" });
      const told = new Set([...Deleted, ...Errors].map(({ Key }) => Key));
      return keys.filter((key) => !told.has(key));
    });
  }
}

/** Whether a server may have refused a request because it deletes several objects. */
function mayBeOfTheBatch(error: unknown): boolean {
  if (!(error instanceof S3Error) || error.status === undefined) return false;
  return error.status === 501 ||
    (error.status >= 400 && error.status < 500 && error.status !== 429);
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  return isDenied(error) || error.status === 405 || error.status === 501 ||
    REFUSALS.includes(error.code);
}

/**
 * Adds the `Content-MD5` header to a request of the AWS SDK, on which many S3 servers insist for deletes; with
 * `only` it stands in the place of the SDK's own checksum. A request without a text as its body stays as it is.
 */
function withContentMd5<T extends { request: unknown }>(args: T, only: boolean): T {
  const { request } = args;
  if (typeof request !== "object" || request === null) return args;
  if (!("headers" in request && "body" in request)) return args;
  const { headers, body } = request;
  if (typeof headers === "object" && headers !== null && typeof body === "string") {
    Object.assign(headers, { "content-md5": createHash("md5").update(body).digest("base64") });
    if (!only) return args;
    for (const name of Object.keys(headers).filter((name) => CHECKSUM.test(name))) {
      Reflect.deleteProperty(headers, name);
    }
  }
  return args;
}
