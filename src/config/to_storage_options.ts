import { EXIT, SluiceError } from "../error.ts";
import type { OpenStorageOptions } from "../sink/open_storage.ts";
import { flagName } from "./options.ts";
import type { Config } from "./schema.ts";

/**
 * What a configuration says about how objects are kept.
 *
 * @param config The configuration.
 * @return The options for `openStorage`.
 * @throws {SluiceError} If there is a KMS key, but KMS isn't what encrypts.
 */
export function toStorageOptions(
  { sse, sseKmsKeyId, storageClass }: Pick<Config, "sse" | "sseKmsKeyId" | "storageClass">,
): OpenStorageOptions {
  if (sseKmsKeyId !== undefined && sse !== "aws:kms") {
    throw new SluiceError(
      `${flagName("sseKmsKeyId")} goes with ${flagName("sse")} aws:kms, but ${flagName("sse")} is ${
        sse ?? "not given"
      }.`,
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
