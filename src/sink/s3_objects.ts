import type {
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { answerWith } from "./s3_answer.ts";
import { withContentMd5 } from "./s3_content_md5.ts";
import { S3Progress } from "./s3_progress.ts";
import type { S3RequestOptions, S3Requests } from "./s3_requests.ts";

/** How an object is kept. */
export type S3ObjectSettings = Pick<
  PutObjectCommandInput,
  | "ContentType"
  | "ContentDisposition"
  | "Metadata"
  | "ServerSideEncryption"
  | "SSEKMSKeyId"
  | "StorageClass"
>;

/** The most keys that S3 deletes in one request. */
const DELETE_AT_ONCE = 1000;

/** S3's requests on a bucket's objects, with full keys. */
export class S3Objects {
  readonly #requests: S3Requests;

  /**
   * Sends nothing yet.
   *
   * @param requests Sends the requests.
   */
  constructor(requests: S3Requests) {
    this.#requests = requests;
  }

  /** What is known of an object, or `undefined` if there is none. */
  async head(
    key: string,
    options: S3RequestOptions = {},
  ): Promise<HeadObjectCommandOutput | undefined> {
    const call = { ...options, verb: "look at", key, permission: "s3:GetObject" };
    return await this.#requests.find(call, async ({ sdk, client }, send) => {
      const command = new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      return answerWith(await client.send(command, send), "ETag", "LastModified");
    });
  }

  /** An object, or `undefined` if there is none. */
  async get(
    key: string,
    options: S3RequestOptions = {},
  ): Promise<GetObjectCommandOutput | undefined> {
    const call = { ...options, verb: "read", key, permission: "s3:GetObject" };
    return await this.#requests.find(call, async ({ sdk, client }, send) => {
      const command = new sdk.GetObjectCommand({ Bucket: this.#bucket, Key: key });
      const answer = await client.send(command, send);
      try {
        return answerWith(answer, "ETag", "LastModified");
      } catch (error) {
        await answer.Body?.transformToWebStream().cancel().catch(() => {});
        throw error;
      }
    });
  }

  /** Writes an object in one request. Gives its ETag. */
  async put(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    settings: S3ObjectSettings,
    { ifAbsent, signal }: S3RequestOptions & { readonly ifAbsent?: boolean } = {},
  ): Promise<string | undefined> {
    const permission = "s3:PutObject";
    const call = { signal, verb: "write", key, permission, bytes: bytes.length };
    const { ETag } = await this.#requests.send(call, async ({ sdk, client }, send) => {
      const object = { Bucket: this.#bucket, Key: key, Body: bytes, ContentLength: bytes.length };
      const condition = ifAbsent ? { IfNoneMatch: "*" } : {};
      const answer = await this.#requests.md5.send(bytes, (md5) => {
        const command = new sdk.PutObjectCommand({ ...settings, ...object, ...condition, ...md5 });
        return client.send(command, send);
      });
      return answerWith(answer, "ETag");
    });
    return ETag;
  }

  /** Deletes objects; those that aren't there are fine. */
  async delete(keys: readonly string[], options: S3RequestOptions = {}): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETE_AT_ONCE) {
      await this.#deleteBatch(keys.slice(at, at + DELETE_AT_ONCE), options);
    }
  }

  /** Pages of objects. */
  async *list(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<NonNullable<ListObjectsV2CommandOutput["Contents"]>, void, void> {
    for await (const { Contents = [] } of this.#pages(prefix, {}, options)) yield Contents;
  }

  /** Pages of names: what the keys below a prefix have up to the next `/`. */
  async *listFolders(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<string[], void, void> {
    const pages = this.#pages(prefix, { Delimiter: "/" }, options);
    for await (const { CommonPrefixes = [] } of pages) {
      yield CommonPrefixes.map(({ Prefix = "" }) => Prefix.slice(prefix.length, -1));
    }
  }

  get #bucket(): string {
    return this.#requests.bucket;
  }

  async *#pages(
    prefix: string,
    how: { readonly Delimiter?: string },
    options: S3RequestOptions,
  ): AsyncGenerator<ListObjectsV2CommandOutput, void, void> {
    const call = { ...options, verb: "list", key: prefix, permission: "s3:ListBucket" };
    const progress = new S3Progress(this.#requests.addressOf(prefix));
    let token: string | undefined;
    do {
      const next = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.#requests.send(call, async ({ sdk, client }, send) => {
        const listing = { Bucket: this.#bucket, Prefix: prefix, ...how, ...next };
        const answer = await client.send(new sdk.ListObjectsV2Command(listing), send);
        return answerWith(answer, "IsTruncated", "Name");
      });
      const { IsTruncated, NextContinuationToken, Contents, CommonPrefixes } = page;
      const first = Contents?.[0]?.Key ?? CommonPrefixes?.[0]?.Prefix;
      token = IsTruncated ? progress.goOn(NextContinuationToken, first) : undefined;
      yield page;
    } while (token !== undefined);
  }

  async #deleteBatch(keys: readonly string[], options: S3RequestOptions): Promise<void> {
    const call = { ...options, verb: "delete", key: keys[0], permission: "s3:DeleteObject" };
    await this.#requests.send(call, async ({ sdk, client }, send) => {
      const objects = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
      const command = new sdk.DeleteObjectsCommand({ Bucket: this.#bucket, Delete: objects });
      // Many servers that aren't AWS, and older ones, insist on it.
      command.middlewareStack.add((next) => (args) => next(withContentMd5(args)), {
        step: "build",
        priority: "low",
      });
      const { Errors = [] } = await client.send(command, send);
      const failed = Errors.find(({ Code }) => Code !== "NoSuchKey");
      call.key = failed?.Key ?? keys[0];
      // Thrown here, it is tried again if S3 was only too busy for it.
      if (failed) throw Object.assign(new Error(failed.Message), { name: failed.Code ?? "Error" });
    });
  }
}
