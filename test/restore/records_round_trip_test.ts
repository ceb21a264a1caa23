import assert from "node:assert/strict";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { hardCases } from "../support/hard_records.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exported, restoreOptions, served } from "./frame.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
  withoutRecords,
} from "../support/restored_records.ts";

Deno.test("the sample's records come back in all versions", async () => {
  const source = sampleProject();
  const snapshot = await snapshotOf(source);
  // Some of what is scheduled in it is over since.
  const project = withoutRecords(source, () => new Date("2026-03-02T08:00:00.000Z"));
  const wrong = watchPublic(project, source);
  const { losses, temporary } = await restoreRecords(snapshot, project);
  assert.deepEqual(losses, []);
  await assertRestored(snapshot, project);
  assert.deepEqual(wrong, []);
  assert.equal(temporary.size, 0);
  // Nothing is left to be done, and nothing would become public unseen.
  const again = await restoreRecords(snapshot, project);
  assert.deepEqual([again.plan.steps, [...again.wrote]], [[], []]);
  const { items } = project.primary;
  const draft = items.records().find(({ published }) => !published)!;
  items.publish(draft.current.id);
  assert.equal(wrong.length, 1);
});

Deno.test("each hard case comes back in a project that has nothing yet", async () => {
  const { project: source } = hardCases({ ring: 12, characters: 1000, count: 20 });
  const storage = await exported(source);
  const project = emptyProject({ id: "77009" });
  const wrong = watchPublic(project, source);
  await using cma = served(project);
  const reached = { ...restoreOptions(cma, new MemoryStorage()), storage };
  await using plan = await planRestore({ ...reached, otherProject: true });
  const { status, losses, verification } = await applyRestore(plan);
  assert.deepEqual([status, losses, verification?.differences], ["restored", [], []]);
  assert.deepEqual(wrong, []);
  assert.equal(verification?.records, source.primary.items.records().length);
});
