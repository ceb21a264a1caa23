import type { Grant, PublicAccessBlockConfiguration } from "@aws-sdk/client-s3";
import { isObject } from "../../text/json.ts";
import type {
  BucketLifecycleRule,
  BucketSettings,
  PublicAccess,
  SettingAnswer,
  Versioning,
} from "../bucket_settings.ts";
import type { S3Bucket } from "./bucket.ts";
import { isDenied, S3Error } from "./s3_error.ts";
import type { S3Request } from "./requests.ts";
import type { ReadOptions } from "../storage.ts";

/** Which public access a bucket refuses, whatever its policy and its ACLs say. */
export interface S3PublicAccessBlock {
  /** Public ACLs can't be set. */
  readonly blockPublicAcls: boolean;
  /** Public ACLs have no effect. */
  readonly ignorePublicAcls: boolean;
  /** A public policy can't be set. */
  readonly blockPublicPolicy: boolean;
  /** A public policy has no effect. */
  readonly restrictPublicBuckets: boolean;
}

/** The ACL groups that are anybody, and anybody with an AWS account. */
const PUBLIC_GROUPS: Readonly<Record<string, string>> = {
  "http://acs.amazonaws.com/groups/global/AllUsers": "everybody",
  "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "every AWS account",
};

/** What is wrong with the keys, the place or the way there, and so says nothing of a setting. */
const NOT_OF_THE_SETTING = [
  "NoSuchBucket",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "RequestTimeTooSkewed",
  "ExpiredToken",
  "InvalidToken",
  "PermanentRedirect",
  "AuthorizationHeaderMalformed",
];

const BLOCKS_NOTHING: S3PublicAccessBlock = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

/**
 * Reads how a bucket is set up. Servers that aren't AWS have some of these settings; each answer tells
 * whether it is one.
 */
export class S3Settings implements BucketSettings {
  readonly #bucket: S3Bucket;

  /**
   * Asks nothing yet.
   *
   * @param bucket The bucket.
   * @internal
   */
  constructor(bucket: S3Bucket) {
    this.#bucket = bucket;
  }

  /**
   * Finds out who may use the bucket: what its policy and its ACL grant to anybody, as far as the block of
   * public access lets that have an effect.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
   */
  async publicAccess(options: ReadOptions = {}): Promise<PublicAccess> {
    const answers = await Promise.all([
      this.publicAccessBlock(options),
      this.hasPublicPolicy(options),
      this.publicGrants(options),
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
   * Which public access is refused. The account can have a stricter block, which this doesn't tell.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
   */
  async publicAccessBlock(options: ReadOptions = {}): Promise<SettingAnswer<S3PublicAccessBlock>> {
    return await this.#ask<S3PublicAccessBlock>({
      ...options,
      permission: "s3:GetBucketPublicAccessBlock",
      absent: { NoSuchPublicAccessBlockConfiguration: BLOCKS_NOTHING },
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetPublicAccessBlockCommand({ Bucket: this.#bucket.name });
        const answer = await client.send(command, send);
        return toBlock(answer.PublicAccessBlockConfiguration);
      },
    });
  }

  /**
   * Whether the bucket's policy lets anybody in. What AWS says of that is the answer; of other servers it
   * is checked against the policy itself: Ceph Pacific takes every policy that grants something for public.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
   */
  async hasPublicPolicy(options: ReadOptions = {}): Promise<SettingAnswer<boolean>> {
    const said = await this.#policyStatus(options);
    if (!said.known || !said.value || await this.#bucket.requests.isAws()) return said;
    return await this.#ask<boolean>({
      ...options,
      permission: "s3:GetBucketPolicy",
      absent: { NoSuchBucketPolicy: false },
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetBucketPolicyCommand({ Bucket: this.#bucket.name });
        return grantsToEverybody((await client.send(command, send)).Policy);
      },
    });
  }

  async #policyStatus(options: ReadOptions): Promise<SettingAnswer<boolean>> {
    return await this.#ask<boolean>({
      ...options,
      permission: "s3:GetBucketPolicyStatus",
      absent: { NoSuchBucketPolicy: false },
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetBucketPolicyStatusCommand({ Bucket: this.#bucket.name });
        return (await client.send(command, send)).PolicyStatus?.IsPublic;
      },
    });
  }

  /**
   * What the bucket's ACL lets anybody do, as in `READ to everybody`.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
   */
  async publicGrants(options: ReadOptions = {}): Promise<SettingAnswer<readonly string[]>> {
    return await this.#ask<readonly string[]>({
      ...options,
      permission: "s3:GetBucketAcl",
      absent: {},
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetBucketAclCommand({ Bucket: this.#bucket.name });
        return (await client.send(command, send)).Grants?.flatMap(publicGrant);
      },
    });
  }

  /**
   * Whether what is overwritten or deleted is kept.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
   */
  async versioning(options: ReadOptions = {}): Promise<SettingAnswer<Versioning>> {
    return await this.#ask<Versioning>({
      ...options,
      permission: "s3:GetBucketVersioning",
      absent: {},
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetBucketVersioningCommand({ Bucket: this.#bucket.name });
        const { Status } = await client.send(command, send);
        if (Status === "Enabled") return "enabled";
        return Status === "Suspended" ? "suspended" : "off";
      },
    });
  }

  /**
   * The bucket's lifecycle rules.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
   */
  async lifecycleRules(
    options: ReadOptions = {},
  ): Promise<SettingAnswer<readonly BucketLifecycleRule[]>> {
    return await this.#ask<readonly BucketLifecycleRule[]>({
      ...options,
      permission: "s3:GetLifecycleConfiguration",
      absent: { NoSuchLifecycleConfiguration: [] },
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetBucketLifecycleConfigurationCommand({
          Bucket: this.#bucket.name,
        });
        return (await client.send(command, send)).Rules ?? [];
      },
    });
  }

  /**
   * How objects are encrypted by default, as in `AES256`; `null` if they aren't.
   *
   * @param options The signal.
   * @throws {S3Error} If the bucket can't be reached.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
   */
  async encryption(options: ReadOptions = {}): Promise<SettingAnswer<string | null>> {
    return await this.#ask<string | null>({
      ...options,
      permission: "s3:GetEncryptionConfiguration",
      absent: { ServerSideEncryptionConfigurationNotFoundError: null },
      run: async ({ sdk, client }, send) => {
        const command = new sdk.GetBucketEncryptionCommand({ Bucket: this.#bucket.name });
        const { ServerSideEncryptionConfiguration: found } = await client.send(command, send);
        return found?.Rules?.map((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm)
          .find((algorithm) => algorithm !== undefined);
      },
    });
  }

  /** A server that doesn't have a setting may refuse to tell it, or answer with something else. */
  async #ask<T>(
    question: ReadOptions & {
      readonly permission: string;
      /** What codes mean that say that there is nothing. */
      readonly absent: Readonly<Record<string, T>>;
      readonly run: S3Request<T | undefined>;
    },
  ): Promise<SettingAnswer<T>> {
    const { permission, absent, run, signal } = question;
    const call = { signal, verb: "read the settings of", permission };
    const unknown = { known: false, permission } as const;
    try {
      const value = await this.#bucket.requests.send(call, run);
      if (value !== undefined) return { known: true, value };
      return { ...unknown, denied: false, code: "an answer without it" };
    } catch (error) {
      if (!(error instanceof S3Error) || error.status === undefined) throw error;
      const { code } = error;
      if (Object.hasOwn(absent, code)) return { known: true, value: absent[code]! };
      if (NOT_OF_THE_SETTING.includes(code)) throw error;
      return { ...unknown, denied: isDenied(error), code };
    }
  }
}

function toBlock(
  found: PublicAccessBlockConfiguration | undefined,
): S3PublicAccessBlock | undefined {
  // A server that doesn't know the question answers with a listing, in which nothing of this is.
  if (found === undefined || Object.values(found).every((value) => value === undefined)) {
    return undefined;
  }
  return {
    blockPublicAcls: found.BlockPublicAcls ?? false,
    ignorePublicAcls: found.IgnorePublicAcls ?? false,
    blockPublicPolicy: found.BlockPublicPolicy ?? false,
    restrictPublicBuckets: found.RestrictPublicBuckets ?? false,
  };
}

/** Whether a policy grants something to everybody, on no condition. */
function grantsToEverybody(policy: string | undefined): boolean | undefined {
  if (policy === undefined) return undefined;
  let statements: unknown;
  try {
    statements = JSON.parse(policy).Statement;
  } catch {
    return undefined;
  }
  return [statements].flat().some((statement) => {
    if (!isObject(statement) || statement.Effect !== "Allow" || statement.Condition) return false;
    const { Principal: principal } = statement;
    return principal === "*" || (isObject(principal) && [principal.AWS].flat().includes("*"));
  });
}

function publicGrant({ Grantee, Permission }: Grant): string[] {
  const group = PUBLIC_GROUPS[Grantee?.URI ?? ""];
  return group === undefined ? [] : [`${Permission} to ${group}`];
}
