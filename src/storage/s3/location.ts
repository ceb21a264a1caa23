import { EXIT } from "../../error.ts";
import { assertKey, StorageError } from "../storage.ts";

/** A place in S3. */
export interface S3Location {
  /** The bucket. */
  readonly bucket: string;
  /** What all keys begin with, without a slash at its end; `""` for the whole bucket. */
  readonly prefix: string;
}

/**
 * Reads an `s3://bucket/prefix` address. As in the AWS CLI, the prefix stands for itself: `%20` is no
 * space.
 *
 * @param address The address.
 * @return The bucket and the prefix.
 * @throws {StorageError} If it isn't such an address.
 *
 * @example
 * ```ts
 * import { parseS3Location } from "./location.ts";
 *
 * console.assert(parseS3Location("s3://backups/datocms/").prefix === "datocms");
 * ```
 */
export function parseS3Location(address: string): S3Location {
  // Who puts a secret key into the address must not find it in a log.
  const shown = JSON.stringify(address.replace(/\/\/.*@/, "//…@"));
  const [, bucket, prefix = ""] = /^s3:\/\/([\w][\w.-]*)(?:\/(.*))?$/is.exec(address) ?? [];
  if (bucket === undefined) {
    throw new StorageError(
      `An S3 destination must look like s3://bucket or s3://bucket/prefix, but is ${shown}.`,
      EXIT.usage,
    );
  }
  return { bucket, prefix: toPrefix(prefix) };
}

/**
 * Checks a prefix, so that keys below it are keys, too.
 *
 * @param prefix The prefix, with or without a slash at its end.
 * @return The prefix, without.
 * @throws {StorageError} If it has an empty, `.` or `..` segment.
 */
export function toPrefix(prefix: string): string {
  const trimmed = prefix.replace(/\/$/, "");
  try {
    return trimmed && assertKey(trimmed);
  } catch {
    throw new StorageError(
      `An S3 prefix must have no empty, "." or ".." segments, but is ${JSON.stringify(prefix)}.`,
      EXIT.usage,
    );
  }
}
