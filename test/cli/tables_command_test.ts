import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { filesOf } from "../support/exported.ts";
import { bench } from "./bench.ts";

Deno.test("sluice tables make writes the tables of a snapshot to an empty place, and says so", async () => {
  await using opened = await bench({});
  const exported = await opened.run(["export", "--no-assets", "--json"]);
  assert.equal(exported.exitCode, EXIT.complete, exported.io.err());
  const { snapshot } = JSON.parse(exported.io.out());
  const tables = `${new URL(snapshot).pathname}/tables`;
  const out = await Deno.makeTempDir({ prefix: "sluice-test-" });
  try {
    const made = await opened.run(["tables", "make", "--from", opened.to, "--out", out, "--json"]);
    assert.equal(made.exitCode, EXIT.complete, made.io.err());
    const report = JSON.parse(made.io.out());
    assert.equal(report.status, "complete");
    assert.equal(report.snapshot, snapshot);
    assert.ok(report.tables.count > 100 && report.entries > 50);
    const files = await filesOf(out);
    assert.deepEqual(files, await filesOf(tables));
    for (const file of files) {
      const [one, other] = [out, tables].map((root) => Deno.readTextFile(`${root}/${file}`));
      assert.equal(await one, await other, file);
    }

    const watched = ["tables", "make", "--from", opened.to, "--out", `${out}/watched`];
    const log = await opened.run([...watched, "--log-format=json", "--verbose"]);
    assert.equal(log.exitCode, EXIT.complete, log.io.err());
    const entries = log.io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
    const { time: _time, ...last } = entries.findLast(({ type }) => type === "tables");
    const { count: rows, bytes } = report.tables;
    assert.deepEqual(last, { type: "tables", rows, entries: report.entries, of: report.entries });
    assert.equal(entries.findLast(({ type }) => type === "written").bytes, bytes);

    const again = await opened.run(["tables", "make", "--from", opened.to, "--out", out]);
    assert.equal(again.exitCode, EXIT.usage);
    assert.match(again.io.err(), /Expected nothing in .* yet, but/);

    const seconds = snapshot.split("_").at(-1);
    const csv = ["tables", "make", seconds, "--out", `${out}/csv`, "--format=csv"];
    const named = await opened.run(csv, { env: { SLUICE_TO: opened.to } });
    assert.equal(named.exitCode, EXIT.complete, named.io.err());
    assert.match(
      named.io.out(),
      /^[\d,]+ rows \(.*\) of file:.*\/snapshot_\d+\nare in file:.*\/csv\.\n$/,
    );
    assert.ok((await filesOf(`${out}/csv`)).includes("links/version=current/part_000.csv"));
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("sluice tables says what it lacks, and what isn't there", async () => {
  await using opened = await bench({});
  const out = `--out=${opened.to}/out`;
  const cases: readonly [string[], number, RegExp][] = [
    [["tables"], EXIT.usage, /sluice tables needs an action: write sluice tables make --out/],
    [
      ["tables", "make"],
      EXIT.usage,
      /needs a place for the tables: write sluice tables make --out/,
    ],
    [["tables", "make", "--out=-"], EXIT.usage, /--out of sluice tables make is a directory/],
    [["tables", "mak", out], EXIT.usage, /did you mean make\?/],
    [
      ["tables", "make", "latest", "more", out],
      EXIT.usage,
      /takes one snapshot, but there is "more"/,
    ],
    [
      ["tables", "load"],
      EXIT.usage,
      /takes an engine, duckdb, .* or clickhouse, but there is none/,
    ],
    [["tables", "load", "latest"], EXIT.usage, /or clickhouse, but it is "latest"/],
    [["tables", "load", "duckdb", "latest", "more"], EXIT.usage, /but was given "more"/],
    [["tables", "load", "duckdb", "--from", opened.to], EXIT.failed, /There are no snapshots in /],
    [["tables", "make", "--from", opened.to, out], EXIT.failed, /There are no snapshots in /],
  ];
  for (const [args, exitCode, message] of cases) {
    const { exitCode: code, io } = await opened.run(args);
    assert.equal(code, exitCode, args.join(" "));
    assert.match(io.err(), message);
  }
});

Deno.test("sluice tables load writes a script that names the tables where they are", async () => {
  await using opened = await bench({});
  const exported = await opened.run(["export", "--no-assets", "--json", "--compress=zstd"]);
  const { snapshot } = JSON.parse(exported.io.out());
  const id = snapshot.split("_").at(-1);
  const from = ["--from", opened.to];
  const [duckdb, postgres, again] = await Promise.all(
    [["duckdb"], ["postgres", "latest"], ["duckdb", id]].map(async (words) => {
      const { exitCode, io } = await opened.run(["tables", "load", ...words, ...from]);
      assert.equal(exitCode, EXIT.complete, io.err());
      return io.out();
    }),
  );
  assert.equal(again, duckdb);
  const part = `${
    new URL(snapshot).pathname
  }/tables/records/article/version=current/part_000.ndjson`;
  assert.ok(duckdb!.includes(`'${part}.zst'`), duckdb);
  assert.ok(postgres!.includes(`zstd -dcq ''${part}.zst''`), postgres);
  for (const view of ["all_records", "all_blocks", "record_titles", "translations", "usages"]) {
    assert.ok(duckdb!.includes(`CREATE OR REPLACE VIEW "${view}" AS`), view);
    assert.ok(postgres!.includes(`CREATE VIEW "${view}" AS`), view);
  }
  const none = await opened.run(["export", "--no-assets", "--no-tables"]);
  assert.equal(none.exitCode, EXIT.complete);
  const { exitCode, io } = await opened.run(["tables", "load", "duckdb", ...from]);
  assert.equal(exitCode, EXIT.failed);
  assert.match(io.err(), /has no tables: make them by sluice tables make\./);
});
