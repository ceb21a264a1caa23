import { isMeant, NEEDS, POINTLESS } from "../config/contradictions.ts";
import { type Config, DEFAULTS, flagName, type OptionKey, OPTIONS } from "../config/options.ts";
import { shellWord } from "../text/printable.ts";

/** What a command runs with. */
export interface Invocation {
  /** The configuration. */
  readonly config: Config;
  /** The options that the command line or the environment gave, not a file. */
  readonly given: readonly OptionKey[];
}

/** How a command that is suggested differs from the one that ran. */
export interface HintChange {
  /** Options of this run that it has, too. @default All */
  readonly keep?: readonly OptionKey[];
  /** Options of this run that it doesn't have. @default None */
  readonly drop?: readonly OptionKey[];
}

/** Options of how a command shows what it does, which no later command needs. */
const SHOWN: ReadonlySet<OptionKey> = new Set(["json", "logFormat", "quiet", "verbose", "dryRun"]);

/**
 * What stands for `sluice` on the command line of whoever runs this program: the command itself where it is
 * installed or compiled, else the task of the repository, by the Deno that runs it.
 */
export const PROGRAM: string = programWords();

function programWords(): string {
  if (Deno.build.standalone || !import.meta.url.endsWith(".ts")) return "sluice";
  const deno = /[\\/]_npx[\\/]/.test(Deno.execPath()) ? "npx --yes deno@2" : "deno";
  return `${deno} task -q sluice`;
}

/**
 * A command that can be typed as it is, with the options that this run had. Secrets are left out.
 *
 * @param words The command's name, and the words and options that it has in any case.
 * @param invocation What this run was called with.
 * @param change How the suggested command differs from it.
 */
export function commandHint(
  words: string,
  { config, given }: Invocation,
  { keep = given, drop = [] }: HintChange = {},
): string {
  const keys = given.filter((key) => {
    return keep.includes(key) && !drop.includes(key) && !SHOWN.has(key) && !isIdle(key, config);
  });
  return [PROGRAM, words, ...keys.flatMap((key) => flagWords(key, config))].join(" ");
}

/** Whether an option does nothing beside the others, which is an error on a command line only. */
function isIdle(key: OptionKey, config: Config): boolean {
  return NEEDS.some((need) => need.key === key && !need.met(config)) ||
    POINTLESS.some(([one, other]) => {
      const value = config[other.key];
      return one.key === key && value !== undefined && isMeant(other, value);
    });
}

function flagWords(key: OptionKey, config: Config): string[] {
  const { secret } = OPTIONS[key];
  const value = config[key];
  // A file may say otherwise.
  const isDefault = value === DEFAULTS[key] && config.config === undefined;
  if (secret || value === undefined || isDefault) return [];
  const flag = flagName(key);
  if (value === true) return [flag];
  if (value === false) return [flag.replace("--", "--no-")];
  const word = shellWord([value].flat().join(","));
  return word.startsWith("-") ? [`${flag}=${word}`] : [flag, word];
}
