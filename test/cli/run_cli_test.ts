import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { renderCommandHelp, renderHelp } from "../../src/cli/help.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { textWidth } from "../../src/cli/text/width.ts";
import { envName, flagName, OPTION_KEYS } from "../../src/config/options.ts";
import { EXIT } from "../../src/error.ts";
import { VERSION } from "../../src/version.ts";
import { mayRead } from "../support/permissions.ts";
import { fakeIo, type FakeIoOptions } from "./fake_io.ts";
import { temporaryPath } from "../support/temporary.ts";

const TOKEN = "0123456789abcdef0123456789abcd";

/** Runs a command line that is refused, and returns the line that says why. */
async function refusal(args: string[], options: FakeIoOptions = {}): Promise<string> {
  const io = fakeIo(options);
  assert.equal(await runCli(args, io), EXIT.usage);
  assert.equal(io.out(), "");
  assert.match(io.err(), /^sluice: [^\n]+[.?]\n$/);
  return io.err().slice("sluice: ".length).trimEnd();
}

Deno.test("runCli() tells the version", async () => {
  for (const flag of ["--version", "-V"]) {
    const io = fakeIo();
    assert.equal(await runCli([flag, "export"], io), EXIT.complete);
    const { deno } = Deno.version;
    assert.equal(io.out(), `sluice ${VERSION} (Deno ${deno}, ${Deno.build.target})\n`);
    assert.equal(io.err(), "");
  }
});

Deno.test("runCli() tells how it is used: asked, on stdout; unasked, on stderr", async () => {
  for (const args of [["--help"], ["-h"], ["help"], ["help", "help"], ["help", "-h"]]) {
    const io = fakeIo();
    assert.equal(await runCli(args, io), EXIT.complete);
    assert.equal(io.out(), renderHelp(COMMANDS, 80));
    assert.equal(io.err(), "");
  }
  const io = fakeIo();
  assert.equal(await runCli([], io), EXIT.usage);
  assert.equal(io.out(), "");
  assert.equal(io.err(), renderHelp(COMMANDS, 80));
});

Deno.test("runCli() tells how each command is used", async () => {
  for (const command of COMMANDS) {
    for (const args of [["help", command.name], [command.name, "--help"], ["-h", command.name]]) {
      const io = fakeIo();
      assert.equal(await runCli(args, io), EXIT.complete);
      assert.equal(io.out(), renderCommandHelp(command, 80));
    }
  }
});

Deno.test("renderHelp() names all commands", () => {
  assert.equal(
    renderHelp(COMMANDS, 60),
    `sluice streams a DatoCMS project to disk or S3 as a
snapshot: models, records, uploads, settings and asset
files.

Usage: sluice <command> [options]

Commands
  export          Export a project into a new snapshot
  plan            Show what an export would read, and the
                  minimum time it takes
  retry           Retry the assets that failed in the newest
                  complete snapshot
  schedule        Export regularly, or turn automatic
                  exports on and off
  list            List the snapshots at a destination, the
                  newest first
  show            Show what a snapshot holds
  cat             Write a record, a model's records, the
                  site or the manifest of a snapshot
  find            Find an id or some text in the records and
                  uploads of snapshots
  diff            Compare two snapshots, or one with the
                  environment as it is now
  prune           Remove old snapshots, and keep some of
                  each day, week or month
  unlock          Show who holds the locks of a destination,
                  and remove stale ones
  verify          Verify that snapshots hold what was
                  written to them
  download        Download a snapshot as an archive, or into
                  a directory
  copy            Copy snapshots to another place, on disk
                  or in S3
  restore         Restore a snapshot into a new sandbox
                  environment, or one that is there
  drill           Practise a restore in a new sandbox
                  environment, and measure it
  tables          Make tables of a snapshot or a Project
                  Export, or load them into an engine
  serve           Serve snapshots over HTTP, as an API for
                  programs
  doctor          Check the API token and the destination,
                  and show how to fix problems
  demo            Export a sample project that is served on
                  this machine; needs no account
  completions     Write shell completions of commands and
                  options
  help <command>  Show help for a command

Options
  -h, --help     Show help
  -V, --version  Show the version

Start with: deno task -q sluice demo
`,
  );
});

Deno.test("each option is taken by a command, and by none twice", () => {
  for (const { name, options } of COMMANDS) {
    assert.equal(new Set(options).size, options.length, name);
  }
  const taken = new Set(COMMANDS.flatMap(({ options }) => options));
  assert.deepEqual(OPTION_KEYS.filter((key) => !taken.has(key)), []);
});

Deno.test("renderCommandHelp() names options with defaults and variables, examples and exit codes", () => {
  for (const command of COMMANDS) {
    const text = renderCommandHelp(command, 80);
    for (const key of command.options) {
      assert.ok(
        text.includes(flagName(key)) || text.includes(flagName(key).replace("--", "--no-")),
      );
      const isTyped = command.flagsOnly || command.typedOnly?.includes(key);
      assert.equal(text.includes(`[${envName(key)}`), !isTyped, key);
    }
    for (const { line } of command.examples) assert.ok(text.includes(`\n  ${line}\n`));
    const codes = /\nExit codes\n([^]*)$/.exec(text)![1]!;
    for (const code of Object.values(EXIT)) {
      const isTold = command.exitCodes === undefined || code in command.exitCodes;
      assert.equal(
        new RegExp(`^  ${code} +[a-z]`, "m").test(codes),
        isTold,
        `${command.name} ${code}`,
      );
    }
    for (const line of text.split("\n")) {
      assert.ok(textWidth(line) <= 80, line);
    }
  }
  for (const name of ["plan", "doctor", "completions"]) {
    const text = renderCommandHelp(COMMANDS.find((command) => command.name === name)!, 80);
    assert.doesNotMatch(text, /stopped by its time budget|without some assets/);
  }
  assert.match(
    renderCommandHelp(COMMANDS.find(({ name }) => name === "completions")!, 80),
    /^Usage: sluice completions <bash\|zsh\|fish> \[options\]$/m,
  );
  const text = renderCommandHelp(COMMANDS[0]!, 100);
  assert.match(
    text,
    /\n {2}-e, --environment <name> {3}Environment to export.*\[DATOCMS_ENVIRONMENT\]\n/,
  );
  assert.match(text, /\n {2}--to <where> .*\n?.* Default: \.\/snapshots\. \[SLUICE_TO\]\n/);
  assert.match(text, /\n {2}--no-published .*\[SLUICE_PUBLISHED=false\]\n/);
  assert.match(text, /\n {2}--assets <mode> .*\n(.*\n){1,3}.*Default: keep\. \[SLUICE_ASSETS\]\n/);
  assert.match(text, /One of ndjson, enterprise\. Default:\s+ndjson\./);
  assert.match(
    renderCommandHelp(COMMANDS.find(({ name }) => name === "demo")!, 80),
    /Default: \.\/sluice-demo\.\n/,
  );
});

Deno.test("runCli() refuses what it doesn't know, with a suggestion", async () => {
  assert.equal(await refusal(["exprot"]), 'There is no command "exprot": did you mean export?');
  assert.equal(await refusal(["help", "pln"]), 'There is no command "pln": did you mean plan?');
  assert.equal(
    await refusal(["backup-all"]),
    'There is no command "backup-all": see deno task -q sluice --help.',
  );
  assert.equal(
    await refusal(["plan", "--modles=a"]),
    "There is no option --modles: did you mean --models?",
  );
  assert.equal(
    await refusal(["export", "snapshots"]),
    'sluice export takes options only, but was given "snapshots": see deno task -q sluice help export.',
  );
  assert.equal(
    await refusal(["plan", "--to", "x"]),
    "sluice plan has no option --to: see deno task -q sluice help plan.",
  );
  assert.equal(
    await refusal(["demo", "--api-token", TOKEN]),
    "sluice demo has no option --api-token: see deno task -q sluice help demo.",
  );
  assert.equal(
    await refusal(["--to", "x"]),
    "--to needs a command before it, such as sluice export.",
  );
});

Deno.test("runCli() says that a token is needed, and where to get one", async () => {
  for (const args of [["export"], ["plan"], ["export", "--dry-run"]]) {
    assert.match(
      await refusal(args),
      /^An API token is needed: copy one from Project settings → API tokens .* DATOCMS_API_TOKEN/,
    );
  }
});

Deno.test("runCli() says which variable or file holds a bad value", async () => {
  assert.equal(
    await refusal(["export"], { env: { SLUICE_CONCURRENCY: "many" } }),
    'SLUICE_CONCURRENCY must be a whole number from 1 to 64, but is "many".',
  );
  assert.match(
    await refusal(["export", "--config", "no/such/file.json"]),
    /^Can't read the configuration file "no\/such\/file\.json": there is no such file\.$/,
  );
});

Deno.test("runCli() looks at no variable that isn't a command's", async () => {
  const io = fakeIo({ env: { SLUICE_TO: "gs://nowhere" } });
  assert.equal(await runCli(["plan"], io), EXIT.usage);
  assert.match(io.err(), /^sluice: An API token is needed/);
});

Deno.test("runCli() asks for no variable that its task may not read", async () => {
  const asked = new Set<string>();
  const io = fakeIo();
  for (
    const args of [
      ["export"],
      ["plan"],
      ["demo", "--to="],
      ["export", "--config=x"],
      // Refused before anything is sent.
      ["doctor", "--to=s3://bucket", "--sse-kms-key-id=key"],
      ["schedule", "status", "--to=s3://bucket", "--sse-kms-key-id=key", "--api-token=abc"],
    ]
  ) {
    await runCli(args, { ...io, env: (name) => void asked.add(name) });
  }
  assert.ok(asked.size > 10);
  for (const name of asked) assert.ok(mayRead(name), name);
});

Deno.test("runCli() asks to report what Sluice doesn't know about, without the token", async () => {
  const columns = () => {
    throw new TypeError(`no columns, but ${TOKEN}\x1b[2J`);
  };
  const io = { ...fakeIo({ env: { DATOCMS_API_TOKEN: TOKEN } }), columns };
  assert.equal(await runCli(["--help"], io), EXIT.failed);
  assert.equal(
    io.err(),
    "sluice: Something went wrong that Sluice doesn't know about (TypeError: no columns, but " +
      "[redacted]\\u001b[2J): please report this message and the command that you ran; --verbose " +
      "shows more.\n",
  );
});

Deno.test("runCli() keeps a JSON log one, whatever is wrong", async () => {
  const to = await temporaryPath();
  const fail = () => {
    throw new TypeError("no stdout");
  };
  const runs: [string[], FakeIoOptions, number][] = [
    [["plan", "--log-format=json", "--concurrency=0"], {}, EXIT.usage],
    [["plan", "--log-format=json", "--every=1h"], {}, EXIT.usage],
    [["plan", "--no-such"], { env: { SLUICE_LOG_FORMAT: " json " } }, EXIT.usage],
    [["completions", "bash", "--log-format=json"], {}, EXIT.usage],
    [["doctor", "--log-format=json", "--verbose", `--to=${to}`], {}, EXIT.failed],
  ];
  for (const [args, options, exitCode] of runs) {
    const io = fakeIo(options);
    assert.equal(await runCli(args, { ...io, stdout: { write: fail } }), exitCode);
    const entries = io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
    const { type, exitCode: code, message, stack } = entries.at(-1);
    assert.deepEqual([type, code, typeof message], ["error", exitCode, "string"]);
    assert.equal(stack !== undefined, exitCode === EXIT.failed);
  }
  await Deno.remove(to, { recursive: true });
});

Deno.test("runCli() tells in JSON what is wrong, if JSON was asked for", async () => {
  const cases: [args: string[], env: Record<string, string>, error: RegExp][] = [
    [["export", "--json", "--modles=a"], {}, /^There is no option --modles: did you mean/],
    [["export", "--json", "--to", "a", "--to", "b"], {}, /^--to is given twice: /],
    [["plan", "--json"], {}, /^An API token is needed: /],
    [["export", "--json", "--max-delete=5"], {}, /^--max-delete does nothing without /],
    [["schedule", "status"], { SLUICE_JSON: "yes", SLUICE_TO: "" }, /^SLUICE_TO is set, but empty/],
    [["nonsense"], { SLUICE_JSON: "1" }, /^There is no command "nonsense": /],
  ];
  for (const [args, env, error] of cases) {
    const io = fakeIo({ env });
    assert.equal(await runCli(args, io), EXIT.usage, args.join(" "));
    const { error: told, ...rest } = JSON.parse(io.out());
    assert.match(told, error);
    assert.deepEqual(rest, { status: "failed", exitCode: EXIT.usage });
    assert.equal(io.err(), `sluice: ${told}\n`);
  }
  const words = fakeIo({ env: { SLUICE_JSON: "1" } });
  assert.equal(await runCli(["export", "--no-json"], words), EXIT.usage);
  assert.equal(words.out(), "");
});

Deno.test("runCli() warns of variables that it doesn't know", async () => {
  const env = { SLUICE_MODLES: "article", SLUICE_TEST_SEED: "1", SLUICE_EVERY: "12h" };
  const warning = "SLUICE_MODLES is no variable of Sluice: did you mean SLUICE_MODELS?";
  const text = fakeIo({ env });
  assert.equal(await runCli(["plan"], text), EXIT.usage);
  assert.match(text.err(), /^Warning: (.*)\nsluice: An API token is needed/);
  assert.equal(text.err().split("\n")[0], `Warning: ${warning}`);
  const json = fakeIo({ env });
  await runCli(["plan", "--log-format=json"], json);
  const { time: _, ...entry } = JSON.parse(json.err().split("\n")[0]!);
  assert.deepEqual(entry, { type: "warning", code: "unknown_variable", message: warning });
  const quiet = fakeIo({ env });
  await runCli(["plan", "--quiet"], quiet);
  assert.match(quiet.err(), /^sluice: An API token is needed/);
});

Deno.test("runCli() refuses variables that the AWS SDK would misunderstand, before anything is done", async () => {
  const s3 = { DATOCMS_API_TOKEN: TOKEN, SLUICE_TO: "s3://bucket" };
  const keys = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "" };
  for (const command of ["export", "doctor", "schedule"]) {
    assert.match(
      await refusal([command], { env: { ...s3, ...keys } }),
      /^AWS_SECRET_ACCESS_KEY is set, but empty/,
    );
  }
  assert.match(
    await refusal(["plan"], { env: { HTTPS_PROXY: "ftp://proxy" } }),
    /^HTTPS_PROXY must be the URL of a proxy /,
  );
});
