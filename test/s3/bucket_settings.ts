import { FakeS3Error, type FakeS3Objects } from "./fake_s3_objects.ts";

const ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers";

/** How a fake's bucket is set up. */
export interface BucketSettings {
  /** The block of public access: on, off, for ACLs or for policies only. `null` for none set. */
  readonly block?: "all" | "acls" | "policies" | null;
  readonly publicPolicy?: boolean;
  /** What everybody may do by the ACL. */
  readonly publicGrant?: "READ" | "WRITE";
  readonly versioning?: "Enabled" | "Suspended";
  /** Lifecycle rules as XML. */
  readonly rules?: readonly string[];
  readonly encryption?: string;
}

/** A rule that drops unfinished uploads, as XML. */
export const ABORT_RULE = "<Rule><ID>abort</ID><Status>Enabled</Status><Filter><Prefix/></Filter>" +
  "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>" +
  "</AbortIncompleteMultipartUpload></Rule>";

/** A bucket as it should be. */
export const GOOD: BucketSettings = {
  block: "all",
  versioning: "Enabled",
  rules: [ABORT_RULE],
  encryption: "AES256",
};

/** Sets a fake's bucket up: all settings are known then. */
export function setUp({ settings }: FakeS3Objects, bucket: BucketSettings): void {
  const { block = null, publicPolicy, publicGrant, versioning, rules = [], encryption } = bucket;
  const acls = block === "all" || block === "acls";
  const policies = block === "all" || block === "policies";
  settings.set(
    "setting:publicAccessBlock",
    block === null
      ? new FakeS3Error(404, "NoSuchPublicAccessBlockConfiguration")
      : `<PublicAccessBlockConfiguration><BlockPublicAcls>${acls}</BlockPublicAcls>` +
        `<IgnorePublicAcls>${acls}</IgnorePublicAcls>` +
        `<BlockPublicPolicy>${policies}</BlockPublicPolicy>` +
        `<RestrictPublicBuckets>${policies}</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
  );
  settings.set(
    "setting:policyStatus",
    publicPolicy === undefined
      ? new FakeS3Error(404, "NoSuchBucketPolicy")
      : `<PolicyStatus><IsPublic>${publicPolicy}</IsPublic></PolicyStatus>`,
  );
  settings.set(
    "setting:policy",
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" }],
    }),
  );
  const everybody = `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
    `xsi:type="Group"><URI>${ALL_USERS}</URI></Grantee><Permission>${publicGrant}</Permission></Grant>`;
  settings.set(
    "setting:acl",
    `<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList><Grant><Grantee ` +
      `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>me</ID>` +
      `</Grantee><Permission>FULL_CONTROL</Permission></Grant>${publicGrant ? everybody : ""}` +
      `</AccessControlList></AccessControlPolicy>`,
  );
  settings.set(
    "setting:versioning",
    `<VersioningConfiguration>${
      versioning ? `<Status>${versioning}</Status>` : ""
    }</VersioningConfiguration>`,
  );
  settings.set(
    "setting:lifecycle",
    rules.length === 0
      ? new FakeS3Error(404, "NoSuchLifecycleConfiguration")
      : `<LifecycleConfiguration>${rules.join("")}</LifecycleConfiguration>`,
  );
  settings.set(
    "setting:encryption",
    encryption === undefined
      ? new FakeS3Error(404, "ServerSideEncryptionConfigurationNotFoundError")
      : `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>` +
        `${encryption}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>` +
        `</ServerSideEncryptionConfiguration>`,
  );
}

/** Makes a fake refuse to tell its bucket's settings. */
export function keepSecret({ settings }: FakeS3Objects): void {
  for (
    const name of [
      "publicAccessBlock",
      "policyStatus",
      "policy",
      "acl",
      "versioning",
      "lifecycle",
      "encryption",
    ]
  ) settings.set(`setting:${name}`, new FakeS3Error(403, "AccessDenied"));
}
