import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";
import { copyOf } from "../support/damage.ts";
import { worked } from "../support/worked_project.ts";
import { assertRefused, exported, restoreOptions, served } from "./frame.ts";

const SOURCE = worked(4, 8);
let snapshot: Promise<MemoryStorage> | undefined;

async function snapshotOfAll(): Promise<MemoryStorage> {
  snapshot ??= exported(SOURCE);
  return await copyOf(await snapshot);
}

Deno.test("--promote: a verified fork takes the primary environment's place, in maintenance", async () => {
  const project = memoryCopy(SOURCE);
  const [record] = project.primary.items.records();
  project.primary.items.update(record!.current.id, {});
  await using cma = served(project);
  const storage = await snapshotOfAll();
  const options = { ...restoreOptions(cma, storage), into: "new:rescue", promote: true };
  await assertRefused(
    cma,
    () => planRestore({ ...options, into: "primary" }),
    /Only a new environment that is made of the primary one, main, can be promoted/,
  );
  await using plan = await planRestore({ ...options, maintenance: true });
  assert.equal(plan.confirmation, `${project.primary.site.attributes.name}/main`);
  const { promotion, exitCode } = await applyRestore(plan);
  assert.deepEqual(promotion, { isDone: true, previous: "main", reason: null, changes: [] });
  assert.equal(exitCode, EXIT.complete);
  assert.equal(project.primaryEnvironment, "rescue");
  const modes = cma.writes.done.flatMap(({ path }) => {
    return /^\/(?:maintenance-mode|environments)\/[^?]*/.exec(path)?.[0] ?? [];
  });
  assert.deepEqual(modes.slice(-3), [
    "/maintenance-mode/activate",
    "/environments/rescue/promote",
    "/maintenance-mode/deactivate",
  ]);
});

Deno.test("--promote: nothing is promoted if the primary environment was changed, or nothing was compared", async () => {
  const project = memoryCopy(SOURCE);
  const { items } = project.primary;
  const [{ current: { id } }] = items.records() as [ReturnType<typeof items.records>[number]];
  let isEdited = false;
  await using cma = served(project, {
    onRequest: ({ method }, { pathname }) => {
      if (isEdited || method !== "GET" || !project.environments.has("rescue")) return;
      if (!pathname.startsWith("/items")) return;
      isEdited = true;
      items.delete(id);
    },
  });
  const storage = await snapshotOfAll();
  const options = { ...restoreOptions(cma, storage), into: "new:rescue", promote: true };
  await using plan = await planRestore({ ...options, maintenance: true });
  const { promotion, status, exitCode, verification } = await applyRestore(plan);
  assert.deepEqual(verification?.differences, []);
  assert.deepEqual([status, exitCode], ["restored", EXIT.failed]);
  assert.equal(project.primaryEnvironment, "main");
  assert.match(promotion!.reason!, /was changed since the new one was made of it \(\d+ changes?\)/);
  assert.ok(promotion!.changes.some((text) => text.includes(`(${id}): removed`)));
  assert.match(cma.writes.done.at(-1)!.path, /^\/maintenance-mode\/deactivate/);
  await using other = await planRestore({ ...options, into: "new:other" });
  const uncompared = await applyRestore(other, { verify: "none" });
  assert.match(uncompared.promotion!.reason!, /wasn't compared/);
  assert.equal(project.primaryEnvironment, "main");
});
