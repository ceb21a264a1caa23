import { checkVariables } from "../config/check_variables.ts";
import { isInS3 } from "../config/contradictions.ts";
import { homeOf } from "../config/home_path.ts";
import { loadConfig } from "../config/load_config.ts";
import { configSecrets, optionSecrets } from "../config/option_secrets.ts";
import {
  type Config,
  envName,
  envNamesOf,
  flagName,
  OPTION_KEYS,
  type OptionKey,
} from "../config/options.ts";
import { unknownVariables } from "../config/unknown_variables.ts";
import { EXIT, type ExitCode, SluiceError } from "../error.ts";
import { nearest } from "../text/nearest.ts";
import { printable } from "../text/printable.ts";
import { failureOf } from "../report/failure.ts";
import { jsonText } from "../report/json_report.ts";
import { environmentSecrets } from "../text/secrets/environment_secrets.ts";
import { secretsWithin } from "../text/secrets/looks_secret.ts";
import { Secrets } from "../text/secrets/secrets.ts";
import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";
import { PROGRAM } from "./command_hint.ts";
import { COMMANDS } from "./commands/commands.ts";
import { writeSnapshotIds } from "./completions/snapshot_ids.ts";
import { renderCommandHelp, renderHelp } from "./help.ts";
import type { CliIo, TextOutput } from "./io.ts";
import { advised } from "./report/advice.ts";
import { type CommandLine, parseCommandLine } from "./parse_command_line.ts";
import { writeError, writeNote } from "./progress/write_error.ts";
import { withTimeout } from "./with_timeout.ts";

/**
 * Runs the `sluice` command.
 *
 * Results go to stdout, all else to stderr. No secret is in either, whatever happens.
 *
 * @param args The arguments.
 * @param io The world around.
 * @return The exit code.
 *
 * @example
 * ```ts
 * import { runCli } from "./run_cli.ts";
 *
 * let text = "";
 * const exitCode = await runCli(["--version"], {
 *   stdout: { write: (more) => text += more },
 *   stderr: { write: () => {} },
 *   env: () => undefined,
 *   isTerminal: false,
 *   columns: () => 80,
 *   signal: new AbortController().signal,
 * });
 * console.assert(exitCode === 0 && text.startsWith("sluice "));
 * ```
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<ExitCode> {
  const secrets = secretsOf(args, io);
  let hasResult = false;
  const content: TextOutput = {
    write: (text) => {
      hasResult = true;
      io.stdout.write(text);
    },
  };
  const stdout = secrets.guard(content);
  const stderr = secrets.guard(io.stderr);
  const guarded: CliIo = { ...io, stdout, stderr, secrets };
  // What the scripts of sluice completions ask.
  if (args[0] === "completions" && args[1] === "snapshots") {
    await writeSnapshotIds(args.slice(args[2] === "--" ? 3 : 2), COMMANDS, guarded);
    return EXIT.complete;
  }
  let line: CommandLine | undefined;
  let config: Config | undefined;
  const advice: string[] = [];
  try {
    line = parseCommandLine(args);
    if (line.version) {
      stdout.write(`sluice ${VERSION} (Deno ${Deno.version.deno}, ${Deno.build.target})\n`);
      return EXIT.complete;
    }
    const command = commandOf(line);
    if (command === undefined) {
      const isAsked = line.help || line.words.length > 0;
      (isAsked ? stdout : stderr).write(renderHelp(COMMANDS, io.columns()));
      return isAsked ? EXIT.complete : EXIT.usage;
    }
    if (line.help || line.words[0] === "help") {
      stdout.write(renderCommandHelp(command, io.columns()));
      return EXIT.complete;
    }
    checkOptions(command, line);
    config = await loadConfig({
      flags: line.flags,
      env: command.flagsOnly ? undefined : envOf(command, io),
      home: homeOf(io.env),
      defaults: command.defaults,
    });
    for (const secret of configSecrets(config)) secrets.add(secret);
    if (!command.flagsOnly) {
      checkVariables(io.env, { s3: usesS3(command, config) });
      for (const message of unknownVariables(io.envNames?.() ?? [])) {
        if (config.quiet) break;
        writeNote(guarded, "warning", { code: "unknown_variable", message }, config);
      }
    }
    const words = line.words.slice(1);
    const given = givenOptions(command, line, io);
    const context = { config, given, words, content, advise: (line: string) => advice.push(line) };
    return await withTimeout(config, guarded, (io) => command.run({ ...context, io }));
  } catch (error) {
    const { message, exitCode, stack: known } = advised(failureOf(error, io.signal));
    const stack = config?.verbose ? known : undefined;
    // What is wrong with other options doesn't change what a log is read by.
    const logFormat = config?.logFormat ?? line?.flags.logFormat ??
      io.env(envName("logFormat"))?.trim();
    writeError(guarded, { message, exitCode, stack }, { logFormat });
    if (logFormat !== "json" && !config?.quiet) {
      for (const line of advice) stderr.write(`${line}\n`);
    }
    if (!hasResult && (config?.json ?? asksForJson(args, line, io))) {
      const status = exitCode === EXIT.cancelled
        ? "cancelled"
        : exitCode === EXIT.unfinished
        ? "unfinished"
        : "failed";
      stdout.write(jsonText({ status, exitCode, error: message }));
    }
    return exitCode;
  }
}

/** Secrets that are known before anything is understood. */
function secretsOf(args: readonly string[], io: CliIo): Secrets {
  const secrets = new Secrets(environmentSecrets(io.env));
  const add = (found: readonly string[]) => found.forEach((secret) => secrets.add(secret));
  for (const key of OPTION_KEYS) {
    const flag = flagName(key);
    add(optionSecrets(key, io.env(envName(key)) ?? ""));
    args.forEach((arg, i) => {
      if (arg.startsWith(`${flag}=`)) add(optionSecrets(key, arg.slice(flag.length + 1)));
      if (arg === flag) add(optionSecrets(key, args[i + 1] ?? ""));
    });
  }
  // What isn't understood is named, too. A path may hold anything.
  for (const arg of args) if (!arg.includes("/")) add(secretsWithin(arg));
  return secrets;
}

/** Whether the result is to be JSON, as far as a command line tells that isn't right. */
function asksForJson(args: readonly string[], line: CommandLine | undefined, io: CliIo): boolean {
  if (line === undefined) {
    const end = args.indexOf("--");
    if (args.slice(0, end < 0 ? args.length : end).includes("--json")) return true;
  } else if (line.flags.json !== undefined) return line.flags.json === true;
  return /^(true|yes|on|1)$/i.test(io.env(envName("json"))?.trim() ?? "");
}

/** The command that is to be run or explained; `undefined` if none is named. */
function commandOf({ words, flags, help }: CommandLine): Command | undefined {
  const [name, ...rest] = words[0] === "help" ? words.slice(1) : words;
  if (name === "help") return undefined;
  if (name === undefined) {
    const given = OPTION_KEYS.find((key) => flags[key] !== undefined);
    if (given === undefined || help) return undefined;
    throw new SluiceError(
      `${flagName(given)} needs a command before it, such as sluice export.`,
      EXIT.usage,
    );
  }
  const namesOf = ({ name, aliases = [] }: Command) => [name, ...aliases];
  const command = COMMANDS.find((command) => namesOf(command).includes(name));
  if (command === undefined) {
    const close = nearest(name, [...COMMANDS.flatMap(namesOf), "help"]);
    throw new SluiceError(
      `There is no command ${JSON.stringify(printable(name, 60))}: ${
        close === undefined ? `see ${PROGRAM} --help.` : `did you mean ${close}?`
      }`,
      EXIT.usage,
    );
  }
  checkWords(command, rest);
  return command;
}

function checkWords({ name, positionals = [] }: Command, words: readonly string[]): void {
  const isAnyNumber = positionals.at(-1)?.isRepeatable === true;
  const wrong = words.find((word, i) =>
    !(positionals[i]?.choices?.includes(word) ?? (i < positionals.length || isAnyNumber))
  );
  if (wrong === undefined) return;
  const choices = positionals[words.indexOf(wrong)]?.choices;
  const close = choices && nearest(wrong, choices);
  const takes = choices
    ? `takes ${choices.join(", ")} or options`
    : positionals.length > 0
    ? "takes no more words"
    : "takes options only";
  throw new SluiceError(
    `sluice ${name} ${takes}, but was given ${JSON.stringify(printable(wrong, 60))}: ${
      close === undefined ? `see ${PROGRAM} help ${name}.` : `did you mean ${close}?`
    }`,
    EXIT.usage,
  );
}

function checkOptions({ name, options }: Command, { flags }: CommandLine): void {
  const other = OPTION_KEYS.find((key) => flags[key] !== undefined && !options.includes(key));
  if (other === undefined) return;
  throw new SluiceError(
    `sluice ${name} has no option ${flagName(other)}: see ${PROGRAM} help ${name}.`,
    EXIT.usage,
  );
}

/** Whether something of a command is in S3. */
function usesS3({ options }: Command, config: Config): boolean {
  const places = (["from", "to", "out"] as const).filter((key) => options.includes(key));
  return places.some((key) => isInS3({ to: config[key] ?? "" }));
}

/** The options that the command line or the environment gives a command. */
function givenOptions(command: Command, { flags }: CommandLine, io: CliIo): OptionKey[] {
  const env = command.flagsOnly ? () => undefined : envOf(command, io);
  return command.options.filter((key) => {
    return flags[key] !== undefined || envNamesOf(key).some((name) => !!env(name)?.trim());
  });
}

/** The environment as far as it concerns a command. */
function envOf(
  { options, typedOnly = [] }: Command,
  io: CliIo,
): (name: string) => string | undefined {
  const names = new Set(options.filter((key) => !typedOnly.includes(key)).flatMap(envNamesOf));
  return (name) => names.has(name) ? io.env(name) : undefined;
}
