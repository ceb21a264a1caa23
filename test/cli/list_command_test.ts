import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { PROGRAM } from "../../src/cli/command_hint.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { until } from "../support/until.ts";
import { bench, LITTLE } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";

Deno.test("sluice list shows snapshots, the newest first, and sluice snapshots does the same", async () => {
  await using bench_ = await bench();
  const ids: string[] = [];
  for (const environment of ["main", "spring-issue"]) {
    const args = environment === "main" ? [] : ["--environment", environment];
    const { io } = await bench_.run(["export", ...LITTLE, "--json", ...args]);
    ids.push(JSON.parse(io.out()).snapshot.split("_").at(-1));
    // Of those that begin in the same second, none is newer.
    await until(() => Date.now() >= (Number(ids.at(-1)) + 1) * 1000, "the next second");
  }
  const { io, exitCode } = await bench_.run(["list"]);
  assert.equal(exitCode, EXIT.complete, io.err());
  const [head, first, second, ...more] = io.out().trimEnd().split("\n");
  assert.match(head!, /^Snapshot {4}Environment {3}Begun \(UTC\) {7} +Took {2}State +Records +/);
  const row = (id: string, environment: string) => {
    const time = new Date(Number(id) * 1000).toISOString().slice(0, 16).replace("T", " ");
    return new RegExp(`^${id}  ${environment} +${time} +[\\d.]+ s  complete +\\d +.* kB`);
  };
  assert.match(first!, row(ids[1]!, "spring-issue"));
  assert.match(second!, row(ids[0]!, "main"));
  assert.deepEqual(more, []);
  assert.equal((await bench_.run(["snapshots"])).io.out(), io.out());

  const { io: json } = await bench_.run(["list", "--json", "--limit=1"]);
  const list = JSON.parse(json.out());
  assert.deepEqual(Object.keys(list), ["snapshots", "limit", "next"]);
  assert.equal(list.limit, 1);
  assert.equal(list.next, `48213/spring-issue/${ids[1]}`);
  assert.equal(list.snapshots[0].name, list.next);
  assert.equal(list.snapshots[0].records, 5);

  // What is suggested lists the other one.
  const { io: one } = await bench_.run(["list", "--limit=1", "--from", bench_.to]);
  const [, hint] = /\nMore: (.*)\n$/.exec(one.out())!;
  assert.ok(hint!.startsWith(PROGRAM));
  const rest = fakeIo();
  assert.equal(await runCli(hint!.slice(PROGRAM.length + 1).split(" "), rest), EXIT.complete);
  assert.ok(rest.out().includes(ids[0]!) && !rest.out().includes(ids[1]!));
});

Deno.test("sluice list keeps to an environment, and leaves columns out where it is narrow", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  const of = await bench_.run(["list", "--environment", "main"], { columns: 60 });
  assert.equal(of.exitCode, EXIT.complete, of.io.err());
  const lines = of.io.out().trimEnd().split("\n");
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.length <= 60), of.io.out());
  assert.doesNotMatch(of.io.out(), /Tool|Took/);
  const wide = await bench_.run(["list"], { columns: 200 });
  assert.match(wide.io.out(), /Took .*Assets .*Tool\n/);
  const none = await bench_.run(["list", "--environment", "mian"]);
  assert.equal(none.exitCode, EXIT.failed);
  assert.match(none.io.err(), /There are no snapshots of environment "mian" in /);
  const later = await bench_.run(["list", "--after", "2090-01-01"]);
  assert.equal(later.exitCode, EXIT.complete);
  assert.match(later.io.out(), /^There are no such snapshots in /);
});

Deno.test("sluice list says how to make the first snapshot, and reads what --from or SLUICE_TO says", async () => {
  await using bench_ = await bench();
  const first = await bench_.run(["list"]);
  assert.equal(first.exitCode, EXIT.complete);
  const hint = `Make the first one: ${PROGRAM} export --to ${bench_.to}\n`;
  assert.ok(first.io.out().endsWith(hint), first.io.out());
  assert.deepEqual(JSON.parse((await bench_.run(["list", "--json"])).io.out()), {
    snapshots: [],
    limit: 30,
  });
  await bench_.run(["export", ...LITTLE]);
  const list = async (args: string[], env: Record<string, string>) => {
    const io = fakeIo({ env });
    await runCli(["list", ...args], io);
    return io.out().split("\n").length > 2;
  };
  const none = `${bench_.to}/none`;
  assert.ok(await list([], { SLUICE_TO: bench_.to }));
  assert.ok(await list([], { SLUICE_TO: none, SLUICE_FROM: bench_.to }));
  assert.ok(await list(["--from", bench_.to], { SLUICE_FROM: none }));
  assert.ok(!await list([], { SLUICE_TO: bench_.to, SLUICE_FROM: none }));
  const file = `${bench_.to}/sluice.json`;
  await Deno.writeTextFile(file, JSON.stringify({ to: bench_.to }));
  assert.ok(await list(["--config", file], {}));
  assert.ok(!await list(["--config", file], { SLUICE_TO: none }));
});

Deno.test("sluice list refuses what can't be meant", async () => {
  await using bench_ = await bench();
  for (
    const [args, message] of [
      [["--limit=0"], /--limit must be a whole number from 1 to 100, but is "0"/],
      [["--limit=101"], /--limit must be a whole number from 1 to 100/],
      [["--before=yesterday"], /before a date or time such as .*, but "yesterday" is none/],
      [["--to=x"], /sluice list has no option --to/],
      [["latest"], /sluice list takes options only/],
      [["--from=gs://x"], /--from must be a directory/],
    ] as const
  ) {
    const { io, exitCode } = await bench_.run(["list", ...args]);
    assert.equal(exitCode, EXIT.usage, args.join(" "));
    assert.match(io.err(), message);
  }
});

Deno.test("sluice list stops when it is cancelled", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  const io = fakeIo({ env: { SLUICE_TO: bench_.to } });
  io.cancel();
  assert.equal(await runCli(["list"], io), EXIT.cancelled);
});
