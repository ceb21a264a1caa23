import type {
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { limited } from "../../async/limited.ts";
import { Md5 } from "../md5.ts";
import { S3Deletion } from "./deletion.ts";
import { answerWith, isDenied } from "./s3_error.ts";
import { OtherBytesError, type S3LookBack } from "./kept.ts";
import { S3Progress } from "./progress.ts";
import { asking, BEFORE_SENDING, type S3RequestOptions, type S3Requests } from "./requests.ts";
import type { PresignOptions } from "../bucket_settings.ts";
import type { DeleteOptions, WriteFence } from "../storage.ts";

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

/** Which bytes of an object are asked for: at least one. */
export interface S3Part {
  /** The offset of the first. */
  readonly start: number;
  /** The offset behind the last. @default {The object's end} */
  readonly end?: number | undefined;
  /** The ETag that the object must have. */
  readonly etag?: string | undefined;
}

/** What has to be so for an object to appear; ETags as the server wants to read them. */
export type S3Condition = Pick<PutObjectCommandInput, "IfNoneMatch" | "IfMatch">;

/** How an object is made to appear. */
export interface S3WriteOptions extends S3RequestOptions {
  /** What has to be so. */
  readonly condition?: S3Condition | undefined;
  /** Asked right before each request that changes something. */
  readonly fence?: Pick<WriteFence, "check"> | undefined;
}

/** Milliseconds that the deletion of an object may take that isn't what was sent. */
const REMOVAL = 5_000;

/** S3's requests on a bucket's objects, with full keys. */
export class S3Objects {
  readonly #requests: S3Requests;
  readonly #deletion: S3Deletion;

  /**
   * Sends nothing yet.
   *
   * @param requests Sends the requests.
   */
  constructor(requests: S3Requests) {
    this.#requests = requests;
    this.#deletion = new S3Deletion(requests);
  }

  /** What is known of an object, or `undefined` if there is none. */
  async head(
    key: string,
    options: S3RequestOptions = {},
  ): Promise<HeadObjectCommandOutput | undefined> {
    const call = { ...options, verb: "inspect", key, permission: "s3:GetObject" };
    return await this.#requests.find(call, async ({ sdk, client }, send) => {
      const command = new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      return answerWith(await client.send(command, send), "ETag", "LastModified");
    });
  }

  /**
   * An address of an object that needs no credentials. Nothing is sent.
   *
   * @param key The object's full key.
   * @param options For how long, and with which headers it is sent.
   * @throws {S3Error} If there are no credentials.
   */
  async presign(key: string, options: PresignOptions): Promise<string> {
    const { signal, seconds, contentType, contentDisposition } = options;
    const call = { signal, verb: "sign an address of", key, permission: "s3:GetObject" };
    return await this.#requests.send(call, async ({ sdk, client }) => {
      const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
      const command = new sdk.GetObjectCommand({
        Bucket: this.#bucket,
        Key: key,
        ResponseContentType: contentType,
        ResponseContentDisposition: contentDisposition,
      });
      return await getSignedUrl(client, command, { expiresIn: seconds });
    });
  }

  /**
   * An object, or `undefined` if there is none.
   *
   * @param key The object's full key.
   * @param options The signal.
   * @param part Its bytes from an offset up to another one, and the ETag that the object must still have.
   */
  async get(
    key: string,
    options: S3RequestOptions = {},
    part?: S3Part,
  ): Promise<GetObjectCommandOutput | undefined> {
    const call = { ...options, verb: "read", key, permission: "s3:GetObject" };
    const { start, end = Infinity, etag } = part ?? {};
    const range = {
      ...(part && { Range: `bytes=${start}-${end === Infinity ? "" : end - 1}` }),
      ...(etag !== undefined && { IfMatch: etag }),
    };
    return await this.#requests.find(call, async ({ sdk, client }, send) => {
      const command = new sdk.GetObjectCommand({ Bucket: this.#bucket, Key: key, ...range });
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
    { condition, fence, signal }: S3WriteOptions = {},
  ): Promise<string | undefined> {
    const permission = "s3:PutObject";
    const call = { signal, verb: "write", key, permission, bytes: bytes.length };
    const digest = new Md5(bytes);
    const receipt = await this.#requests.send(call, async ({ sdk, client }, send) => {
      const object = { Bucket: this.#bucket, Key: key, Body: bytes, ContentLength: bytes.length };
      const answer = await this.#requests.md5.send(digest, (md5) => {
        const command = new sdk.PutObjectCommand({ ...settings, ...object, ...condition, ...md5 });
        command.middlewareStack.add(asking(fence), BEFORE_SENDING);
        return client.send(command, send);
      });
      return answerWith(answer, "ETag");
    });
    await this.assertKept(key, { signal, fence }, (address, look) => {
      return this.#requests.kept.checkObject(address, digest, receipt, look);
    });
    return receipt.ETag;
  }

  /**
   * Makes sure that a server that isn't AWS keeps what it was sent; an object that is something else is
   * deleted. AWS itself checks what it takes, and MD5 takes time.
   *
   * @param key The object's full key.
   * @param options The signal, and what is asked before anything is deleted.
   * @param check Checks it, with its address and a way to look at it.
   * @throws {OtherBytesError} If it keeps something else.
   */
  async assertKept(
    key: string,
    { signal, fence }: DeleteOptions,
    check: (address: string, look: S3LookBack) => Promise<void>,
  ): Promise<void> {
    if (await this.#requests.isAws()) return;
    const look: S3LookBack = {
      read: async () => {
        const found = await unlessDenied(this.get(key, { signal }));
        return found?.Body && { etag: found.ETag, bytes: found.Body.transformToWebStream() };
      },
      size: async () => (await unlessDenied(this.head(key, { signal })))?.ContentLength,
    };
    try {
      await check(this.#requests.addressOf(key), look);
    } catch (error) {
      if (!(error instanceof OtherBytesError)) throw error;
      const remove = (signal: AbortSignal) => this.delete([key], { signal, fence });
      await limited(REMOVAL, undefined, remove).catch(() => {});
      throw error;
    }
  }

  /**
   * Deletes objects; those that aren't there are fine.
   *
   * @throws {DeletionRefusedError} If nothing may be deleted there.
   */
  async delete(keys: readonly string[], options: DeleteOptions = {}): Promise<void> {
    await this.#deletion.delete(keys, options);
  }

  /** Whether objects may be deleted, tried with one that isn't there. */
  async mayDelete(key: string, options: S3RequestOptions = {}): Promise<boolean> {
    return await this.#deletion.isAllowed(key, options);
  }

  /** Pages of objects. */
  async *list(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<NonNullable<ListObjectsV2CommandOutput["Contents"]>, void, void> {
    const progress = this.#progress(prefix);
    for await (const { Contents = [] } of this.#pages(prefix, {}, options)) {
      yield Contents.map((object) => {
        const { Key } = object;
        return Key === undefined ? object : { ...object, Key: progress.within(Key, prefix) };
      });
    }
  }

  /** Pages of names: what the keys below a prefix have up to the next `/`, from a name on. */
  async *listFolders(
    prefix: string,
    { after, ...options }: S3RequestOptions & { readonly after?: string | undefined } = {},
  ): AsyncGenerator<string[], void, void> {
    const start = after !== undefined && { StartAfter: `${prefix}${after}/` };
    const pages = this.#pages(prefix, { Delimiter: "/", ...start }, options);
    const progress = this.#progress(prefix);
    for await (const { CommonPrefixes = [] } of pages) {
      yield CommonPrefixes.map(({ Prefix = "" }) => {
        return progress.within(Prefix, prefix).slice(prefix.length, -1);
      });
    }
  }

  #progress(prefix: string): S3Progress {
    return new S3Progress(this.#requests.addressOf(prefix));
  }

  get #bucket(): string {
    return this.#requests.bucket;
  }

  async *#pages(
    prefix: string,
    how: { readonly Delimiter?: string; readonly StartAfter?: string },
    options: S3RequestOptions,
  ): AsyncGenerator<ListObjectsV2CommandOutput, void, void> {
    const call = { ...options, verb: "list", key: prefix, permission: "s3:ListBucket" };
    const progress = this.#progress(prefix);
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
}

/** What a request gives; `undefined` if the credentials don't allow it. */
async function unlessDenied<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
