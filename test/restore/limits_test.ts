import assert from "node:assert/strict";
import { EXIT, SluiceError } from "../../src/error.ts";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import type { Step } from "../../src/restore/plan.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { framed, restoreOptions, sampleSnapshot, served } from "./frame.ts";

Deno.test("once its time is used up a restore begins nothing new, and is resumed", async () => {
  const storage = await sampleSnapshot();
  await using cma = served(sampleProject());
  const clock = new ManualClock();
  const done: number[] = [];
  const step = (passMs: number): Step => ({
    phase: "current",
    writes: [{ action: "update", type: "item", count: 3, requests: 3 }],
    async run(run) {
      await run.forEach([1, 2, 3], async (n) => {
        done.push(n);
        // What is in flight is ended, though time passes.
        if (n === 2) await clock.advance(passMs);
      });
    },
  });
  const options = { ...restoreOptions(cma, storage), into: "new:rescue", concurrency: 1 };
  {
    await using plan = await framed({ ...options, clock }, step(90_000));
    await assert.rejects(applyRestore(plan, { timeBudgetMs: 100_000 }), (error) => {
      assert.ok(error instanceof SluiceError, String(error));
      assert.equal(error.exitCode, EXIT.unfinished);
      assert.equal(
        error.message,
        "The restore was stopped because its time is used up; what was written stays, and it can be resumed.",
      );
      return true;
    });
  }
  assert.deepEqual(done, [1, 2]);
  await using plan = await framed({ ...options, resume: true }, step(0));
  const { status, verification } = await applyRestore(plan, { timeBudgetMs: 100_000 });
  assert.deepEqual(verification?.differences, []);
  assert.equal(status, "restored");
  assert.deepEqual(done, [1, 2, 1, 2, 3]);
});

Deno.test("a restore of a sandbox whose journal is lost isn't resumed, but its environment is named", async () => {
  const storage = await sampleSnapshot();
  const project = sampleProject();
  await using cma = served(project);
  const options = restoreOptions(cma, storage);
  {
    await using plan = await planRestore(options);
    await assert.rejects(applyRestore(plan, { maxWrites: 1 }), /can be resumed/);
  }
  const made = [...project.environments.keys()].filter((id) => id.startsWith("restore-"));
  assert.equal(made.length, 1);
  await assert.rejects(
    planRestore({ ...options, journal: new MemoryStorage(), resume: true }),
    (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.exitCode, EXIT.usage);
      assert.match(
        error.message,
        new RegExp(
          `that isn't over, by the journals at memory:.*/content/project_48213: .* may be ${
            made[0]
          }, and delete it`,
        ),
      );
      return true;
    },
  );
});
