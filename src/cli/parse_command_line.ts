import { parseArgs } from "@std/cli/parse-args";
import { flagName, OPTION_KEYS, type OptionKey, OPTIONS } from "../config/options.ts";
import type { Flags } from "../config/resolve_config.ts";
import { EXIT, SluiceError } from "../error.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { PROGRAM } from "./command_hint.ts";

/** What a command line says. */
export interface CommandLine {
  /** What isn't an option: the command, and what follows. */
  readonly words: readonly string[];
  /** The options that were given. */
  readonly flags: Flags;
  /** Whether help is asked for. */
  readonly help: boolean;
  /** Whether the version is asked for. */
  readonly version: boolean;
}

/** Options that belong to no configuration. */
const EXTRA = { help: "h", "program-version": "V" } as const;

const BY_FLAG = new Map(
  OPTION_KEYS.filter((key) => OPTIONS[key].ownFlag === undefined)
    .map((key) => [flagName(key).slice(2), key]),
);
/** What flags stand for that are another option's in one command: both take a value. */
const OWN = new Map(OPTION_KEYS.flatMap((key) => {
  const { ownFlag } = OPTIONS[key];
  return ownFlag === undefined ? [] : [[`${ownFlag.command} ${ownFlag.name}`, key] as const];
}));
const SWITCHES = [...BY_FLAG].filter(([, key]) => OPTIONS[key].kind === "switch").map(([flag]) =>
  flag
);
const VALUED = [...BY_FLAG].filter(([, key]) => OPTIONS[key].kind !== "switch").map(([flag]) =>
  flag
);
/** What `--no-` can stand before. */
const NEGATABLE = [...BY_FLAG].filter(([, key]) => {
  return OPTIONS[key].kind === "switch" || OPTIONS[key].canBeOff;
}).map(([flag]) => flag);
const ALIASES: Readonly<Record<string, string>> = Object.fromEntries([
  ...BY_FLAG.entries().flatMap(([flag, key]) => {
    const { alias } = OPTIONS[key];
    return alias === undefined ? [] : [[flag, alias]];
  }),
  ...Object.entries(EXTRA),
]);
const FLAGS = [...BY_FLAG.keys(), "help"];
/** Asks for the program's version, unless it has a value, which `sluice cat` takes for that of records. */
const VERSION = /^--version(?:=(?:true|false))?$/;

/**
 * Reads a command line. Values are checked later, along with those of the environment.
 *
 * @param given The arguments.
 * @return What they say.
 * @throws {SluiceError} If there is an option that doesn't exist, lacks its value or has one too many.
 */
export function parseCommandLine(given: readonly string[]): CommandLine {
  const command = given.findIndex((arg) => !arg.startsWith("-"));
  const args = withDashes(given.map((arg, i) => {
    const isOfRecords = given[command] === "cat" && i > command && given[i + 1] !== undefined;
    return VERSION.test(arg) && !isOfRecords ? arg.replace("version", "program-version") : arg;
  }));
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  checkSwitches(options);
  checkNegated(options);
  const parsed: Record<string, unknown> = parseArgs([...args], {
    // Not "_": it would make an option of `-_`, whose value would take the place of the words.
    string: VALUED,
    boolean: [...SWITCHES, ...Object.keys(EXTRA)],
    negatable: NEGATABLE,
    alias: ALIASES,
    // So that what wasn't given can be told from what was: it is an empty list.
    collect: [...BY_FLAG.keys(), ...Object.keys(EXTRA)],
    unknown: (arg, key) => {
      if (key !== undefined) throw unknownOption(arg, key, args[args.indexOf(arg) - 1]);
      return true;
    },
  });
  const flags: { [Key in OptionKey]?: string | boolean | readonly string[] } = {};
  for (const [flag, usual] of BY_FLAG) {
    const key = OWN.get(`${(parsed._ as unknown[])[0]} --${flag}`) ?? usual;
    const value = valueOf(key, parsed[flag]);
    if (value !== undefined) flags[key] = value;
  }
  return {
    words: (parsed._ as (string | number)[]).map(String),
    flags,
    help: [parsed.help].flat().at(-1) === true,
    version: [parsed["program-version"]].flat().at(-1) === true,
  };
}

/** Joins `-`, which stands for stdout, with the option that it is the value of: the parser takes it for none. */
function withDashes(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.flatMap((arg, i) => {
    const isIn = end < 0 || i < end;
    if (isIn && args[i + 1] === "-" && VALUED.includes(arg.replace(/^--/, ""))) return `${arg}=-`;
    const isTaken = isIn && arg === "-" && VALUED.includes((args[i - 1] ?? "").replace(/^--/, ""));
    return isTaken ? [] : arg;
  });
}

/** Several values are those of a list; of anything else there is one. */
function valueOf(key: OptionKey, given: unknown): string | boolean | readonly string[] | undefined {
  const values = [given].flat() as (string | boolean)[];
  if (values.length === 0) return undefined;
  const { kind, placeholder } = OPTIONS[key];
  if (kind === "switch" || values[0] === false) return values[0] === true;
  if (values.includes("")) {
    const flag = flagName(key);
    throw usage(`${flag} needs a value: write ${flag} ${placeholder}.`);
  }
  const texts = values.map(String);
  if (kind === "list") return texts;
  if (texts.length > 1) throw usage(`${flagName(key)} is given twice: leave one of them out.`);
  return texts[0];
}

/** Of `--x` and `--no-x` the parser keeps the last one, whatever was meant. */
function checkNegated(args: readonly string[]): void {
  for (const flag of NEGATABLE) {
    const isOn = args.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
    if (!isOn || !args.includes(`--no-${flag}`)) continue;
    throw usage(`--${flag} contradicts --no-${flag}: leave one of them out.`);
  }
}

/** The parser takes any value of a switch for true, and `--no-x=true` for `--x`. */
function checkSwitches(args: readonly string[]): void {
  for (const arg of args) {
    const [, negated, flag, value] = /^--(no-)?([a-z-]+)=(.*)$/s.exec(arg) ?? [];
    const switches = negated === undefined ? SWITCHES : NEGATABLE;
    if (flag === undefined || ![...switches, ...Object.keys(EXTRA)].includes(flag)) continue;
    if (negated === undefined && /^(true|false)$/.test(value!)) continue;
    const name = `--${negated ?? ""}${flag}`;
    throw usage(`${name} takes no value, but was given ${JSON.stringify(printable(value!, 60))}.`);
  }
}

/**
 * The error for an option that there isn't, or that was meant as the value of the one before. Its value
 * isn't shown: it may be a secret.
 */
function unknownOption(arg: string, key: string, before = ""): SluiceError {
  const lacking = before.startsWith("--") ? BY_FLAG.get(before.slice(2)) : undefined;
  if (lacking !== undefined && OPTIONS[lacking].kind !== "switch") {
    const { placeholder } = OPTIONS[lacking];
    return usage(
      `${before} needs a value: write ${before} ${placeholder}, or ${before}=${placeholder} if it ` +
        "begins with a dash.",
    );
  }
  if (!arg.startsWith("--")) return unknownLetter(arg, key);
  const name = key.replace(/=[^]*$/, "");
  const known = BY_FLAG.get(name);
  if (known !== undefined) {
    return usage(`--${name} needs a value: write --${name} ${OPTIONS[known].placeholder}.`);
  }
  const positive = name.replace(/^no-/, "");
  if (VALUED.includes(positive)) {
    return usage(`--${positive} can't be turned off: leave it out.`);
  }
  const choices = [...FLAGS, ...NEGATABLE.map((flag) => `no-${flag}`)];
  return usage(`There is no option --${printable(name, 60)}: ${advice(nearest(name, choices))}`);
}

/** One dash is for single letters: perhaps a second one was forgotten. */
function unknownLetter(arg: string, letter: string): SluiceError {
  const word = arg.replace(/^-|=[^]*$/g, "");
  const among = word.length > 1 ? ` (in -${printable(word, 60)})` : "";
  const close = word.length > 1 ? nearest(word, FLAGS) : undefined;
  return usage(`There is no option -${printable(letter)}${among}: ${advice(close)}`);
}

function advice(close: string | undefined): string {
  return close === undefined ? `see ${PROGRAM} --help.` : `did you mean --${close}?`;
}

function usage(message: string): SluiceError {
  return new SluiceError(message, EXIT.usage);
}
