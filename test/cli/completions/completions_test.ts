import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS } from "../../../src/cli/commands/commands.ts";
import { bashCompletions } from "../../../src/cli/completions/bash.ts";
import { fishCompletions } from "../../../src/cli/completions/fish.ts";
import { type CommandGrammar, grammarOf } from "../../../src/cli/completions/grammar.ts";
import { zshCompletions } from "../../../src/cli/completions/zsh.ts";
import { renderCommandHelp } from "../../../src/cli/help.ts";
import { runCli } from "../../../src/cli/run_cli.ts";
import { OPTIONS } from "../../../src/config/options.ts";
import { EXIT } from "../../../src/error.ts";
import { fakeIo } from "../fake_io.ts";
import { odd } from "./odd_grammar.ts";

const GRAMMAR = grammarOf(COMMANDS);
const RENDER = { bash: bashCompletions, zsh: zshCompletions, fish: fishCompletions };

/** The words of a line as bash and zsh, or fish, read them, as far as these scripts go. */
function wordsOf(line: string, shell: "posix" | "fish"): string[] {
  const quoted = shell === "fish" ? /'(?:\\[^]|[^'\\])*'/y : /'[^']*'/y;
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length;) {
    quoted.lastIndex = at;
    const part = quoted.exec(line)?.[0];
    if (part !== undefined) {
      const text = part.slice(1, -1);
      word = (word ?? "") + (shell === "fish" ? text.replace(/\\([\\'])/g, "$1") : text);
      at += part.length;
    } else if (/[\s()]/.test(line[at]!)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else {
      assert.notEqual(line[at], "'", `a quote without an end in ${line}`);
      if (line[at] === "\\") at++;
      word = (word ?? "") + line[at++]!;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The lines between two, without these. */
function between(script: string, start: string, end: string): string {
  const from = script.indexOf(start);
  assert.ok(from >= 0, start);
  return script.slice(from + start.length, script.indexOf(end, from + start.length));
}

const namesOf = ({ flags }: CommandGrammar) => flags.flatMap(({ names }) => names);

Deno.test("grammarOf() has the options that the help of each command shows", () => {
  for (const command of COMMANDS) {
    const { flags, words } = GRAMMAR.commands.find(({ name }) => name === command.name)!;
    const shown = renderCommandHelp(command, 100).split("\n")
      .map((line) => /^ {2}(?:(-\w), )?(--[a-z-]+)/.exec(line))
      .flatMap((match) => match === null ? [] : [match[1], match[2]])
      .filter((name) => name !== undefined);
    const extra = ["-h", "--help", ...(command.options.includes("assets") ? ["--no-assets"] : [])];
    const names = flags.flatMap(({ names }) => names);
    assert.deepEqual(names.toSorted(), [...shown, ...extra].toSorted());
    assert.deepEqual(words, command.positionals ?? []);
  }
  assert.deepEqual(GRAMMAR.commands.at(-1)!.words[0]!.choices, COMMANDS.map(({ name }) => name));
});

Deno.test("grammarOf() tells what each option does, and what its value can be", () => {
  const { flags } = GRAMMAR.commands.find(({ name }) => name === "export")!;
  const flagOf = (name: string) => flags.find(({ names }) => names.includes(name))!;
  assert.deepEqual(flagOf("--format").value, {
    name: "form",
    choices: OPTIONS.format.choices,
    isList: false,
    path: undefined,
  });
  assert.equal(flagOf("--include").value!.isList, true);
  assert.equal(flagOf("--config").value!.path, "file");
  assert.equal(flagOf("--to").value!.path, "directory");
  assert.deepEqual(flagOf("-e").names, ["-e", "--environment"]);
  assert.equal(flagOf("--json").value, undefined);
  assert.match(flagOf("--no-assets").about, /^With --no-assets .*[^.]$/);
});

Deno.test("sluice completions writes all that can be typed, for each shell", async () => {
  for (const [shell, render] of Object.entries(RENDER)) {
    const io = fakeIo({ env: { SLUICE_TO: "nowhere:" } });
    assert.equal(await runCli(["completions", shell], io), EXIT.complete, io.err());
    assert.equal(io.out(), render(GRAMMAR));
    assert.equal(io.err(), "");
  }
});

Deno.test("sluice completions needs a shell that it knows", async () => {
  const io = fakeIo();
  assert.equal(await runCli(["completions"], io), EXIT.usage);
  assert.match(io.err(), /^sluice: sluice completions needs to know the shell: .*\.\n$/);
  const other = fakeIo();
  assert.equal(await runCli(["completions", "fihs"], other), EXIT.usage);
  assert.match(other.err(), /"fihs": did you mean fish\?\n$/);
});

Deno.test("bashCompletions() has the options of each command", () => {
  const script = bashCompletions(GRAMMAR);
  for (const command of GRAMMAR.commands) {
    const line = between(script, `\n      ${command.name})\n        flags=`, "\n");
    assert.deepEqual(wordsOf(line, "posix"), namesOf(command));
  }
});

Deno.test("zshCompletions() has the options of each command", () => {
  const script = zshCompletions(GRAMMAR);
  for (const command of GRAMMAR.commands) {
    const call = between(
      script,
      `\n        '${command.name}')\n          _arguments -s -S \\\n`,
      ";;",
    );
    const specs = wordsOf(call.replaceAll("\\\n", "\n"), "posix");
    const flags = specs.filter((spec) => !/^(?:\d|\*:)/.test(spec));
    assert.deepEqual(
      flags.map((spec) => /^(?:\*|\([^)]+\))(-[\w-]+)[+=]?\[/.exec(spec)![1]),
      namesOf(command),
    );
    assert.equal(specs.length - flags.length, command.words.length);
  }
});

Deno.test("fishCompletions() has the options of each command, with what they do", () => {
  const lines = fishCompletions(GRAMMAR).split("\n").map((line) => wordsOf(line, "fish"));
  for (const command of GRAMMAR.commands) {
    const own = lines.filter((words) => words[4] === `__sluice_in '${command.name}'`);
    const optionOf = (words: string[], letter: string) => {
      const at = words.indexOf(letter, 5);
      return at < 0 ? undefined : words[at + 1];
    };
    assert.deepEqual(
      own.map((words) => [optionOf(words, "-l"), optionOf(words, "-d")]),
      command.flags.map(({ names, about }) => [names.at(-1)!.slice(2), about]),
    );
  }
});

Deno.test("Completions hold any texts as they are", () => {
  fc.assert(fc.property(odd(), (grammar) => {
    const [form, free, onOff] = grammar.commands[0]!.flags;
    const choices = [...form!.value!.choices!];
    const bash = between(bashCompletions(grammar), "      --form) choices=", " ;;\n    ");
    assert.deepEqual(posixWords(bash), choices);

    const fish = fishCompletions(grammar).split("\n").map((line) => wordsOf(line, "fish"));
    const row = fish.find((words) => words.includes("form"))!;
    assert.equal(row[row.indexOf("-d") + 1], form!.about);
    assert.deepEqual(fishWords(row.at(-1)!), choices);

    const call = between(zshCompletions(grammar), "_arguments -s -S \\\n", "\n          ;;");
    const specs = posixWords(call);
    assert.equal(specs.length, 3);
    const about = (spec: string) => /\[((?:\\[^]|[^\]\\])*)\]/.exec(spec)![1]!;
    [form, free, onOff].forEach((flag, i) => {
      assert.equal(about(specs[i]!).replace(/\\([^])/g, "$1"), flag!.about);
    });
  }));
});

/** Words in which all signs that mean something are quoted. */
function posixWords(text: string): string[] {
  return [...text.matchAll(/(?:'[^']*'|\\'|[\w,./@%+-])+/g)].map(([word]) => {
    return word.replace(/'([^']*)'|\\(')/g, (_, quoted, quote) => quoted ?? quote);
  });
}

function fishWords(text: string): string[] {
  return text.match(/'(?:\\[^]|[^'\\])*'/g)!.map((word) => {
    return word.slice(1, -1).replace(/\\([\\'])/g, "$1");
  });
}
