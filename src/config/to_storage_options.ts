import { EXIT, SluiceError } from "../error.ts";
import type { OpenStorageOptions } from "../storage/open_storage.ts";
import { flagName } from "./options.ts";
import { printable } from "../text/printable.ts";
import type { Config } from "./schema.ts";

/**
 * What a configuration says about how objects are kept.
 *
 * @param config The configuration.
 * @return The options for `openStorage`.
 * @throws {SluiceError} If there is a KMS key, but KMS isn't what encrypts; or if S3 should encrypt, but
 * snapshots go elsewhere.
 */
export function toStorageOptions(
  { to, sse, sseKmsKeyId, storageClass }: Pick<
    Config,
    "to" | "sse" | "sseKmsKeyId" | "storageClass"
  >,
): OpenStorageOptions {
  if (sseKmsKeyId !== undefined && sse !== "aws:kms") {
    throw new SluiceError(
      `${flagName("sseKmsKeyId")} goes with ${flagName("sse")} aws:kms, but ${flagName("sse")} is ${
        sse ?? "not given"
      }.`,
      EXIT.usage,
    );
  }
  if (sse !== undefined && !/^s3:/i.test(to)) {
    throw new SluiceError(
      `${flagName("sse")} encrypts what is written to S3, but ${
        printable(to)
      } isn't there: leave it out, or name an s3:// address with ${flagName("to")}.`,
      EXIT.usage,
    );
  }
  return {
    s3: {
      sse,
      sseKmsKeyId,
      // Snapshots are small, and often read again: other classes charge for that.
      storageClass: (key) => key.startsWith("assets/") ? storageClass : undefined,
    },
  };
}
