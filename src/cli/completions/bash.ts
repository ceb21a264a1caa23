import { type Grammar, valuedFlags, type WordGrammar } from "./grammar.ts";

/**
 * Completions for bash, from version 3.2 on, which is what macOS has.
 *
 * @param grammar What can be typed.
 * @see {@link https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html}
 */
export function bashCompletions(grammar: Grammar): string {
  const { commands, flags } = grammar;
  const valued = valuedFlags(grammar);
  const known = valued.filter(({ value }) => value?.choices ?? value?.path);
  return [
    '# Completions of sluice for bash: eval "$(sluice completions bash)"',
    "_sluice() {",
    "  local -a words=() choices=() flags=()",
    "  local word command= option= value prefix= path= list= ask= given= glued= ended=",
    "  local -i place=0 count=0 cut i",
    "  COMPREPLY=()",
    "  # Bash parts words at = and : as well.",
    "  for ((i = 0; i <= COMP_CWORD; i++)); do",
    "    word=${COMP_WORDS[i]}",
    "    if [[ $count -gt 1 && $word =~ ^[=:]+$ ]]; then",
    "      words[count-1]+=$word glued=1",
    "    elif [[ $glued ]]; then",
    "      words[count-1]+=$word glued=",
    "    else",
    "      words[count]=$word",
    "      count=$((count + 1))",
    "    fi",
    "  done",
    "  for ((i = 1; i < count - 1; i++)); do",
    "    word=${words[i]}",
    "    if [[ $option ]]; then",
    "      option=",
    "    elif [[ ! $ended && $word == -- ]]; then",
    "      ended=1",
    "    elif [[ $ended || $word != -* ]]; then",
    "      if [[ $command ]]; then place=$((place + 1)); else command=$word; fi",
    ...(valued.length === 0 ? [] : [
      "    else",
      `      case $word in ${
        patternOf(valued.flatMap(({ names }) => names))
      }) option=$word ;; esac`,
    ]),
    "    fi",
    "  done",
    "  value=${words[count-1]}",
    "  if [[ ! $option && ! $ended && $value == --*=* ]]; then",
    "    option=${value%%=*} prefix=${value%%=*}= value=${value#*=}",
    "  fi",
    "  if [[ $option ]]; then",
    "    case $option in",
    ...known.map(({ names, value }) => `      ${patternOf(names)}) ${assign(value!)} ;;`),
    "      *) return 0 ;;",
    "    esac",
    "  else",
    "    case $command in",
    `      '') choices=(${arrayOf(commands.map(({ name }) => name))}) flags=(${
      arrayOf(namesOf(flags))
    }) ;;`,
    ...commands.flatMap(({ name, words, flags }) => [
      `      ${quote(name)})`,
      `        flags=(${arrayOf(namesOf(flags))})`,
      ...(words.length === 0 ? [] : [
        "        case $place in",
        ...words.map((word, place) => {
          return `          ${word.isRepeatable ? "*" : place}) ${assign(word, "file")} ;;`;
        }),
        "        esac",
      ]),
      "        ;;",
    ]),
    "    esac",
    "    if [[ ! $ended && $value == -* ]]; then",
    '      choices=("${flags[@]}") path= ask=',
    "    fi",
    "    if [[ $ask ]]; then",
    "      # The program lists them; it gets the words without their quotes.",
    "      word=$'[\\'\"\\\\\\\\]'",
    '      words=("${words[@]//$word/}")',
    "      while IFS= read -r word; do",
    '        [[ $word ]] && choices+=("$word")',
    '      done <<<"$("${words[0]}" completions snapshots -- ' +
    '"${words[@]:1:count-1}" 2>/dev/null </dev/null)"',
    "      compopt -o nosort 2>/dev/null",
    "    fi",
    "  fi",
    "  # What is before the last part stays.",
    "  word=${COMP_WORDS[COMP_CWORD]}",
    "  [[ $word =~ ^[=:]+$ ]] && word=",
    "  cut=$((${#prefix} + ${#value} - ${#word}))",
    "  if [[ $path ]]; then",
    "    # A here-string, as not every machine has /dev/fd.",
    "    while IFS= read -r word; do",
    '      [[ $word ]] && word=$prefix$word COMPREPLY+=("${word:cut}")',
    '    done <<<"$(compgen "$path" -- "$value")"',
    "    compopt -o filenames 2>/dev/null",
    "    return 0",
    "  fi",
    "  if [[ $list && $value == *,* ]]; then",
    "    given=,${value%,*}, prefix=$prefix${value%,*}, value=${value##*,}",
    "  fi",
    '  for word in "${choices[@]}"; do',
    '    [[ $word == "$value"* && $given != *",$word,"* ]] || continue',
    "    if ((cut > ${#prefix})); then",
    '      printf -v word %q "${word:cut-${#prefix}}"',
    "    else",
    '      printf -v word %q "$word"',
    "      word=${prefix:cut}$word",
    "    fi",
    '    COMPREPLY+=("$word")',
    "  done",
    "  # Another entry may follow.",
    "  [[ $list ]] && compopt -o nospace 2>/dev/null",
    "  return 0",
    "}",
    "complete -F _sluice sluice",
    "",
  ].join("\n");
}

function namesOf(flags: Grammar["flags"]): string[] {
  return flags.flatMap(({ names }) => names);
}

/** Tells what a word can be; without choices, a word of a command may be a file. */
function assign(
  { choices, isList, path, snapshotOr }: WordGrammar,
  other?: "file",
): string {
  if (snapshotOr !== undefined) return `ask=1 choices=(${arrayOf(snapshotOr)})`;
  if (choices === undefined) {
    const kind = path ?? other;
    return kind === undefined ? ":" : `path=${kind === "file" ? "-f" : "-d"}`;
  }
  return `${isList ? "list=1 " : ""}choices=(${arrayOf(choices)})`;
}

function arrayOf(words: readonly string[]): string {
  return words.map(quote).join(" ");
}

function patternOf(names: readonly string[]): string {
  return names.map(quote).join("|");
}

function quote(text: string): string {
  return /^[\w,./@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
