/**
 * Where objects go: local disk, S3, or a storage of one's own.
 *
 * @example A storage of one's own is as much as this
 * ```ts no-eval
 * import type { Storage } from "@sluice/datocms/storage";
 *
 * declare const storage: Storage;
 * await storage.put("hello.txt", new TextEncoder().encode("Hello"), { ifAbsent: true });
 * ```
 *
 * @module
 */
export type {
  BucketLifecycleRule,
  BucketSettings,
  PresignOptions,
  PublicAccess,
  SettingAnswer,
  SettingOptions,
  Versioning,
} from "./bucket_settings.ts";
export { assertRange } from "./byte_range.ts";
export { LocalStorage } from "./local/local_storage.ts";
export { ObjectWriter, type WrittenObject } from "./object_writer.ts";
export { openStorage, type OpenStorageOptions } from "./open_storage.ts";
export { assertNotPublic } from "./public_access.ts";
export type { S3ClientLike, S3ClientOptions, S3Credentials } from "./s3/client.ts";
export { parseS3Location, type S3Location } from "./s3/location.ts";
export type { S3StorageOptions } from "./s3/options.ts";
export { S3Error } from "./s3/s3_error.ts";
export { S3Storage } from "./s3/s3_storage.ts";
export { type S3PublicAccessBlock, S3Settings } from "./s3/settings.ts";
export {
  assertKey,
  type ByteRange,
  type DeleteOptions,
  DeletionRefusedError,
  type FoldersOptions,
  type GetOptions,
  ObjectChangedError,
  ObjectExistsError,
  type ObjectInfo,
  ObjectNotFoundError,
  type PutOptions,
  type ReadOptions,
  type Storage,
  StorageError,
  type SweepOptions,
  type UnfinishedUpload,
  type WriteFence,
} from "./storage.ts";
