import type { SourceOptions } from "../export/options.ts";
import { requireApiToken } from "./load_config.ts";
import { configSecrets } from "./option_secrets.ts";
import type { Config } from "./schema.ts";

/**
 * What a configuration says about which project is read, and what of it.
 *
 * @param config The configuration.
 * @return The options for the library.
 * @throws {SluiceError} If the configuration has no API token.
 */
export function toSourceOptions(config: Config): SourceOptions {
  const { environment, baseUrl, assetHost, models, excludeModels, include, exclude } = config;
  const { published, assets, concurrency } = config;
  return {
    apiToken: requireApiToken(config),
    environment,
    baseUrl,
    assetHost,
    models,
    excludeModels,
    include,
    exclude,
    published,
    assets,
    concurrency,
    secrets: configSecrets(config),
  };
}
