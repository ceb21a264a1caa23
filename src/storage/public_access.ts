import { EXIT } from "../error.ts";
import type { S3Answer, S3Settings } from "./s3/settings.ts";
import { S3Storage } from "./s3/s3_storage.ts";
import { type ReadOptions, type Storage, StorageError } from "./storage.ts";

/** What is known of who may use a bucket. */
export interface PublicAccess {
  /** Why anybody can use it, as in `its ACL grants READ to everybody`; empty if that can't be proved. */
  readonly reasons: readonly string[];
  /** Whether everything public is refused, now and later; `undefined` if the server doesn't tell. */
  readonly blocked: boolean | undefined;
  /** The answers that the server didn't give. */
  readonly unanswered: readonly Extract<S3Answer<unknown>, { known: false }>[];
}

/**
 * Finds out who may use a bucket: what its policy and its ACL grant to anybody, as far as the block of
 * public access lets that have an effect.
 *
 * @param settings The bucket's settings.
 * @param options The signal.
 * @throws {S3Error} If the bucket can't be reached.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export async function publicAccess(
  settings: S3Settings,
  options: ReadOptions = {},
): Promise<PublicAccess> {
  const answers = await Promise.all([
    settings.publicAccessBlock(options),
    settings.hasPublicPolicy(options),
    settings.publicGrants(options),
  ]);
  const [block, policy, grants] = answers;
  // If nobody may look at the block, it may be there; if the server has none, it isn't.
  const mayBlock = !block.known && block.denied;
  const isOpen = (blocks: boolean | undefined) => !mayBlock && !blocks;
  const ignoresPolicy = block.known && block.value.restrictPublicBuckets;
  const ignoresGrants = block.known && block.value.ignorePublicAcls;
  return {
    reasons: [
      ...(policy.known && policy.value && isOpen(ignoresPolicy)
        ? ["its policy grants access to everybody"]
        : []),
      ...(grants.known && isOpen(ignoresGrants)
        ? grants.value.map((grant) => `its ACL grants ${grant}`)
        : []),
    ],
    blocked: block.known ? Object.values(block.value).every(Boolean) : undefined,
    unanswered: answers.filter((answer) => !answer.known),
  };
}

/**
 * The command of the AWS command line that refuses all public access to a bucket.
 *
 * @param bucket The bucket's name.
 */
export function blockCommand(bucket: string): string {
  const all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
  const configuration = all.map((name) => `${name}=true`).join(",");
  return `aws s3api put-public-access-block --bucket ${bucket} ` +
    `--public-access-block-configuration ${configuration}`;
}

/**
 * Refuses a bucket that provably anybody can use: a project's content, unpublished records included, isn't
 * to be found there by others. A storage that isn't S3, and a server that doesn't tell, are fine.
 *
 * @param storage The storage.
 * @param options The signal.
 * @throws {StorageError} If the bucket is public; the exit code is {@linkcode EXIT.usage}.
 * @throws {S3Error} If the bucket can't be reached.
 */
export async function assertNotPublic(storage: Storage, options: ReadOptions = {}): Promise<void> {
  if (!(storage instanceof S3Storage)) return;
  const { reasons } = await publicAccess(storage.settings, options);
  if (reasons.length === 0) return;
  const { bucket } = storage;
  throw new StorageError(
    `The bucket ${bucket} is public (${
      reasons.join("; ")
    }), so nothing was written: refuse public access ` +
      `with \`${blockCommand(bucket)}\`, or pass --allow-public if everybody may see the project.`,
    EXIT.usage,
  );
}
