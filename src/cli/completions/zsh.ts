import type { FlagGrammar, Grammar, WordGrammar } from "./grammar.ts";

/**
 * Completions for zsh.
 *
 * @param grammar What can be typed.
 * @see {@link https://zsh.sourceforge.io/Doc/Release/Completion-System.html}
 */
export function zshCompletions({ commands, flags }: Grammar): string {
  return [
    "#compdef sluice",
    "# Completions of sluice for zsh: source <(sluice completions zsh)",
    "_sluice() {",
    "  local curcontext=$curcontext state state_descr line",
    "  local -A opt_args",
    "  # Below, words are those after the command.",
    '  local -a typed=("${(@Q)words[1,CURRENT]}")',
    `  _arguments -C ${flags.flatMap(specsOf).map(quote).join(" ")} \\`,
    "    '1:command:->command' '*::word:->rest'",
    "  case $state in",
    "    command)",
    "      local -a commands",
    "      commands=(",
    ...commands.map(({ name, about }) => {
      return `        ${quote(`${escape(name, /[\\:]/g)}:${escape(about, /\\/g)}`)}`;
    }),
    "      )",
    "      _describe -t commands command commands",
    "      ;;",
    "    rest)",
    "      curcontext=${curcontext%:*}-$line[1]:",
    "      case $line[1] in",
    ...commands.flatMap(({ name, words, flags }) => [
      `        ${quote(name)})`,
      ...lines("          _arguments -s -S", [
        ...flags.flatMap(specsOf),
        ...words.map((word, i) => (word.isRepeatable ? "*" : i + 1) + valueOf(word, "_files")),
      ]),
      "          ;;",
    ]),
    "      esac",
    "      ;;",
    "  esac",
    "}",
    "_sluice_snapshots() {",
    "  local expl",
    '  local -a ids=("$@" ${(f)"$("$typed[1]" completions snapshots -- ' +
    '"${(@)typed[2,-1]}" 2>/dev/null </dev/null)"})',
    "  # The newest first.",
    "  _wanted -V snapshots expl snapshot compadd -a ids",
    "}",
    "# Zsh runs this file as the function, if it has found it by itself.",
    'if [[ $funcstack[1] == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi',
    "",
  ].join("\n");
}

/** A command over several lines. */
function lines(start: string, specs: readonly string[]): string[] {
  const indent = " ".repeat(start.search(/\S/) + 2);
  return [start, ...specs.map((spec) => indent + quote(spec))].map((line, i) => {
    return i === specs.length ? line : `${line} \\`;
  });
}

/** What `_arguments` takes for an option: `(-e --environment)--environment=[about]:name:action`. */
function specsOf({ names, about, value, isRepeatable }: FlagGrammar): string[] {
  const others = isRepeatable ? "*" : `(${names.join(" ")})`;
  return names.map((name) => {
    const joint = value === undefined ? "" : name.startsWith("--") ? "=" : "+";
    return `${others}${name}${joint}[${escape(about, /[\\\]]/g)}]${value ? valueOf(value) : ""}`;
  });
}

/** The end of such a text: `:name:action`. */
function valueOf(
  { name, choices, isList, path, snapshotOr }: WordGrammar,
  other = " ",
): string {
  const action = snapshotOr !== undefined
    // A blank first: without options for compadd.
    ? ` _sluice_snapshots ${wordsOf(snapshotOr)}`
    : choices !== undefined
    ? isList ? `_sequence compadd - ${wordsOf(choices)}` : `(${wordsOf(choices)})`
    : path === undefined
    ? other
    : path === "file"
    ? "_files"
    : "_files -/";
  return `:${escape(name, /[\\:]/g)}:${action}`;
}

/** Words that zsh evaluates; only letters, digits and a few signs stand for themselves there. */
function wordsOf(words: readonly string[]): string {
  const byte = (sign: string) => `$'\\${sign.charCodeAt(0).toString(8).padStart(3, "0")}'`;
  return words.map((word) =>
    word.replace(/[\0-\x7f]/g, (sign) => {
      return sign === ":" ? "\\:" : /[\w,./@%+-]/.test(sign) ? sign : byte(sign);
    })
  ).join(" ");
}

function escape(text: string, signs: RegExp): string {
  return text.replace(signs, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
