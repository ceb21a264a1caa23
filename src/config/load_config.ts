import { EXIT, SluiceError } from "../error.ts";
import { readConfigFile } from "./config_file.ts";
import { type ConfigSources, resolveConfig } from "./resolve_config.ts";
import type { Config } from "./schema.ts";
import { readTokenFile } from "./token_file.ts";

/**
 * Puts a configuration together, and reads the files that it names: one with options (`--config`,
 * `SLUICE_CONFIG`), one with the API token (`--api-token-file`, `SLUICE_API_TOKEN_FILE`).
 *
 * @param sources The command line and the environment.
 * @return The configuration.
 * @throws {SluiceError} If a file or a value can't be used.
 *
 * @example
 * ```ts
 * import { loadConfig } from "./load_config.ts";
 *
 * const config = await loadConfig({ env: (name) => ({ SLUICE_ASSETS: "no" })[name] });
 * console.assert(config.assets === false && config.published === true);
 * ```
 */
export async function loadConfig(sources: Omit<ConfigSources, "file">): Promise<Config> {
  const { flags, env, home } = sources;
  const { config: path } = resolveConfig({
    flags: flags?.config === undefined ? {} : { config: flags.config },
    env: (name) => name === "SLUICE_CONFIG" ? env?.(name) : undefined,
    home,
  });
  const file = path === undefined ? undefined : await readConfigFile(path);
  const config = resolveConfig({ ...sources, file });
  const { apiTokenFile } = config;
  return apiTokenFile === undefined
    ? config
    : { ...config, apiToken: await readTokenFile(apiTokenFile) };
}

/**
 * The API token of a configuration.
 *
 * @param config The configuration.
 * @throws {SluiceError} If there is none; the exit code is {@linkcode EXIT.usage}.
 * @see {@link https://www.datocms.com/docs/content-management-api/authentication}
 */
export function requireApiToken({ apiToken }: Config): string {
  if (apiToken !== undefined) return apiToken;
  throw new SluiceError(
    "An API token is needed: copy one from Project settings → API tokens whose role may use the " +
      "Content Management API, and set it as DATOCMS_API_TOKEN, or give its file with --api-token-file " +
      "(better than --api-token, because other programs can see command lines).",
    EXIT.usage,
  );
}
