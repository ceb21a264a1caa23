import { EXIT, SluiceError } from "../error.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { emptyVariable, isQuoted, quotedVariable } from "./check_variables.ts";
import {
  CONTRADICTIONS,
  EXCLUSIVE,
  isMeant,
  NEEDS,
  POINTLESS,
  type Side,
} from "./contradictions.ts";
import { fromHome } from "./home_path.ts";
import type { OptionInfo } from "./option.ts";
import {
  type Config,
  configSchema,
  envName,
  flagName,
  OPTION_KEYS,
  type OptionKey,
  OPTIONS,
} from "./options.ts";

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
  /** The value of an environment variable; empty ones count as not set where that isn't an error. */
  readonly env?: ((name: string) => string | undefined) | undefined;
  /** Options from a file, which win over defaults. */
  readonly file?: ConfigFile | undefined;
  /** The home directory, which `~` at the start of a path stands for. @default {none} */
  readonly home?: string | undefined;
  /** Other defaults than the schema's. */
  readonly defaults?: Partial<Config> | undefined;
}

/** A value that was given, and by whom. */
interface Given {
  /** The flag, variable or key in a file, as an error names it. */
  readonly name: string;
  /** Where it comes from: a greater number wins. */
  readonly rank: number;
  /** The value as it was given. */
  readonly raw: unknown;
  /** The value as the schema checks it. */
  readonly value: unknown;
}

const [FILE, ENV, FLAG] = [0, 1, 2];

type GivenByKey = ReadonlyMap<OptionKey, Given>;

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
  const given = withoutOverruled(allGiven(sources));
  for (const [key, one] of given) {
    checkVariable(one);
    const value = OPTIONS[key].path !== undefined && typeof one.value === "string"
      ? fromHome(one.value, sources.home, one.name)
      : one.value;
    const { success, data } = OPTIONS[key].schema.safeParse(value);
    if (!success) throw usage(complaint(OPTIONS[key], one));
    values[key] = data;
  }
  const config = configSchema.parse(values);
  checkTogether(config, given);
  return config;
}

/** Of each option, the value of the highest source that gives one. */
function allGiven({ flags = {}, env, file }: ConfigSources): Map<OptionKey, Given> {
  return new Map(OPTION_KEYS.flatMap((key) => {
    const { orElse } = OPTIONS[key];
    const given = flagOf(key, flags) ?? variableOf(key, env) ?? entryOf(key, file) ??
      (orElse && insteadOf(orElse));
    return given === undefined ? [] : [[key, given]];
  }));

  function insteadOf(other: OptionKey): Given | undefined {
    const given = variableOf(other, env) ?? entryOf(other, file);
    // Nobody misses what a flag takes the place of.
    return given?.raw === "" && flags[other] !== undefined ? undefined : given;
  }
}

function flagOf(key: OptionKey, flags: Flags): Given | undefined {
  const flag = flags[key];
  if (flag === undefined) return undefined;
  const name = flag === false ? flagName(key).replace("--", "--no-") : flagName(key);
  return { name, rank: FLAG, raw: flag, value: typed(OPTIONS[key], flag) };
}

function variableOf(key: OptionKey, env: ConfigSources["env"]): Given | undefined {
  const name = envName(key);
  const raw = env?.(name)?.trim();
  if (raw === undefined || (raw === "" && !OPTIONS[key].neverEmpty)) return undefined;
  return { name, rank: ENV, raw, value: typed(OPTIONS[key], raw) };
}

function entryOf(key: OptionKey, file: ConfigFile | undefined): Given | undefined {
  if (file === undefined || !Object.hasOwn(file.values, key)) return undefined;
  const raw = file.values[key];
  return { name: `"${key}" in ${printable(file.path)}`, rank: FILE, raw, value: raw };
}

/** What is left if the higher source of two that contradict each other wins. */
function withoutOverruled(given: Map<OptionKey, Given>): GivenByKey {
  for (const pair of CONTRADICTIONS) {
    const found = bothOf(pair, given);
    if (found === undefined) continue;
    const [one, other] = found;
    if (one.rank === other.rank) {
      found.forEach(checkVariable);
      throw usage(`${one.name} contradicts ${other.name}: leave one of them out.`);
    }
    given.delete(pair[one.rank < other.rank ? 0 : 1].key);
  }
  for (const pair of EXCLUSIVE) {
    const found = bothOf(pair, given);
    if (found === undefined) continue;
    const [one, other] = found;
    if (one.rank === FLAG && other.rank === FLAG) {
      throw usage(`${one.name} contradicts ${other.name}: leave one of them out.`);
    }
    given.delete(pair[one.rank <= other.rank ? 0 : 1].key);
  }
  return given;
}

function bothOf(
  [one, other]: readonly [Side, Side],
  given: GivenByKey,
): readonly [Given, Given] | undefined {
  const first = given.get(one.key);
  const second = given.get(other.key);
  if (first === undefined || second === undefined) return undefined;
  const areMeant = isMeant(one, first.value) && isMeant(other, second.value);
  return areMeant ? [first, second] : undefined;
}

/** Refuses a variable that holds nothing, or quotation marks that a shell would have taken away. */
function checkVariable({ name, rank, raw }: Given): void {
  if (rank !== ENV) return;
  if (raw === "") throw usage(emptyVariable(name));
  if (isQuoted(raw)) throw usage(quotedVariable(name));
}

/** Refuses options that do nothing beside the others, and a selection of nothing. */
function checkTogether(config: Config, given: GivenByKey): void {
  const isFlag = (key: OptionKey) => given.get(key)?.rank === FLAG;
  for (const pair of POINTLESS) {
    const found = bothOf(pair, given);
    if (found?.every(({ rank }) => rank === FLAG)) {
      const [one, other] = found;
      throw usage(`${one.name} does nothing with ${other.name}: leave one of them out.`);
    }
  }
  for (const { key, met, what } of NEEDS) {
    if (isFlag(key) && !met(config)) {
      throw usage(`${flagName(key)} does nothing without ${what}: add that, or leave it out.`);
    }
  }
  for (const [one, other] of SELECTIONS) {
    const without: readonly string[] = config[other] ?? [];
    if (!config[one]?.every((name) => without.includes(name))) continue;
    throw usage(
      `${given.get(one)?.name} and ${
        given.get(other)?.name
      } leave nothing to export: name something in one that isn't in the other.`,
    );
  }
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

function usage(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage);
}
