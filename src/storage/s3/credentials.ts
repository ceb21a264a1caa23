import { EXIT } from "../../error.ts";
import { printable } from "../../text/printable.ts";
import type { S3Fetch } from "./fetch.ts";
import { StorageError } from "../storage.ts";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";

/** How a client comes by its keys if it isn't given any. */
type DefaultProvider = NonNullable<S3ClientConfig["credentialDefaultProvider"]>;

/** The SDK's own says which system this is, for which Deno would ask for a permission. */
export function defaultUserAgentProvider(): Promise<[string, string][]> {
  return Promise.resolve([["sluice", "1"]]);
}

/**
 * The AWS SDK's own chain: the environment, profiles with keys, roles, SSO sessions and web identities, a
 * container's role and an instance's. What it asks for keys is asked by the same requests as S3, through a proxy
 * if there is one, and needs no more permissions than S3 itself.
 *
 * @param client A client, of which only the chain is taken.
 * @param requestHandler Sends the requests.
 */
export function credentialChain(
  { config }: S3Client,
  requestHandler: S3Fetch,
): DefaultProvider {
  return (input) => {
    const clientConfig = { requestHandler, defaultUserAgentProvider };
    const logger = { debug: refuseProcess, info: () => {}, warn: () => {}, error: () => {} };
    return config.credentialDefaultProvider!({ ...input, clientConfig, logger });
  };
}

/**
 * Stops the chain at a profile's `credential_process`, which may not be run: otherwise it would continue to
 * another's keys, or end with an error that doesn't tell of this. That it isn't permitted is only told to a logger.
 *
 * @throws {StorageError} If the SDK says that it may not run a program.
 */
function refuseProcess(...said: unknown[]): void {
  const [, program] = /Requires run access to "?([^",]*)/.exec(said.map(String).join(" ")) ?? [];
  if (program === undefined) return;
  throw new StorageError(
    `The AWS profile has its keys from credential_process, but Sluice may not run programs (${
      printable(program, 100)
    }): set them as variables first, with eval "$(aws configure export-credentials --format env)", or ` +
      `run it by deno with --allow-run=${printable(program, 100)} added.`,
    EXIT.usage,
  );
}
