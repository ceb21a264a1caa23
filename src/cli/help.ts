import { HEADINGS } from "../config/option.ts";
import { DEFAULTS, envName, flagName, type OptionKey, OPTIONS } from "../config/options.ts";
import { RESOURCES } from "../source/datocms/resources.ts";
import type { Command, Positional } from "./command.ts";
import { PROGRAM } from "./command_hint.ts";
import { EXIT_CODES } from "./exit_codes.ts";
import { padToWidth, textWidth } from "./text/width.ts";
import { wrap } from "./text/wrap.ts";

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 100;
/** Narrower than this, nothing fits beside anything. */
const NARROWEST = 40;
/** The left column of options, in columns. */
const LEFT = 25;

/**
 * The help text of `sluice`.
 *
 * @param commands All commands.
 * @param columns The terminal's width.
 */
export function renderHelp(commands: readonly Command[], columns: number): string {
  const width = widthOf(columns);
  return [
    ...wrap(ABOUT, width),
    "",
    "Usage: sluice <command> [options]",
    "",
    "Commands",
    ...entries(
      [
        ...commands.map(({ name, summary }) => [name, summary] as const),
        ["help <command>", "Show help for a command"],
      ],
      width,
    ),
    "",
    "Options",
    ...entries(
      [["-h, --help", "Show help"], ["-V, --version", "Show the version"]],
      width,
    ),
    "",
    `Start with: ${PROGRAM} demo`,
    "",
  ].join("\n");
}

const ABOUT = "sluice streams a DatoCMS project to disk or S3 as a snapshot: models, records, " +
  "uploads, settings and asset files.";

/**
 * The help text of a command.
 *
 * @param command The command.
 * @param columns The terminal's width.
 */
export function renderCommandHelp(command: Command, columns: number): string {
  const width = widthOf(columns);
  const { name, summary, description, options, examples, positionals = [] } = command;
  const { aliases = [] } = command;
  const { exitCodes = EXIT_CODES } = command;
  const groups = HEADINGS.flatMap((heading) => {
    const keys = options.filter((key) => OPTIONS[key].heading === heading);
    if (keys.length === 0) return [];
    const rows = keys.map((key) => optionEntry(key, command));
    return ["", heading, ...entries(rows, width, LEFT)];
  });
  const resources = options.includes("include")
    ? ["", "Resources", ...entries(RESOURCES.map(({ name, title }) => [name, title]), width)]
    : [];
  return [
    ...wrap(`sluice ${name}: ${summary}`, width),
    "",
    `Usage: sluice ${[name, ...positionals.map(placeOf), "[options]"].join(" ")}`,
    "",
    ...wrap(description, width),
    ...(aliases.length === 0 ? [] : ["", `Also called: ${aliases.join(", ")}`]),
    ...groups,
    ...resources,
    ...(command.flagsOnly ? [] : ["", ...wrap(PRECEDENCE, width)]),
    "",
    "Examples",
    ...examples.flatMap(({ about, line }) => [`  # ${about}`, `  ${line}`]),
    "",
    "Exit codes",
    ...entries(Object.entries(exitCodes), width),
    "",
  ].join("\n");
}

const PRECEDENCE =
  "A name in [brackets] is the environment variable of an option. The command line " +
  "takes precedence over the environment, the environment over the file given with --config, and " +
  "the file over the default. NO_COLOR turns colours off.";

function placeOf({ name, choices, required, isRepeatable }: Positional): string {
  const word = (choices?.join("|") ?? name) + (isRepeatable ? "…" : "");
  return required ? `<${word}>` : `[${word}]`;
}

function optionEntry(key: OptionKey, command: Command): readonly [string, string] {
  const { kind, alias, placeholder, choices } = OPTIONS[key];
  const help = command.optionHelp?.[key] ?? OPTIONS[key].help;
  const value = command.defaults?.[key] ?? DEFAULTS[key];
  // What is on by default can only be turned off.
  const flag = value === true ? flagName(key).replace("--", "--no-") : flagName(key);
  const left = `${alias === undefined ? "" : `-${alias}, `}${flag}${
    kind === "switch" ? "" : ` ${placeholder}`
  }`;
  const few = kind === "text" && choices !== undefined ? ` One of ${choices.join(", ")}.` : "";
  const preset = typeof value === "boolean" || value === undefined ? "" : ` Default: ${value}.`;
  const variable = command.flagsOnly || command.typedOnly?.includes(key)
    ? ""
    : ` [${envName(key)}${value === true ? "=false" : ""}]`;
  return [left, `${help}${few}${preset}${variable}`];
}

/** Two columns: what it is called, and what it is. */
function entries(
  rows: readonly (readonly [string, string])[],
  width: number,
  left = Math.max(...rows.map(([term]) => textWidth(term))),
): string[] {
  return rows.flatMap(([term, text]) => {
    const [first = "", ...rest] = wrap(text, width - left - 4);
    const indent = " ".repeat(left + 4);
    const further = rest.map((line) => indent + line);
    return textWidth(term) > left
      ? [`  ${term}`, indent + first, ...further]
      : [`  ${padToWidth(term, left)}  ${first}`, ...further];
  });
}

function widthOf(columns: number): number {
  return Math.max(NARROWEST, Math.min(WIDEST, columns));
}
