import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { bench, filesBelow } from "./bench.ts";

Deno.test("sluice plan tells what would be read, and writes nothing", async () => {
  await using bench_ = await bench();
  for (
    const args of [["plan", "--exclude", "roles"], ["export", "--dry-run", "--exclude", "roles"]]
  ) {
    const { io, exitCode } = await bench_.run(args);
    assert.equal(exitCode, EXIT.complete, io.err());
    assert.match(
      io.out(),
      /^Slackwater \(project 48213, environment main\) in en, it, pt-BR\n\nModel {10}Listed {4}Current {2}With blocks {2}Published {2}Updated {2}Requests\narticle {8}together {7}10 {12}6 {10}8 {8}2 {9}1\n(.*\n){6}7 models {22}38 {12}9 {9}33 {8}6 {9}2\n\nUploads: 13\nAsset files: [\d.]+ kB; those that the destination lacks are downloaded, which\s+DatoCMS may\s+bill\s+as\s+traffic\nScheduled records: 2\nOther resources: workflows, plugins,/,
    );
    assert.doesNotMatch(io.out(), /roles/);
    assert.match(
      io.out(),
      /\n\d+ requests, all of which fit in one window of the rate limit; asset files\s+are\s+not\s+included\.\nListing all records with their blocks, in each version, would take \d+ requests\.\nNothing was written\.\n$/,
    );
  }
  assert.deepEqual(await filesBelow(bench_.to), []);
});

Deno.test("sluice plan --json writes the plan for programs", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["plan", "--models", "lock", "--no-published", "--json"]);
  const plan = JSON.parse(io.out());
  assert.deepEqual(plan.models, [{
    model: "lock",
    current: 5,
    published: null,
    together: false,
    blocks: 5,
    updated: 0,
    requests: 1.17,
  }]);
  assert.deepEqual(plan.project, { id: "48213", name: "Slackwater" });
});

Deno.test("sluice plan tells one least time, which its requests can't undercut", async () => {
  await using bench_ = await bench({ rateLimit: { limit: 30, windowMs: 3000 } });
  const { io } = await bench_.run(["plan"]);
  const [, requests, seconds] =
    /\n(\d+) requests, which take at least (\d+\.\d) s under the API's rate limit;/.exec(io.out())!;
  // The first 30 go at once, and each further 30 a window later.
  const windows = Math.floor((Number(requests) - 1) / 30);
  assert.ok(windows > 0);
  assert.ok(Math.abs(Number(seconds) - windows * 3) < 0.1, `${requests} in ${seconds} s`);
});
