import type {
  CompletedPart,
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { type OpenedS3, openS3, type S3ClientOptions } from "./s3_client.ts";
import { withContentMd5 } from "./s3_content_md5.ts";
import { S3Error } from "./s3_error.ts";
import { withS3Retries } from "./s3_retry.ts";
import { StorageError } from "./storage.ts";

/** What a request takes besides its parameters. */
export interface S3RequestOptions {
  /** Aborts the request. */
  readonly signal?: AbortSignal | undefined;
}

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

/** What S3 keeps of an upload. */
export interface S3Upload {
  /** The object's full key. */
  readonly key: string;
  /** S3's name of the upload. */
  readonly id: string;
}

interface Call extends S3RequestOptions {
  readonly what: string;
  readonly key: string;
  readonly permission: string;
  /** Bytes that are sent along. */
  readonly bytes?: number;
  /** A timeout in milliseconds that the request has at least. */
  readonly atLeast?: number;
}

interface SendOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout?: number;
}

/** Sends one request of its own, with the options that it is given. */
export type S3BucketRequest<T> = (opened: OpenedS3, send: SendOptions) => Promise<T>;

type Markers = Pick<ListMultipartUploadsCommandInput, "KeyMarker" | "UploadIdMarker">;

/** The most keys that S3 deletes in one request. */
const DELETE_AT_ONCE = 1000;
/** S3 may take minutes to put the parts of a big object together. */
const COMPLETE_TIMEOUT = 300_000;

/**
 * S3's requests on one bucket, with full keys, and with errors that are sentences.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export class S3Bucket implements Disposable {
  /** The bucket's name. */
  readonly name: string;
  readonly #options: S3ClientOptions;
  #opened: Promise<OpenedS3> | undefined;
  #close: () => void = () => {};
  #closed = false;

  /**
   * Names a bucket. Nothing is loaded or sent yet.
   *
   * @param name Its name.
   * @param options How S3 is reached.
   */
  constructor(name: string, options: S3ClientOptions) {
    this.name = name;
    this.#options = options;
  }

  /** Whether the server is AWS itself, whose conditional writes can be relied on. */
  async isAws(): Promise<boolean> {
    return (await this.#open()).isAws;
  }

  /** What is known of an object, or `undefined` if there is none. */
  async head(
    key: string,
    options: S3RequestOptions = {},
  ): Promise<HeadObjectCommandOutput | undefined> {
    const call = { ...options, key, what: this.#what("look at", key), permission: "s3:GetObject" };
    return await absentAsUndefined(this.#call(call, ({ sdk, client }, send) => {
      return client.send(new sdk.HeadObjectCommand({ Bucket: this.name, Key: key }), send);
    }));
  }

  /** An object, or `undefined` if there is none. */
  async get(
    key: string,
    options: S3RequestOptions = {},
  ): Promise<GetObjectCommandOutput | undefined> {
    const call = { ...options, key, what: this.#what("read", key), permission: "s3:GetObject" };
    return await absentAsUndefined(this.#call(call, ({ sdk, client }, send) => {
      return client.send(new sdk.GetObjectCommand({ Bucket: this.name, Key: key }), send);
    }));
  }

  /** Writes an object in one request. Gives its ETag. */
  async put(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    settings: S3ObjectSettings,
    options: S3RequestOptions & { readonly ifAbsent?: boolean } = {},
  ): Promise<string | undefined> {
    const call = this.#write(key, options, bytes.length);
    const { ETag } = await this.#call(call, ({ sdk, client }, send) => {
      const object = { Bucket: this.name, Key: key, Body: bytes, ContentLength: bytes.length };
      const condition = options.ifAbsent ? { IfNoneMatch: "*" } : {};
      return client.send(new sdk.PutObjectCommand({ ...settings, ...object, ...condition }), send);
    });
    return ETag;
  }

  /** Begins an upload in parts. */
  async createUpload(
    key: string,
    settings: S3ObjectSettings,
    options: S3RequestOptions,
  ): Promise<S3Upload> {
    const { UploadId } = await this.#call(this.#write(key, options), ({ sdk, client }, send) => {
      const object = { ...settings, Bucket: this.name, Key: key };
      return client.send(new sdk.CreateMultipartUploadCommand(object), send);
    });
    if (UploadId === undefined) {
      throw new StorageError(
        `S3 gave no upload id for ${JSON.stringify(key)}: check the endpoint.`,
      );
    }
    return { key, id: UploadId };
  }

  /** Uploads a part. */
  async uploadPart(
    upload: S3Upload,
    number: number,
    bytes: Uint8Array<ArrayBuffer>,
    options: S3RequestOptions,
  ): Promise<CompletedPart> {
    const call = this.#write(upload.key, options, bytes.length);
    const { ETag, ChecksumCRC32 } = await this.#call(call, ({ sdk, client }, send) => {
      const part = { ...this.#of(upload), PartNumber: number };
      const body = { Body: bytes, ContentLength: bytes.length };
      return client.send(new sdk.UploadPartCommand({ ...part, ...body }), send);
    });
    return { PartNumber: number, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) };
  }

  /** Makes an object of an upload's parts. Gives its ETag. */
  async completeUpload(
    upload: S3Upload,
    parts: CompletedPart[],
    options: S3RequestOptions & { readonly ifAbsent?: boolean },
  ): Promise<string | undefined> {
    const call = { ...this.#write(upload.key, options), atLeast: COMPLETE_TIMEOUT };
    const { ETag } = await this.#call(call, ({ sdk, client }, send) => {
      const condition = options.ifAbsent ? { IfNoneMatch: "*" } : {};
      const object = { ...this.#of(upload), MultipartUpload: { Parts: parts }, ...condition };
      return client.send(new sdk.CompleteMultipartUploadCommand(object), send);
    });
    return ETag;
  }

  /** Drops an upload; one that isn't there is fine. */
  async abortUpload(upload: S3Upload, options: S3RequestOptions): Promise<void> {
    const { key } = upload;
    const permission = "s3:AbortMultipartUpload";
    const call = { ...options, key, what: this.#what("drop the upload of", key), permission };
    await absentAsUndefined(this.#call(call, ({ sdk, client }, send) => {
      return client.send(new sdk.AbortMultipartUploadCommand(this.#of(upload)), send);
    }));
  }

  /** Whether an upload is still there. */
  async hasUpload(upload: S3Upload, options: S3RequestOptions): Promise<boolean> {
    const { key } = upload;
    const permission = "s3:ListMultipartUploadParts";
    const call = { ...options, key, what: this.#what("look at the upload of", key), permission };
    const parts = await absentAsUndefined(this.#call(call, ({ sdk, client }, send) => {
      return client.send(new sdk.ListPartsCommand({ ...this.#of(upload), MaxParts: 1 }), send);
    }));
    return parts !== undefined;
  }

  /** Pages of objects. */
  async *list(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<NonNullable<ListObjectsV2CommandOutput["Contents"]>, void, void> {
    const what = this.#what("list", prefix);
    const call = { ...options, key: prefix, what, permission: "s3:ListBucket" };
    let token: string | undefined;
    do {
      const next = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.#call(call, ({ sdk, client }, send) => {
        const listing = { Bucket: this.name, Prefix: prefix, ...next };
        return client.send(new sdk.ListObjectsV2Command(listing), send);
      });
      yield page.Contents ?? [];
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Pages of names: what the keys below a prefix have up to the next `/`. */
  async *listFolders(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<string[], void, void> {
    const what = this.#what("list", prefix);
    const call = { ...options, key: prefix, what, permission: "s3:ListBucket" };
    let token: string | undefined;
    do {
      const next = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.#call(call, ({ sdk, client }, send) => {
        const listing = { Bucket: this.name, Prefix: prefix, Delimiter: "/", ...next };
        return client.send(new sdk.ListObjectsV2Command(listing), send);
      });
      const { CommonPrefixes = [] } = page;
      yield CommonPrefixes.map(({ Prefix = "" }) => Prefix.slice(prefix.length, -1));
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Pages of uploads that are neither completed nor dropped. */
  async *listUploads(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<NonNullable<ListMultipartUploadsCommandOutput["Uploads"]>, void, void> {
    const what = this.#what("list the uploads to", prefix);
    const call = { ...options, key: prefix, what, permission: "s3:ListBucketMultipartUploads" };
    let markers: Markers | undefined = {};
    while (markers !== undefined) {
      const listing: ListMultipartUploadsCommandInput = {
        Bucket: this.name,
        Prefix: prefix,
        ...markers,
      };
      const page: ListMultipartUploadsCommandOutput = await this.#call(
        call,
        ({ sdk, client }, send) => client.send(new sdk.ListMultipartUploadsCommand(listing), send),
      );
      yield page.Uploads ?? [];
      const { NextKeyMarker, NextUploadIdMarker } = page;
      markers = page.IsTruncated
        ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker }
        : undefined;
    }
  }

  /** Deletes objects; those that aren't there are fine. */
  async delete(keys: readonly string[], options: S3RequestOptions = {}): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETE_AT_ONCE) {
      await this.#deleteBatch(keys.slice(at, at + DELETE_AT_ONCE), options);
    }
  }

  async #deleteBatch(keys: readonly string[], options: S3RequestOptions): Promise<void> {
    const [first = ""] = keys;
    const attempt = (key: string): Call => {
      return { ...options, key, what: this.#what("delete", key), permission: "s3:DeleteObject" };
    };
    const { Errors = [] } = await this.#call(attempt(first), ({ sdk, client }, send) => {
      const objects = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
      const command = new sdk.DeleteObjectsCommand({ Bucket: this.name, Delete: objects });
      // Many servers that aren't AWS, and older ones, insist on it.
      command.middlewareStack.add((next) => (args) => next(withContentMd5(args)), {
        step: "build",
        priority: "low",
      });
      return client.send(command, send);
    });
    const failed = Errors.find(({ Code }) => Code !== "NoSuchKey");
    if (failed === undefined) return;
    const cause = Object.assign(new Error(failed.Message), { name: failed.Code ?? "Error" });
    throw new S3Error(cause, { ...attempt(failed.Key ?? first), bucket: this.name });
  }

  /** Sends a request that is about the whole bucket. */
  async ask<T>(
    what: string,
    permission: string,
    run: S3BucketRequest<T>,
    { signal }: S3RequestOptions = {},
  ): Promise<T> {
    const call = { signal, key: "", what: `${what} of s3://${this.name}`, permission };
    return await this.#call(call, run);
  }

  /** Closes the connections; a client that was given stays open. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#close();
    this.#close = () => {};
  }

  #what(verb: string, key: string): string {
    return `${verb} s3://${this.name}/${key}`;
  }

  #write(key: string, options: S3RequestOptions, bytes = 0): Call {
    const { signal } = options;
    return { signal, key, bytes, what: this.#what("write", key), permission: "s3:PutObject" };
  }

  #of(upload: S3Upload): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.name, Key: upload.key, UploadId: upload.id };
  }

  async #call<T>(
    call: Call,
    run: (opened: OpenedS3, send: SendOptions) => Promise<T>,
  ): Promise<T> {
    const { signal } = call;
    signal?.throwIfAborted();
    if (this.#closed) throw new StorageError(`The storage s3://${this.name} is closed.`);
    try {
      const opened = await this.#open();
      const timeout = opened.timeout(call.bytes ?? 0);
      const send = {
        ...(signal && { abortSignal: signal }),
        ...(timeout !== undefined && { requestTimeout: Math.max(timeout, call.atLeast ?? 0) }),
      };
      const { attempts } = opened;
      const { retryDelay = 100 } = this.#options;
      return await withS3Retries(() => run(opened, send), { attempts, retryDelay, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw new S3Error(error, { ...call, bucket: this.name });
    }
  }

  async #open(): Promise<OpenedS3> {
    this.#opened ??= openS3(this.#options);
    const opened = await this.#opened;
    if (this.#options.client === undefined) this.#close = () => opened.client.destroy();
    return opened;
  }
}

/** S3 says 404 for what isn't there. Only a missing bucket stays an error. */
async function absentAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const absent = error instanceof S3Error && error.status === 404 &&
      error.code !== "NoSuchBucket";
    if (absent) return undefined;
    throw error;
  }
}
