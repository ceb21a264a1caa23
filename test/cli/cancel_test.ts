import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { bench, filesBelow, TOKEN } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";
import { undisturbed } from "../support/undisturbed.ts";

Deno.test("sluice export stops when it is told to, and says what is done", async () => {
  let hangs = false;
  const end = Promise.withResolvers<void>();
  await using bench_ = await bench({
    onRequest: async () => {
      if (hangs) await end.promise;
      return undefined;
    },
  });
  const canceller: { cancel?: () => void } = {};
  const io = fakeIo({
    env: { DATOCMS_API_TOKEN: TOKEN, DATOCMS_BASE_URL: bench_.cma.url, SLUICE_TO: bench_.to },
    onErr: (text) => text.startsWith("Exporting ") && canceller.cancel!(),
  });
  canceller.cancel = () => {
    // No answer comes any more: it can't wait for any.
    hangs = true;
    io.cancel();
  };
  assert.equal(await runCli(["export", "--json"], io), EXIT.cancelled);
  hangs = false;
  end.resolve();
  assert.match(
    io.err(),
    /\nCancelling \(press Ctrl-C again to stop at once\)\nsluice: Cancelled after \d+\.\d s with \d+ records? and \d+ assets? done: the snapshot at \/.*\/snapshot_\d+ is incomplete\.\nTo resume it: deno task -q sluice export --resume --base-url \S+ --to \S+\n$/,
  );
  const report = JSON.parse(io.out());
  assert.deepEqual([report.status, report.exitCode], ["cancelled", 130]);
  const left = await filesBelow(bench_.to);
  assert.ok(!left.some((path) => path.endsWith("canary.txt")));
  const again = fakeIo({
    env: {
      DATOCMS_API_TOKEN: TOKEN,
      DATOCMS_BASE_URL: bench_.cma.url,
      SLUICE_ASSET_HOST: bench_.cma.assetHost,
      SLUICE_TO: bench_.to,
    },
  });
  assert.equal(await runCli(["export", "--resume"], again), EXIT.complete);
  const whole = await filesBelow(bench_.to);
  const claims = whole.filter((path) => path.endsWith("export.json"));
  assert.equal(claims.length, 1, "a new snapshot was begun");
});

Deno.test("sluice export that is stopped before it began has written nothing", async () => {
  await using bench_ = await bench({ latencyMs: 300 });
  const io = fakeIo({
    env: { DATOCMS_API_TOKEN: TOKEN, DATOCMS_BASE_URL: bench_.cma.url, SLUICE_TO: bench_.to },
  });
  io.cancel();
  assert.equal(await runCli(["export"], io), EXIT.cancelled);
  assert.match(io.err(), /^sluice: Cancelled after \d+\.\d s: nothing was written\.\n$/);
  assert.deepEqual(await filesBelow(bench_.to), []);
});

Deno.test("sluice plan stops when it is told to", async () => {
  await using bench_ = await bench({ latencyMs: 300 });
  const io = fakeIo({ env: { DATOCMS_API_TOKEN: TOKEN, DATOCMS_BASE_URL: bench_.cma.url } });
  const running = runCli(["plan"], io);
  io.cancel();
  assert.equal(await running, EXIT.cancelled);
  assert.equal(io.err(), "sluice: Cancelled.\n");
});

Deno.test(
  "sluice export fails when it isn't done within --timeout, and can be resumed",
  undisturbed(async () => {
    await using bench_ = await bench({ latencyMs: 300 });
    const env = {
      DATOCMS_API_TOKEN: TOKEN,
      DATOCMS_BASE_URL: bench_.cma.url,
      SLUICE_TO: bench_.to,
    };
    const io = fakeIo({ env });
    assert.equal(await runCli(["export", "--timeout", "900ms", "--json"], io), EXIT.failed);
    const why =
      "The command took longer than 900ms (--timeout): allow it more time, or continue an export " +
      "with --resume.";
    assert.ok(io.err().includes(`\nsluice: ${why}\n`), io.err());
    assert.ok(!io.err().includes("Cancel"));
    const { status, error } = JSON.parse(io.out());
    assert.deepEqual([status, error], ["failed", why]);
    const plan = fakeIo({ env });
    assert.equal(await runCli(["plan", "--timeout", "10ms"], plan), EXIT.failed);
    assert.equal(plan.err(), `sluice: ${why.replace("900", "10")}\n`);
  }),
);
