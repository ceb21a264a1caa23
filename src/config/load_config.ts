import { readConfigFile } from "./config_file.ts";
import type { Config } from "./options.ts";
import { type ConfigSources, resolveConfig } from "./resolve_config.ts";
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
