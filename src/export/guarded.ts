import type { ExportOptions } from "./options.ts";
import type { Storage } from "../storage/storage.ts";
import { readableVariable } from "../http/proxy.ts";
import { environmentSecrets } from "../text/secrets/environment_secrets.ts";
import { Secrets } from "../text/secrets/secrets.ts";

/** What is known of the secrets of a run. */
type Given =
  & Partial<Pick<ExportOptions, "apiToken" | "baseUrl" | "secrets" | "onEvent">>
  & { readonly storage?: Pick<Storage, "secrets"> | undefined };

/** Options, with what keeps the secrets of a run out of all that is said about it. */
export type Guarded<O> = O & {
  /** Knows the secrets. */
  readonly redaction: Secrets;
};

/**
 * The secrets of a run: its token, what its storage is reached with, and what the environment holds.
 *
 * @param options The run's options.
 */
export function secretsOf({ apiToken, baseUrl, secrets = [], storage }: Given): Secrets {
  const all = new Secrets([apiToken, ...secrets, ...environmentSecrets(readableVariable)]);
  all.addFrom(baseUrl);
  all.follow(() => storage?.secrets ?? []);
  return all;
}

/**
 * Does something whose events and errors hold no secrets.
 *
 * @param options Its options.
 * @param run Does it; what it notes and gives back is its own to redact.
 * @return What it gives.
 * @throws What it throws, without secrets.
 */
export async function guarded<O extends Given, T>(
  options: O,
  run: (options: Guarded<O>) => Promise<T>,
): Promise<T> {
  const redaction = secretsOf(options);
  const { onEvent } = options;
  const told: Pick<Given, "onEvent"> = onEvent === undefined
    ? {}
    : { onEvent: (event) => onEvent(redaction.redactValue(event)) };
  try {
    return await run({ ...options, ...told, redaction });
  } catch (error) {
    throw redaction.redactError(error);
  }
}
