import { type FlagGrammar, type Grammar, valuedFlags, type WordGrammar } from "./grammar.ts";

/**
 * Completions for fish, from version 3 on.
 *
 * @param grammar What can be typed.
 * @see {@link https://fishshell.com/docs/current/cmds/complete.html}
 */
export function fishCompletions(grammar: Grammar): string {
  const { commands, flags } = grammar;
  const valued = valuedFlags(grammar).flatMap(({ names }) => names);
  return [
    "# Completions of sluice for fish: sluice completions fish | source",
    "function __sluice_words --description 'The words before the cursor that are no options'",
    "    set -l is_value 0",
    "    set -l tokens (commandline -opc)",
    "    set -e tokens[1]",
    "    for token in $tokens",
    "        if test $is_value -eq 1",
    "            set is_value 0",
    `        else if contains -- $token ${valued.map(quote).join(" ")}`,
    "            set is_value 1",
    "        else if not string match -q -- '-*' $token",
    "            echo $token",
    "        end",
    "    end",
    "end",
    "function __sluice_in --description 'Whether it is this command, and how many words are after it'",
    "    set -l words (__sluice_words)",
    '    test "$words[1]" = "$argv[1]"; or return',
    "    test (count $argv) -eq 1; or test (count $words) $argv[3] (math 1 + $argv[2])",
    "end",
    "function __sluice_list --description 'What can be added to a list with commas'",
    "    set -l token (string replace -r -- '^--[^=]*=' '' (commandline -ct))",
    "    set -l given (string match -r -- '^.*,' $token)",
    "    for choice in $argv",
    '        contains -- $choice (string split -- , $given); or echo "$given$choice"',
    "    end",
    "end",
    "function __sluice_snapshots --description 'These words, and the ids of snapshots'",
    "    set -l tokens (commandline -opc)",
    "    set -l current (commandline -ct)",
    "    printf '%s\\n' $argv",
    '    $tokens[1] completions snapshots -- $tokens[2..-1] "$current" 2>/dev/null </dev/null',
    "end",
    "complete -c sluice -e",
    "complete -c sluice -f",
    ...flags.map((flag) => complete(NO_COMMAND, flagOf(flag))),
    ...commands.flatMap(({ name, about, words, flags }) => {
      const inside = `__sluice_in ${quote(name)}`;
      return [
        "",
        complete(NO_COMMAND, `-a ${quote(quote(name))} -d ${quote(about)}`),
        ...words.map((word, place) => {
          return complete(
            `${inside} ${place} ${word.isRepeatable ? "-ge" : "-eq"}`,
            wordOf(word, "-F"),
          );
        }),
        ...flags.map((flag) => complete(inside, flagOf(flag))),
      ];
    }),
    "",
  ].join("\n");
}

const NO_COMMAND = "test (count (__sluice_words)) -eq 0";

function complete(condition: string, what: string): string {
  return `complete -c sluice -n ${quote(condition)} ${what}`;
}

function flagOf({ names, about, value }: FlagGrammar): string {
  const forms = names.map((name) => {
    return name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`;
  });
  const rest = value === undefined ? [] : ["-r", wordOf(value, "-f")];
  return [...forms, `-d ${quote(about)}`, ...rest].join(" ");
}

/** What a word can be. Fish evaluates choices, and so they are quoted twice. */
function wordOf(
  { choices, isList, path, snapshotOr }: WordGrammar,
  other: "-f" | "-F",
): string {
  if (snapshotOr !== undefined) {
    return `-f -k -a ${quote(`(__sluice_snapshots ${snapshotOr.map(quote).join(" ")})`)}`;
  }
  if (choices === undefined) {
    if (path === undefined) return other;
    return path === "file" ? "-F" : "-f -a '(__fish_complete_directories (commandline -ct))'";
  }
  const words = choices.map(quote).join(" ");
  return `-f -a ${quote(isList ? `(__sluice_list ${words})` : words)}`;
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
