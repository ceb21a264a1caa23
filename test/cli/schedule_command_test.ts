import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { nextTime } from "../../src/text/every.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { type Cma, temporaryRoot } from "../schedule/ticking.ts";
import { json } from "../support/cma.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { until } from "../support/until.ts";
import { type FakeIo, fakeIo } from "./fake_io.ts";

const project = generateProject({ records: 4, models: 1 });

function ioOf(cma: Cma, root: string, env: Record<string, string> = {}): FakeIo {
  return fakeIo({
    env: {
      DATOCMS_API_TOKEN: cma.apiToken,
      DATOCMS_BASE_URL: cma.url,
      SLUICE_ASSET_HOST: cma.assetHost,
      SLUICE_TO: root,
      ...env,
    },
    clock: { now: Date.now, every: () => () => {} },
  });
}

Deno.test("sluice schedule disable, enable and status switch automatic exports and tell of them", async () => {
  await using cma = startDemoCma({ project, rateLimit: false });
  await using root = await temporaryRoot();
  const run = async (...args: string[]) => {
    const io = ioOf(cma, root.path);
    const exitCode = await runCli(["schedule", ...args], io);
    assert.equal(exitCode, EXIT.complete, io.err());
    return io.out();
  };
  assert.match(
    await run("disable"),
    /^Automatic exports {2}off\n {19}to switch them on: deno task -q sluice schedule enable --base-url \S+ --to \S+ --asset-host \S+\n/,
  );
  const off = JSON.parse(await run("status", "--json"));
  assert.deepEqual([off.state, off.nextExportAt, off.lastExport], ["disabled", null, null]);
  assert.match(await run("enable"), /^Automatic exports {2}on, and one is due\n/);
  assert.match(await run("status"), /\nLast complete {6}none yet\nNext/);
});

Deno.test("sluice schedule exports, and stops when it is told to, with what is left for the next time", async () => {
  await using cma = startDemoCma({ project, rateLimit: false });
  await using root = await temporaryRoot();
  const io = ioOf(cma, root.path);
  const running = runCli(["schedule", "--json"], io);
  await until(() => io.err().includes(" complete: "), "a snapshot is complete");
  io.cancel();
  assert.equal(await running, EXIT.complete);
  assert.equal(JSON.parse(io.out()).status, "complete");
  assert.equal(await assertSealedAreWhole(new LocalStorage(root.path)), 1);
  // One that isn't due any more, and one that is stopped at once.
  const later = ioOf(cma, root.path, { SLUICE_LOG_FORMAT: "json" });
  const waiting = runCli(["schedule"], later);
  await until(() => later.err().includes("waiting"), "it waits");
  later.cancel();
  assert.equal(await waiting, EXIT.complete);
  const { type, state } = JSON.parse(later.err().split("\n")[0]!);
  assert.deepEqual({ type, state }, { type: "tick", state: "waiting" });
});

Deno.test("sluice schedule status tells how often the schedule exports that runs, whatever it is told itself", async () => {
  await using cma = startDemoCma({ project, rateLimit: false });
  await using root = await temporaryRoot();
  const status = async (...args: string[]) => {
    const io = ioOf(cma, root.path);
    assert.equal(await runCli(["schedule", "status", ...args], io), EXIT.complete, io.err());
    return io.out();
  };
  // An export that no schedule made: nobody knows when the next one comes.
  assert.equal(await runCli(["export"], ioOf(cma, root.path)), EXIT.complete);
  const unknown = JSON.parse(await status("--json"));
  assert.deepEqual([unknown.state, unknown.every, unknown.nextExportAt], ["waiting", null, null]);
  const text = await status("--every", "5h");
  assert.match(text, /\nEvery {14}not known, as no schedule has run here yet\n/);
  assert.match(text, /\nNext {15}not known, as no schedule has run here yet\n/);
  for (const every of ["6h", "0 3 * * *"]) {
    const io = ioOf(cma, root.path);
    const running = runCli(["schedule", "--every", every, "--cron", "*/5 * * * *"], io);
    await until(() => io.err().includes(" waiting: "), "it waits");
    const { state, nextExportAt, lastExport, ...known } = JSON.parse(await status("--json"));
    assert.deepEqual([state, known.every], ["waiting", every]);
    assert.equal(nextExportAt, nextTime(every, new Date(lastExport.begunAt)).toISOString());
    io.cancel();
    assert.equal(await running, EXIT.complete);
    assert.equal(JSON.parse(await status("--json")).every, every);
    assert.ok((await status()).includes(`\nEvery              ${every}\n`));
  }
});

Deno.test("sluice schedule continues after an export that failed", async () => {
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: (_request, { pathname }) => {
      return pathname === "/items" ? json({ data: [] }, { status: 404 }) : undefined;
    },
  });
  await using root = await temporaryRoot();
  const io = ioOf(cma, root.path);
  let ended = false;
  const running = runCli(["schedule"], io).finally(() => ended = true);
  await until(() => io.err().includes(" failed: "), "it failed");
  assert.equal(ended, false);
  io.cancel();
  assert.equal(await running, EXIT.complete);
  assert.match(io.err(), / failed: .*404.* Next: .*\n/);
});

Deno.test("sluice schedule refuses words that it doesn't know, with the one that was meant", async () => {
  const refusals = [
    [
      ["schedule", "disabel"],
      /takes enable, disable, status or options, but was given "disabel": did you mean disable\?/,
    ],
    [
      ["schedule", "enable", "now"],
      /takes no more words, but was given "now": see deno task -q sluice help/,
    ],
    [["schedule", "--resume"], /sluice schedule has no option --resume/],
    [["export", "--every", "1h"], /sluice export has no option --every/],
  ] as const;
  for (const [args, message] of refusals) {
    const io = fakeIo();
    assert.equal(await runCli([...args], io), EXIT.usage);
    assert.match(io.err(), message);
  }
});

Deno.test("sluice schedule never prints what it is given as a secret", async () => {
  const secrets = ["https://hooks.example/hook-t0ken", "s1gning-s3cret"];
  const io = fakeIo();
  const args = [
    "--notify-url",
    secrets[0]!,
    "--notify-secret",
    secrets[1]!,
    "--every",
    secrets[0]!,
  ];
  assert.equal(await runCli(["schedule", ...args], io), EXIT.usage);
  assert.match(io.err(), /--every must be a time with units/);
  for (const secret of secrets) assert.ok(!io.err().includes(secret));
});
