import type { Config, OptionKey } from "../config/schema.ts";
import type { ExitCode } from "../error.ts";
import type { CliIo } from "./io.ts";

/** What a command runs with. */
export interface CommandContext {
  /** The configuration. */
  readonly config: Config;
  /** The world around; its outputs take no secrets. */
  readonly io: CliIo;
}

/** A line that shows how a command is used. */
export interface CommandExample {
  /** What it does. */
  readonly about: string;
  /** What to type. */
  readonly line: string;
}

/** A command of `sluice`. */
export interface Command {
  /** What it is called. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What it does, in some sentences. */
  readonly description: string;
  /** The options that it takes. */
  readonly options: readonly OptionKey[];
  /** Defaults of its own. */
  readonly defaults?: Partial<Config>;
  /** Whether it looks at nothing but the command line. @default {false} */
  readonly flagsOnly?: boolean;
  /** How it is used. */
  readonly examples: readonly CommandExample[];
  /**
   * Runs it.
   *
   * @throws {SluiceError} If it fails.
   */
  run(context: CommandContext): Promise<ExitCode>;
}
