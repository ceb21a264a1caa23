import assert from "node:assert/strict";
import type { Item, JsonObject } from "../../src/content/resource.ts";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { copyOf } from "../support/damage.ts";
import { Editor } from "../support/editor.ts";
import { long, seeds } from "../support/long.ts";
import { snapshotOf, versionsOf } from "../support/restored_records.ts";
import { legal, worked } from "../support/worked_project.ts";
import { exported, restoreOptions, served } from "./frame.ts";

/** All versions of a project's records, but for what can't come back. */
async function versionsIn(project: MemoryProject): Promise<Map<string, JsonObject>> {
  const versions = await versionsOf((await snapshotOf(project)).snapshot);
  for (const { meta, attributes } of versions.values()) {
    delete (meta as JsonObject).first_published_at;
    delete (attributes as JsonObject).position;
  }
  return versions;
}

/** The records of which two projects have the same versions. */
function equalRecords(a: Map<string, JsonObject>, b: Map<string, JsonObject>): Set<string> {
  const ids = new Set<string>();
  const others = new Set<string>();
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const id = key.split(" ")[1]!;
    const isSame = JSON.stringify(a.get(key)) === JSON.stringify(b.get(key));
    (isSame ? ids : others).add(id);
  }
  return ids.difference(others);
}

const CHOICES = [
  { conflicts: "overwrite", publish: "snapshot", delete: true },
  { conflicts: "skip", publish: "none", delete: false },
  { conflicts: "overwrite", publish: "none", delete: false },
  { conflicts: "unless-edited", publish: "snapshot", delete: true },
  { conflicts: "skip", publish: "snapshot", delete: false },
] as const;

Deno.test("any snapshot into any living project: nothing differs but what is listed, and undo brings all back", async () => {
  for (const seed of seeds(30, 2)) {
    const source = worked(seed, long(36, 12));
    const storage = await exported(source);
    const project = memoryCopy(source);
    new Editor(project, { seed: seed + 100, mix: { redate: 3, purge: 0 } }).edit(long(36, 16));
    legal(project);
    const choice = CHOICES[(seed - 1) % CHOICES.length]!;
    const what = `seed ${seed}, ${JSON.stringify(choice)}`;
    const before = await versionsIn(project);
    const equal = equalRecords(await versionsIn(source), before);
    await using cma = served(project);
    const options = { ...restoreOptions(cma, storage), into: "primary", ...choice };
    await using plan = await planRestore(options);
    const result = await applyRestore(plan);
    assert.deepEqual(result.verification?.differences, [], what);
    for (const { path, changes } of cma.writes.done) {
      const [, kind, id = ""] = path.split(/[/?]/);
      if (kind !== "items") continue;
      const written = id === "bulk" ? changes.map((change) => change.id) : [id];
      // Records are destroyed with the links to them.
      const own = path.startsWith("/items/bulk/destroy")
        ? []
        : written.filter((id) => equal.has(id));
      assert.deepEqual(own, [], `${what}: written though it was equal`);
    }
    const writes = cma.writes.done.length;
    await using again = await planRestore(options);
    await applyRestore(again);
    assert.deepEqual(cma.writes.done.slice(writes).map(({ path }) => path), [], `${what}, again`);
    if (result.undo === null) continue;
    const undo = { ...restoreOptions(cma, await copyOf(storage)), snapshot: result.undo };
    await using back = await planRestore({ ...undo, delete: true });
    const undone = await applyRestore(back);
    assert.deepEqual(undone.verification?.differences, [], `${what}, undone`);
    const after = await versionsIn(project);
    // What links to a record that isn't public can't be published again, even as it was: that is told.
    const refused = new Set(
      undone.losses.map(({ code, id }) => {
        assert.equal(code, "publish_refused", what);
        return id;
      }),
    );
    for (const [key, version] of before) {
      const found = after.get(key);
      if (refused.has(key.split(" ")[1])) {
        for (const one of [version, found]) delete (one!.meta as JsonObject).status;
      }
      assert.deepEqual(found, version, `${what} ${key}`);
    }
    assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort(), what);
  }
});

Deno.test("five changes a second by editors while a restore overwrites what differs: none is lost", async () => {
  for (const seed of seeds(10, 1)) {
    const source = worked(seed, long(60, 20));
    const storage = await exported(source);
    const project = memoryCopy(source);
    new Editor(project, { seed: seed + 100, mix: { purge: 0 } }).edit(long(60, 30));
    legal(project);
    const { items, fields } = project.primary;
    const texts = new Map(
      fields.flatMap(({ attributes, relationships }) => {
        const isText = ["string", "text"].includes(attributes.field_type) &&
          !attributes.localized && !Object.keys(attributes.validators ?? {}).length;
        return isText ? [[relationships.item_type.data.id, attributes.api_key]] : [];
      }),
    );
    const last = new Map<string, string>();
    let requests = 0;
    let isWriting = false;
    await using cma = served(project, {
      onRequest: () => {
        // A restore sends twenty requests a second.
        if (!isWriting || ++requests % 4 !== 0) return;
        const own = items.records().filter(({ current }) => texts.has(modelOf(current)));
        const { current } = own[(7 * requests) % own.length]!;
        const text = `edit ${requests}`;
        items.update(current.id, { [texts.get(modelOf(current))!]: text });
        last.set(current.id, text);
      },
    });
    const options = { ...restoreOptions(cma, storage), into: "primary" };
    await using plan = await planRestore({
      ...options,
      conflicts: "overwrite",
      publish: "snapshot",
    });
    isWriting = true;
    const result = await applyRestore(plan, { verify: "none" });
    isWriting = false;
    assert.ok(last.size > 0, "editors changed something");
    for (const [id, text] of last) {
      const { current } = items.record(id)!;
      assert.equal(current.attributes[texts.get(modelOf(current))!], text, `seed ${seed}, ${id}`);
    }
    const told = result.losses.filter(({ code }) => code === "edited_meanwhile");
    for (const { id } of told) assert.ok(last.has(id!), "nobody else is told to have edited");
  }
});

function modelOf({ relationships }: Item): string {
  return relationships.item_type.data.id;
}
