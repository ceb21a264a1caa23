import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { AMPLE } from "../support/cma.ts";
import { differences, planned, sumsOf, taken, ticking, writesOf } from "./restoring.ts";

Deno.test("the sample project's schema and settings come into an empty one, and twice", async () => {
  await using source = startDemoCma({ project: sampleProject(), rateLimit: AMPLE });
  const wanted = await taken(source);
  await using cma = startDemoCma({
    project: emptyProject({ clock: ticking() }),
    rateLimit: AMPLE,
    jobMs: 0,
  });
  const restore = await planned(wanted, cma);
  await restore.run();

  // What the dry run says is what is written.
  assert.deepEqual(writesOf(cma), sumsOf(restore.steps));
  assert.deepEqual(restore.losses.map(({ code, id }) => [code, id]), [
    ["asset_file_missing", [...restore.missing][0]],
  ]);
  assert.deepEqual(await differences(wanted, await taken(cma)), []);

  // Each step may be run again; so may a plan of what is there now.
  const before = cma.writes.done.length;
  await restore.run();
  assert.deepEqual(cma.writes.done.slice(before), []);
  const again = await planned(wanted, cma);
  assert.deepEqual(again.steps, []);
});

Deno.test("a generated project's schema, settings and uploads come into an empty one", async () => {
  const project = generateProject({ records: 0, uploads: 120, assetBytes: 60, models: 9, seed: 7 });
  await using source = startDemoCma({ project, rateLimit: AMPLE });
  const wanted = await taken(source);
  const empty = emptyProject({ clock: ticking() });
  await using cma = startDemoCma({ project: empty, rateLimit: AMPLE, jobMs: 0 });
  const restore = await planned(wanted, cma);
  await restore.run();
  assert.deepEqual(restore.losses, []);
  assert.deepEqual(await differences(wanted, await taken(cma)), []);
  // Two for each upload, and two for each hundred begun.
  assert.deepEqual(restore.requests.uploads, { reads: 4, writes: 240 });
});
