import assert from "node:assert/strict";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import {
  type KeepReference,
  referencesOf,
  withReferences,
} from "../../src/content/item_references.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { Editor } from "../support/editor.ts";
import { long } from "../support/long.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
  withoutRecords,
} from "../support/restored_records.ts";

/** A project of a seed that somebody worked on, as DatoCMS lets it be. */
function worked(seed: number, records = 60): MemoryProject {
  const project = memoryCopy(generateProject({ records, uploads: 6, blocksPerRecord: 3, seed }));
  new Editor(project, { seed }).edit(records);
  return legal(project);
}

/** Publishes what public records link to, and takes away links to what isn't there any more. */
function legal(project: MemoryProject): MemoryProject {
  const { site, itemTypes, fields, fieldsets, items, uploads } = project.primary;
  const { locales } = site.attributes;
  const schema = new SchemaIndex({ locales, itemTypes, fields, fieldsets });
  const isThere: KeepReference = ({ type, id }) => {
    return type === "item" ? items.record(id) !== undefined : uploads.get(id) !== undefined;
  };
  for (const { current, published } of items.records()) {
    const own = withReferences(current, schema, isThere);
    const open = published && withReferences(published, schema, isThere);
    items.put({ current: own, published: published === current ? own : open });
  }
  for (let count = -1; count !== 0;) {
    count = 0;
    for (const { published } of items.records()) {
      for (const { type, id } of published ? referencesOf(published, schema) : []) {
        if (type !== "item" || items.record(id)!.published) continue;
        items.publish(id);
        count++;
      }
    }
  }
  return project;
}

Deno.test("projects of any content come back, and nothing is ever public that wasn't", async () => {
  for (let seed = 1; seed <= long(30, 3); seed++) {
    const source = worked(seed);
    const snapshot = await snapshotOf(source);
    const project = withoutRecords(source);
    const wrong = watchPublic(project, source);
    const { losses } = await restoreRecords(snapshot, project);
    assert.deepEqual(losses, [], `seed ${seed}`);
    await assertRestored(snapshot, project);
    assert.deepEqual(wrong, [], `seed ${seed}`);
  }
});

Deno.test("a restore that is stopped after any request is completed by another one", async () => {
  const source = worked(5, 30);
  const snapshot = await snapshotOf(source);
  const whole = await restoreRecords(snapshot, withoutRecords(source));
  // In full, after each request in turn; else once after some, again and again.
  const stops = long(1, 0) === 1
    ? Array.from({ length: whole.requests }, (_, i) => [i + 1])
    : [Array.from({ length: 100 }, (_, i) => 3 + i % 7)];
  for (const each of stops) {
    const project = withoutRecords(source);
    const wrong = watchPublic(project, source);
    let runs = 0;
    for (const stopAfter of [...each, undefined]) {
      const { isStopped } = await restoreRecords(snapshot, project, { stopAfter });
      runs++;
      if (!isStopped) break;
    }
    await assertRestored(snapshot, project);
    assert.deepEqual(wrong, [], `stopped after ${each[0]}`);
    assert.ok(runs > (each.length > 1 ? 5 : 1), `${runs} runs`);
  }
});

Deno.test("answers that are lost make no duplicates, and lose nothing", async () => {
  for (let seed = 1; seed <= long(30, 2); seed++) {
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
    const intercept = injectFaults({ rules, seed, mostInARow: 4 });
    const { losses, repeated } = await restoreRecords(snapshot, project, { cma: { intercept } });
    assert.deepEqual(losses, [], `seed ${seed}`);
    assert.deepEqual(wrong, [], `seed ${seed}`);
    await assertRestored(snapshot, project);
    assert.ok(repeated >= 10, `${repeated} lost`);
  }
});
