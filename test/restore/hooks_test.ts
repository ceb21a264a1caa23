import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { Resource } from "../../src/content/resource.ts";
import { abortRestore, applyRestore } from "../../src/restore/mod.ts";
import type { Step } from "../../src/restore/plan.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { ref } from "../../src/simulator/schema_builder.ts";
import { assertRefused, framed, restoreOptions, sampleSnapshot, served } from "./frame.ts";

/** The sample project with a webhook that is disabled, and one for another environment only. */
function hooked(): MemoryProject {
  const project = sampleProject();
  for (const { settings } of project.environments.values()) {
    const [webhook] = settings.get("/webhooks") as readonly Resource[];
    const { attributes } = webhook!;
    settings.set("/webhooks", [
      webhook!,
      { ...webhook!, id: "712", attributes: { ...attributes, name: "Off", enabled: false } },
      {
        ...webhook!,
        id: "713",
        attributes: {
          ...attributes,
          name: "Elsewhere",
          events: [{
            entity_type: "item",
            event_types: ["publish"],
            filters: [{ entity_type: "environment", entity_ids: ["spring-issue"] }],
          }],
        },
      },
    ]);
  }
  return project;
}

/** The ids of the hooks that are enabled. */
function enabled({ primary: { settings } }: MemoryProject): string[] {
  return ["/webhooks", "/build-triggers"]
    .flatMap((path) => settings.get(path) as readonly Resource[])
    .filter(({ attributes }) => attributes?.enabled === true)
    .map(({ id }) => id);
}

/** A step that does something while hooks are to be disabled. */
function doing(run: () => void | Promise<void>): Step {
  const writes = [{ action: "update", type: "field", count: 1, requests: 1 }] as const;
  return { phase: "records", writes, run: async () => await run() };
}

const ALL = ["711", "713", "615"];
const PAUSED = ["713"];

Deno.test("hooks are disabled before anything is written, and enabled again however a restore ends", async () => {
  for (const end of ["success", "Ctrl-C", "failure"] as const) {
    const project = hooked();
    await using cma = served(project);
    const stop = new AbortController();
    const options = {
      ...restoreOptions(cma, await sampleSnapshot()),
      into: "new:rescue",
      webhooks: "pause",
    } as const;
    let meanwhile: string[] = [];
    await using plan = await framed(
      options,
      doing(() => {
        meanwhile = enabled(project);
        if (end === "Ctrl-C") stop.abort();
        if (end === "failure") throw new TypeError("It fails.");
      }),
      doing(() => {}),
    );
    assert.deepEqual(plan.hooks, {
      webhooks: ["Ring the bell"],
      buildTriggers: ["Print the website"],
    });
    assert.match(plan.notes.join(), /2 hooks are enabled and disabled until the restore ends/);
    const applied = applyRestore(plan, { stop: stop.signal, verify: "none" });
    if (end === "success") await applied;
    else await assert.rejects(applied);
    assert.deepEqual(meanwhile, PAUSED, end);
    assert.deepEqual(enabled(project), ALL, end);
    const paths = cma.log.requests.filter(({ method }) => method !== "GET")
      .map(({ path }) => path.replace(/\?.*/, ""));
    assert.deepEqual(paths.slice(0, 3), [
      "/webhooks/711",
      "/build-triggers/615",
      "/environments/main/fork",
    ]);
  }
});

Deno.test("hooks that a killed restore has left disabled are enabled by --resume and by --abort", async () => {
  for (const how of ["resume", "abort"] as const) {
    const storage = await sampleSnapshot();
    const project = hooked();
    await using cma = served(project);
    const options = { ...restoreOptions(cma, storage), into: "new:rescue" } as const;
    // What was there in the middle of a restore is all that is left of one that is killed.
    let left: { readonly objects: ReadonlyMap<string, Uint8Array>; readonly project: string[] };
    const settings = new Map<string, unknown>();
    {
      await using plan = await framed(
        { ...options, webhooks: "pause" },
        doing(() => {
          left = { objects: new Map(storage.objects), project: enabled(project) };
          for (const path of ["/webhooks", "/build-triggers"]) {
            settings.set(path, project.primary.settings.get(path));
          }
          throw new TypeError("It is killed.");
        }),
      );
      await assert.rejects(applyRestore(plan));
    }
    for (const [key, bytes] of left!.objects) {
      if (/\/restore_\d+\//.test(key)) storage.objects.set(key, bytes as Uint8Array<ArrayBuffer>);
    }
    for (const { settings: own } of project.environments.values()) {
      for (const [path, list] of settings) own.set(path, list as readonly Resource[]);
    }
    assert.deepEqual(enabled(project), PAUSED, "it was killed");
    if (how === "abort") {
      const aborted = await abortRestore(options);
      assert.deepEqual([aborted.destroyed, aborted.putBack], ["rescue", 2]);
    } else {
      let meanwhile: string[] = [];
      await using again = await framed(
        { ...options, resume: true },
        doing(() => void (meanwhile = enabled(project))),
      );
      await applyRestore(again, { verify: "none" });
      assert.deepEqual(meanwhile, PAUSED, "what it was begun with");
    }
    assert.deepEqual(enabled(project), ALL, how);
  }
});

Deno.test("hooks are left as they are unless asked for, and a role that may not change them is refused", async () => {
  const storage = await sampleSnapshot();
  const project = hooked();
  const roles = project.primary.settings.get("/roles") as readonly Resource[];
  const [, admin] = roles;
  Object.assign(admin!.attributes!, { can_manage_webhooks: false });
  const { meta } = admin as unknown as { meta: { final_permissions: object } };
  Object.assign(meta.final_permissions, { can_manage_webhooks: false });
  const tokens = project.primary.settings.get("/access_tokens") as readonly Resource[];
  for (const token of tokens) {
    Object.assign(token.relationships!.role!, { data: ref("role", admin!.id) });
  }
  await using cma = served(project);
  const options = { ...restoreOptions(cma, storage), into: "new:rescue" };
  const pausing = { ...options, webhooks: "pause" } as const;
  await assertRefused(cma, () => framed(pausing), /it lacks can_manage_webhooks/);
  let meanwhile: string[] = [];
  await using plan = await framed(options, doing(() => void (meanwhile = enabled(project))));
  await applyRestore(plan, { verify: "none" });
  assert.deepEqual(meanwhile, ALL);
});
