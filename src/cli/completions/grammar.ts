import { DEFAULTS, flagName, type OptionKey, OPTIONS } from "../../config/options.ts";
import type { Command } from "../command.ts";

/** What a word can be. */
export interface WordGrammar {
  /** What it stands for, as `form`. */
  readonly name: string;
  /** All that it, or each entry of a list, can be. */
  readonly choices?: readonly string[] | undefined;
  /** If it can be the id of a snapshot, what else it can be, such as `latest`. */
  readonly snapshotOr?: readonly string[] | undefined;
  /** Whether any number of these words can follow. */
  readonly isRepeatable?: boolean | undefined;
  /** Whether it can be several choices, separated by commas. */
  readonly isList?: boolean | undefined;
  /** Which files it can be the path of. */
  readonly path?: "file" | "directory" | undefined;
}

/** An option. */
export interface FlagGrammar {
  /** How it is written: `-e` and `--environment`. */
  readonly names: readonly string[];
  /** What it does, in a sentence without a full stop. */
  readonly about: string;
  /** Its value, if it takes one. */
  readonly value?: WordGrammar | undefined;
  /** Whether it can be given more than once. */
  readonly isRepeatable?: boolean | undefined;
}

/** A command. */
export interface CommandGrammar {
  /** What it is called. */
  readonly name: string;
  /** What it does. */
  readonly about: string;
  /** The words that can follow it, in turn. */
  readonly words: readonly WordGrammar[];
  /** Its options. */
  readonly flags: readonly FlagGrammar[];
}

/** All that can be typed after `sluice`. */
export interface Grammar {
  /** The commands. */
  readonly commands: readonly CommandGrammar[];
  /** The options without a command. */
  readonly flags: readonly FlagGrammar[];
}

const HELP: FlagGrammar = { names: ["-h", "--help"], about: "Show help" };
const VERSION: FlagGrammar = { names: ["-V", "--version"], about: "Show the version" };

/**
 * What can be typed, as far as the tables of commands and options tell.
 *
 * @param commands All commands.
 */
export function grammarOf(commands: readonly Command[]): Grammar {
  const help: CommandGrammar = {
    name: "help",
    about: "Show help for a command",
    words: [{ name: "command", choices: commands.map(({ name }) => name) }],
    flags: [HELP],
  };
  return {
    commands: [
      ...commands.map((command): CommandGrammar => ({
        name: command.name,
        about: command.summary,
        words: command.positionals ?? [],
        flags: [...command.options.flatMap((key) => flagsOf(key, command)), HELP],
      })),
      help,
    ],
    flags: [HELP, VERSION],
  };
}

/** The options of a command that take a value, in all forms. */
export function valuedFlags({ commands, flags }: Grammar): FlagGrammar[] {
  const byName = new Map<string, FlagGrammar>();
  for (const flag of [...flags, ...commands.flatMap(({ flags }) => flags)]) {
    if (flag.value !== undefined) byName.set(flag.names.join(), flag);
  }
  return [...byName.values()];
}

function flagsOf(key: OptionKey, command: Command): FlagGrammar[] {
  const { kind, alias, placeholder = "", choices, canBeOff } = OPTIONS[key];
  const flag = flagName(key);
  const off = flag.replace("--", "--no-");
  if (kind === "switch") {
    const isOn = (command.defaults?.[key] ?? DEFAULTS[key]) === true;
    // What is on by default can only be turned off.
    return [flagOf(key, [isOn ? off : flag], command)];
  }
  const value: WordGrammar = {
    name: placeholder.replace(/^<|>$/g, ""),
    choices,
    isList: kind === "list",
    path: OPTIONS[key].path,
  };
  const names = alias === undefined ? [flag] : [`-${alias}`, flag];
  const isRepeatable = kind === "list";
  return [
    { ...flagOf(key, names, command), value, isRepeatable },
    ...(canBeOff ? [flagOf(key, [off], command)] : []),
  ];
}

/** An option with the sentence of its help text that names it, or else the first one. */
function flagOf(
  key: OptionKey,
  names: readonly string[],
  { optionHelp }: Command,
): FlagGrammar {
  const help = optionHelp?.[key] ?? OPTIONS[key].help;
  const sentences = help.replace(/\s+/g, " ").split(/(?<=\.) /);
  const own = sentences.find((sentence) => names.some((name) => sentence.includes(name)));
  return { names, about: (own ?? sentences[0]!).replace(/\.$/, "") };
}
