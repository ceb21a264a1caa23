import assert from "node:assert/strict";
import { PROGRAM } from "../../src/cli/command_hint.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { ExportLock } from "../../src/snapshot/lock/export_lock.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { temporaryPath } from "../support/temporary.ts";
import { bench as servedBench } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";

/** 2026-01-02T03:04:05Z. */
const FIRST = 1767323045;
const DAY = 86_400;

/** A place with four snapshots of a project, and two of its sandbox. */
async function bench() {
  const path = await temporaryPath();
  const storage = new LocalStorage(path);
  for (const day of [0, 1, 2, 3]) await putSmallSnapshot(storage, "1", FIRST + day * DAY);
  for (const day of [0, 1]) await putSmallSnapshot(storage, "1/staging", FIRST + day * DAY);
  return {
    path,
    storage,
    async run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const io = fakeIo({ env: { SLUICE_TO: path, ...env } });
      const exitCode = await runCli(["prune", ...args], io);
      return { exitCode, out: io.out(), err: io.err() };
    },
    async names() {
      const keys = (await Array.fromAsync(storage.list(""))).flat().map(({ key }) => key);
      return keys.filter((key) => key.endsWith("/canary.txt")).sort();
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("sluice prune shows what stays and why, and removes the rest once it isn't a dry run", async () => {
  await using place = await bench();
  const before = await place.names();
  const dry = await place.run(["--keep-daily", "2", "--dry-run"]);
  assert.equal(dry.exitCode, EXIT.complete, dry.err);
  assert.equal(
    dry.out,
    `keep    1/1767582245          2026-01-05 03:04  newest, newest complete, daily
keep    1/1767495845          2026-01-04 03:04  daily
keep    1/staging/1767409445  2026-01-03 03:04  newest, newest complete, daily
keep    1/staging/1767323045  2026-01-02 03:04  daily
remove  1/1767409445          2026-01-03 03:04  845 B
remove  1/1767323045          2026-01-02 03:04  845 B
Would remove 2 snapshots (1.7 kB to be freed).
To remove them: ${PROGRAM} prune --from ${place.path} --keep-daily 2
`,
  );
  assert.deepEqual(await place.names(), before);

  const done = await place.run(["--keep-daily", "2"]);
  assert.equal(done.exitCode, EXIT.complete, done.err);
  assert.match(done.out, /^removed {2}1\/1767323045 +2026-01-02 03:04 {2}\d/m);
  assert.match(done.out, /\nRemoved 2 snapshots \(.* freed\)\.\n$/);
  assert.equal((await place.names()).length, before.length - 2);
});

Deno.test("sluice prune takes its policy from the environment, for one environment's snapshots, as JSON", async () => {
  await using place = await bench();
  const { exitCode, out, err } = await place.run(["--environment", "staging", "--json"], {
    SLUICE_KEEP_LAST: "1",
  });
  assert.equal(exitCode, EXIT.complete, err);
  const { keep, remove, failed, freed, warnings } = JSON.parse(out);
  const reasons = ["newest", "newest complete", "last"];
  assert.deepEqual(keep, [{ id: String(FIRST + DAY), name: `1/staging/${FIRST + DAY}`, reasons }]);
  assert.deepEqual(remove.map(({ name }: { name: string }) => name), [`1/staging/${FIRST}`]);
  assert.ok(freed > 0 && freed === remove[0].bytes);
  assert.deepEqual([failed, warnings], [[], []]);
  assert.equal((await place.names()).length, 5);
});

Deno.test("sluice prune without a policy is refused before anything is read", async () => {
  await using place = await bench();
  for (const args of [[], ["--dry-run"], ["--from", "/nowhere/at/all"]]) {
    const { exitCode, out, err } = await place.run(args);
    assert.equal(exitCode, EXIT.usage);
    assert.equal(out, "");
    assert.match(
      err,
      /It isn't said which snapshots to keep: .* \(--keep-last, --keep-daily, .*\)\./,
    );
  }
  const { exitCode, err } = await place.run(["--incomplete-older-than", "1d"]);
  assert.equal(exitCode, EXIT.usage);
  assert.match(err, /--incomplete-older-than does nothing without a --keep-… option/);
  const none = await place.run(["--keep-last", "0"]);
  assert.equal(none.exitCode, EXIT.usage);
  assert.match(none.err, /--keep-last must be a whole number of at least 1/);
});

Deno.test("sluice prune says what couldn't be removed, also with --quiet, and ends with 3", async () => {
  await using place = await bench();
  {
    await using _lock = await ExportLock.acquire(place.storage, { projectId: "1" });
    const { exitCode, out, err } = await place.run(["--keep-last", "1", "--quiet"]);
    assert.equal(exitCode, EXIT.partial, err);
    assert.equal(
      [...out.matchAll(/^not removed {2}1\/\d+ .* {2}its environment is being exported$/gm)].length,
      3,
    );
    assert.match(out, /^removed +1\/staging\/1767323045 /m);
  }
  const rest = await place.run(["--keep-last", "1", "--quiet"]);
  assert.deepEqual(rest, { exitCode: EXIT.complete, out: "", err: "" });
  assert.equal((await place.names()).length, 2);
});

Deno.test("sluice prune of a place without snapshots says so", async () => {
  const path = await temporaryPath();
  const io = fakeIo({ env: {} });
  assert.equal(await runCli(["prune", "--keep-last=1", "--from", path], io), EXIT.complete);
  assert.equal(io.out(), `There are no snapshots in ${path}.\n`);
  await Deno.remove(path, { recursive: true });
});

Deno.test("sluice prune --unused-assets says which files go, and only when it is typed", async () => {
  await using served = await servedBench();
  const { io } = await served.run(["export", "--models=lock", "--no-tables", "--json"]);
  const { snapshot } = JSON.parse(io.out());
  const storage = new LocalStorage(served.to);
  const unused = "assets/project_48213/unused.png";
  await storage.put(unused, new Uint8Array(2000));
  const prune = async (...args: string[]) => {
    const { io, exitCode } = await served.run(["prune", "--keep-last=1", ...args], {
      env: { SLUICE_UNUSED_ASSETS: "true" },
    });
    assert.equal(exitCode, EXIT.complete, io.err());
    return io.out();
  };
  assert.doesNotMatch(await prune(), /unused/);
  const dry = await prune("--unused-assets", "--dry-run");
  assert.match(
    dry,
    /\nWould remove 1 unused asset file of project 48213 \(2\.0 kB to be freed\); 12 files stay\.\nTo remove them: .*--unused-assets\n/,
  );
  assert.ok(await storage.stat(unused));
  const { freed, assets } = JSON.parse(await prune("--unused-assets", "--json"));
  assert.equal(freed, 2000);
  assert.deepEqual(assets[0].removed, { count: 1, bytes: 2000 });
  assert.equal(await storage.stat(unused), undefined);
  assert.equal(
    (await served.run(["verify", snapshot.split("_").at(-1), "--level=references"])).exitCode,
    0,
  );
});
