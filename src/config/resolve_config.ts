import { EXIT, SluiceError } from "../error.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { envName, flagName, OPTION_KEYS, type OptionInfo, OPTIONS } from "./options.ts";
import { type Config, configSchema, type OptionKey } from "./schema.ts";

/** Options as the command line gives them: text, `true` or `false`, or several texts. */
export type Flags = { readonly [Key in OptionKey]?: string | boolean | readonly string[] };

/** Options out of a file. */
export interface ConfigFile {
  /** The file's path, for error messages. */
  readonly path: string;
  /** Its content. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Where a configuration comes from. */
export interface ConfigSources {
  /** Options from the command line: they win over all else. */
  readonly flags?: Flags | undefined;
  /** The value of an environment variable; empty ones count as not set. */
  readonly env?: ((name: string) => string | undefined) | undefined;
  /** Options from a file, which win over defaults. */
  readonly file?: ConfigFile | undefined;
  /** Other defaults than the schema's. */
  readonly defaults?: Partial<Config> | undefined;
}

/** A value that was given, and by whom. */
interface Given {
  /** The flag, variable or key in a file, as an error names it. */
  readonly name: string;
  /** The value as it was given. */
  readonly raw: unknown;
  /** The value as the schema checks it. */
  readonly value: unknown;
}

/** Options that contradict each other when both have this value. */
const CONFLICTS = [
  [{ key: "quiet", value: true }, { key: "verbose", value: true }],
  [{ key: "tablesOnly", value: true }, { key: "tables", value: false }],
  [{ key: "retryFailed", value: true }, { key: "resume", value: true }],
  [{ key: "retryFailed", value: true }, { key: "freeze", value: true }],
  [{ key: "retryFailed", value: true }, { key: "dryRun", value: true }],
  [{ key: "freeze", value: true }, { key: "resume", value: true }],
] as const;

/** Choices, and what takes away from them. */
const SELECTIONS = [["models", "excludeModels"], ["include", "exclude"]] as const;

/**
 * Puts a configuration together: of each option, the command line's value wins over the environment's,
 * that over the file's, and that over the default.
 *
 * @param sources The command line, the environment and the file.
 * @return The configuration.
 * @throws {SluiceError} If a value can't be used, which the message names the source of; the exit code is
 * {@linkcode EXIT.usage}.
 *
 * @example
 * ```ts
 * import { resolveConfig } from "./resolve_config.ts";
 *
 * const config = resolveConfig({
 *   flags: { concurrency: "4" },
 *   env: (name) => ({ SLUICE_CONCURRENCY: "2", SLUICE_TO: "s3://backups" })[name],
 * });
 * console.assert(config.concurrency === 4 && config.to === "s3://backups");
 * ```
 */
export function resolveConfig(sources: ConfigSources): Config {
  const values: Record<string, unknown> = { ...sources.defaults };
  const names: { [Key in OptionKey]?: string } = {};
  for (const key of OPTION_KEYS) {
    const given = find(key, sources);
    if (given === undefined) continue;
    const { success, data } = configSchema.shape[key].safeParse(given.value);
    if (!success) throw new SluiceError(complaint(OPTIONS[key], given), EXIT.usage);
    values[key] = data;
    names[key] = given.name;
  }
  const config = configSchema.parse(values);
  for (const [one, other] of CONFLICTS) {
    if (config[one.key] !== one.value || config[other.key] !== other.value) continue;
    throw new SluiceError(
      `${names[one.key]} contradicts ${names[other.key]}: leave one of them out.`,
      EXIT.usage,
    );
  }
  for (const [one, other] of SELECTIONS) {
    const without: readonly string[] = config[other] ?? [];
    if (!config[one]?.every((name) => without.includes(name))) continue;
    throw new SluiceError(
      `${names[one]} and ${
        names[other]
      } leave nothing to export: name something in one that isn't in the other.`,
      EXIT.usage,
    );
  }
  return config;
}

/** The value of the first source that gives one. */
function find(key: OptionKey, { flags, env, file }: ConfigSources): Given | undefined {
  const flag = flags?.[key];
  if (flag !== undefined) {
    const name = flag === false ? flagName(key).replace("--", "--no-") : flagName(key);
    return { name, raw: flag, value: typed(OPTIONS[key], flag) };
  }
  const variable = env?.(envName(key))?.trim();
  if (variable) return { name: envName(key), raw: variable, value: typed(OPTIONS[key], variable) };
  if (file === undefined || !Object.hasOwn(file.values, key)) return undefined;
  const value = file.values[key];
  return { name: `"${key}" in ${printable(file.path)}`, raw: value, value };
}

/** What text means for an option; text that can't mean anything stays as it is, for the schema to refuse. */
function typed(
  { kind, canBeOff }: OptionInfo,
  given: string | boolean | readonly string[],
): unknown {
  if (kind === "list") {
    const parts = [given].flat().flatMap((part) => String(part).split(","));
    return parts.map((part) => part.trim()).filter((part) => part !== "");
  }
  if (typeof given !== "string") return given;
  if (kind === "number") return /^[+-]?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
  if ((kind === "switch" || canBeOff) && /^(false|no|off|0)$/i.test(given)) return false;
  return kind === "switch" && /^(true|yes|on|1)$/i.test(given) ? true : given;
}

/** The sentence that says what is wrong with a value. */
function complaint(
  { kind, secret, choices, expects }: OptionInfo,
  { name, raw, value }: Given,
): string {
  // Only a file can give a list another type than that of a list.
  if (kind === "list" && !Array.isArray(value)) {
    const entries = expects.replace(", separated by commas", "");
    const such = typeof value === "string"
      ? `, such as ${shown(value.split(",").map((part) => part.trim()))}`
      : "";
    return `${name} must be a list of ${entries}${such}, but is ${shown(raw)}.`;
  }
  const must = `${name} must be ${expects}, but`;
  if (secret) return `${must} isn't.`;
  const wrong = choices && [value].flat().find((each) => !choices.includes(each as string));
  if (choices === undefined || typeof wrong !== "string") return `${must} is ${shown(raw)}.`;
  const close = nearest(wrong, choices);
  const advice = close !== undefined
    ? `: did you mean ${JSON.stringify(close)}?`
    : Array.isArray(value)
    ? `: choose from ${choices.join(", ")}.`
    : ".";
  return `${must} ${Array.isArray(value) ? "holds" : "is"} ${shown(wrong)}${advice}`;
}

/** A value as it can be shown: short, and without the password of an address. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return printable(text.replace(/\/\/\S*@/g, "//…@"), 100);
}
