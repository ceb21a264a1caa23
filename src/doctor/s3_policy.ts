import type { S3Location } from "../storage/s3/location.ts";

/** A statement of an IAM or bucket policy. */
export interface PolicyStatement {
  /** What it is called. */
  readonly Sid: string;
  /** That it grants something. */
  readonly Effect: "Allow";
  /** What it grants. */
  readonly Action: readonly string[];
  /** On what. */
  readonly Resource: string;
}

/** What an export does with objects. */
export const OBJECT_ACTIONS = [
  "s3:PutObject",
  "s3:GetObject",
  "s3:DeleteObject",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
] as const;

/** What `sluice doctor` looks at besides. */
export const DOCTOR_ACTIONS = [
  "s3:ListBucketMultipartUploads",
  "s3:GetBucketPublicAccessBlock",
  "s3:GetBucketPolicyStatus",
  "s3:GetBucketAcl",
  "s3:GetBucketVersioning",
  "s3:GetLifecycleConfiguration",
  "s3:GetEncryptionConfiguration",
] as const;

/**
 * The least that the credentials of an export, and of `sluice doctor`, must be allowed.
 *
 * @param location The bucket and the prefix.
 * @return The statements of an IAM policy; the last one is for `sluice doctor` only.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function leastPolicy(location: S3Location): PolicyStatement[] {
  return [
    objectStatement(location, OBJECT_ACTIONS),
    // Not for the prefix alone: S3 then says 403 instead of 404 for what isn't there yet.
    { ...bucketStatement(location, ["s3:ListBucket"]), Sid: "SluiceBucket" },
    { ...bucketStatement(location, DOCTOR_ACTIONS), Sid: "SluiceDoctor" },
  ];
}

/**
 * A statement that grants something on the objects below a prefix.
 *
 * @param location The bucket and the prefix.
 * @param actions What is granted.
 */
export function objectStatement(
  { bucket, prefix }: S3Location,
  actions: readonly string[],
): PolicyStatement {
  const Resource = `arn:aws:s3:::${bucket}/${prefix && `${prefix}/`}*`;
  return { Sid: "SluiceObjects", Effect: "Allow", Action: actions, Resource };
}

/**
 * A statement that grants something on a bucket.
 *
 * @param location The bucket.
 * @param actions What is granted.
 */
export function bucketStatement(
  { bucket }: S3Location,
  actions: readonly string[],
): PolicyStatement {
  const Resource = `arn:aws:s3:::${bucket}`;
  return { Sid: "SluiceBucket", Effect: "Allow", Action: actions, Resource };
}

/**
 * A statement as text, for the one who puts it into a policy.
 *
 * @param statement The statement.
 */
export function statementText(statement: PolicyStatement): string {
  return `Add this statement to the policy of the user or role:\n${
    JSON.stringify(statement, null, 2)
  }`;
}
