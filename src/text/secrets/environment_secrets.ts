import { addressSecrets } from "./address_secrets.ts";
import { secretsWithin } from "./looks_secret.ts";

/** Variables whose values are secrets. */
const VALUES = [
  "DATOCMS_API_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
] as const;

/** Variables that are addresses, in which a password may be. */
const ADDRESSES = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL_STS",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** Variables that are names, which a key may have come into. */
const NAMES = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"] as const;

/** An access key's id is no secret, but a secret key is easily pasted in its place; real ones are as long. */
const SHORTEST_KEY_ID = 16;

/**
 * The secrets that are in the environment, whatever reads them: credentials, and passwords in the addresses of
 * proxies and endpoints.
 *
 * @param valueOf A variable's value.
 */
export function environmentSecrets(valueOf: (name: string) => string | undefined): string[] {
  const keyId = valueOf("AWS_ACCESS_KEY_ID");
  return [
    ...VALUES.map(valueOf),
    ...ADDRESSES.flatMap((name) => addressSecrets(valueOf(name))),
    ...[...ADDRESSES, ...NAMES].flatMap((name) => secretsWithin(valueOf(name) ?? "")),
    ...(keyId !== undefined && keyId.trim().length >= SHORTEST_KEY_ID ? [keyId] : []),
  ].filter((secret) => secret !== undefined);
}
