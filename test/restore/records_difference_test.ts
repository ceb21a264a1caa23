import assert from "node:assert/strict";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { Editor } from "../support/editor.ts";
import { long } from "../support/long.ts";
import { legal, worked } from "../support/worked_project.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
} from "../support/restored_records.ts";

/** What somebody did to records alone. */
const RECORDS_ALONE = { upload: 0, describe: 0, replace: 0, discard: 0, exchange: 0, redate: 5 };

/** The ids of records that differ in what they hold or say. */
function changed(before: MemoryProject, after: MemoryProject): Set<string> {
  const ids = new Set<string>();
  const all = [before, after].flatMap(({ primary }) => primary.items.records());
  for (const { current: { id } } of all) {
    const [a, b] = [before, after].map(({ primary }) => primary.items.record(id));
    if (JSON.stringify(a) !== JSON.stringify(b)) ids.add(id);
  }
  return ids;
}

Deno.test("a fork that was edited becomes the snapshot again, by what differs alone", async () => {
  for (let seed = 1; seed <= long(30, 3); seed++) {
    const source = worked(seed);
    const snapshot = await snapshotOf(source);
    const project = memoryCopy(source);
    new Editor(project, { seed: 100 + seed, mix: RECORDS_ALONE }).edit(20);
    legal(project);
    const differing = changed(source, project);
    const touched = new Set<string>();
    project.watch((change) => touched.add(change.id));
    const wrong = watchPublic(project, source);
    const { losses } = await restoreRecords(snapshot, project);
    assert.deepEqual(losses, [], `seed ${seed}`);
    await assertRestored(snapshot, project);
    assert.deepEqual([...touched].filter((id) => !differing.has(id)), [], `seed ${seed}`);
    assert.deepEqual(wrong, [], `seed ${seed}`);
    const again = await restoreRecords(snapshot, project);
    assert.deepEqual(again.plan.steps, [], `seed ${seed}`);
  }
});
