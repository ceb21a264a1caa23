import assert from "node:assert/strict";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { AMPLE } from "../support/cma.ts";
import { Editor } from "../support/editor.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import { itemTypeId, type ModelSketch } from "../../src/simulator/schema_builder.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { RecordMaker } from "../support/made_records.ts";
import { writeClient } from "../support/write_client.ts";
import { seeds } from "../support/long.ts";
import { legal, worked } from "../support/worked_project.ts";
import {
  assertRestored,
  restoreRecords,
  snapshotOf,
  watchPublic,
} from "../support/restored_records.ts";

/** What somebody did to records alone. */
const RECORDS_ALONE = { upload: 0, describe: 0, replace: 0, discard: 0, exchange: 0, redate: 5 };

/** Lets drafts say that they were public before: whoever publishes them can't take that back. */
function oncePublic(project: MemoryProject): MemoryProject {
  const { items } = project.primary;
  for (const { current, published } of items.records()) {
    if (published) continue;
    const first_published_at = current.meta?.created_at ?? null;
    items.put({ current: { ...current, meta: { ...current.meta, first_published_at } } });
  }
  return project;
}

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
  for (const seed of seeds(30, 3)) {
    const source = oncePublic(worked(seed));
    const snapshot = await snapshotOf(source);
    const project = memoryCopy(source);
    new Editor(project, { seed: 100 + seed, mix: RECORDS_ALONE }).edit(15);
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

const ORDERED = {
  leaf: {
    name: "Leaf",
    attributes: { draft_mode_active: true, tree: true },
    fields: { name: { type: "string" } },
  },
  row: {
    name: "Row",
    attributes: { draft_mode_active: true, sortable: true },
    fields: { name: { type: "string" } },
  },
};

/** The names of records in their order, below each record, with their status. */
function orderOf({ primary }: MemoryProject): Map<string, string[]> {
  const records = primary.items.records().toSorted((a, b) => {
    return Number(a.current.attributes.position) - Number(b.current.attributes.position);
  });
  const groups = new Map<string, string[]>();
  for (const { current: { attributes: { name, parent_id = "" }, meta } } of records) {
    const key = `${String(name)[0]} ${parent_id}`;
    groups.set(key, [...groups.get(key) ?? [], `${name} ${meta?.status}`]);
  }
  return new Map([...groups].sort());
}

Deno.test("records get their order back, with few moves", async () => {
  const source = emptyProject({ models: ORDERED });
  const maker = new RecordMaker(source);
  for (let i = 1; i <= 12; i++) {
    const content = { name: `r${i}`, position: i };
    maker.put("row", `row ${i}`, content, i % 3 === 0 ? undefined : i % 3 === 1 ? true : content);
    const above = i <= 3 ? null : entityId(`leaf ${i % 3 + 1}`);
    const place = { name: `l${i}`, position: Math.ceil(i / 3), parent_id: above };
    maker.put("leaf", `leaf ${i}`, i <= 3 ? { ...place, position: i } : place, true);
  }
  maker.finish();
  const snapshot = await snapshotOf(source);
  const project = memoryCopy(source);
  const { items } = project.primary;
  const cma = startDemoCma({ project, rateLimit: AMPLE });
  const client = writeClient(cma);
  await client.items.update(entityId("row 2"), { position: 11 });
  await client.items.update(entityId("row 9"), { position: 1 });
  await client.items.destroy(entityId("row 5"));
  await client.items.destroy(entityId("leaf 4"));
  await client.items.destroy(entityId("leaf 9"));
  await client.items.update(entityId("leaf 12"), { parent_id: entityId("leaf 2") });
  await client.items.update(entityId("leaf 3"), { position: 1 });
  const extra = await client.items.create({
    item_type: { type: "item_type", id: itemTypeId("row") },
    name: "extra",
    position: 2,
  });
  await cma.stop();
  const wrong = watchPublic(project, source);
  const { losses, wrote } = await restoreRecords(snapshot, project);
  assert.deepEqual(losses, []);
  assert.equal(items.record(extra.id), undefined);
  assert.deepEqual(orderOf(project), orderOf(source));
  assert.deepEqual(wrong, []);
  assert.ok((wrote.get("links") ?? 0) <= 8, `${wrote.get("links")} moves and changes`);
  const again = await restoreRecords(snapshot, project);
  assert.deepEqual(again.plan.steps, []);
});

Deno.test("what others are in the way of is done once they are gone", async () => {
  const models: Readonly<Record<string, ModelSketch>> = {
    home: {
      name: "Home",
      attributes: { singleton: true },
      fields: { line: { type: "string" } },
      singletonItem: entityId("home"),
    },
    note: {
      name: "Note",
      attributes: { draft_mode_active: true },
      fields: {
        text: { type: "string" },
        to: {
          type: "link",
          validators: {
            item_item_type: {
              item_types: ["note"],
              on_reference_unpublish_strategy: "fail",
              on_reference_delete_strategy: "fail",
            },
          },
        },
      },
    },
  };
  const source = emptyProject({ models });
  const maker = new RecordMaker(source);
  maker.put("home", "home", { line: "a" }, true);
  maker.put("note", "draft", { text: "b", to: null });
  maker.finish();
  const snapshot = await snapshotOf(oncePublic(source));
  const project = memoryCopy(source);
  const { items } = project.primary;
  items.publish(entityId("draft"));
  items.delete(entityId("home"));
  const extras = new RecordMaker(project);
  extras.put("home", "other home", { line: "x" }, true);
  extras.put("note", "extra", { text: "x", to: entityId("draft") }, true);
  extras.put("note", "below", { text: "x", to: entityId("extra") }, true);
  const kept = memoryCopy(project);
  const { losses } = await restoreRecords(snapshot, project);
  assert.deepEqual(losses, []);
  await assertRestored(snapshot, project);
  // Who keeps what the snapshot lacks is told what it is in the way of.
  const other = await restoreRecords(snapshot, kept, { input: { keepExtra: true } });
  assert.deepEqual(
    other.losses.map(({ code, id }) => [code, id]).sort(),
    [["record_refused", entityId("home")], ["unpublish_refused", entityId("draft")]].sort(),
  );
  assert.equal(kept.primary.items.records().length, 4);
});
