import { EXIT, SluiceError } from "../error.ts";
import { PROXY_VARIABLES } from "../http/proxy.ts";
import { printable } from "../text/printable.ts";

/** The value of an environment variable. */
type Env = (name: string) => string | undefined;

/** What a variable must be. */
interface Form {
  /** Whether a value is like that. */
  readonly is: (value: string) => boolean;
  /** "… must be …". */
  readonly expects: string;
  /** Whether its value is never shown. */
  readonly secret?: true;
}

const word = (expects: string, secret?: true): Form => ({
  is: (value) => /^[\x21-\x7e]+$/.test(value),
  expects: `${expects}, without spaces or line breaks`,
  ...(secret && { secret }),
});
const region: Form = { is: (value) => /^[\w-]+$/.test(value), expects: "a region like eu-west-1" };
const url: Form = {
  is: (value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ""),
  expects: "a URL that begins with http:// or https://",
};
const line: Form = {
  is: (value) => !/\p{Cc}/u.test(value),
  expects: "one line",
};

/** Without a key, the AWS SDK would look elsewhere, and find another account's. */
const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;

/** What the AWS SDK takes as it is, and complains of in its own way, if at all. */
const AWS_FORMS: Readonly<Record<string, Form>> = {
  AWS_ACCESS_KEY_ID: word("an access key's id"),
  AWS_SECRET_ACCESS_KEY: word("an access key's secret", true),
  AWS_SESSION_TOKEN: word("a session's token", true),
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_PROFILE: line,
  AWS_ROLE_ARN: word("a role's ARN"),
  AWS_WEB_IDENTITY_TOKEN_FILE: line,
  AWS_CONFIG_FILE: line,
  AWS_SHARED_CREDENTIALS_FILE: line,
  AWS_ENDPOINT_URL: url,
  AWS_ENDPOINT_URL_S3: url,
  AWS_ENDPOINT_URL_STS: url,
  AWS_ENDPOINT_URL_SSO: url,
  AWS_ENDPOINT_URL_SSO_OIDC: url,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
};

/**
 * Checks the variables that others read by themselves, and don't complain of or not clearly: Deno those of
 * proxies, the AWS SDK its own.
 *
 * @param env The value of an environment variable.
 * @param options Whether S3 is used.
 * @throws {SluiceError} If one can't be meant; the exit code is {@linkcode EXIT.usage}.
 */
export function checkVariables(env: Env, { s3 }: { readonly s3: boolean }): void {
  for (const name of PROXY_VARIABLES) check(name, env, PROXY);
  if (!s3) return;
  for (const name of KEYS) {
    if (env(name)?.trim() === "") throw usage(emptyVariable(name));
  }
  for (const [name, form] of Object.entries(AWS_FORMS)) check(name, env, form);
  const [set, unset] = env(KEYS[0]) === undefined ? [KEYS[1], KEYS[0]] : KEYS;
  if (env(set) !== undefined && env(unset) === undefined) {
    throw usage(`${set} is set, but ${unset} isn't: set both, or none of them.`);
  }
}

/**
 * Whether a value is between quotation marks, which belong to it: a shell takes them away, but what reads the
 * file of `docker run --env-file` doesn't.
 *
 * @param value The value.
 */
export function isQuoted(value: unknown): boolean {
  return typeof value === "string" && /^(["'])[^]*\1$/.test(value) && value.length > 1;
}

/**
 * The sentence for a variable that is set, but empty.
 *
 * @param name The variable.
 */
export function emptyVariable(name: string): string {
  return `${name} is set, but empty, as if a secret were missing: give it a value, or unset it.`;
}

/**
 * The sentence for a variable whose value is between quotation marks.
 *
 * @param name The variable.
 */
export function quotedVariable(name: string): string {
  return `${name} begins and ends with quotation marks, which are part of its value: leave them out.`;
}

/** Deno goes without a proxy where it doesn't understand its address. */
const PROXY: Form = {
  is: (value) => {
    if (!value.includes("://")) return /^[^\s/:]+(:\d+)?\/?$/.test(value);
    return /^(https?|socks5h?):$/.test(URL.parse(value)?.protocol ?? "");
  },
  expects: "the URL of a proxy such as http://proxy:3128",
};

function check(name: string, env: Env, { is, expects, secret }: Form): void {
  const value = env(name)?.trim();
  if (!value) return;
  if (isQuoted(value)) throw usage(quotedVariable(name));
  if (is(value)) return;
  // Who puts a password into the address must not find it in a log.
  const shown = JSON.stringify(printable(value.replace(/[^/]*@/, "…@"), 100));
  throw usage(`${name} must be ${expects}, but ${secret ? "isn't" : `is ${shown}`}.`);
}

function usage(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage);
}
