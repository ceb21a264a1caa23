import { EXIT } from "../../error.ts";
import { attemptsOf } from "./attempts.ts";
import { credentialChain, defaultUserAgentProvider } from "./credentials.ts";
import { S3Fetch } from "./fetch.ts";
import { StorageError } from "../storage.ts";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";

/**
 * The AWS SDK's `S3Client`, in the few words that keep the SDK's thousands of types out of this
 * library's.
 */
export interface S3ClientLike {
  /** The client's configuration. */
  readonly config: object;
  /** Sends a command. */
  send(command: never, options?: never): Promise<unknown>;
  /** Closes the connections. */
  destroy(): void;
}

/** How S3 is reached. What isn't given comes from where the AWS SDK looks: the environment, profiles, roles. */
export interface S3ClientOptions {
  /** An `S3Client` of your own; the other options here are its own then, and it isn't closed. */
  readonly client?: S3ClientLike | undefined;
  /** The keys, or what gives them. @default {where the AWS SDK looks for them} */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
  /** The region. @default {AWS_REGION, AWS_DEFAULT_REGION or the profile's} */
  readonly region?: string | undefined;
  /** The URL of a server that isn't AWS. @default {AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's or AWS} */
  readonly endpoint?: string | undefined;
  /** Whether the bucket is part of the path. @default {true if there is an endpoint that isn't AWS} */
  readonly forcePathStyle?: boolean | undefined;
  /** How often a request is tried. @default {AWS_MAX_ATTEMPTS or, for `retryFor`, as often as it takes} */
  readonly maxAttempts?: number | undefined;
  /**
   * Milliseconds after its first failure in which a request is tried again, and six times at least; a tenth
   * of that before the server has answered for the first time. @default {60_000, or 0 with `maxAttempts`}
   */
  readonly retryFor?: number | undefined;
  /**
   * Milliseconds until the second attempt, at most. They double with every further one, up to 20 s, are
   * five times as many when S3 says that it is busy, and ten times when nothing listens there any more.
   * @default {100}
   */
  readonly retryDelay?: number | undefined;
  /**
   * Milliseconds without an answer after which a request is tried again; requests with a body get a
   * second more for every 50 KB. @default {60_000}
   */
  readonly requestTimeout?: number | undefined;
}

/** An access key, as the AWS SDK takes it. */
export interface S3Credentials {
  /** The key's id. */
  readonly accessKeyId: string;
  /** The key's secret. */
  readonly secretAccessKey: string;
  /** The token of a session, for temporary keys. */
  readonly sessionToken?: string;
  /** When temporary keys end; a function is asked for new ones then. */
  readonly expiration?: Date;
}

/** How long a request waits for its answer, in milliseconds. */
const REQUEST_TIMEOUT = 60_000;
/** Bytes that even a slow line takes in a millisecond. */
const SLOW_LINE = 50;

/** A client, and how long it waits. */
export interface OpenedS3 {
  /** The SDK, which is loaded when S3 is first used: that takes longer than listing a directory. */
  readonly sdk: typeof import("@aws-sdk/client-s3");
  /** The client. */
  readonly client: S3Client;
  /** Whether the server is AWS itself. */
  readonly isAws: boolean;
  /** What requests carried so far that nobody is to be told; nothing of a client of your own. */
  readonly secrets: ReadonlySet<string>;
  /** The endpoint's host, if one was given. */
  readonly host: string | undefined;
  /** The time by the server's clock, as its latest answer told; a client of your own doesn't tell. */
  now(): number | undefined;
  /** How often a request is tried here at least; a client of your own does that by itself. */
  readonly attempts: number;
  /** Milliseconds after its first failure in which a request is tried again. */
  readonly retryFor: number;
  /** The timeout in milliseconds of a request with so many bytes, if it isn't up to the client. */
  timeout(bytes: number): number | undefined;
}

/**
 * Loads the SDK and makes a client.
 *
 * @param options How S3 is reached.
 * @throws {StorageError} If the endpoint isn't an address, or the number of attempts isn't one.
 */
export async function openS3(options: S3ClientOptions): Promise<OpenedS3> {
  const sdk = await import("@aws-sdk/client-s3");
  const { requestTimeout = REQUEST_TIMEOUT } = options;
  const timeout = (bytes: number) => requestTimeout + bytes / SLOW_LINE;
  if (options.client !== undefined) {
    const client = options.client as S3Client;
    const own = await client.config.endpoint?.();
    const isAws = own === undefined
      ? isAwsEndpoint(await configuredEndpoint(client))
      : isAwsHost(own.hostname);
    const host = own?.hostname;
    const given = { sdk, client, isAws, host, secrets: new Set<string>() };
    const now = () => undefined;
    return { ...given, now, attempts: 1, retryFor: 0, timeout: () => undefined };
  }
  const requestHandler = new S3Fetch();
  try {
    return { sdk, ...await makeClient(sdk, requestHandler, options), timeout };
  } catch (error) {
    requestHandler.destroy();
    throw error;
  }
}

async function makeClient(
  sdk: OpenedS3["sdk"],
  requestHandler: S3Fetch,
  options: S3ClientOptions,
): Promise<Omit<OpenedS3, "sdk" | "timeout">> {
  // Knows the profile's endpoint, on which it depends how the real one is made.
  const defaults = new sdk.S3Client({ region: "us-east-1", requestHandler });
  const endpoint = options.endpoint ?? environment("AWS_ENDPOINT_URL_S3") ??
    environment("AWS_ENDPOINT_URL") ?? await configuredEndpoint(defaults);
  assertEndpoint(endpoint);
  const isAws = isAwsEndpoint(endpoint);
  const tries = attemptsOf(options.maxAttempts, environment("AWS_MAX_ATTEMPTS"));
  // The AWS CLI's variable, which the SDK doesn't know.
  const region = options.region ?? environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION");
  const client = new sdk.S3Client({
    ...(options.credentials !== undefined && { credentials: options.credentials }),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: options.forcePathStyle ?? !isAws,
    maxAttempts: 1,
    requestHandler,
    defaultUserAgentProvider,
    // The clock of who gives the keys isn't S3's.
    credentialDefaultProvider: credentialChain(
      defaults,
      new S3Fetch(requestHandler, options.requestTimeout ?? REQUEST_TIMEOUT),
    ),
    // Servers that aren't AWS refuse the checksums that the SDK adds by itself; signatures cover the bytes.
    ...(!isAws && NO_CHECKSUMS),
  });
  // It looks for calls in a circle between Lambda functions, in a variable that Deno would ask about.
  client.middlewareStack.remove("recursionDetectionMiddleware");
  return {
    client,
    isAws,
    secrets: requestHandler.secrets,
    host: endpoint && new URL(endpoint).hostname,
    now: () => requestHandler.now,
    attempts: tries.attempts,
    retryFor: options.retryFor ?? tries.retryFor,
  };
}

const NO_CHECKSUMS: Pick<
  S3ClientConfig,
  "requestChecksumCalculation" | "responseChecksumValidation"
> = {
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
};

/** The endpoint that a client finds in the environment or the profile, with its first command. */
async function configuredEndpoint({ config }: S3Client): Promise<string | undefined> {
  return await config.serviceConfiguredEndpoint?.();
}

function assertEndpoint(endpoint: string | undefined): void {
  if (endpoint === undefined) return;
  if (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)) return;
  // Who puts a password into the address must not find it in a log.
  const shown = JSON.stringify(endpoint.replace(/^([a-z]+:\/\/)?.*@/i, "$1…@"));
  throw new StorageError(
    `The endpoint of S3 must be a URL that begins with http:// or https://, but is ${shown}.`,
    EXIT.usage,
  );
}

function isAwsEndpoint(endpoint: string | undefined): boolean {
  return endpoint === undefined ||
    (URL.canParse(endpoint) && isAwsHost(new URL(endpoint).hostname));
}

function isAwsHost(host: string): boolean {
  return /(^|\.)amazonaws\.com(\.cn)?$/.test(host);
}

/** A variable's value; one that may not be read counts as not set. */
function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
