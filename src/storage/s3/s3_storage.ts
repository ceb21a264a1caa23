import { PieceReader } from "../piece_reader.ts";
import { S3Bucket } from "./bucket.ts";
import { S3Leftovers } from "./leftovers.ts";
import { S3Listing, toInfo } from "./listing.ts";
import { parseS3Location } from "./location.ts";
import { type S3StorageOptions, withDefaults } from "./options.ts";
import { getObject } from "./get.ts";
import { S3Settings } from "./settings.ts";
import { S3Writer } from "./writer.ts";
import {
  type DeleteOptions,
  type FoldersOptions,
  type GetOptions,
  type ObjectInfo,
  ObjectNotFoundError,
  type PutOptions,
  type ReadOptions,
  type Storage,
  type SweepOptions,
  type UnfinishedUpload,
} from "../storage.ts";
import type { PresignOptions } from "../bucket_settings.ts";
import { assertRange } from "../byte_range.ts";
import { assertFinalKey } from "../object_key.ts";

/**
 * A bucket, or a prefix in one, as a storage: on AWS or any server that speaks S3.
 *
 * Small objects take one request; bigger ones and those of unknown size are uploaded in parts, several at a
 * time. Memory is bounded: each put holds one part, and all of them together `queueSize` parts more.
 * Credentials come from where the AWS SDK looks: the environment, profiles, SSO, roles.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 *
 * @example
 * ```ts
 * import { S3Storage } from "@sluice/datocms";
 *
 * using storage = new S3Storage({ bucket: "backups", prefix: "datocms", storageClass: "STANDARD_IA" });
 * console.assert(storage.url === "s3://backups/datocms");
 * ```
 */
export class S3Storage implements Storage, Disposable {
  /** The root, as `s3://bucket/prefix`. */
  readonly url: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** How the bucket is set up. */
  readonly settings: S3Settings;
  readonly #bucket: S3Bucket;
  readonly #writer: S3Writer;
  readonly #listing: S3Listing;
  readonly #leftovers: S3Leftovers;
  readonly #base: string;
  readonly #timeout: number;

  /**
   * A storage in a bucket. Nothing is sent before the first method is called.
   *
   * @param options Where, how it is reached, and how objects are kept.
   * @throws {StorageError} If the prefix or a size can't be.
   */
  constructor(options: S3StorageOptions) {
    const { bucket, prefix, ...limits } = withDefaults(options);
    this.url = `s3://${bucket}${prefix && `/${prefix}`}`;
    this.bucket = bucket;
    this.#base = prefix && `${prefix}/`;
    this.#bucket = new S3Bucket(bucket, options);
    this.settings = new S3Settings(this.#bucket);
    this.#listing = new S3Listing(this.#bucket, this.#base);
    this.#leftovers = new S3Leftovers(this.#bucket, this.#base, this.#listing);
    const storageClass = this.#classOf(options.storageClass);
    const writing = { ...options, ...limits, storageClass };
    this.#writer = new S3Writer(this.#bucket, writing);
    this.#timeout = options.requestTimeout ?? 60_000;
  }

  /** What the bucket is reached with and nobody is to be told, as far as it is known by now. */
  get secrets(): readonly string[] {
    return this.#bucket.requests.secrets;
  }

  /**
   * A storage at an `s3://bucket/prefix` address.
   *
   * @param address The address.
   * @param options The other options.
   * @throws {StorageError} If it isn't such an address.
   */
  static at(address: string, options: Omit<S3StorageOptions, "bucket" | "prefix"> = {}): S3Storage {
    return new S3Storage({ ...options, ...parseS3Location(address) });
  }

  /**
   * Writes an object. An abort that comes when all of it is on its way may come too late: the put then
   * ends as if there had been none.
   *
   * @param key The object's key.
   * @param body Its bytes; a stream is cancelled if they can't be written.
   * @param options How it is put.
   * @return What is known of the object.
   * @throws {ObjectExistsError} If the put may only create the object, and it is there or being created.
   * @throws {ObjectChangedError} If it isn't the one that was to be replaced.
   * @throws {S3Error} If S3 can't be reached or refuses it.
   * @throws {StorageError} If the body is of another size than it should be.
   */
  async put(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    const failure = new AbortController();
    const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]);
    const size = options.size ?? (body instanceof Uint8Array ? body.length : undefined);
    using reader = new PieceReader(body, { key, size, signal });
    const object = this.#base + assertFinalKey(key);
    const how = { ...options, size };
    const written = await this.#writer.put(object, reader, how, signal, failure);
    return toInfo(key, written.size, written.etag);
  }

  /**
   * Writes a small object in the place of just the one that has a tag, if it is still there.
   *
   * @param key The object's key.
   * @param etag The tag, as {@linkcode S3Storage.stat} tells it.
   * @param bytes What it is to be.
   * @param options How it is put.
   * @return Whether it was written; `undefined` if the server can't make sure of that.
   * @throws {S3Error} If S3 can't be reached or refuses it.
   */
  async replace(
    key: string,
    etag: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: Omit<PutOptions, "ifAbsent" | "size"> = {},
  ): Promise<boolean | undefined> {
    options.signal?.throwIfAborted();
    return await this.#writer.replace(this.#base + assertFinalKey(key), etag, bytes, options);
  }

  /**
   * An address at which an object can be fetched for a while without credentials. It ends with the session whose
   * keys have signed it, if that is earlier. Nothing is sent.
   *
   * @param key The object's key.
   * @param options For how long, and with which headers it is sent.
   * @throws {S3Error} If there are no credentials.
   */
  async presign(key: string, options: PresignOptions): Promise<string> {
    return await this.#bucket.objects.presign(this.#base + assertFinalKey(key), options);
  }

  /**
   * Reads an object, or a range of it.
   *
   * @param key The object's key.
   * @param options The range, and the signal.
   * @throws {ObjectNotFoundError} If there is no such object.
   * @throws {S3Error} If S3 can't be reached or refuses it.
   */
  async get(
    key: string,
    options: GetOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { signal } = options;
    const object = this.#base + assertFinalKey(key);
    const name = `${this.url}/${key}`;
    const range = assertRange(options.range ?? { start: 0 });
    const reading = { name, range, timeout: this.#timeout, signal };
    const bytes = await getObject(this.#bucket.objects, object, reading);
    if (bytes === undefined) throw new ObjectNotFoundError(`There is no object ${name}.`);
    return bytes;
  }

  /**
   * What is known of an object.
   *
   * @param key The object's key.
   * @param options The signal.
   * @return Its size, time, ETag and metadata, or `undefined` if there is none.
   * @throws {S3Error} If S3 can't be reached or refuses it.
   */
  async stat(key: string, options: ReadOptions = {}): Promise<ObjectInfo | undefined> {
    const found = await this.#bucket.objects.head(this.#base + assertFinalKey(key), options);
    if (found === undefined) return undefined;
    const { ContentLength, ETag, LastModified, Metadata: metadata } = found;
    const { ObjectLockRetainUntilDate: lockedUntil } = found;
    return {
      ...toInfo(key, ContentLength, ETag, LastModified),
      ...(metadata && { metadata }),
      ...(lockedUntil && { lockedUntil }),
    };
  }

  /**
   * Lists the objects whose keys begin with a prefix, ordered by key. Objects that can't be had by
   * {@linkcode S3Storage.get}, as the empty ones that other tools put for directories, are left out.
   *
   * @param prefix What the keys begin with.
   * @param options The signal.
   * @return Pages of up to 1,000 objects. The stream fails with an {@linkcode S3Error} if they can't be
   * listed.
   */
  list(prefix: string, options: ReadOptions = {}): ReadableStream<readonly ObjectInfo[]> {
    return ReadableStream.from(this.#listing.objects(prefix, options, false));
  }

  /**
   * Lists the names of the folders directly below a prefix.
   *
   * @param prefix The prefix, which ends with `/`, or `""`.
   * @param options From which name on, and the signal.
   * @return Pages of up to 1,000 names. The stream fails with an {@linkcode S3Error} if they can't be
   * listed.
   */
  folders(prefix: string, options: FoldersOptions = {}): ReadableStream<readonly string[]> {
    return ReadableStream.from(this.#listing.folders(prefix, options));
  }

  /**
   * Deletes objects.
   *
   * @param keys The objects' keys; those that aren't there are fine.
   * @param options The signal, and what is asked before each request.
   * @throws {S3Error} If one can't be deleted.
   */
  async delete(keys: readonly string[], options: DeleteOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    await this.#bucket.objects.delete(keys.map((key) => this.#base + assertFinalKey(key)), options);
  }

  /**
   * Whether the credentials may delete objects.
   *
   * @param key The key of an object that isn't there.
   * @param options The signal.
   * @throws {S3Error} If S3 can't be reached.
   */
  async mayDelete(key: string, options: ReadOptions = {}): Promise<boolean> {
    return await this.#bucket.objects.mayDelete(this.#base + assertFinalKey(key), options);
  }

  /**
   * Lists the uploads in parts that are neither completed nor dropped: those of running puts, and those
   * that killed processes left.
   *
   * @param prefix What the keys begin with.
   * @param options The signal.
   * @return Pages of uploads. The stream fails with an {@linkcode S3Error} if they can't be listed.
   */
  listUnfinishedUploads(
    prefix: string,
    options: ReadOptions = {},
  ): ReadableStream<readonly UnfinishedUpload[]> {
    return ReadableStream.from(this.#listing.uploads(prefix, options));
  }

  /**
   * Drops an upload, with the parts that S3 keeps of it.
   *
   * @param upload The upload; one that isn't there any more is fine.
   * @param options The signal, and what is asked before.
   * @throws {S3Error} If it can't be dropped.
   */
  async abortUnfinishedUpload(
    upload: Pick<UnfinishedUpload, "key" | "uploadId">,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#leftovers.drop(upload, options);
  }

  /**
   * Removes what killed processes left behind: unfinished uploads, and objects that were there only while
   * another one was created.
   *
   * @param prefix What their keys begin with; `""` for all.
   * @param options How old they must be, and the signal.
   * @return How many were removed.
   * @throws {S3Error} If one can't be removed.
   */
  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    return await this.#leftovers.sweep(prefix, options);
  }

  /**
   * Removes what processes that write no more have left unfinished: uploads in parts, and objects that were
   * there only while another one was created. Who may not list uploads has none that could be dropped.
   *
   * @param prefix What their keys begin with.
   * @param options The signal, and what is asked before anything is removed.
   * @return The keys of what couldn't be removed.
   * @throws {S3Error} If S3 can't be reached.
   */
  async clear(prefix: string, options: DeleteOptions = {}): Promise<readonly string[]> {
    return await this.#leftovers.clear(prefix, options);
  }

  /** The time by the server's clock, as its latest answer told, in milliseconds since 1970. */
  now(): number | undefined {
    return this.#bucket.requests.now();
  }

  /** Closes the connections; a client of your own stays open. */
  close(): void {
    this.#bucket[Symbol.dispose]();
  }

  /** The same as {@linkcode S3Storage.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #classOf(given: S3StorageOptions["storageClass"]): (key: string) => string | undefined {
    if (typeof given !== "function") return () => given;
    return (fullKey) => given(fullKey.slice(this.#base.length));
  }
}
