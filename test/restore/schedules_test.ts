import assert from "node:assert/strict";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { RecordMaker } from "../support/made_records.ts";
import { exported, framed, restoreOptions, served } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

/** Far enough that no test ever meets it. */
const PUBLISH_AT = "2199-01-01T00:00:00.000Z";

/** A project with a draft, and what it is to be called of it. */
function withDraft() {
  const project = emptyProject({
    models: {
      page: {
        name: "Page",
        attributes: { draft_mode_active: true },
        fields: { title: { type: "string" } },
      },
    },
  });
  const maker = new RecordMaker(project);
  const id = maker.put("page", "page", { title: "A" });
  maker.finish();
  return { project, id };
}

Deno.test("what is scheduled is compared once it was to come back, and nothing else may be scheduled", async () => {
  const { project, id } = withDraft();
  const plain = await exported(project);
  project.primary.items.schedule(id, { publishAt: PUBLISH_AT });
  const scheduled = await exported(project);
  await using cma = served(project);
  const head = { resource: "item", id, name: null, versions: [], locale: null };
  const attributes = { publication_scheduled_at: PUBLISH_AT };
  // A restore that writes nothing: the fork has what its source has.
  {
    const options = { ...restoreOptions(cma, plain), into: "new:first" };
    await using plan = await framed(options);
    assert.deepEqual((await applyRestore(plan)).verification?.differences, [
      { ...head, path: "scheduled_publication", wanted: null, found: attributes },
    ]);
  }
  await using empty = served(withDraft().project);
  {
    const options = { ...restoreOptions(empty, scheduled), into: "new:second" };
    await using plan = await framed({ ...options, schedules: "set" });
    assert.deepEqual((await applyRestore(plan)).verification?.differences, [
      { ...head, path: "scheduled_publication", wanted: attributes, found: null },
    ]);
    await using list = await framed({ ...options, into: "new:third" });
    assert.deepEqual((await applyRestore(list)).verification?.differences, []);
  }
  // One that does what it says.
  for (const [into, schedules] of [["new:fourth", "set"], ["new:fifth", "list"]] as const) {
    const options = { ...restoreOptions(cma, scheduled), clock: IMPATIENT, into, schedules };
    await using plan = await planRestore(options);
    const { status, verification } = await applyRestore(plan);
    assert.deepEqual([status, verification?.differences], ["restored", []]);
    const made = project.environments.get(into.slice(4))!.items.schedules(id);
    assert.equal(made.length, schedules === "set" ? 1 : 0);
  }
});
