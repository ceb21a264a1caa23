import assert from "node:assert/strict";
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
