import { EXIT, SluiceError } from "../error.ts";
import type { ExportOptions } from "../export/options.ts";
import type { OpenStorageOptions } from "../storage/open_storage.ts";
import type { ServeOptions } from "../serve/options.ts";
import type { Rate } from "../serve/rate.ts";
import { durationMs } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { isInS3 } from "./contradictions.ts";
import { configSecrets } from "./option_secrets.ts";
import { type Config, flagName, OPTION_KEYS, OPTIONS } from "./options.ts";

/**
 * What a configuration says about an export, but for its storage.
 *
 * @param config The configuration.
 * @return The options for the library.
 * @throws {SluiceError} If the configuration has no API token.
 */
export function toExportOptions(config: Config): Omit<ExportOptions, "storage"> {
  const parts = OPTION_KEYS.map((key) => {
    const value = config[key];
    return value === undefined ? {} : OPTIONS[key].toExport?.(value as never);
  });
  const apiToken = requireApiToken(config);
  return { ...Object.assign({}, ...parts), apiToken, secrets: configSecrets(config) };
}

/**
 * What a configuration says about how objects are kept.
 *
 * @param config The configuration.
 * @return The options for `openStorage`.
 * @throws {SluiceError} If there is a KMS key, but KMS isn't what encrypts; or if S3 should encrypt, but
 * snapshots go elsewhere.
 */
export function toStorageOptions(config: Config): OpenStorageOptions {
  const { to, sse, sseKmsKeyId } = config;
  if (sseKmsKeyId !== undefined && sse !== "aws:kms") {
    throw new SluiceError(
      `${flagName("sseKmsKeyId")} goes with ${flagName("sse")} aws:kms, but ${flagName("sse")} is ${
        sse ?? "not given"
      }.`,
      EXIT.usage,
    );
  }
  if (sse !== undefined && !isInS3(config)) {
    throw new SluiceError(
      `${flagName("sse")} encrypts what is written to S3, but ${
        printable(to)
      } isn't there: leave it out, or name an s3:// address with ${flagName("to")}.`,
      EXIT.usage,
    );
  }
  const parts = OPTION_KEYS.map((key) => {
    const value = config[key];
    return value === undefined ? {} : OPTIONS[key].toS3?.(value as never);
  });
  return { s3: Object.assign({}, ...parts) };
}

/**
 * What a configuration says about how snapshots are served, but for the address and who may ask.
 *
 * @param config The configuration.
 * @return The options for `snapshotHandler`.
 */
export function toServeOptions(config: Config): Omit<ServeOptions, "publicUrl" | "tokens"> {
  return {
    auth: config.auth,
    ui: config.ui,
    secrets: config.serveSecret?.split(","),
    urlTtlMs: durationMs(config.urlTtl),
    rate: rateOf(config.rate),
    exportRate: rateOf(config.exportRate),
    directUrls: config.directUrls,
    projects: config.projects,
    frontSnapshot: config.snapshot,
    cors: config.cors,
    trustedProxies: config.trustProxy,
    readOnly: config.readOnly,
  };
}

function rateOf(text: string): Rate {
  const [limit, seconds] = text.split("/").map(Number);
  return { limit: limit!, seconds: seconds! };
}

/**
 * The API token of a configuration.
 *
 * @param config The configuration.
 * @throws {SluiceError} If there is none; the exit code is {@linkcode EXIT.usage}.
 * @see {@link https://www.datocms.com/docs/content-management-api/authentication}
 */
function requireApiToken({ apiToken }: Config): string {
  if (apiToken !== undefined) return apiToken;
  throw new SluiceError(
    "An API token is needed: copy one from Project settings → API tokens whose role may use the " +
      "Content Management API, and set it as DATOCMS_API_TOKEN, or give its file with --api-token-file " +
      "(better than --api-token, because other programs can see command lines).",
    EXIT.usage,
  );
}
