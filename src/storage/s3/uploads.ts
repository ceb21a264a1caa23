import { answerWith } from "./s3_error.ts";
import type {
  CompletedPart,
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
} from "@aws-sdk/client-s3";
import { Md5 } from "../md5.ts";
import type { S3ObjectSettings, S3WriteOptions } from "./objects.ts";
import { S3Progress } from "./progress.ts";
import {
  asking,
  BEFORE_SENDING,
  type S3Call,
  type S3RequestOptions,
  type S3Requests,
} from "./requests.ts";

/** What S3 keeps of an upload in parts. */
export interface S3Upload {
  /** The object's full key. */
  readonly key: string;
  /** S3's name of the upload. */
  readonly id: string;
}

type Markers = Pick<ListMultipartUploadsCommandInput, "KeyMarker" | "UploadIdMarker">;

/** S3 may take minutes to put the parts of a big object together. */
const COMPLETE_TIMEOUT = 300_000;

/** S3's requests on a bucket's uploads in parts, with full keys. */
export class S3Uploads {
  readonly #requests: S3Requests;

  /**
   * Sends nothing yet.
   *
   * @param requests Sends the requests.
   */
  constructor(requests: S3Requests) {
    this.#requests = requests;
  }

  /** Begins an upload. */
  async create(
    key: string,
    settings: S3ObjectSettings,
    options: S3RequestOptions,
  ): Promise<S3Upload> {
    const { UploadId } = await this.#requests.send(writing(key, options), async (opened, send) => {
      const { sdk, client } = opened;
      // S3 refuses the checksums that the SDK adds to parts if they weren't announced here.
      const calculation = await client.config.requestChecksumCalculation();
      const checksum = calculation === "WHEN_SUPPORTED"
        ? { ChecksumAlgorithm: "CRC32" } as const
        : {};
      const object = { ...settings, ...checksum, Bucket: this.#requests.bucket, Key: key };
      const command = new sdk.CreateMultipartUploadCommand(object);
      return answerWith(await client.send(command, send), "UploadId");
    });
    return { key, id: UploadId! };
  }

  /** Uploads a part. */
  async putPart(
    upload: S3Upload,
    number: number,
    bytes: Uint8Array<ArrayBuffer>,
    options: S3RequestOptions,
  ): Promise<CompletedPart> {
    const call = { ...writing(upload.key, options), bytes: bytes.length };
    const digest = new Md5(bytes);
    const answer = await this.#requests.send(call, async ({ sdk, client }, send) => {
      const part = { ...this.#of(upload), PartNumber: number };
      const body = { Body: bytes, ContentLength: bytes.length };
      const answer = await this.#requests.md5.send(digest, (md5) => {
        return client.send(new sdk.UploadPartCommand({ ...part, ...body, ...md5 }), send);
      });
      return answerWith(answer, "ETag");
    });
    if (!await this.#requests.isAws()) {
      this.#requests.kept.checkPart(this.#requests.addressOf(upload.key), digest, answer);
    }
    const { ETag, ChecksumCRC32 } = answer;
    return { PartNumber: number, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) };
  }

  /** Makes an object of an upload's parts. Gives its ETag. */
  async complete(
    upload: S3Upload,
    parts: CompletedPart[],
    options: S3WriteOptions,
  ): Promise<string | undefined> {
    const call = { ...writing(upload.key, options), atLeast: COMPLETE_TIMEOUT };
    const { ETag } = await this.#requests.send(call, async ({ sdk, client }, send) => {
      const { condition, fence } = options;
      const object = { ...this.#of(upload), MultipartUpload: { Parts: parts }, ...condition };
      const command = new sdk.CompleteMultipartUploadCommand(object);
      command.middlewareStack.add(asking(fence), BEFORE_SENDING);
      return answerWith(await client.send(command, send), "ETag");
    });
    return ETag;
  }

  /** Drops an upload; one that isn't there is fine. */
  async drop(upload: S3Upload, options: S3RequestOptions): Promise<void> {
    const { key } = upload;
    const permission = "s3:AbortMultipartUpload";
    const call = { ...options, verb: "drop the upload of", key, permission };
    await this.#requests.find(call, ({ sdk, client }, send) => {
      return client.send(new sdk.AbortMultipartUploadCommand(this.#of(upload)), send);
    });
  }

  /** Whether an upload is still there. */
  async has(upload: S3Upload, options: S3RequestOptions): Promise<boolean> {
    const { key } = upload;
    const permission = "s3:ListMultipartUploadParts";
    const call = { ...options, verb: "inspect the upload of", key, permission };
    const parts = await this.#requests.find(call, ({ sdk, client }, send) => {
      return client.send(new sdk.ListPartsCommand({ ...this.#of(upload), MaxParts: 1 }), send);
    });
    return parts !== undefined;
  }

  /** Pages of uploads that are neither completed nor dropped. */
  async *list(
    prefix: string,
    options: S3RequestOptions = {},
  ): AsyncGenerator<NonNullable<ListMultipartUploadsCommandOutput["Uploads"]>, void, void> {
    const permission = "s3:ListBucketMultipartUploads";
    const call = { ...options, verb: "list the uploads to", key: prefix, permission };
    const progress = new S3Progress(`the uploads to ${this.#requests.addressOf(prefix)}`);
    let markers: Markers | undefined = {};
    while (markers !== undefined) {
      const listing: ListMultipartUploadsCommandInput = {
        Bucket: this.#requests.bucket,
        Prefix: prefix,
        ...markers,
      };
      const page: ListMultipartUploadsCommandOutput = await this.#requests.send(
        call,
        ({ sdk, client }, send) => client.send(new sdk.ListMultipartUploadsCommand(listing), send),
      );
      const { NextKeyMarker, NextUploadIdMarker, Uploads: uploads = [] } = page;
      markers = undefined;
      if (page.IsTruncated) {
        const next = NextKeyMarker && JSON.stringify([NextKeyMarker, NextUploadIdMarker]);
        progress.goOn(next, uploads[0] && JSON.stringify([uploads[0].Key, uploads[0].UploadId]));
        markers = { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker };
      }
      yield uploads.map((upload) => {
        const { Key } = upload;
        return Key === undefined ? upload : { ...upload, Key: progress.within(Key, prefix) };
      });
    }
  }

  #of(upload: S3Upload): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.#requests.bucket, Key: upload.key, UploadId: upload.id };
  }
}

function writing(key: string, { signal }: S3RequestOptions): S3Call {
  return { signal, verb: "write", key, permission: "s3:PutObject" };
}
