import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { bashCompletions } from "../../src/cli/completions/bash.ts";
import { fishCompletions } from "../../src/cli/completions/fish.ts";
import { type Grammar, grammarOf } from "../../src/cli/completions/grammar.ts";
import { zshCompletions } from "../../src/cli/completions/zsh.ts";
import { RESOURCE_NAMES } from "../../src/config/groups/selection.ts";
import { TABLE_FORMATS } from "../../src/config/groups/snapshot.ts";
import { flagName, OPTIONS } from "../../src/config/options.ts";
import { odd } from "../cli/completions/odd_grammar.ts";
import { permissionsOf, ROOT, run } from "./program.ts";

/** Completions, run by the shells themselves. Only bash has to be there. */
const GRAMMAR = grammarOf(COMMANDS);
const isThere = async (shell: string) =>
  (await run("bash", ["-c", `command -v ${shell}`])).code === 0;
const HAS_ZSH = await isThere("zsh");
const HAS_FISH = await isThere("fish");

const PROGRAM = [Deno.execPath(), "run", "--no-check", ...permissionsOf("export")]
  .concat(`${ROOT}tasks/cli.ts`).map((word) => `'${word}'`).join(" ");
/** The program that scripts ask, for bash and zsh. */
const SLUICE = `sluice() { ${PROGRAM} "$@"; }`;

/** A folder that holds two snapshots at the usual place, and an older one at another. */
async function folderOfSnapshots(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "sluice-shells-" });
  for (const snapshot of ["snapshots/1796045044", "snapshots/1796045055", "my others/1767323045"]) {
    const folder = snapshot.replace("/", "/content/project_1/snapshot_");
    await Deno.mkdir(`${path}/${folder}`, { recursive: true });
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** What bash offers after words, as it parts them: the last one is completed. */
async function inBash(grammar: Grammar, words: readonly string[], cwd?: string): Promise<string[]> {
  const script = `${SLUICE}
${bashCompletions(grammar)}
COMP_WORDS=(sluice "$@") COMP_CWORD=$#
_sluice
((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"
true`;
  const { code, stdout, stderr } = await run(
    "bash",
    ["--norc", "-u", "-c", script, "bash", ...words],
    { ...(cwd !== undefined && { cwd }) },
  );
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").slice(0, -1);
}

/** What fish offers, with descriptions. */
async function inFish(grammar: Grammar, line: string, cwd?: string): Promise<string[][]> {
  const script = `function sluice; ${PROGRAM} $argv; end
${fishCompletions(grammar)}\ncomplete -C "$argv[1]"`;
  const { code, stdout, stderr } = await run("bash", [
    "-c",
    'exec fish --no-config -c "$0" "$1"',
    script,
    line,
  ], { ...(cwd !== undefined && { cwd }) });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").slice(0, -1).map((row) => row.split("\t"));
}

/** What zsh's script gives to zsh's own functions after a command. */
async function inZsh(grammar: Grammar, command: string): Promise<string[]> {
  const script = `compdef() {}
${zshCompletions(grammar)}
_arguments() { if [[ $1 == -C ]]; then state=rest line=(${command}); else print -rN -- "$@"; fi }
_sluice`;
  const { code, stdout, stderr } = await run("bash", ["-c", 'exec zsh -f -c "$0"', script]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\0").slice(0, -1);
}

Deno.test("bash completes commands, options and values", async () => {
  const names = GRAMMAR.commands.map(({ name }) => name);
  assert.deepEqual(await inBash(GRAMMAR, [""]), names);
  assert.deepEqual(await inBash(GRAMMAR, ["ex"]), ["export"]);
  assert.deepEqual(await inBash(GRAMMAR, ["-"]), ["-h", "--help", "-V", "--version"]);
  for (const { name, options } of COMMANDS) {
    const offered = await inBash(GRAMMAR, [name, "-"]);
    for (const key of options) {
      const flag = flagName(key);
      const { alias } = OPTIONS[key];
      assert.ok(offered.includes(flag) || offered.includes(flag.replace("--", "--no-")), flag);
      if (alias !== undefined) assert.ok(offered.includes(`-${alias}`), alias);
    }
  }
  assert.deepEqual(await inBash(GRAMMAR, ["completions", ""]), ["bash", "zsh", "fish"]);
  assert.deepEqual(await inBash(GRAMMAR, ["completions", "bash", ""]), []);
  assert.deepEqual(await inBash(GRAMMAR, ["help", "doc"]), ["doctor"]);
  assert.deepEqual(await inBash(GRAMMAR, ["export", "--format", ""]), [...TABLE_FORMATS]);
  // Bash parts these words.
  assert.deepEqual(await inBash(GRAMMAR, ["export", "--format", "="]), [...TABLE_FORMATS]);
  assert.deepEqual(await inBash(GRAMMAR, ["export", "--format", "=", "c"]), ["csv"]);
  assert.deepEqual(await inBash(GRAMMAR, ["export", "--sse", "aws", ":", "k"]), ["kms"]);
  assert.deepEqual(await inBash(GRAMMAR, ["export", "--sse=aws:k"]), ["--sse=aws:kms"]);
  // Not the command: the value of an option before it.
  assert.deepEqual(await inBash(GRAMMAR, ["-e", "plan", "completions", "z"]), ["zsh"]);
  assert.deepEqual(await inBash(GRAMMAR, ["export", "--models", ""]), []);
});

Deno.test("bash completes lists without what they have", async () => {
  const others = RESOURCE_NAMES.filter((name) => name !== "records" && name !== "site");
  assert.deepEqual(
    await inBash(GRAMMAR, ["export", "--include", "records,site,"]),
    others.map((name) => `records,site,${name}`),
  );
  assert.deepEqual(await inBash(GRAMMAR, ["plan", "--exclude", "=", "site,recor"]), [
    "site,records",
  ]);
});

Deno.test("bash completes the paths of files for --config, and of directories for --to", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${cwd}/my snapshots`);
    await Deno.writeTextFile(`${cwd}/my sluice.json`, "{}");
    const config = await inBash(GRAMMAR, ["export", "--config", "my"], cwd);
    assert.deepEqual(config.sort(), ["my sluice.json", "my snapshots"]);
    assert.deepEqual(await inBash(GRAMMAR, ["export", "--to", "=", "m"], cwd), ["my snapshots"]);
    assert.deepEqual(await inBash(GRAMMAR, ["export", "--to", "none"], cwd), []);
    // A process substitution needs /dev/fd, which some containers lack.
    assert.doesNotMatch(bashCompletions(GRAMMAR), /[<>]\(/);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("bash completes the ids of the snapshots at the place of the line", async () => {
  await using folder = await folderOfSnapshots();
  const offers = (...words: string[]) => inBash(GRAMMAR, words, folder.path);
  assert.deepEqual(await offers("show", ""), ["latest", "1796045055", "1796045044"]);
  assert.deepEqual(await offers("diff", "1796045044", ""), [
    "latest",
    "live",
    "1796045055",
    "1796045044",
  ]);
  assert.deepEqual(await offers("verify", "1796045044", "17960450"), ["1796045055", "1796045044"]);
  // Bash parts words at the equals sign, and leaves quotes and backslashes where they are.
  assert.deepEqual(await offers("cat", "--from", "=", "my\\ others", "1"), ["1767323045"]);
  assert.deepEqual(await offers("tables", "--from", '"my others"', "make", "1"), ["1767323045"]);
  assert.deepEqual(await offers("copy", "--from", "none", ""), ["latest"]);
  assert.deepEqual(await offers("show", "--js"), ["--json"]);
});

Deno.test("bash offers what options can be, whatever signs that is made of", async () => {
  await fc.assert(
    fc.asyncProperty(odd(), async (grammar) => {
      const [command] = grammar.commands;
      for (const { names, value } of command!.flags) {
        if (value?.choices === undefined) continue;
        const offered = await inBash(grammar, [command!.name, names[0]!, ""]);
        // As the shell would read them.
        const { stdout } = await run("bash", ["-c", `printf '%s\\0' ${offered.join(" ")}`]);
        assert.deepEqual(stdout.split("\0").slice(0, -1), value.choices);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test({
  name: "fish completes commands, options and values, whatever signs they are made of",
  ignore: !HAS_FISH,
  async fn() {
    const rows = await inFish(GRAMMAR, "sluice ");
    const names = GRAMMAR.commands.map(({ name, about }) => [name, about]);
    assert.deepEqual(rows.sort(), names.sort());
    assert.deepEqual(await inFish(GRAMMAR, "sluice completions "), [["bash"], ["fish"], ["zsh"]]);
    assert.deepEqual((await inFish(GRAMMAR, "sluice export --format=c"))[0]![0], "--format=csv");
    const given = "records,site,";
    const offered = await inFish(GRAMMAR, `sluice export --include ${given}`);
    assert.equal(offered.length, RESOURCE_NAMES.length - 2);
    await fc.assert(
      fc.asyncProperty(odd(), async (grammar) => {
        const [command] = grammar.commands;
        for (const { names, about, value } of command!.flags) {
          const flag = names.at(-1)!;
          const flags = await inFish(grammar, `sluice ${command!.name} ${flag}`);
          assert.ok(flags.some(([name, text]) => name === flag && text === about), about);
          if (value?.choices === undefined) continue;
          const offered = await inFish(grammar, `sluice ${command!.name} ${flag} `);
          assert.deepEqual(
            offered.map(([text]) => text!).sort(),
            [...value.choices].sort(),
          );
        }
      }),
      { numRuns: 15 },
    );
  },
});

Deno.test({
  name: "fish completes the ids of the snapshots at the place of the line",
  ignore: !HAS_FISH,
  async fn() {
    await using folder = await folderOfSnapshots();
    const offers = async (line: string) => (await inFish(GRAMMAR, line, folder.path)).flat();
    assert.deepEqual(await offers("sluice diff 1796045044 "), [
      "latest",
      "live",
      "1796045055",
      "1796045044",
    ]);
    assert.deepEqual(await offers("sluice verify --from='my others' 1767323045 17"), [
      "1767323045",
    ]);
    assert.deepEqual(await offers("sluice copy --from none l"), ["latest"]);
  },
});

Deno.test({
  name: "zsh completes the ids of the snapshots at the place of the line",
  ignore: !HAS_ZSH,
  async fn() {
    await using folder = await folderOfSnapshots();
    // Zsh's own functions pass on what the script's function gives them.
    const script = `compdef() {}
${SLUICE}
${zshCompletions(GRAMMAR)}
_arguments() {
  if [[ $1 == -C ]]; then state=rest line=(diff); else eval "\${@[-1]#*:*:}"; fi
}
_wanted() { print -rl -- \${(P)@[-1]}; }
words=(sluice diff '--from=my\\ others' 1767323045 '') CURRENT=5
_sluice`;
    const command = ["-c", 'exec zsh -f -c "$0"', script];
    const { code, stdout, stderr } = await run("bash", command, { cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.deepEqual(stdout.split("\n").slice(0, -1), ["latest", "live", "1767323045"]);
  },
});

Deno.test({
  name: "zsh is given all options, whatever signs they are made of",
  ignore: !HAS_ZSH,
  async fn() {
    for (const { name, flags } of GRAMMAR.commands) {
      const specs = (await inZsh(GRAMMAR, name)).slice(2);
      for (const { names } of flags) {
        for (const flag of names) {
          assert.ok(
            specs.some((spec) => /^(\*|\([^)]*\))(--?[\w-]+)/.exec(spec)?.[2] === flag),
            flag,
          );
        }
      }
    }
    await fc.assert(
      fc.asyncProperty(odd(), async (grammar) => {
        const [command] = grammar.commands;
        const specs = (await inZsh(grammar, command!.name)).slice(2);
        for (const { names, about, value } of command!.flags) {
          const spec = specs.find((spec) => spec.includes(`)${names[0]}`));
          const text = /^\([^)]*\)[\w-]+[=+]?\[((?:\\[^]|[^\]])*)\]/.exec(spec!)![1]!;
          assert.equal(text.replace(/\\([^])/g, "$1"), about);
          if (value?.choices === undefined) continue;
          // As `_arguments` does it: colons first, then the shell.
          const action = /:form:\(([^]*)\)$/.exec(spec!)![1]!.replaceAll("\\:", ":");
          const { stdout } = await run("bash", [
            "-c",
            'exec zsh -f -c "$0" zsh "$1"',
            'eval "ws=( $1 )"; print -rN -- "${ws[@]}"',
            action,
          ]);
          assert.deepEqual(stdout.split("\0").slice(0, -1), value.choices);
        }
      }),
      { numRuns: 15 },
    );
  },
});
