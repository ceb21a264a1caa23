import assert from "node:assert/strict";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import {
  applyRestore,
  planRestore,
  type RestoreOptions,
  type RestorePlan,
  type RestoreResult,
} from "../../src/restore/mod.ts";
import { Target } from "../../src/restore/target.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import type { StoredItem } from "../../src/simulator/stored_item.ts";
import { listPage } from "../../src/tools/list.ts";
import { copyOf } from "../support/damage.ts";
import { long } from "../support/long.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";
import { snapshotOf, versionsOf } from "../support/restored_records.ts";
import { legal, worked } from "../support/worked_project.ts";
import { assertRefused, exported, restoreOptions, served } from "./frame.ts";

/** A project and its snapshot, which is made once for all tests: each takes a copy of both. */
const SOURCE = worked(3, 24);
let snapshot: Promise<MemoryStorage> | undefined;

async function snapshotOfAll(): Promise<MemoryStorage> {
  snapshot ??= exported(SOURCE);
  return await copyOf(await snapshot);
}

/** Restores into the primary environment. */
async function restored(
  cma: DemoCma,
  options: Partial<RestoreOptions> = {},
  onPlan: (plan: RestorePlan) => void = () => {},
): Promise<RestoreResult> {
  const storage = await snapshotOfAll();
  const reached = restoreOptions(cma, storage);
  await using plan = await planRestore({ ...reached, into: "primary", ...options });
  onPlan(plan);
  return await applyRestore(plan);
}

/** A record whose title or text is a plain string, and that field. */
function textOf(project: MemoryProject, skip = 0): { record: StoredItem; key: string } {
  const { items, fields } = project.primary;
  const found = items.records().flatMap((record) => {
    const field = fields.find(({ attributes, relationships }) => {
      return attributes.field_type === "text" && !attributes.localized &&
        Object.keys(attributes.validators ?? {}).length === 0 &&
        relationships.item_type.data.id === typeOf(record.current);
    });
    return field ? [{ record, key: field.attributes.api_key }] : [];
  });
  assert.ok(found.length > skip, "the project has no such record");
  return found[skip]!;
}

Deno.test("where editors work, only what is gone comes back, as drafts; what they changed stays and is listed", async () => {
  const project = memoryCopy(SOURCE);
  const { items } = project.primary;
  const gone = withDrafts(project).slice(0, 3).map(({ current }) => current.id);
  for (const id of gone) items.delete(id);
  const { record: { current: { id } }, key } = textOf(project);
  items.update(id, { [key]: "Changed since" });
  const before = new Map(items.records().map((one) => [one.current.id, one]));
  await using cma = served(project);
  const result = await restored(cma, {}, (plan) => {
    assert.match(plan.confirmation!, /\/main$/);
    assert.deepEqual(plan.conflicts.filter((one) => one.id === id), [{
      type: "item",
      id,
      name: nameOf(project, items.record(id)!.current),
      isEdited: true,
    }]);
  });
  assert.deepEqual(result.verification?.differences, []);
  assert.ok(result.verification.left >= 1);
  for (const id of gone) assert.equal(items.record(id)?.current.meta?.status, "draft");
  for (const [id, one] of before) {
    assert.deepEqual(items.record(id)?.current.attributes, one.current.attributes, id);
  }
  const writes = cma.writes.done.length;
  const again = await restored(cma);
  assert.equal(cma.writes.done.length, writes, "a second restore writes nothing");
  assert.deepEqual(again.verification?.differences, []);
});

/** The records of models that have drafts. */
function withDrafts({ primary: { items, itemTypes } }: MemoryProject): StoredItem[] {
  const models = new Set(
    itemTypes.flatMap(({ id, attributes }) => attributes.draft_mode_active ? [id] : []),
  );
  return items.records().filter(({ current }) => models.has(typeOf(current)));
}

function typeOf({ relationships }: Item): string {
  return relationships.item_type.data.id;
}

function nameOf({ primary }: MemoryProject, item: Item): string {
  return primary.itemTypes.find((one) => one.id === typeOf(item))!.attributes.api_key;
}

/** A project in which somebody changed, deleted, made, published and unpublished records since the snapshot. */
function edited(): { project: MemoryProject; made: readonly string[] } {
  const project = memoryCopy(SOURCE);
  const { items } = project.primary;
  const records = withDrafts(project);
  for (const { current: { id } } of records.slice(0, 3)) items.delete(id);
  const { record: { current }, key } = textOf(project);
  items.update(current.id, { [key]: "Changed since" });
  const open = records.findLast(({ published }) => published !== undefined)!;
  items.unpublish(open.current.id);
  const draft = records.slice(3).find(({ published }) => published === undefined);
  if (draft) items.publish(draft.current.id);
  const { id } = items.create(typeOf(current), { ...current.attributes, [key]: "New" });
  return { project: legal(project), made: [id] };
}

Deno.test("--conflicts overwrite and --publish snapshot bring all back, and keep what the snapshot lacks", async () => {
  const { project, made } = edited();
  await using cma = served(project);
  const result = await restored(cma, { conflicts: "overwrite", publish: "snapshot" });
  assert.deepEqual(result.verification?.differences, []);
  assert.deepEqual(result.conflicts, []);
  assert.equal(result.verification.kept >= 1, true);
  for (const id of made) assert.ok(project.primary.items.record(id));
  for (const { current, published } of SOURCE.primary.items.records()) {
    const now = project.primary.items.record(current.id)!;
    assert.equal(now.current.meta!.status, current.meta!.status, current.id);
    assert.equal(now.published === undefined, published === undefined);
  }
});

Deno.test("what a restore made whose journal is lost becomes the snapshot by another one", async () => {
  const records = SOURCE.primary.items.records().length;
  // While records are made, while they become public, and while some are changed.
  const stops = [["emptied", records / 2], ["emptied", records + 3], ["edited", 3]] as const;
  for (const [damage, writes] of stops.slice(0, long(stops.length, 1))) {
    const project = damage === "edited" ? edited().project : legal(memoryCopy(SOURCE));
    if (damage === "emptied") {
      for (const { current } of project.primary.items.records()) {
        project.primary.items.delete(current.id);
      }
    }
    let left = Math.ceil(writes);
    await using cma = served(project, {
      // It is killed: nothing is put back either.
      onRequest: ({ method }) => {
        return method === "GET" || left-- > 0 ? undefined : new Response("", { status: 403 });
      },
    });
    const storage = await snapshotOfAll();
    const options = { ...restoreOptions(cma, storage), into: "new:rescue" };
    {
      await using plan = await planRestore(options);
      await assert.rejects(applyRestore(plan));
    }
    assert.ok(left < 0 && project.environments.has("rescue"));
    for (const key of [...storage.objects.keys()]) {
      if (/\/restore_\d+\//.test(key)) storage.objects.delete(key);
    }
    left = Infinity;
    await assert.rejects(planRestore({ ...options, resume: true }), /If a journal is lost/);
    await using again = await planRestore({
      ...options,
      into: "rescue",
      conflicts: "overwrite",
      publish: "snapshot",
      delete: true,
    });
    const { status, losses, conflicts, verification } = await applyRestore(again);
    const shown = `${damage} after ${writes}`;
    assert.deepEqual([verification?.differences, losses, conflicts], [[], [], []], shown);
    assert.equal(status, "restored", shown);
    const { items } = project.environments.get("rescue")!;
    assert.equal((items as typeof project.primary.items).records().length, records, shown);
  }
});

Deno.test("--conflicts fail writes nothing; unless-edited changes only what nobody changed", async () => {
  const { project } = edited();
  await using cma = served(project);
  const storage = await snapshotOfAll();
  const options = { ...restoreOptions(cma, storage), into: "primary" };
  await assertRefused(
    cma,
    () => planRestore({ ...options, conflicts: "fail", publish: "snapshot" }),
    /has \d+ things otherwise than the snapshot, such as the item .*nothing was written/,
  );
  const before = new Map(
    project.primary.items.records().map(({ current }) => [current.id, current.attributes]),
  );
  const result = await restored(cma, { conflicts: "unless-edited", publish: "snapshot" });
  assert.deepEqual(result.verification?.differences, []);
  const left = result.conflicts.filter(({ type }) => type === "item");
  assert.ok(left.length > 0);
  for (const { id, isEdited } of left) {
    assert.equal(isEdited, true);
    assert.deepEqual(project.primary.items.record(id)!.current.attributes, before.get(id));
  }
});

Deno.test("what an editor changes while a restore runs is never overwritten, published or destroyed", async () => {
  const { project } = edited();
  const { items } = project.primary;
  const { record: { current: { id } }, key } = textOf(project);
  let writes = 0;
  await using cma = served(project, {
    onRequest: ({ method }) => {
      // Directly before the first write.
      if (method !== "GET" && ++writes === 1) items.update(id, { [key]: "Meanwhile" });
    },
  });
  const result = await restored(cma, { conflicts: "overwrite", publish: "snapshot" });
  assert.equal(items.record(id)!.current.attributes[key], "Meanwhile");
  assert.notEqual(items.record(id)!.published?.attributes[key], "Meanwhile");
  assert.deepEqual(
    result.losses.filter(({ code }) => code === "edited_meanwhile").map((loss) => loss.id),
    [id],
  );
  assert.equal(result.status, "lossy");
  assert.deepEqual(result.verification?.differences, []);
});

/** All that a project holds, but for what can't come back. */
async function stateOf(project: MemoryProject) {
  const { snapshot } = await snapshotOf(project);
  const versions = await versionsOf(snapshot);
  for (const { meta } of versions.values()) delete (meta as JsonObject).first_published_at;
  return { versions, schema: project.primary.itemTypes, fields: project.primary.fields };
}

Deno.test("--delete destroys what the snapshot lacks; undo brings all back as it was", async () => {
  const { project, made } = edited();
  const { primary } = project;
  const [field] = primary.fields;
  const hint = { ...field!, attributes: { ...field!.attributes, hint: "Changed since" } };
  primary.setSchema({ fields: primary.fields.map((one) => one.id === hint.id ? hint : one) });
  await using cma = served(project);
  const storage = await snapshotOfAll();
  const options = { ...restoreOptions(cma, storage), into: "primary" };
  const all = { ...options, conflicts: "overwrite", publish: "snapshot", delete: true } as const;
  await assertRefused(
    cma,
    () => planRestore({ ...all, maxDelete: 0 }),
    /would destroy 1 thing, and no more than 0 are allowed/,
  );
  const before = await stateOf(project);
  await using plan = await planRestore(all);
  assert.match(plan.confirmation!, /\/main 1$/);
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  assert.equal(result.verification.kept, 0);
  for (const id of made) assert.equal(primary.items.record(id), undefined);
  assert.match(result.undo!, /\/undo_\d+$/);
  const list = await listPage(storage, { undo: true });
  assert.ok(list.snapshots.some(({ name, state }) => name === result.undo && state === "complete"));
  // What somebody does afterwards isn't undone.
  const later = primary.items.create(typeOf(withDrafts(project)[0]!.current), {});
  const undo = { ...restoreOptions(cma, storage), snapshot: result.undo! };
  await using back = await planRestore({ ...undo, delete: true });
  assert.equal(back.target.environment, "main");
  const undone = await applyRestore(back);
  assert.deepEqual(undone.losses, []);
  assert.deepEqual(undone.verification?.differences, []);
  assert.ok(primary.items.record(later.id));
  primary.items.delete(later.id);
  assert.deepEqual(await stateOf(project), before);
});

Deno.test("a restore where editors work that is killed puts validators back, and resumes without what they did since", async () => {
  for (const [run, conflicts] of (["overwrite", "skip"] as const).entries()) {
    const { project } = edited();
    const { primary } = project;
    const gone = withDrafts(SOURCE).slice(-4).map(({ current }) => current.id);
    for (const id of gone) primary.items.delete(id);
    legal(project);
    const fields = structuredClone(primary.fields);
    await using cma = served(project);
    const storage = await snapshotOfAll();
    const options = {
      ...restoreOptions(cma, storage),
      into: "primary",
      conflicts,
      publish: "snapshot",
      validators: "last",
    } as const;
    {
      await using plan = await planRestore(options);
      const relaxing = plan.writes.filter(({ type }) => type === "field");
      const maxWrites = 4 + (relaxing[0]?.count ?? 0);
      await assert.rejects(applyRestore(plan, { maxWrites }), /can be resumed/);
    }
    assert.deepEqual(primary.fields, fields, "validators are back");
    const { record, key } = textOf(project);
    primary.items.update(record.current.id, { [key]: "In between" });
    await using again = await planRestore({ ...options, resume: true });
    assert.ok(again.conflicts.some(({ id }) => id === record.current.id));
    const result = await applyRestore(again);
    assert.deepEqual(result.verification?.differences, [], `run ${run}`);
    assert.equal(primary.items.record(record.current.id)!.current.attributes[key], "In between");
    for (const id of gone) assert.ok(primary.items.record(id), "what is gone is made");
    assert.deepEqual(primary.fields, fields, "validators are back at the end");
  }
});

Deno.test("a field that was deleted is made again, with what the records of its model held in it", async () => {
  const project = memoryCopy(SOURCE);
  const { record, key } = textOf(project);
  const { primary } = project;
  const field = primary.fields.find(({ attributes, relationships }) => {
    return attributes.api_key === key &&
      relationships.item_type.data.id === typeOf(record.current);
  })!;
  await using cma = served(project);
  const { apiToken, url: baseUrl } = cma;
  const { signal } = new AbortController();
  await new Target({ apiToken, baseUrl }).destroy(`/fields/${field.id}`, { signal });
  assert.ok(!primary.fields.some(({ id }) => id === field.id));
  const result = await restored(cma, { conflicts: "overwrite", publish: "snapshot" });
  assert.deepEqual(result.verification?.differences, []);
  assert.deepEqual(result.losses, []);
  const now = primary.items.record(record.current.id)!;
  assert.equal(now.current.attributes[key], record.current.attributes[key]);
  assert.equal(now.published?.attributes[key], record.published?.attributes[key]);
});
