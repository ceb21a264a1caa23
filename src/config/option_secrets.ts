import { addressSecrets, hookSecrets } from "../text/secrets/address_secrets.ts";
import { looksSecret, secretsWithin } from "../text/secrets/looks_secret.ts";
import { type Config, OPTION_KEYS, type OptionKey, OPTIONS } from "./options.ts";

/**
 * The secrets in what an option was given, also if it was given what belongs elsewhere.
 *
 * @param key The option.
 * @param value What it was given, before anything is checked.
 */
export function optionSecrets(key: OptionKey, value: string): string[] {
  if (key === "notifyUrl") return hookSecrets(value);
  if (OPTIONS[key].secret) return [value];
  const addressed = addressSecrets(value);
  // A directory may be called like anything.
  if (OPTIONS[key].path !== undefined) return looksSecret(value) ? [value] : addressed;
  return [...addressed, ...secretsWithin(value)];
}

/**
 * The secrets in a configuration.
 *
 * @param config The configuration.
 */
export function configSecrets(config: Config): string[] {
  return OPTION_KEYS.flatMap((key) => {
    const value = config[key];
    return [value].flat().flatMap((each) => {
      return typeof each === "string" ? optionSecrets(key, each) : [];
    });
  });
}
