import { shellWord } from "../text/printable.ts";
import type {
  BucketLifecycleRule,
  BucketSettings,
  SettingAnswer,
} from "../storage/bucket_settings.ts";
import { blockCommand } from "../storage/public_access.ts";
import type { S3Location } from "../storage/s3/location.ts";
import type { ReadOptions } from "../storage/storage.ts";
import type { CheckStatus, DoctorCheck } from "./check.ts";
import { bucketStatement, statementText } from "./s3_policy.ts";

/** Days after which S3 is advised to drop what is unfinished. */
const ABORT_AFTER = 7;

/**
 * Checks how a bucket is set up: who may use it, versions, lifecycle rules and encryption.
 *
 * @param settings The bucket's settings.
 * @param location The bucket and the prefix.
 * @param options The signal.
 * @throws {S3Error} If the bucket can't be reached.
 */
export async function checkS3(
  settings: BucketSettings,
  location: S3Location,
  options: ReadOptions = {},
): Promise<DoctorCheck[]> {
  const [access, versioning, rules, encryption] = await Promise.all([
    checkAccess(settings, location, options),
    settings.versioning(options),
    settings.lifecycleRules(options),
    settings.encryption(options),
  ]);
  const { bucket } = location;
  return [
    access,
    answered("versioning", "whether it keeps versions", location, versioning, (value) => {
      if (value === "enabled") {
        return ["ok", `Versioning is on: what is overwritten or deleted can be restored.`];
      }
      const state = value === "off" ? "off" : "suspended";
      return [
        "warning",
        `Versioning is ${state}, so what is overwritten or deleted is lost.`,
        `aws s3api put-bucket-versioning --bucket ${bucket} ` +
        "--versioning-configuration Status=Enabled",
      ];
    }),
    ...checkRules(rules, location),
    answered("encryption", "how it encrypts", location, encryption, (value) => {
      if (value !== null) return ["ok", `Objects are encrypted by default (${value}).`];
      const configuration = {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      };
      return [
        "warning",
        "Objects aren't encrypted by default, so only those are whose export asks for it.",
        `aws s3api put-bucket-encryption --bucket ${bucket} ` +
        `--server-side-encryption-configuration ${shellWord(JSON.stringify(configuration))}`,
      ];
    }),
  ];
}

type Verdict = readonly [status: CheckStatus, message: string, fix?: string];

/** A check of what the server says; `unknown` if it doesn't. */
function answered<T>(
  name: string,
  what: string,
  location: S3Location,
  answer: SettingAnswer<T>,
  judge: (value: T) => Verdict,
): DoctorCheck {
  const [status, message, fix] = answer.known
    ? judge(answer.value)
    : silence(what, location, answer);
  return {
    area: "destination",
    name,
    status,
    message,
    ...(fix !== undefined && { fix }),
  };
}

function silence(
  what: string,
  location: S3Location,
  { denied, permission, code }: Extract<SettingAnswer<unknown>, { known: false }>,
): Verdict {
  if (!denied) return ["unknown", `This S3 server doesn't say ${what} (${code}).`];
  return [
    "unknown",
    `The credentials may not ask the bucket ${what} (they lack ${permission}).`,
    statementText({ ...bucketStatement(location, [permission]), Sid: "SluiceDoctor" }),
  ];
}

async function checkAccess(
  settings: BucketSettings,
  location: S3Location,
  options: ReadOptions,
): Promise<DoctorCheck> {
  const { reasons, blocked, unanswered } = await settings.publicAccess(options);
  const common = { area: "destination", name: "public_access" } as const;
  const { bucket } = location;
  const fix = blockCommand(bucket);
  if (reasons.length > 0) {
    const message = `Everybody can use the bucket: ${reasons.join("; ")}; an export refuses it.`;
    return { ...common, status: "problem", message, fix };
  }
  if (blocked) {
    return { ...common, status: "ok", message: "All public access to the bucket is blocked." };
  }
  const [first] = unanswered;
  if (first !== undefined) {
    const [status, message, fix] = silence("who may use it", location, first);
    return { ...common, status, message, ...(fix !== undefined && { fix }) };
  }
  return {
    ...common,
    status: "warning",
    message:
      "The bucket isn't public, but a policy or an ACL could make it so: public access isn't " +
      "blocked.",
    fix,
  };
}

function checkRules(
  answer: SettingAnswer<readonly BucketLifecycleRule[]>,
  location: S3Location,
): DoctorCheck[] {
  const what = "which lifecycle rules it has";
  const lifecycle = answered("lifecycle", what, location, answer, (rules): Verdict => {
    const drops = rules.some((rule) => {
      return isOn(rule) && rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation !== undefined &&
        !isNarrowed(rule) && base(location).startsWith(prefixOf(rule));
    });
    if (drops) return ["ok", "A lifecycle rule drops unfinished uploads."];
    return [
      "warning",
      `${
        rules.length === 0 ? "There are no lifecycle rules" : "No lifecycle rule is about them"
      }: the unfinished uploads of killed exports stay, and cost money, until someone drops them.`,
      putRules(location, rules),
    ];
  });
  const expiring = answer.known
    ? answer.value.filter((rule) => isOn(rule) && expires(rule) && touches(rule, location))
    : [];
  return [
    lifecycle,
    ...expiring.map((rule): DoctorCheck => ({
      area: "destination",
      name: "expiration",
      status: "warning",
      message: `The lifecycle rule ${JSON.stringify(rule.ID ?? "")} deletes objects ${
        when(rule)
      }, also asset files that newer snapshots share.`,
      fix: "Limit the rule to objects that no snapshot needs, or remove it, and let it delete " +
        "noncurrent versions only (NoncurrentVersionExpiration).",
    })),
  ];
}

/** The command that adds a rule to those that there are: it replaces all of them. */
function putRules({ bucket, prefix }: S3Location, rules: readonly BucketLifecycleRule[]): string {
  const own = prefix && `${prefix}/`;
  // S3 takes rules of the old form only among themselves.
  const isOld = rules.some(({ Filter, Prefix }) => Filter === undefined && Prefix !== undefined);
  const rule = {
    ID: "sluice-unfinished-uploads",
    Status: "Enabled",
    ...(isOld ? { Prefix: own } : { Filter: { Prefix: own } }),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_AFTER },
  };
  const configuration = JSON.stringify({ Rules: [...rules, rule] });
  return `aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} ` +
    `--lifecycle-configuration ${shellWord(configuration)}`;
}

function isOn({ Status }: BucketLifecycleRule): boolean {
  return Status === "Enabled";
}

/** Whether a rule is for some of the objects below its prefix only. */
function isNarrowed({ Filter }: BucketLifecycleRule): boolean {
  const and = Filter?.And;
  return [
    Filter?.Tag,
    Filter?.ObjectSizeGreaterThan,
    Filter?.ObjectSizeLessThan,
    and?.Tags,
    and?.ObjectSizeGreaterThan,
    and?.ObjectSizeLessThan,
  ].some((filter) => filter !== undefined);
}

function prefixOf({ Filter, Prefix }: BucketLifecycleRule): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
}

function base({ prefix }: S3Location): string {
  return prefix && `${prefix}/`;
}

function touches(rule: BucketLifecycleRule, location: S3Location): boolean {
  const prefix = prefixOf(rule);
  return prefix.startsWith(base(location)) || base(location).startsWith(prefix);
}

function expires({ Expiration }: BucketLifecycleRule): boolean {
  return Expiration?.Days !== undefined || Expiration?.Date !== undefined;
}

function when({ Expiration }: BucketLifecycleRule): string {
  return Expiration?.Days === undefined
    ? `on ${Expiration?.Date?.toISOString().slice(0, 10)}`
    : `after ${Expiration.Days} days`;
}
