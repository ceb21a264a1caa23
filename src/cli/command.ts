import type { Config, OptionKey } from "../config/options.ts";
import type { ExitCode } from "../error.ts";
import type { CliIo, TextOutput } from "./io.ts";

/** What a command runs with. */
export interface CommandContext {
  /** The configuration. */
  readonly config: Config;
  /** The options that the command line or the environment gave, not a file. */
  readonly given: readonly OptionKey[];
  /** The words after the command's name, as its {@linkcode Command.positionals} allow. */
  readonly words: readonly string[];
  /** The world around; its outputs take no secrets. */
  readonly io: CliIo;
  /** Takes content, as it is: what editors wrote isn't redacted. */
  readonly content: TextOutput;
  /** Takes a line about what to do next, which is written after the error if the command fails. */
  readonly advise: (line: string) => void;
}

/** A line that shows how a command is used. */
export interface CommandExample {
  /** What it does. */
  readonly about: string;
  /** What to type. */
  readonly line: string;
}

/** A word that can follow a command's name. */
export interface Positional {
  /** What it stands for, as in `<file>`; help texts show the choices instead, if there are any. */
  readonly name: string;
  /** All that it can be. @default Anything */
  readonly choices?: readonly string[];
  /** If it names a snapshot, the words that can do so besides ids, such as `latest`: for completions. */
  readonly snapshotOr?: readonly string[];
  /** Whether the command can't do without it. @default {false} */
  readonly required?: boolean;
  /** Whether several can follow; only the last word's can be. @default {false} */
  readonly isRepeatable?: boolean;
}

/** A command of `sluice`. */
export interface Command {
  /** What it is called. */
  readonly name: string;
  /** What it is called besides. @default Nothing */
  readonly aliases?: readonly string[];
  /** What it does, in a few words. */
  readonly summary: string;
  /** What it does, in some sentences. */
  readonly description: string;
  /** The words that can follow its name, in turn. @default None */
  readonly positionals?: readonly Positional[];
  /** The options that it takes. */
  readonly options: readonly OptionKey[];
  /** Those that count only if they are typed: their variables mean something else. @default None */
  readonly typedOnly?: readonly OptionKey[];
  /** Defaults of its own. */
  readonly defaults?: Partial<Config>;
  /** What an option does here, where that isn't what it does elsewhere. */
  readonly optionHelp?: { readonly [Key in OptionKey]?: string };
  /** Whether it looks at nothing but the command line. @default {false} */
  readonly flagsOnly?: boolean;
  /** The exit codes that it ends with, and what they mean. @default Those of an export */
  readonly exitCodes?: Partial<Readonly<Record<ExitCode, string>>>;
  /** How it is used. */
  readonly examples: readonly CommandExample[];
  /**
   * Runs it. What is large and only it needs is loaded here, so that help and completions start fast.
   *
   * @throws {SluiceError} If it fails.
   */
  run(context: CommandContext): Promise<ExitCode>;
}
