import { getOwn } from "../../text/own.ts";
import { printable } from "../../text/printable.ts";
import { StorageError } from "../storage.ts";

/** What was asked of S3, for the sentence that says that it failed. */
export interface S3Attempt {
  /** What was tried, as in `write "a/b" to s3://bucket`. */
  readonly what: string;
  /** The bucket. */
  readonly bucket: string;
  /** The object's full key or, for listings, prefix. */
  readonly key: string;
  /** The permission that it takes, as in `s3:PutObject`. */
  readonly permission: string;
  /** The endpoint's host, if one was given. */
  readonly host?: string | undefined;
}

/** The name of the error that an answer which says that all is well lacks what S3's have. */
export const INCOMPLETE = "IncompleteAnswer";

/**
 * An error that S3, or the way to it, gave.
 *
 * @example
 * ```ts
 * import { S3Error } from "@sluice/datocms";
 *
 * // Whether somebody has to make the bucket first.
 * function lacksBucket(error: unknown): boolean {
 *   return error instanceof S3Error && error.code === "NoSuchBucket";
 * }
 * console.assert(!lacksBucket(new Error("unrelated")));
 * ```
 */
export class S3Error extends StorageError {
  /** `"S3Error"`. */
  override readonly name = "S3Error";
  /** S3's code or the system's, as in `NoSuchBucket` or `ECONNREFUSED`. */
  override readonly code: string;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;

  /**
   * Explains an error.
   *
   * @param error What the AWS SDK threw.
   * @param attempt What was tried.
   */
  constructor(error: unknown, attempt: S3Attempt) {
    const facts = factsOf(error);
    super(`Can't ${attempt.what}, because ${meaning(facts, attempt)}.`, undefined, {
      cause: error,
    });
    this.code = facts.code;
    this.status = facts.status;
  }
}

/**
 * Whether the credentials lack a permission, rather than being no good at all.
 *
 * @param error What was thrown.
 */
export function isDenied(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  const known = meaningOf(error.code);
  // An answer to HEAD has no body that would tell more.
  return known === denied || (error.status === 403 && known === undefined);
}

/**
 * Whether a conditional write was refused because there is an object, or because someone else is just
 * writing it.
 *
 * @param error What was thrown.
 */
export function isConflict(error: unknown): boolean {
  // MinIO said 304 for a while.
  return error instanceof S3Error && [304, 409, 412].includes(error.status ?? 0);
}

/**
 * Whether an endpoint's host seems to be that of one bucket, as in `backups.s3.example.com`.
 *
 * @param host The host.
 * @param bucket The bucket.
 */
export function holdsBucket(host: string | undefined, bucket: string): boolean {
  return host?.toLowerCase().startsWith(`${bucket.toLowerCase()}.`) ?? false;
}

/**
 * The HTTP status that an error of the AWS SDK came with, if there was an answer.
 *
 * @param error What was thrown.
 */
export function statusOf(error: unknown): number | undefined {
  const status = property(property(error, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

/** What is known of an error. */
interface Facts {
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  /** The region that S3 says the bucket is in. */
  readonly region: string | undefined;
  /** The host that the answer redirects to, if it does. */
  readonly redirect: string | undefined;
  /** The host that was spoken to, if the system tells. */
  readonly host: string;
  /** Whether there was an answer that isn't one of S3's. */
  readonly isForeign: boolean;
}

type Meaning = (facts: Facts, attempt: S3Attempt) => string;

const noCredentials: Meaning = ({ message }) =>
  "there are no valid AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or " +
  `AWS_PROFILE (the AWS SDK says: ${message})`;
const expired: Meaning = () =>
  "the AWS session token has expired: get new credentials, as with `aws sso login`";
const wrongRegion: Meaning = ({ region }, { bucket }) =>
  region === undefined
    ? `the bucket ${bucket} is in another region: set AWS_REGION to its region`
    : `the bucket ${bucket} is in the region ${region}: set AWS_REGION=${region}`;
const denied: Meaning = (_, { permission, bucket, key }) => {
  const ofBucket = key === "" || permission.startsWith("s3:List");
  const resource = ofBucket ? bucket : `${bucket}/${key}`;
  // Who may not list isn't told that an object doesn't exist.
  const orAbsent = permission === "s3:GetObject" ? " (or s3:ListBucket, if it doesn't exist)" : "";
  return `the credentials lack the permission ${permission} on arn:aws:s3:::${resource}${orAbsent}: add it ` +
    "to the policy of the user, the role or the bucket";
};
const busy: Meaning = ({ code, status }) => {
  // So the AWS SDK calls what has no code.
  const named = ["Error", "Unknown"].includes(code) ? [] : [code];
  const answer = [...named, ...(status ? [`HTTP ${status}`] : [])].join(", ");
  return `S3 was too busy, also after several attempts (${answer}): try again later or lower the concurrency`;
};
const broken: Meaning = ({ status }) =>
  `the server, or a proxy before it, failed also after several attempts (HTTP ${status}): try again later`;
const cut: Meaning = ({ host }) =>
  `the connection to ${host} broke, also after several attempts: check the network and try again`;
const full: Meaning = () =>
  "the server has no room left: delete what isn't needed there, or give it more";
const doubled: Meaning = (_, { bucket, host }) =>
  `the endpoint seems to hold the bucket already (${host}): set it, or AWS_ENDPOINT_URL_S3, to the address ` +
  `without ${bucket}`;
const silent: Meaning = ({ host }) =>
  `${host} gave no answer in time, also after several attempts: check the network and try again`;
const unknownHost: Meaning = ({ host }) =>
  `the host name of ${host} doesn't resolve: check the endpoint, the region and the network`;

/** What S3's and the system's codes mean, and what to do. */
const MEANING: Readonly<Record<string, Meaning>> = {
  CredentialsProviderError: noCredentials,
  TokenProviderError: noCredentials,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: () =>
    "S3 doesn't know the AWS session token: set AWS_SESSION_TOKEN to the one that belongs to the keys",
  InvalidAccessKeyId: () =>
    "S3 doesn't know the access key: check AWS_ACCESS_KEY_ID or the profile",
  SignatureDoesNotMatch: () =>
    "the secret key isn't the one of the access key: check AWS_SECRET_ACCESS_KEY or the profile",
  NoSuchBucket: (_, { bucket }) =>
    `there is no bucket ${bucket}: create it or check the name and the endpoint`,
  // What MinIO and others call it; some only say 507.
  XMinioStorageFull: full,
  StorageFull: full,
  InsufficientStorage: full,
  InvalidBucketName: (_, { bucket }) => `${bucket} can't be a bucket's name: check the destination`,
  AccessDenied: denied,
  Forbidden: denied,
  AllAccessDisabled: denied,
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  TemporaryRedirect: () =>
    "the bucket is so new that this region doesn't know it yet: try again in an hour or set " +
    "AWS_REGION to its region",
  RequestTimeTooSkewed: () => "this machine's clock is more than 15 minutes off: set it right",
  SlowDown: busy,
  ServiceUnavailable: busy,
  InternalError: busy,
  ThrottlingException: busy,
  TooManyRequests: busy,
  QuotaExceeded: (_, { bucket }) =>
    `the quota for ${bucket} is used up: delete objects or raise it`,
  EntityTooLarge: () => "the object is bigger than this S3 server allows",
  KeyTooLongError: () => "the object's key is longer than the 1,024 bytes that S3 allows",
  InvalidStorageClass: () => "this S3 server doesn't know the storage class: choose another one",
  InvalidObjectState: () =>
    "the object is in an archive: restore it to a readable storage class first",
  BadDigest: () =>
    "the bytes changed on their way: try again, and check the memory and the network",
  XAmzContentSHA256Mismatch: () =>
    "the bytes changed on their way: try again, and check the memory and the network",
  ECONNREFUSED: ({ host }) =>
    `nothing listens at ${host}: check the endpoint, the network and the proxy, if any`,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ECONNRESET: cut,
  EPIPE: cut,
  ETIMEDOUT: silent,
  TimeoutError: silent,
  NotCapable: ({ message }) => `Deno may not do it (${message})`,
};

function meaning(facts: Facts, attempt: S3Attempt): string {
  // By 301 and 307 S3 says that a bucket is elsewhere; all else is of a proxy, or of no S3 server.
  const isOfS3 = !facts.isForeign && (facts.status === 301 || facts.status === 307);
  if (facts.redirect !== undefined && !isOfS3) {
    return `the answer is a redirect to ${facts.redirect} (HTTP ${facts.status}), which isn't followed: ` +
      "check the endpoint and the proxy, if any";
  }
  if (facts.status === 301 || (facts.region !== undefined && facts.status === 400)) {
    return wrongRegion(facts, attempt);
  }
  if (facts.status === 404 && holdsBucket(attempt.host, attempt.bucket)) {
    return doubled(facts, attempt);
  }
  const known = meaningOf(facts.code);
  if (known !== undefined) return known(facts, attempt);
  if (/region is missing/i.test(facts.message)) {
    return "no region is set: set AWS_REGION (most S3 servers that aren't AWS take us-east-1)";
  }
  if (/^Invalid header value/i.test(facts.message)) {
    return "the AWS keys or the session token hold a line break or another character that can't be sent: " +
      "copy them again";
  }
  if (/certificate/i.test(facts.message)) {
    return `the certificate of ${facts.host} isn't trusted (${facts.message}): give Deno the right one ` +
      "with --cert or DENO_TLS_CA_STORE=system";
  }
  // An answer to HEAD has no body that would tell more.
  if (facts.status === 403) return denied(facts, attempt);
  if (facts.status === 503 || facts.status === 429 || facts.status === 500) {
    return busy(facts, attempt);
  }
  if (facts.status === 502 || facts.status === 504) return broken(facts, attempt);
  if (facts.status === 507) return full(facts, attempt);
  if (facts.status === 307) return MEANING.TemporaryRedirect!(facts, attempt);
  if (facts.isForeign) {
    return `what answers there doesn't speak S3 (HTTP ${facts.status}): check the endpoint`;
  }
  const status = facts.status === undefined ? "" : `HTTP ${facts.status}, `;
  return `of an error that is not known here (${status}${facts.code}: ${facts.message})`;
}

/** What a code means: a server can choose any, also the name of a method that objects have. */
function meaningOf(code: string): Meaning | undefined {
  return getOwn(MEANING, code) ?? (code.startsWith("KMS.") ? kms : undefined);
}

const kms: Meaning = ({ code, message }) =>
  `AWS KMS refused the key (${code}: ${message}): check the key and the permissions on it`;

function factsOf(error: unknown): Facts {
  const status = statusOf(error);
  const headers = property(property(error, "$response"), "headers");
  const name = error instanceof Error ? error.name : typeof error;
  const code = property(error, "code");
  const address = property(error, "hostname") ?? property(error, "address");
  const port = property(error, "port");
  const message = error instanceof Error ? error.message : String(error);
  const region = property(headers, "x-amz-bucket-region") ?? property(error, "Region");
  const location = property(headers, "location");
  const isRedirect = typeof status === "number" && status >= 300 && status < 400;
  return {
    code: printable(typeof code === "string" && name === "Error" ? code : name, 100),
    status,
    message: withoutEnd(printable(message.trim())),
    region: typeof region === "string" ? printable(region, 100) : undefined,
    redirect: isRedirect && typeof location === "string"
      ? printable(URL.parse(location)?.host || "another address", 100)
      : undefined,
    host: address === undefined
      ? "the S3 endpoint"
      : `${address}${port === undefined ? "" : `:${port}`}`,
    isForeign: status !== undefined &&
      (name === INCOMPLETE || message.startsWith(UNREADABLE)),
  };
}

/** How the AWS SDK's message begins if an answer isn't XML. */
const UNREADABLE = "@aws-sdk XML parse error";

/** Without full stops, as a sentence continues after it. A pattern would take very long for a text of them. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ". ".includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * Checks that an answer is one of S3's. What the AWS SDK takes for success can be the page of something
 * else that listens there, or an error that came after S3 had said 200, with a line feed at its end.
 *
 * @param output The answer.
 * @param names What S3's answers have, at least one of it.
 * @return The answer.
 * @throws An error called {@linkcode INCOMPLETE} if there is none of it.
 */
export function answerWith<T extends { readonly $metadata: object }>(
  output: T,
  ...names: (keyof T & string)[]
): T {
  if (names.some((name) => output[name] !== undefined)) return output;
  const { $metadata } = output;
  throw Object.assign(new Error(`an answer without ${names[0]}`), { name: INCOMPLETE, $metadata });
}
