import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { bench, filesBelow } from "./bench.ts";

Deno.test("sluice doctor tells what it found, and leaves nothing behind", async () => {
  await using bench_ = await bench({ forbidden: ["/roles"] });
  const { io, exitCode } = await bench_.run(["doctor"], { columns: 100 });
  assert.equal(exitCode, EXIT.complete, io.err());
  const out = io.out();
  assert.match(
    out,
    /^Project\n {2}ok {7}The API token is valid for the project Slackwater \(48213\)\.\n/,
  );
  assert.match(out, /\n {2}ok {7}Complete in an export: workflows, plugins, models,/);
  assert.match(
    out,
    /\n {2}warning {2}Roles and permissions: the API token's role may not read this/,
  );
  assert.match(
    out,
    /\n {13}In Project settings → Roles, let the API token's role read this, or leave it out silently with --exclude roles\./,
  );
  assert.ok(out.includes(`\nDestination ${bench_.to}\n  ok       Objects can be written.\n`), out);
  assert.match(out, /\n0 problems, \d warnings?\.\n$/);
  assert.deepEqual(await filesBelow(bench_.to), []);
});

Deno.test("sluice doctor ends with 1 if there is a problem", async () => {
  await using bench_ = await bench();
  const wrong = { DATOCMS_API_TOKEN: "fedcba9876543210fedcba9876543210" };
  const { io, exitCode } = await bench_.run(["doctor"], { env: wrong });
  assert.equal(exitCode, EXIT.failed);
  assert.match(io.out(), /\n {2}problem {2}127\.0\.0\.1:\d+ refused the API token/);
  assert.match(
    io.out(),
    /\nWhat the API token may read wasn't checked, because of that problem\.\n1 problem, /,
  );
  assert.ok(!io.out().includes(wrong.DATOCMS_API_TOKEN));
});

Deno.test("sluice doctor needs no token", async () => {
  await using bench_ = await bench();
  const { io, exitCode } = await bench_.run(["doctor"], { env: { DATOCMS_API_TOKEN: undefined } });
  assert.equal(exitCode, EXIT.complete, io.err());
  assert.match(io.out(), /^Destination /);
  assert.match(io.out(), /\nThe project wasn't checked, because there is no API token\.\n/);
  assert.equal(bench_.cma.log.requests.length, 0);
});

Deno.test("sluice doctor --json writes what it found for programs", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["doctor", "--json", "--include", "records"]);
  const { problems, checks, notChecked, unfinishedUploads } = JSON.parse(io.out());
  assert.deepEqual([problems, notChecked, unfinishedUploads], [0, [], []]);
  assert.deepEqual(checks.slice(0, 6).map(({ name }: { name: string }) => name), [
    "token",
    "environment",
    "role",
    "rate_limit",
    "resource:records",
    "write",
  ]);
});
