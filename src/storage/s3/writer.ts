import type { CompletedPart, PutObjectCommandInput } from "@aws-sdk/client-s3";
import { withGrace } from "../grace.ts";
import type { PieceReader } from "../piece_reader.ts";
import type { S3Bucket } from "./bucket.ts";
import { claimKey } from "./claim.ts";
import { IF_ABSENT, isChanged, S3Conditions } from "./conditions.ts";
import { isConflict, S3Error } from "./s3_error.ts";
import { OtherBytesError } from "./kept.ts";
import { putParts } from "./multipart.ts";
import type { S3Condition, S3ObjectSettings, S3WriteOptions } from "./objects.ts";
import { partSize } from "./part_size.ts";
import type { S3Upload } from "./uploads.ts";
import { Budget } from "../../async/budget.ts";
import {
  ObjectChangedError,
  ObjectExistsError,
  type PutOptions,
  StorageError,
} from "../storage.ts";

/** How objects are written. */
export interface S3WriterOptions {
  /** How S3 encrypts them. */
  readonly sse?: "AES256" | "aws:kms" | undefined;
  /** The KMS key. */
  readonly sseKmsKeyId?: string | undefined;
  /** The storage class of an object, by its full key. */
  readonly storageClass: (key: string) => string | undefined;
  /** The size of parts in bytes. */
  readonly partSize: number;
  /** How many parts are on their way at a time, over all objects. */
  readonly queueSize: number;
  /** Milliseconds that requests that must not be cut off may continue after an abort. */
  readonly grace: number;
}

/** An object that was written. */
export interface Written {
  /** Its size in bytes. */
  readonly size: number;
  /** Its ETag, with the quotes. */
  readonly etag: string | undefined;
}

/** An object that is being written. */
interface Put {
  readonly key: string;
  readonly reader: PieceReader;
  readonly size: number | undefined;
  readonly settings: S3ObjectSettings;
  /** Aborted when the put is aborted or `failure` is. */
  readonly signal: AbortSignal;
  /** Aborted when a part fails. */
  readonly failure: AbortController;
  /** What else was asked for. */
  readonly options: Pick<PutOptions, "ifAbsent" | "fence">;
}

/** What has to be so for an object to appear, by how it is written. */
interface Conditions {
  readonly put?: S3Condition | undefined;
  readonly upload?: S3Condition | undefined;
}

/** How often a key is tried for that others take again and again. */
const ROOM_TRIES = 3;

/** The metadata that says which put wrote an object. */
const TOKEN = "sluice-put";

/** Writes objects to a bucket: in one request, or in parts. */
export class S3Writer {
  readonly #bucket: S3Bucket;
  readonly #options: S3WriterOptions;
  readonly #conditions: S3Conditions;
  readonly #parts: Budget;

  /**
   * Prepares writing; sends nothing.
   *
   * @param bucket The bucket.
   * @param options How objects are written.
   */
  constructor(bucket: S3Bucket, options: S3WriterOptions) {
    this.#bucket = bucket;
    this.#options = options;
    this.#conditions = new S3Conditions(bucket);
    this.#parts = new Budget(options.queueSize);
  }

  /**
   * Writes an object.
   *
   * @param key Its full key.
   * @param reader Its bytes.
   * @param options How it is put.
   * @param signal Aborted when the put is aborted, or `failure` is.
   * @param failure Aborted when a part fails, to end the reading.
   * @throws {ObjectExistsError} If the put may only create the object, and there is one.
   * @throws {ObjectChangedError} If it isn't the one that was to be replaced.
   * @throws {StorageError} If it can't be written.
   */
  async put(
    key: string,
    reader: PieceReader,
    options: PutOptions,
    signal: AbortSignal,
    failure: AbortController,
  ): Promise<Written> {
    const put = {
      key,
      reader,
      size: options.size,
      settings: this.#settings(key, options),
      signal,
      failure,
      options,
    };
    signal.throwIfAborted();
    const { ifAbsent, replaces } = options;
    if (!ifAbsent && replaces === undefined) return await this.#write(put, {});

    const directory = key.slice(0, key.lastIndexOf("/") + 1);
    const { newPuts, newUploads } = await this.#conditions.honoured(directory, signal);
    if (!ifAbsent && typeof replaces === "string") {
      const match = await this.#conditions.matching(directory, signal);
      const condition = match && { IfMatch: match(replaces) };
      return await this.#write(put, {
        put: condition,
        upload: newUploads ? condition : undefined,
      });
    }
    const created = {
      put: newPuts ? IF_ABSENT : undefined,
      upload: newUploads ? IF_ABSENT : undefined,
    };
    if (!ifAbsent) return await this.#write(put, created);
    const { partSize: wanted } = this.#options;
    const fitsInOne = options.size !== undefined &&
      options.size <= partSize(1, wanted, options.size);
    const conditional = newPuts && (newUploads || fitsInOne);
    // Looked at before the body is read: finding it out later would cost a whole download.
    if (await this.#isThere(put, conditional)) throw this.#exists(key);
    if (conditional) return await this.#write(put, created);
    await using claim = await claimKey(this.#bucket, key, signal);
    if (claim === undefined) throw this.#exists(key);
    return await this.#write(put, {});
  }

  async #write(put: Put, conditions: Conditions): Promise<Written> {
    const { reader, size } = put;
    const sizeOfPart = (number: number): number => partSize(number, this.#options.partSize, size);
    const first = await reader.read(sizeOfPart(1)) ?? new Uint8Array();
    if (first.length < sizeOfPart(1) || first.length === size) {
      // The end of a body of known size is still to be seen: it could be longer than it should be.
      await reader.read(1);
      return await this.#writeAtOnce(put, first, conditions.put);
    }
    const token = crypto.randomUUID();
    const settings = withToken(put.settings, token);
    const { grace } = this.#options;
    const parts = { ...put, settings, partSize: sizeOfPart, budget: this.#parts, grace };
    const etag = await putParts(this.#bucket, parts, first, (upload, parts) => {
      return this.#complete(put, upload, parts, token, conditions.upload);
    });
    return { size: reader.bytesRead, etag };
  }

  /**
   * Writes a small object in the place of just the one that has an ETag.
   *
   * @param key Its full key.
   * @param etag The ETag, without quotes.
   * @param bytes What it is to be.
   * @param options How it is put.
   * @return Whether it was written; `undefined` if the server doesn't look at ETags.
   * @throws {StorageError} If it can't be written.
   */
  async replace(
    key: string,
    etag: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: PutOptions,
  ): Promise<boolean | undefined> {
    const signal = options.signal ?? new AbortController().signal;
    const directory = key.slice(0, key.lastIndexOf("/") + 1);
    const match = await this.#conditions.matching(directory, signal);
    if (match === undefined) return undefined;
    const token = crypto.randomUUID();
    const settings = withToken(this.#settings(key, options), token);
    const condition = { IfMatch: match(etag) };
    try {
      await this.#commit({ key, signal, options }, token, condition, (how) => {
        return this.#bucket.objects.put(key, bytes, settings, how);
      });
      return true;
    } catch (error) {
      if (error instanceof ObjectChangedError) return false;
      throw error;
    }
  }

  async #writeAtOnce(
    put: Put,
    bytes: Uint8Array<ArrayBuffer>,
    condition: S3Condition | undefined,
  ): Promise<Written> {
    const token = condition && crypto.randomUUID();
    const settings = token === undefined ? put.settings : withToken(put.settings, token);
    const etag = await this.#commit(put, token, condition, (how) => {
      return this.#bucket.objects.put(put.key, bytes, settings, how);
    });
    return { size: bytes.length, etag };
  }

  async #complete(
    put: Put,
    upload: S3Upload,
    parts: CompletedPart[],
    token: string,
    condition: S3Condition | undefined,
  ): Promise<string | undefined> {
    const { requests, objects, uploads } = this.#bucket;
    const tags = parts.map(({ ETag }) => ETag);
    return await this.#commit(put, token, condition, async (how) => {
      const etag = await uploads.complete(upload, parts, how);
      await objects.assertKept(put.key, how, (address, look) => {
        return requests.kept.checkParts(address, tags, put.reader.bytesRead, etag, look);
      });
      return etag;
    });
  }

  /**
   * Makes an object appear. If S3's answer gets lost, the request is sent again, and is then refused because
   * of the object that it made itself; the token in the object's metadata tells.
   */
  async #commit(
    { key, signal, options: { ifAbsent, fence } }: Pick<Put, "key" | "signal" | "options">,
    token: string | undefined,
    asked: S3Condition | undefined,
    run: (how: S3WriteOptions) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    let condition = asked;
    for (let tries = 1;; tries++) {
      try {
        return await withGrace(signal, this.#options.grace, (signal) => {
          return run({ condition, fence, signal });
        });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof OtherBytesError) throw error;
        const found = token === undefined
          ? undefined
          : await this.#bucket.objects.head(key, { signal }).catch(() => undefined);
        if (found !== undefined && found.Metadata?.[TOKEN] === token) return found.ETag;
        if (condition?.IfMatch !== undefined && isChanged(error)) throw this.#changed(key, error);
        if (condition?.IfNoneMatch === undefined || !isConflict(error)) throw error;
        if (ifAbsent || fence?.makeRoom === undefined || tries === ROOM_TRIES) {
          throw this.#exists(key, error);
        }
        if (!await fence.makeRoom()) condition = await this.#replacing(key, signal);
      }
    }
  }

  /** What has to be so for an object to take the place of what is there; nothing if that can't be had. */
  async #replacing(key: string, signal: AbortSignal): Promise<S3Condition | undefined> {
    const match = await this.#conditions.matching(key.slice(0, key.lastIndexOf("/") + 1), signal);
    const etag = (await this.#bucket.objects.head(key, { signal }))?.ETag?.replace(/^"|"$/g, "");
    return match && etag ? { IfMatch: match(etag) } : undefined;
  }

  async #isThere({ key, signal }: Put, conditional: boolean): Promise<boolean> {
    try {
      return await this.#bucket.objects.head(key, { signal }) !== undefined;
    } catch (error) {
      // Who may only write needn't look: the condition will tell.
      if (conditional && error instanceof S3Error && error.status === 403) return false;
      throw error;
    }
  }

  #exists(key: string, cause?: unknown): ObjectExistsError {
    const name = `s3://${this.#bucket.name}/${key}`;
    return new ObjectExistsError(
      `${name} can't be created, because it is there already or someone else is creating it.`,
      undefined,
      { cause },
    );
  }

  #changed(key: string, cause: unknown): ObjectChangedError {
    const name = `s3://${this.#bucket.name}/${key}`;
    return new ObjectChangedError(
      `${name} can't be replaced, because someone else has changed or deleted it meanwhile.`,
      undefined,
      { cause },
    );
  }

  #settings(key: string, options: PutOptions): S3ObjectSettings {
    const { sse, sseKmsKeyId } = this.#options;
    const storageClass = this.#options.storageClass(key);
    return {
      ...(options.contentType && { ContentType: inAscii(options.contentType) }),
      ...(options.contentDisposition &&
        { ContentDisposition: inAscii(options.contentDisposition) }),
      ...(options.metadata && { Metadata: metadataInAscii(options.metadata) }),
      ...(sse && { ServerSideEncryption: sse }),
      ...(sseKmsKeyId && { SSEKMSKeyId: sseKmsKeyId }),
      ...(storageClass && { StorageClass: asStorageClass(storageClass) }),
    };
  }
}

function withToken(settings: S3ObjectSettings, token: string): S3ObjectSettings {
  return { ...settings, Metadata: { ...settings.Metadata, [TOKEN]: token } };
}

/** The SDK's type lists the classes that it knows; servers may have others. */
function asStorageClass(name: string): NonNullable<PutObjectCommandInput["StorageClass"]> {
  return name as NonNullable<PutObjectCommandInput["StorageClass"]>;
}

function metadataInAscii(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [inAscii(name), inAscii(value)]),
  );
}

/** S3 keeps these in HTTP headers, which hold nothing else. */
function inAscii(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  throw new StorageError(
    `S3 keeps content types, dispositions and metadata in ASCII only, but one is ${
      JSON.stringify(value)
    }: encode it, for example as filename*=UTF-8''….`,
  );
}
