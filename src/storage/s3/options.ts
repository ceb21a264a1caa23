import { EXIT } from "../../error.ts";
import { StorageError } from "../storage.ts";
import type { S3ClientOptions } from "./client.ts";
import { toPrefix } from "./location.ts";
import { MAX_PART_SIZE, MIN_PART_SIZE } from "./part_size.ts";

/** What an `S3Storage` takes. */
export interface S3StorageOptions extends S3ClientOptions {
  /** The bucket's name. */
  readonly bucket: string;
  /** What the keys in the bucket begin with, as a directory. @default {""} */
  readonly prefix?: string | undefined;
  /** How S3 encrypts objects. @default {the bucket's setting} */
  readonly sse?: "AES256" | "aws:kms" | undefined;
  /** The KMS key's id or ARN, for `sse: "aws:kms"`. */
  readonly sseKmsKeyId?: string | undefined;
  /** The storage class, as in `STANDARD_IA`, or what tells the one of a key. @default {STANDARD} */
  readonly storageClass?: string | ((key: string) => string | undefined) | undefined;
  /** The size of parts in bytes, 5 MiB to 5 GiB. A bigger one is used where 10,000 parts demand it. @default {8 MiB} */
  readonly partSize?: number | undefined;
  /** How many parts are on their way at a time, over all objects. Each is held in memory. @default {4} */
  readonly queueSize?: number | undefined;
  /**
   * Milliseconds that an aborted put waits for the answer to a request that makes an object appear, so
   * that it can tell whether it did. @default {5_000}
   */
  readonly grace?: number | undefined;
}

const MiB = 1024 * 1024;

/**
 * What is used of the options, with what isn't given.
 *
 * @param options The options.
 * @throws {StorageError} If the prefix or a size can't be; the exit code is {@linkcode EXIT.usage}.
 */
export function withDefaults(
  { bucket, prefix = "", partSize = 8 * MiB, queueSize = 4, grace = 5_000 }: S3StorageOptions,
): {
  readonly bucket: string;
  readonly prefix: string;
  readonly partSize: number;
  readonly queueSize: number;
  readonly grace: number;
} {
  assertRange("partSize", partSize, MIN_PART_SIZE, MAX_PART_SIZE);
  assertRange("queueSize", queueSize, 1, 1000);
  return { bucket, prefix: toPrefix(prefix), partSize, queueSize, grace };
}

function assertRange(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most && Number.isInteger(value)) return;
  throw new StorageError(
    `${name} must be a whole number from ${least} to ${most}, but is ${value}.`,
    EXIT.usage,
  );
}
