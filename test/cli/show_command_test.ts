import assert from "node:assert/strict";
import { PROGRAM } from "../../src/cli/command_hint.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { long } from "../support/long.ts";
import { hostileProject } from "../support/hostile_project.ts";
import { bench, LITTLE } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";

Deno.test("sluice show shows a snapshot, and how to look into it", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", "--exclude", "roles"]);
  const { io, exitCode } = await bench_.run(["show"]);
  assert.equal(exitCode, EXIT.complete, io.err());
  assert.match(
    io.out(),
    /^Slackwater \(project 48213, environment main\): snapshot 48213\/\d+\n\nState +complete, by Sluice /,
  );
  assert.match(io.out(), /\nLocales +en, it, pt-BR\n/);
  assert.match(io.out(), /\nAssets +12 files, 22 kB, 1 withdrawn\n/);
  assert.match(io.out(), /\nModel +Current +Published +Size\narticle +10 +8 +/);
  assert.match(io.out(), /\n7 models +38 +33 +\d+ kB\n\n1 warning\n {2}- Asset /);
  // Addresses and commands aren't broken.
  const lines = io.out().split("\n").filter((line) => !/^(Where|Next)/.test(line));
  for (const line of lines) assert.ok(line.length <= 80, line);
  const [, hint] = /\nNext: look into it: (.*)\n$/.exec(io.out())!;
  const next = fakeIo({ env: { SLUICE_TO: bench_.to } });
  assert.equal(await runCli(hint!.slice(PROGRAM.length + 1).split(" "), next), EXIT.complete);
  assert.equal(next.out().trimEnd().split("\n").length, 10);
  const json = JSON.parse((await bench_.run(["show", "latest:main", "--json"])).io.out());
  assert.equal(json.models.length, 7);
  assert.equal(json.state, "complete");
});

Deno.test("sluice show and sluice cat end with 1 for what isn't there, with 2 for what can't be", async () => {
  await using bench_ = await bench();
  const empty = await bench_.run(["show"]);
  assert.equal(empty.exitCode, EXIT.failed);
  assert.match(empty.io.err(), /There are no snapshots in .*: export to it first/);
  await bench_.run(["export", ...LITTLE]);
  for (
    const [args, exitCode, message] of [
      [
        ["show", "1999-01-01"],
        EXIT.failed,
        /no snapshot "1999-01-01" in .*: the nearest is 48213\//,
      ],
      [["show", "newest"], EXIT.usage, /but "newest" is none of these/],
      [["cat", "latest"], EXIT.usage, /needs a snapshot and what to write of it/],
      [["cat", "latest", "locks"], EXIT.failed, /the nearest is lock\./],
      [["cat", "latest", "lock", "--version=new"], EXIT.usage, /--version must be current or pub/],
      [["cat", "latest", "lock", "--version", "draft"], EXIT.usage, /but is "draft"/],
      [["cat", "latest", "lock", "--locale", "de"], EXIT.usage, /has no locale "de"/],
      [["export", "--version=published"], EXIT.usage, /sluice export has no option --version/],
    ] as const
  ) {
    const { io, exitCode: code } = await bench_.run([...args]);
    assert.equal(code, exitCode, `${args.join(" ")}: ${io.err()}`);
    assert.match(io.err(), message);
  }
  const { io } = await bench_.run(["cat", "latest", "nothing", "--json"]);
  assert.equal(JSON.parse(io.out()).status, "failed");
});

Deno.test("sluice cat writes records as lines, and one thing so that it is read", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  const lines = async (...args: string[]) => {
    const { io, exitCode } = await bench_.run(["cat", "latest", ...args]);
    assert.equal(exitCode, EXIT.complete, io.err());
    return io.out();
  };
  const records = (await lines("lock")).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(records.length, 5);
  const published = (await lines("lock", "--version", "published")).trimEnd().split("\n");
  assert.equal(published.length, 4);
  const one = await lines(records[0].id);
  assert.ok(one.startsWith('{\n  "id": "'));
  assert.deepEqual(JSON.parse(one), records[0]);
  assert.equal(JSON.parse(await lines("manifest")).formatVersion, 1);
  assert.equal(JSON.parse(await lines("site")).data.id, "48213");
  // Without a value, it is the program's version that is asked for.
  assert.match((await bench_.run(["cat", "--version"])).io.out(), /^sluice \d/);
  assert.match((await bench_.run(["--version", "cat"])).io.out(), /^sluice \d/);
});

Deno.test("sluice cat and sluice show write nothing that a terminal obeys, and redact no content", async () => {
  await using bench_ = await bench({ project: hostileProject("http://127.0.0.1:9") });
  const { io: exported } = await bench_.run(["export", "--no-assets", "--no-tables", "--json"]);
  const { manifest } = JSON.parse(exported.out());
  const models = Object.keys(manifest.records).filter((_, at) => at % long(1, 4) === 0);
  assert.ok(models.length > 6);
  for (const command of [["show"], ["list"], ...models.map((model) => ["cat", "latest", model])]) {
    const { io } = await bench_.run(command);
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    assert.doesNotMatch(io.out(), /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
  }

  await using other = await bench();
  await other.run(["export", ...LITTLE]);
  const env = { SLUICE_TO: other.to, AWS_SECRET_ACCESS_KEY: "Candle Lock", AWS_ACCESS_KEY_ID: "a" };
  const io = fakeIo({ env });
  assert.equal(await runCli(["cat", "latest", "lock"], io), EXIT.complete, io.err());
  assert.ok(io.out().includes("Candle Lock"));
});

Deno.test("sluice find shows where something is, and ends with 1 if it isn't anywhere", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  const { io, exitCode } = await bench_.run(["find", "Candle Lock"]);
  assert.equal(exitCode, EXIT.complete, io.err());
  assert.match(
    io.out(),
    /^48213\/\d+ {2}lock \(current\) {2}\S{22} {2}\/attributes\/\S+: .*Candle Lock/,
  );
  const json = await bench_.run(["find", "Candle Lock", "--json"]);
  const found = json.io.out().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(found.length, io.out().trimEnd().split("\n").length);
  assert.equal(found[0].model, "lock");
  const none = await bench_.run(["find", "Nowhere"]);
  assert.equal(none.exitCode, EXIT.failed);
  assert.match(none.io.err(), /no record or upload with "Nowhere" in 1 searched snapshot\./);
  assert.equal((await bench_.run(["find"])).exitCode, EXIT.usage);
});
