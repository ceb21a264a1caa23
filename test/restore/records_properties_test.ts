import assert from "node:assert/strict";
import type { StoredItem } from "../../src/simulator/stored_item.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { hardCases } from "../support/hard_records.ts";
import { long, seeds } from "../support/long.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
  withoutRecords,
} from "../support/restored_records.ts";
import { worked } from "../support/worked_project.ts";

Deno.test("projects of any content come back, and nothing is ever public that wasn't", async () => {
  for (const seed of seeds(30, 3)) {
    const source = worked(seed);
    const snapshot = await snapshotOf(source);
    const project = withoutRecords(source);
    const wrong = watchPublic(project, source);
    const { losses, requests, plan } = await restoreRecords(snapshot, project);
    assert.deepEqual(losses, [], `seed ${seed}`);
    await assertRestored(snapshot, project);
    assert.deepEqual(wrong, [], `seed ${seed}`);
    const writes = plan.steps.flatMap((step) => step.writes.map((each) => ({ ...each, step })));
    assert.equal(requests, writes.reduce((sum, each) => sum + each.requests, 0), `seed ${seed}`);
    // A request for each record, each content on top, and each link that waits; the rest are few.
    const records = source.primary.items.records();
    const isUpdated = ({ current }: StoredItem) => current.meta?.status === "updated";
    const waiting = writes.filter(({ step }) => step.phase === "links")
      .reduce((sum, { count }) => sum + count, 0);
    const least = records.length + records.filter(isUpdated).length + waiting;
    const published = records.filter((record) => record.published).length;
    const ofSchema = writes.filter(({ type }) => type !== "item")
      .reduce((sum, each) => sum + each.requests, 0);
    assert.ok(
      requests <= 1.03 * (least + Math.ceil(published / 120) + 2) + ofSchema,
      `${requests} requests`,
    );
  }
});

Deno.test("a restore that is stopped after any request is completed by another one", async () => {
  const { project: source } = hardCases({ ring: long(30, 4), characters: 10, count: 3 });
  const snapshot = await snapshotOf(source);
  const whole = await restoreRecords(snapshot, withoutRecords(source));
  // In full, after each request in turn; else once after some, again and again.
  const stops = long(1, 0) === 1
    ? Array.from({ length: whole.requests - 1 }, (_, i) => [i + 1])
    : [Array.from({ length: 20 }, (_, i) => 11 + i % 7)];
  let stopped = 0;
  for (const each of stops) {
    const project = withoutRecords(source);
    const wrong = watchPublic(project, source);
    for (const stopAfter of [...each, undefined]) {
      const { isStopped } = await restoreRecords(snapshot, project, { stopAfter });
      if (!isStopped) break;
      stopped++;
    }
    await assertRestored(snapshot, project);
    assert.deepEqual(wrong, [], `stopped after ${each[0]}`);
  }
  // After the last requests nothing is left that could be stopped.
  assert.ok(stopped >= Math.max(5, stops.length - 8), `${stopped} stopped`);
});

Deno.test("answers that are lost make no duplicates, and lose nothing", async () => {
  for (const seed of seeds(30, 2)) {
    const source = worked(seed, 30);
    const snapshot = await snapshotOf(source);
    const project = withoutRecords(source);
    const wrong = watchPublic(project, source);
    const faults = ["done-bad-gateway", "done-unavailable"] as const;
    const rules = ["POST", "PUT"].map((method) => ({
      on: "api",
      method,
      faults,
      probability: 0.6,
    }));
    const intercept = injectFaults({ rules, seed });
    const { losses, repeated } = await restoreRecords(snapshot, project, { cma: { intercept } });
    assert.deepEqual(losses, [], `seed ${seed}`);
    assert.deepEqual(wrong, [], `seed ${seed}`);
    await assertRestored(snapshot, project);
    assert.ok(repeated >= 10, `${repeated} lost`);
  }
});
