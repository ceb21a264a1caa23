import * as z from "zod";
import { EXPORT_DEFAULTS } from "../../export/export_settings.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { name, oneOf, under } from "../option.ts";

/** How S3 can be made to encrypt objects. */
export const SSE = ["AES256", "aws:kms"] as const;

const { option, onOff } = under("Destination");

/** Where snapshots are. */
export const DESTINATION = {
  to: option({
    kind: "text",
    schema: z.string().refine(isDestination).default("./snapshots"),
    placeholder: "<where>",
    expects: "a directory, a file: URL or s3://bucket[/prefix]",
    help: "Where to write snapshots: a directory, a file: URL or s3://bucket[/prefix].",
    path: "directory",
    neverEmpty: true,
  }),
};

/** How S3 keeps what is written. */
export const S3 = {
  sse: option({
    kind: "text",
    schema: z.enum(SSE).optional(),
    placeholder: "<form>",
    choices: SSE,
    expects: oneOf(SSE),
    help: "Server-side encryption of what is written to S3. Default: the bucket's own.",
    toS3: (sse) => ({ sse }),
  }),
  sseKmsKeyId: option({
    kind: "text",
    schema: name.optional(),
    placeholder: "<key>",
    expects: "the id or ARN of a KMS key",
    help: "KMS key for --sse aws:kms.",
    toS3: (sseKmsKeyId) => ({ sseKmsKeyId }),
  }),
  storageClass: option({
    kind: "text",
    schema: z.string().regex(/^[\w.-]+$/).refine(isReadable).optional(),
    placeholder: "<class>",
    expects: "a storage class whose objects can be read at once, such as STANDARD_IA",
    help: "S3 storage class of asset files, such as STANDARD_IA.",
    // Snapshots are small, and often read again: other classes charge for that.
    toS3: (storageClass) => ({
      storageClass: (key) => key.startsWith("assets/") ? storageClass : undefined,
    }),
  }),
};

/** Where content may be written to. */
export const PUBLICITY = {
  allowPublic: onOff(EXPORT_DEFAULTS.allowPublic, {
    help: "Export even if the S3 bucket is public.",
    toExport: (allowPublic) => ({ allowPublic }),
  }),
};

/** What is put right at a destination. */
export const CLEANING = {
  clean: onOff(false, {
    help: "Remove what killed exports left unfinished more than a day ago.",
  }),
};

/** What is in an archive can't be looked at to tell whether it is still right. */
function isReadable(storageClass: string): boolean {
  return storageClass !== "GLACIER" && storageClass !== "DEEP_ARCHIVE";
}

/**
 * Whether a text names a place for snapshots.
 *
 * @param text The text.
 */
export function isDestination(text: string): boolean {
  try {
    openStorage(text)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
