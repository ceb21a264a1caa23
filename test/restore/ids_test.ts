import assert from "node:assert/strict";
import type { Item } from "../../src/content/resource.ts";
import { assertCreatable } from "../../src/restore/ids/check_ids.ts";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { RecordMaker } from "../support/made_records.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exported, restoreOptions, served } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

/** A project with a page and a file, as it may have been made before October 2023. */
function oldProject(ids: { readonly record?: string; readonly upload?: string }): MemoryProject {
  const project = emptyProject({
    models: { page: { name: "Page", fields: { title: { type: "string" } } } },
  });
  const bytes = new TextEncoder().encode("a");
  const upload = project.addUpload({ filename: "a.txt", bytes, mimeType: "text/plain" });
  const maker = new RecordMaker(project);
  maker.put("page", "page", { title: "A" }, true);
  maker.finish();
  const { items, uploads } = project.primary;
  if (ids.upload !== undefined) {
    uploads.delete(upload.id);
    uploads.add({ ...upload, id: ids.upload });
  }
  if (ids.record !== undefined) {
    const { current, published } = items.records()[0]!;
    items.delete(current.id);
    const own: Item = { ...current, id: ids.record };
    items.put({ current: own, published: published && { ...published, id: ids.record } });
  }
  return project;
}

Deno.test("what has such an id is restored where it is there already", async () => {
  const project = oldProject({ record: "12345", upload: "678" });
  const storage = await exported(project);
  const [{ current }] = project.primary.items.records() as [{ current: Item }];
  project.primary.items.put({
    current: { ...current, attributes: { ...current.attributes, title: "B" } },
    published: undefined,
  });
  await using cma = served(project);
  const options = { ...restoreOptions(cma, storage), clock: IMPATIENT, into: "new:rescue" };
  await using plan = await planRestore(options);
  const { status, verification } = await applyRestore(plan);
  assert.deepEqual([status, verification?.differences], ["restored", []]);
  const { items } = project.environments.get("rescue")!;
  assert.equal(items.get("12345", "published")?.attributes.title, "A");
});

Deno.test("the first of several such ids is named", () => {
  const made = ["abc", "1", "2", "3"].map((id) => ({ type: "upload_collection", id }));
  assert.throws(
    () => assertCreatable(made),
    /^SluiceError: The upload collection 1 of the snapshot .*, as have 2 more: expected 22 /,
  );
  assertCreatable(made.slice(0, 1));
  // A record's id is of one form.
  assert.throws(() => assertCreatable(made.slice(0, 1), (id) => id.length === 22), /abc/);
});

Deno.test("another project that holds anything else isn't taken for one that a restore has begun", async () => {
  const source = oldProject({});
  const storage = await exported(source);
  const begun = emptyProject({ id: "77006" });
  await using cma = served(begun);
  const options = { ...restoreOptions(cma, storage), clock: IMPATIENT, otherProject: true };
  {
    await using plan = await planRestore(options);
    await assert.rejects(applyRestore(plan, { maxWrites: 5 }), /can be resumed/);
  }
  // Without its journal, it is known by what is there.
  const elsewhere = { ...options, journal: new MemoryStorage(), resume: true };
  {
    await using plan = await planRestore(elsewhere);
    assert.ok(plan.writes.length > 0);
  }
  for (const name of ["b", "c"]) {
    const bytes = new TextEncoder().encode(name);
    begun.addUpload({ filename: `${name}.txt`, bytes, mimeType: "text/plain" });
  }
  await assert.rejects(planRestore(elsewhere), /isn't empty/);
});
