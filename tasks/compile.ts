/**
 * Builds `sluice` as a program of its own, for each of the usual systems, or for those that are named:
 * `deno task compile x86_64-pc-windows-msvc`. The programs are in `dist`, named after their systems. They
 * hold all that `sluice` is made of, the demo included, may do what `deno task export` may, and have its heap.
 *
 * With DENORT_BIN, the path of Deno's runtime for compiled programs, nothing is downloaded; it is that of one
 * system, by default of this one.
 *
 * @module
 */
import process from "node:process";

const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

const runtime = Deno.env.get("DENORT_BIN");
const FLAGS = [
  (await Deno.readTextFile("tasks/heap")).trim(),
  "--allow-net",
  ...(await Deno.readTextFile("tasks/permissions")).trim().split("\n"),
];

/** Ends this program with a sentence. */
function fail(sentence: string): never {
  process.stderr.write(`compile: ${sentence}\n`);
  Deno.exit(1);
}

/** The systems to build for. */
function targets(): readonly string[] {
  const unknown = Deno.args.find((arg) => !TARGETS.some((target) => target === arg));
  if (unknown !== undefined) {
    fail(`There is no target ${JSON.stringify(unknown)}: it can be ${TARGETS.join(", ")}.`);
  }
  if (runtime === undefined) return Deno.args.length > 0 ? Deno.args : TARGETS;
  if (Deno.args.length > 1) {
    fail("DENORT_BIN is the runtime of one target, but several are named: name one.");
  }
  return Deno.args.length > 0 ? Deno.args : [Deno.build.target];
}

/** Why Deno failed, without the lines around it that are for Deno's developers. */
function reason(stderr: string, target: string): string {
  if (/Setting up base binary/.test(stderr) && runtime === undefined) {
    const url = /https?:\/\/[^\s()]+/.exec(stderr)?.[0] ?? "https://dl.deno.land";
    return `Deno's runtime for ${target} can't be downloaded from ${url}: make that reachable, or ` +
      "fetch the file elsewhere, unpack it and set DENORT_BIN to its path.";
  }
  const at = stderr.search(/^error: /m);
  const message = at < 0 ? stderr : stderr.slice(at + "error: ".length);
  return `${target} can't be built: ${
    message.replace(/\n\s*Stack backtrace:[^]*$/, "").replace(/\s+/g, " ").trim()
  }`;
}

/** A runtime that isn't Deno's for compiled programs makes a program that is something else. */
async function tryOut(program: string): Promise<void> {
  const path = `./${program}${Deno.build.os === "windows" ? ".exe" : ""}`;
  const { stdout } = await new Deno.Command(path, { args: ["--version"], stderr: "null" }).output();
  const version = new TextDecoder().decode(stdout);
  if (version.startsWith("sluice ")) return;
  fail(
    `What is in ${path} now isn't sluice, but says ${
      JSON.stringify(version.split("\n")[0])
    }: DENORT_BIN has to be Deno's runtime for compiled programs (denort), not deno itself.`,
  );
}

for (const target of targets()) {
  const output = `dist/sluice-${target}`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      // Deno keeps to the program's heap itself while it compiles, and checking types takes more.
      "--no-check",
      `--target=${target}`,
      `--output=${output}`,
      ...FLAGS,
      "tasks/cli.ts",
    ],
    // Colours would be in the way of reading what it says.
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) fail(reason(new TextDecoder().decode(stderr), target));
  if (target === Deno.build.target) await tryOut(output);
  process.stdout.write(`${output}${target.includes("windows") ? ".exe" : ""}\n`);
}
