import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import type { JsonObject } from "../../src/content/resource.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { EXIT } from "../../src/error.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import { type Bench, bench, LITTLE } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";

/** The id of the only snapshot that isn't among others. */
async function idOf(bench_: Bench, others: readonly string[] = []): Promise<string> {
  const { io } = await bench_.run(["list", "--json"]);
  const { snapshots } = JSON.parse(io.out()) as { snapshots: { id: string }[] };
  return snapshots.find(({ id }) => !others.includes(id))!.id;
}

type Made = Awaited<ReturnType<typeof twoSnapshots>>;

/** A bench with two snapshots of locks, and what was edited between them. */
async function twoSnapshots() {
  const project = sampleProject();
  const bench_ = await bench({ project });
  await bench_.run(["export", ...LITTLE]);
  const first = await idOf(bench_);
  const { items } = project.primary;
  const lock = items.get(itemId("candle"), "current")!;
  const name = lock.attributes.name as JsonObject;
  items.update(lock.id, { rise: 2.5, name: { ...name, en: "Candle\x1b[2J Lock" } });
  items.delete(itemId("dry"));
  const { id } = items.create(itemTypeId("lock"), { name: { en: "New lock" } });
  await bench_.run(["export", ...LITTLE]);
  return { bench_, project, created: id, ids: [first, await idOf(bench_, [first])] as const };
}

Deno.test("sluice diff shows what differs of two snapshots, for people and for programs", async (t) => {
  const made = await twoSnapshots();
  await using _ = made.bench_;
  await t.step("by model, with exit code 1, or 0 if nothing does", () => showsLines(made));
  await t.step("as JSON, as one object or one for each line", () => writesJson(made));
});

async function showsLines({ bench_, ids: [first, second], created }: Made): Promise<void> {
  const lines = [
    "lock",
    `  ~ Candle\\u001b[2J Lock ${itemId("candle")}`,
    "      ~ name [en]: Candle Lock → Candle\\u001b[2J Lock",
    "      ~ rise: 2.43 → 2.5",
    `  - The Dry Lock ${itemId("dry")}`,
    `  + New lock ${created}`,
  ];
  const table = [
    "      added  removed  changed",
    "lock      1        1        1",
    "3 differences",
  ];
  const shown = await bench_.run(["diff", first, second]);
  assert.equal(shown.exitCode, EXIT.failed, shown.io.err());
  assert.equal(shown.io.err(), "");
  const [text, ...rest] = shown.io.out().split("\n\n");
  assert.deepEqual(text!.split("\n").toSorted(), lines.toSorted());
  assert.deepEqual(rest.join().trimEnd().split("\n"), table);
  const stat = await bench_.run(["diff", first, second, "--stat"]);
  assert.deepEqual(stat.io.out().trimEnd().split("\n"), table);
  assert.equal(stat.exitCode, EXIT.failed);

  const same = await bench_.run(["diff", first, first]);
  assert.deepEqual([same.exitCode, same.io.out()], [EXIT.complete, "No differences.\n"]);
  const quiet = await bench_.run(["diff", first, second, "--quiet"]);
  assert.deepEqual([quiet.exitCode, quiet.io.out() + quiet.io.err()], [EXIT.failed, ""]);
  const none = await bench_.run(["diff", first, second, "--models=author"]);
  assert.equal(none.exitCode, EXIT.complete);

  // Colours are for terminals.
  const run = async (env: Record<string, string>, isStdoutTerminal: boolean) => {
    const io = { ...fakeIo({ env: { SLUICE_TO: bench_.to, ...env } }), isStdoutTerminal };
    await runCli(["diff", first, second], io);
    return io.out();
  };
  assert.ok((await run({}, true)).includes("\x1b[32m+\x1b[0m New lock"));
  for (const out of [await run({ NO_COLOR: "1" }, true), await run({}, false)]) {
    assert.ok(!out.includes("\x1b"));
  }
}

async function writesJson({ bench_, ids: [first, second], created }: Made): Promise<void> {
  const { io, exitCode } = await bench_.run(["diff", first, second, "--json"]);
  assert.equal(exitCode, EXIT.failed);
  const report = JSON.parse(io.out());
  assert.deepEqual(Object.keys(report), ["schema", "records", "assets"]);
  assert.deepEqual([report.schema, report.assets], [[], []]);
  const [changed] = report.records.filter(({ id }: { id: string }) => id === itemId("candle"));
  assert.deepEqual(changed, {
    model: "lock",
    id: itemId("candle"),
    title: "Candle\x1b[2J Lock",
    change: "changed",
    status: null,
    published: null,
    fields: [
      {
        path: "name",
        locale: "en",
        change: "changed",
        before: "Candle Lock",
        after: "Candle\x1b[2J Lock",
        versions: ["current"],
      },
      {
        path: "rise",
        locale: null,
        change: "changed",
        before: 2.43,
        after: 2.5,
        versions: ["current"],
      },
    ],
  });
  const lines = await bench_.run(["diff", first, second, "--json-lines"]);
  const each = lines.io.out().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(each.map(({ kind: _, ...change }) => change), report.records);
  assert.deepEqual(
    each.map(({ id }) => id).sort(),
    [created, itemId("candle"), itemId("dry")].sort(),
  );
  const none = await bench_.run(["diff", first, first, "--json"]);
  assert.deepEqual(JSON.parse(none.io.out()), { schema: [], records: [], assets: [] });

  // 1 says that something differs: trouble is 2.
  const directory = `${bench_.to}/page.html`;
  await Deno.mkdir(directory);
  for (
    const [args, message] of [
      [[first], /needs two snapshots/],
      [["live", first], /live can only be the second one/],
      [[first, "2001-01-01"], /There is no snapshot "2001-01-01"/],
      [[first, second, "--models=lok"], /Neither snapshot has a model "lok": the nearest is lock/],
      [[first, second, "--html=/nowhere/a.html"], /can't be written to \/nowhere\/a\.html/],
      [[first, second, `--html=${directory}`], /can't be written to .*: .*directory/],
      [[first, second, "--html=-"], /--html takes a file on disk, but is -/],
      [[first, second, "--html=s3://a/b.html"], /takes a file on disk, but is s3:\/\/a\/b\.html/],
    ] as const
  ) {
    const { io, exitCode } = await bench_.run(["diff", ...args]);
    assert.equal(exitCode, EXIT.usage, args.join(" "));
    assert.match(io.err(), message);
  }
  const left = Array.from(Deno.readDirSync(bench_.to), ({ name }) => name);
  assert.deepEqual(left.filter((name) => name.endsWith(".tmp")), []);
  const batch =
    `${bench_.to}/content/project_48213/snapshot_${second}/records/lock/current/batch_000.ndjson`;
  const text = await Deno.readTextFile(batch);
  await Deno.writeTextFile(batch, text.replace("2.5", "2.6"));
  const damaged = await bench_.run(["diff", first, second, "--json"]);
  assert.equal(damaged.exitCode, EXIT.usage);
  assert.match(damaged.io.err(), /batch_000.ndjson isn't what was exported: verify the snapshot/);
  assert.equal(JSON.parse(damaged.io.out()).status, "failed");
  const faulty = fakeIo({ env: { SLUICE_TO: bench_.to } });
  const write = () => {
    throw new TypeError("a fault of the program");
  };
  const stdout = { ...faulty, stdout: { write } };
  assert.equal(await runCli(["diff", first, first, "--verbose"], stdout), EXIT.usage);
  assert.match(faulty.err(), /a fault of the program.*please report.*\n.*at .*diff_command_test/s);
  const io_ = fakeIo({ env: { SLUICE_TO: bench_.to } });
  io_.cancel();
  assert.equal(await runCli(["diff", first, second], io_), EXIT.cancelled);
}

Deno.test("sluice diff compares a snapshot with the environment as it is now, and leaves nothing behind", async () => {
  const project = sampleProject();
  const asked = new Set<string>();
  const onRequest = (_: Request, { searchParams }: URL) => {
    asked.add(searchParams.get("filter[type]") ?? "");
    return undefined;
  };
  await using bench_ = await bench({ project, onRequest });
  await bench_.run(["export", ...LITTLE, "--environment=spring-issue"]);
  await bench_.run(["export", ...LITTLE]);
  const temporary = async (err: string) => {
    const [path] = /\/\S*sluice-live-[^/]+/.exec(err) ?? [];
    assert.ok(path !== undefined, err);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  };
  const same = await bench_.run(["diff", "latest", "live"]);
  assert.deepEqual([same.exitCode, same.io.out()], [EXIT.complete, "No differences.\n"]);
  await temporary(same.io.err());
  // Records of other models aren't read, as the snapshot has none.
  assert.deepEqual([...asked].sort(), ["", itemTypeId("lock")]);

  project.primary.items.update(itemId("candle"), { rise: 3 });
  const changed = await bench_.run(["diff", "latest", "live", "--json-lines"]);
  assert.equal(changed.exitCode, EXIT.failed);
  assert.equal(JSON.parse(changed.io.out()).id, itemId("candle"));
  // The environment is the snapshot's own.
  const other = await bench_.run(["diff", "latest:spring-issue", "live"]);
  assert.equal(other.exitCode, EXIT.complete, other.io.out());
  const wrong = await bench_.run(["diff", "latest", "live"], {
    env: { DATOCMS_API_TOKEN: "wrong" },
  });
  assert.equal(wrong.exitCode, EXIT.usage);
  assert.match(wrong.io.err(), /token/);
});
