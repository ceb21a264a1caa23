import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCommandLine } from "../../src/cli/parse_command_line.ts";
import { flagName, OPTION_KEYS, OPTIONS } from "../../src/config/options.ts";
import { EXIT, SluiceError } from "../../src/error.ts";

/** The sentence that a command line is refused with. */
function refusal(...args: string[]): string {
  try {
    parseCommandLine(args);
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.exitCode, EXIT.usage);
    return error.message;
  }
  throw new Error("The command line was accepted.");
}

Deno.test("parseCommandLine() tells what was given from what wasn't", () => {
  assert.deepEqual(parseCommandLine([]), { words: [], flags: {}, help: false, version: false });
  const line = parseCommandLine([
    "export",
    "-e",
    "main",
    "--to=./x",
    "--models",
    "a,b",
    "--models=c",
    "--no-assets",
    "--json",
    "--concurrency",
    "007",
  ]);
  assert.deepEqual(line, {
    words: ["export"],
    flags: {
      environment: "main",
      to: "./x",
      models: ["a,b", "c"],
      assets: false,
      json: true,
      concurrency: "007",
    },
    help: false,
    version: false,
  });
});

Deno.test("parseCommandLine() refuses what is given twice, unless it is a list or says the same", () => {
  assert.equal(refusal("--to", "a", "--to", "b"), "--to is given twice: leave one of them out.");
  assert.equal(
    refusal("-e", "a", "--environment=a"),
    "--environment is given twice: leave one of them out.",
  );
  assert.equal(
    refusal("--json", "--no-json"),
    "--json contradicts --no-json: leave one of them out.",
  );
  for (const words of [["--no-assets", "--assets", "sync"], ["--assets=sync", "--no-assets"]]) {
    assert.equal(
      refusal(...words),
      "--assets contradicts --no-assets: leave one of them out.",
    );
  }
  const { flags } = parseCommandLine(["--json", "--json", "--no-assets", "--no-assets"]);
  assert.deepEqual(flags, { json: true, assets: false });
});

Deno.test("parseCommandLine() knows -h, -V and words after --", () => {
  assert.deepEqual(parseCommandLine(["-h", "export"]).help, true);
  assert.deepEqual(parseCommandLine(["-V"]).version, true);
  assert.deepEqual(parseCommandLine(["1", "--", "--to"]).words, ["1", "--to"]);
  assert.equal(parseCommandLine(["--help", "false"]).help, false);
});

Deno.test("parseCommandLine() suggests the option that was meant", () => {
  assert.equal(refusal("--modles", "a"), "There is no option --modles: did you mean --models?");
  assert.equal(refusal("--no-asets"), "There is no option --no-asets: did you mean --no-assets?");
  assert.equal(
    refusal("--whatever-it-is"),
    "There is no option --whatever-it-is: see deno task -q sluice --help.",
  );
  assert.equal(refusal("-json"), "There is no option -j (in -json): did you mean --json?");
  assert.equal(refusal("-x"), "There is no option -x: see deno task -q sluice --help.");
  assert.equal(refusal("--no-to"), "--to can't be turned off: leave it out.");
});

Deno.test("parseCommandLine() shows no value of an option that it doesn't know", () => {
  for (const args of [["--api-tokn=hush"], ["--api_token", "hush"], ["-api-token=hush"]]) {
    const message = refusal(...args);
    assert.match(message, /did you mean --api-token\?$/);
    assert.ok(!message.includes("hush"), message);
  }
});

Deno.test("parseCommandLine() asks for the value of an option that needs one", () => {
  const message = "--to needs a value: write --to <where>.";
  assert.equal(refusal("--to"), message);
  assert.equal(refusal("--to", "--json"), message);
  assert.equal(refusal("--to="), message);
  assert.equal(refusal("--to", ""), message);
  assert.equal(refusal("-e"), "--environment needs a value: write --environment <name>.");
  assert.equal(
    refusal("--concurrency", "-1"),
    "--concurrency needs a value: write --concurrency <number>, or --concurrency=<number> if it " +
      "begins with a dash.",
  );
  assert.equal(
    refusal("--notify-secret", "-whisper"),
    "--notify-secret needs a value: write --notify-secret <secret>, or --notify-secret=<secret> if " +
      "it begins with a dash.",
  );
  assert.equal(parseCommandLine(["--notify-secret=-hush"]).flags.notifySecret, "-hush");
  assert.match(refusal("--to=x", "--modles"), /^There is no option --modles/);
  assert.match(refusal("--json", "-1"), /^There is no option -1/);
});

Deno.test("parseCommandLine() takes no value for a switch but true and false", () => {
  assert.deepEqual(parseCommandLine(["--json=true", "--quiet=false"]).flags, {
    json: true,
    quiet: false,
  });
  assert.equal(refusal("--json=yes"), '--json takes no value, but was given "yes".');
  assert.equal(refusal("--no-assets=true"), '--no-assets takes no value, but was given "true".');
  assert.equal(refusal("--help="), '--help takes no value, but was given "".');
  assert.deepEqual(parseCommandLine(["export", "--", "--json=yes"]).words, [
    "export",
    "--json=yes",
  ]);
});

Deno.test("parseCommandLine() knows each option of the table", () => {
  for (const key of OPTION_KEYS) {
    const flag = flagName(key);
    const { kind, alias, ownFlag } = OPTIONS[key];
    const value = kind === "switch" ? true : kind === "list" ? ["7"] : "7";
    const args = kind === "switch" ? [flag] : [flag, "7"];
    // Elsewhere, --version asks for the program's.
    const command = ownFlag?.command ?? "cat";
    assert.deepEqual(parseCommandLine([command, ...args]).flags, { [key]: value });
    if (alias === undefined) continue;
    assert.deepEqual(parseCommandLine([`-${alias}`, ...args.slice(1)]).flags, { [key]: value });
  }
});

Deno.test("parseCommandLine() knows no option _, which is where words are kept", () => {
  for (const args of [["-_"], ["--_"], ["--_=1", "export"], ["-h_"], ["export", "-_", "x"]]) {
    assert.throws(() => parseCommandLine(args), /There is no option/, args.join(" "));
  }
});

Deno.test("parseCommandLine() either understands or refuses, whatever it is given", () => {
  const arg = fc.oneof(
    fc.string(),
    fc.constantFrom(...OPTION_KEYS.map(flagName), "-e", "--", "-", "-_"),
  );
  fc.assert(fc.property(fc.array(arg), (args) => {
    try {
      for (const key of Object.keys(parseCommandLine(args).flags)) assert.ok(key in OPTIONS);
    } catch (error) {
      assert.ok(error instanceof SluiceError, String(error));
    }
  }));
});
