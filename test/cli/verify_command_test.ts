import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { textWidth } from "../../src/cli/text/width.ts";
import { until } from "../support/until.ts";
import { bench, filesBelow, LITTLE } from "./bench.ts";
import { FakeClock, fakeIo } from "./fake_io.ts";

Deno.test("sluice verify says that snapshots are intact, or names what is damaged", async () => {
  await using bench_ = await bench();
  const none = await bench_.run(["verify"]);
  assert.equal(none.exitCode, EXIT.failed);
  assert.match(none.io.err(), /There are no snapshots in /);
  const noneOfAll = await bench_.run(["verify", "--all"]);
  assert.equal(noneOfAll.exitCode, EXIT.failed);
  assert.match(noneOfAll.io.err(), /There are no snapshots in /);
  await bench_.run(["export", ...LITTLE]);
  const begun = Math.floor(Date.now() / 1000);
  // The seconds of one of them name only that one.
  await until(() => Date.now() >= (begun + 1) * 1000, "the next second");
  await bench_.run(["export", ...LITTLE, "--environment", "spring-issue"]);

  const { io, exitCode } = await bench_.run(["verify"]);
  assert.equal(exitCode, EXIT.complete, io.err());
  assert.match(io.out(), /^48213\/\d+: intact \(\d+ objects, [\d.]+ kB, \d+ lines\)\n$/);
  assert.equal(io.err(), "");
  const quiet = await bench_.run(["verify", "latest", "latest:spring-issue", "--quiet"]);
  assert.equal(quiet.exitCode, EXIT.complete);
  assert.equal(quiet.io.out() + quiet.io.err(), "");
  const all = await bench_.run(["verify", "--all", "--level=references"]);
  assert.equal(all.exitCode, EXIT.complete);
  assert.equal(all.io.out().match(/: intact/g)?.length, 2);
  const json = await bench_.run(["verify", "--all", "--json", "--sample=1/2"]);
  const report = JSON.parse(json.io.out());
  assert.deepEqual(Object.keys(report), ["status", "checked", "problems", "snapshots"]);
  assert.deepEqual([report.status, report.problems, report.snapshots.length], ["intact", [], 2]);

  const batch = (await filesBelow(bench_.to)).find((file) =>
    /snapshot_\d+\/records\/lock\/current\/batch_000/.test(file) && !file.includes("spring")
  )!;
  const text = await Deno.readTextFile(batch);
  await Deno.writeTextFile(batch, text.slice(0, -10));
  const key = batch.slice(batch.indexOf("content/"));
  const damaged = await bench_.run(["verify", "--all", "--quiet"]);
  assert.equal(damaged.exitCode, EXIT.failed);
  assert.match(damaged.io.out(), /^48213\/\d+: damaged, 1 problem \(/);
  assert.ok(damaged.io.out().includes(`\n  truncated   ${key}: has `), damaged.io.out());
  const told = JSON.parse((await bench_.run(["verify", "--level=manifest", "--json"])).io.out());
  const size = new TextEncoder().encode(text).length;
  assert.deepEqual([told.status, told.problems], ["damaged", [
    { kind: "truncated", key, detail: `has ${size - 10} of ${size} bytes` },
  ]]);

  // One whose export was stopped claims nothing, and one that is named is to be whole.
  const folder = batch.slice(0, batch.indexOf("/records/"));
  await Deno.remove(`${folder}/canary.txt`);
  assert.equal((await bench_.run(["verify", "--all"])).exitCode, EXIT.complete);
  const named = await bench_.run(["verify", folder.split("_").at(-1)!]);
  assert.equal(named.exitCode, EXIT.failed);
  assert.match(named.io.out(), /missing {5}content\/.*canary.txt: the snapshot isn't complete/);
});

Deno.test("sluice verify refuses what can't be meant, shows how far it is, and stops at Ctrl-C", async () => {
  await using bench_ = await bench();
  await bench_.run(["export", ...LITTLE]);
  for (
    const [args, message] of [
      [["--all", "latest"], /takes snapshots or --all, but not both/],
      [["--level=all"], /--level must be manifest, data or references/],
      [["--sample=half"], /--sample must be a percentage such as 5%, or a part such as 3\/20/],
      [["--sample=7/5"], /A sample is a percentage .* but "7\/5" is neither/],
      [["lately"], /A snapshot is named by .* but "lately" is none of these/],
    ] as const
  ) {
    const { io, exitCode } = await bench_.run(["verify", ...args]);
    assert.equal(exitCode, EXIT.usage, args.join(" "));
    assert.match(io.err(), message);
  }
  const gone = await bench_.run(["verify", "latest", "2001-01-01"]);
  assert.equal(gone.exitCode, EXIT.failed);
  assert.match(gone.io.err(), /There is no snapshot "2001-01-01" .*: the nearest is /);

  const io = fakeIo({ env: { SLUICE_TO: bench_.to } });
  io.cancel();
  assert.equal(await runCli(["verify"], io), EXIT.cancelled);
});

Deno.test("sluice verify draws a line that it removes, on a terminal only", async () => {
  const { WorkLine } = await import("../../src/cli/progress/work_line.ts");
  const shown = (isTerminal: boolean, config: { quiet: boolean; logFormat: "text" | "json" }) => {
    const clock = new FakeClock();
    const io = fakeIo({ isTerminal, clock });
    {
      using line = new WorkLine(config, io);
      clock.advance(10_000);
      line.update("Verifying 1/2", { bytes: 500_000, totalBytes: 2_000_000 });
      clock.advance(isTerminal ? 200 : 10_000);
    }
    assert.equal(clock.timers, 0);
    return io.err();
  };
  const text = { quiet: false, logFormat: "text" } as const;
  assert.equal(
    shown(true, text),
    `\r${"█".repeat(5)}${"░".repeat(15)}  Verifying 1/2  25 %, 500 kB of 2.0 MB\x1b[K\r\x1b[K`,
  );
  assert.equal(shown(false, text), "Verifying 1/2  25 %, 500 kB of 2.0 MB\n");
  assert.equal(shown(true, { ...text, quiet: true }), "");
  assert.equal(shown(true, { ...text, logFormat: "json" }), "");
});

Deno.test("a line of progress is plain text of one line, whatever a snapshot's folder is called", async () => {
  const { WorkLine } = await import("../../src/cli/progress/work_line.ts");
  const clock = new FakeClock();
  const io = fakeIo({ isTerminal: true, clock, columns: 40 });
  {
    using line = new WorkLine({ quiet: false, logFormat: "text" }, io);
    line.update("Verifying \x1b[2J編集編集編集編集編集編集/1", { bytes: 1, totalBytes: 2 });
    clock.advance(200);
  }
  const drawn = io.err().split("\r")[1]?.split("\x1b[K")[0];
  assert.ok(drawn!.startsWith("Verifying \\u001b[2J編集"), drawn);
  assert.ok(textWidth(drawn!) <= 39, drawn);
});
