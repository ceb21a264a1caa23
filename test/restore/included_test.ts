import assert from "node:assert/strict";
import type { JsonObject, Resource } from "../../src/content/resource.ts";
import { applyRestore, planRestore, type RestoreOptions } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { ref } from "../../src/simulator/schema_builder.ts";
import type { DemoCma, DemoCmaOptions } from "../../src/simulator/server.ts";
import { copyOf } from "../support/damage.ts";
import type { MemoryStorage } from "../support/memory_storage.ts";
import { writeClient } from "../support/write_client.ts";
import { assertRefused, exported, framed, littleProject, restoreOptions, served } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

const PATHS = ["/build-triggers", "/search-indexes", "/roles", "/webhooks"] as const;
const ALL = ["roles", "webhooks", "build_triggers", "search_indexes"] as const;

function resource(
  type: string,
  id: string,
  attributes: JsonObject,
  relationships: NonNullable<Resource["relationships"]> = {},
): Resource {
  return { id, type, attributes, relationships };
}

/** What the little project's own things are that an environment doesn't hold. */
function things(model: string): Record<string, readonly Resource[]> {
  const entry = (more: JsonObject) => ({
    environment: "main",
    action: "all",
    on_creator: "anyone",
    localization_scope: "all",
    ...more,
  });
  const trigger = (id: string, name: string, adapter: string, settings: JsonObject) =>
    resource("build_trigger", id, {
      name,
      adapter,
      adapter_settings: settings,
      webhook_token: "a-secret-token",
      webhook_url: "https://webhooks.datocms.com/a-secret-token/deploy-results",
      frontend_url: "https://little.example/",
      enabled: true,
      autotrigger_on_scheduled_publications: true,
    });
  return {
    "/build-triggers": [
      trigger("611", "Site", "custom", {
        trigger_url: "https://build.example/go",
        headers: { Authorization: "Bearer secret" },
        payload: { type: "build_request" },
      }),
      // Names needn't be others.
      trigger("612", "Site", "netlify", { access_token: "secret" }),
    ],
    "/search-indexes": [
      resource(
        "search_index",
        "901",
        { name: "little.example", enabled: true, frontend_url: null, user_agent_suffix: null },
        { build_triggers: { data: [ref("build_trigger", "612")] } },
      ),
    ],
    "/roles": [
      // Before the one that it inherits from.
      resource(
        "role",
        "31",
        {
          name: "Publisher",
          environments_access: "all",
          can_manage_menu: true,
          positive_item_type_permissions: [
            entry({ item_type: model }),
            entry({ item_type: null, environment: "gone" }),
          ],
          negative_item_type_permissions: [],
          positive_upload_permissions: [entry({ upload_collection: null })],
          negative_upload_permissions: [],
          positive_build_trigger_permissions: [{ build_trigger: "611" }],
          negative_build_trigger_permissions: [],
          positive_search_index_permissions: [{ search_index: "901" }],
          negative_search_index_permissions: [],
        },
        { inherits_permissions_from: { data: [ref("role", "32")] } },
      ),
      resource("role", "32", { name: "Reader", environments_access: "primary_only" }, {
        inherits_permissions_from: { data: [] },
      }),
    ],
    "/webhooks": [
      resource("webhook", "711", {
        name: "Bell",
        url: "https://bell.example/ring",
        enabled: true,
        headers: { "X-Key": "secret" },
        events: [
          {
            entity_type: "item",
            event_types: ["publish"],
            filters: [{ entity_type: "item_type", entity_ids: [model] }],
          },
          {
            entity_type: "build_trigger",
            event_types: ["deploy_failed"],
            filters: [{ entity_type: "build_trigger", entity_ids: ["611", "999"] }],
          },
          {
            entity_type: "item",
            event_types: ["create"],
            filters: [{ entity_type: "environment", entity_ids: ["gone"] }],
          },
        ],
        http_basic_user: "ada",
        http_basic_password: "secret",
        custom_payload: null,
        payload_api_version: "3",
        nested_items_in_payload: false,
        auto_retry: true,
      }),
    ],
  };
}

let made: { readonly project: MemoryProject; readonly storage: MemoryStorage } | undefined;

/** A snapshot of the little project with all of that, and the project without it. */
async function lost(): Promise<
  { readonly project: MemoryProject; readonly storage: MemoryStorage }
> {
  if (made === undefined) {
    const project = littleProject();
    const { settings, itemTypes } = project.primary;
    for (const [path, list] of Object.entries(things(itemTypes[0]!.id))) settings.set(path, list);
    made = { project, storage: await exported(project) };
  }
  const project = littleProject();
  for (const path of PATHS) project.primary.settings.set(path, []);
  return { project, storage: await copyOf(made.storage) };
}

function listAt({ primary: { settings } }: MemoryProject, path: typeof PATHS[number]) {
  return settings.get(path) as readonly Resource[];
}

function names(project: MemoryProject): string[] {
  return PATHS.flatMap((path) =>
    listAt(project, path).map(({ attributes }) => `${path} ${attributes?.name}`)
  );
}

/** What of the project was written. */
function posted(cma: DemoCma): string[] {
  return cma.log.requests.filter(({ method }) => method !== "GET").map(({ path }) => path)
    .filter((path) => PATHS.some((one) => path.startsWith(one)));
}

const EACH = [
  "/build-triggers Site",
  "/build-triggers Site",
  "/search-indexes little.example",
  "/roles Reader",
  "/roles Publisher",
  "/webhooks Bell",
];

Deno.test("what belongs to the project is made on request: disabled, without secrets, with its references", async () => {
  const { project, storage } = await lost();
  await using cma = served(project);
  const options: RestoreOptions = { ...restoreOptions(cma, storage), into: "new:rescue" };
  {
    await using plan = await planRestore(options);
    assert.deepEqual([plan.included, plan.writes], [[], []], "nobody asked for it");
  }
  await using plan = await planRestore({ ...options, include: ALL });
  assert.deepEqual(plan.writes.map(({ action, type, count }) => [action, type, count]), [
    ["create", "build_trigger", 2],
    ["create", "search_index", 1],
    ["create", "role", 2],
    ["create", "webhook", 1],
  ]);
  assert.ok(plan.included.every(({ id, status }) => id === null && status === "made"));
  assert.deepEqual(posted(cma), [], "nothing is written by planning");
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  assert.deepEqual(result.losses.map(({ message }) => message), [
    "The role Publisher is made without what it says of environment gone, which the project doesn't have.",
    "The webhook Bell is made without what it says of build_trigger 999, environment gone, which the project " +
    "doesn't have.",
  ]);
  assert.equal(result.exitCode, 3);
  const [custom, netlify] = listAt(project, "/build-triggers") as [Resource, Resource];
  const [index] = listAt(project, "/search-indexes") as [Resource];
  const [reader, publisher] = listAt(project, "/roles") as [Resource, Resource];
  const [webhook] = listAt(project, "/webhooks") as [Resource];
  const own = (one: Resource) => one.attributes as JsonObject;
  assert.deepEqual(
    [custom, netlify, index, webhook].map((one) => own(one).enabled),
    [false, false, false, false],
  );
  assert.deepEqual(own(custom).adapter_settings, {
    trigger_url: "",
    headers: { Authorization: "" },
    payload: { type: "" },
  });
  assert.deepEqual(own(netlify).adapter_settings, {
    trigger_url: "",
    access_token: "",
    branch: "",
    site_id: "",
  });
  assert.deepEqual(index.relationships?.build_triggers, {
    data: [ref("build_trigger", netlify.id)],
  });
  assert.equal(own(reader).name, "Reader");
  assert.deepEqual(publisher.relationships?.inherits_permissions_from, {
    data: [ref("role", reader.id)],
  });
  assert.equal(own(publisher).can_manage_menu, true);
  const [allowed, ...more] = own(publisher).positive_item_type_permissions as JsonObject[];
  assert.deepEqual([allowed!.item_type, more], [project.primary.itemTypes[0]!.id, []]);
  assert.deepEqual(own(publisher).positive_build_trigger_permissions, [
    { build_trigger: custom.id },
  ]);
  assert.deepEqual(own(publisher).positive_search_index_permissions, [{ search_index: index.id }]);
  const { headers, http_basic_user: user, http_basic_password: password, events } = own(webhook);
  assert.deepEqual([headers, user, password], [{ "X-Key": "" }, null, null]);
  assert.deepEqual(
    (events as JsonObject[]).map(({ filters }) => filters),
    [
      [{ entity_type: "item_type", entity_ids: [project.primary.itemTypes[0]!.id] }],
      [{ entity_type: "build_trigger", entity_ids: [custom.id] }],
    ],
  );
  assert.deepEqual(
    result.included.map(({ type, id, status, byHand }) => [type, id, status, byHand]),
    [
      ["build_trigger", custom.id, "made", [
        "adapter_settings.trigger_url",
        "adapter_settings.headers.Authorization",
        "adapter_settings.payload.type",
      ]],
      ["build_trigger", netlify.id, "made", ["adapter_settings.access_token"]],
      ["search_index", index.id, "made", []],
      ["role", reader.id, "made", []],
      ["role", publisher.id, "made", []],
      ["webhook", webhook.id, "made", ["headers.X-Key", "http_basic_user", "http_basic_password"]],
    ],
  );
  // What is there under its name stays as it is.
  const before = JSON.stringify(PATHS.map((path) => listAt(project, path)));
  await using again = await planRestore({ ...options, into: "rescue", include: ALL });
  assert.deepEqual(again.writes, []);
  const left = await applyRestore(again, { verify: "none" });
  assert.deepEqual(new Set(left.included.map(({ status }) => status)), new Set(["left"]));
  assert.equal(JSON.stringify(PATHS.map((path) => listAt(project, path))), before);
  assert.equal(posted(cma).length, EACH.length);
});

/** Restores nothing but what is the project's. */
async function including(cma: DemoCma, storage: MemoryStorage, more: Partial<RestoreOptions> = {}) {
  const reached = { ...restoreOptions(cma, storage), clock: IMPATIENT };
  await using plan = await framed({ ...reached, into: "new:rescue", include: ALL, ...more });
  return await applyRestore(plan, { verify: "none" });
}

Deno.test("what was made whose answer got lost isn't made twice", async () => {
  const { project, storage } = await lost();
  const faults: DemoCmaOptions["intercept"] = injectFaults({
    rules: PATHS.map((on) => ({ on, method: "POST", nth: [1, 2], faults: "done-bad-gateway" })),
  });
  await using cma = served(project, { intercept: faults });
  const { included } = await including(cma, storage);
  assert.deepEqual(names(project), EACH);
  assert.ok(included.every(({ id, status }) => id !== null && status === "made"));
  assert.equal(posted(cma).length, EACH.length);
});

Deno.test("what was refused before it was made is made when it is sent again", async () => {
  const { project, storage } = await lost();
  await using cma = served(project, {
    intercept: injectFaults({
      rules: PATHS.map((on) => ({ on, method: "POST", nth: [1], faults: "bad-gateway" })),
    }),
  });
  await including(cma, storage);
  assert.deepEqual(names(project), EACH);
});

Deno.test("a restore that was stopped makes the rest when it is resumed, and nothing twice", async () => {
  const { project, storage } = await lost();
  await using cma = served(project);
  const options = { ...restoreOptions(cma, storage), into: "new:rescue", include: ALL };
  {
    await using plan = await framed(options);
    // The environment is one.
    await assert.rejects(applyRestore(plan, { maxWrites: 3 }));
  }
  const some = names(project);
  assert.ok(some.length > 0 && some.length < EACH.length, some.join());
  const { include: _, ...unsaid } = options;
  await using plan = await framed({ ...unsaid, resume: true });
  const { included } = await applyRestore(plan, { verify: "none" });
  assert.deepEqual(names(project), EACH);
  assert.deepEqual(
    included.map(({ status }) => status),
    EACH.map((_, i) => i < some.length ? "left" : "made"),
  );
});

Deno.test("in another project, permissions are those of its environment, and ids are found by name alone", async () => {
  const { storage } = await lost();
  const project = emptyProject({ id: "88001" });
  await using cma = served(project);
  await writeClient(cma).environments.rename("main", { id: "live" });
  // In the snapshot's project, another one has this id.
  const reader = "31";
  project.primary.settings.set("/roles", [resource("role", reader, { name: "Reader" })]);
  const include = ["roles"] as const;
  const options = { ...restoreOptions(cma, storage), otherProject: true, include };
  await using plan = await planRestore(options);
  const { included, losses } = await applyRestore(plan, { verify: "none" });
  assert.deepEqual(included.map(({ name, status }) => [name, status]), [
    ["Reader", "left"],
    ["Publisher", "made"],
  ]);
  const { relationships, attributes } = listAt(project, "/roles")[1]!;
  assert.deepEqual(relationships?.inherits_permissions_from, { data: [ref("role", reader)] });
  assert.deepEqual(attributes?.positive_build_trigger_permissions, []);
  const [entry, ...others] = attributes?.positive_item_type_permissions as JsonObject[];
  assert.deepEqual([entry!.environment, others], ["live", []]);
  assert.deepEqual(losses.map(({ message }) => message), [
    "The role Publisher is made without what it says of environment gone, build_trigger 611, search_index 901, " +
    "which the project doesn't have.",
  ]);
});

Deno.test("what DatoCMS refuses is told, and the rest is made", async () => {
  const { storage } = await lost();
  const project = emptyProject({ id: "88001" });
  await using cma = served(project);
  // Only the frame is real, so that the model that the role names isn't there.
  const options = { otherProject: true, into: undefined, include: ["roles"] } as const;
  const { included, losses, exitCode } = await including(cma, storage, options);
  assert.deepEqual(included.map(({ name, status }) => [name, status]), [
    ["Reader", "made"],
    ["Publisher", "refused"],
  ]);
  assert.match(losses.at(-1)!.message, /^The role Publisher isn't made: DatoCMS doesn't take it: /);
  assert.equal(exitCode, 3);
});

Deno.test("what a token may not make, or a snapshot doesn't hold, is refused before anything is written", async () => {
  const { project, storage } = await lost();
  await using cma = served(project);
  const options = { ...restoreOptions(cma, storage), into: "new:rescue" };
  const role = resource("role", "41", { name: "Rescuer", can_manage_users: false });
  project.primary.settings.set("/roles", [role]);
  const tokens = listAt(project, "/access_tokens" as typeof PATHS[number]);
  for (const token of tokens) {
    Object.assign(token.attributes!, { hardcoded_type: null });
    Object.assign(token.relationships!, { role: { data: ref("role", role.id) } });
  }
  const roles = { ...options, include: ["roles"] } as const;
  await assertRefused(cma, () => framed(roles), /it lacks can_manage_users/);
  await (await framed({ ...options, include: ["webhooks"] }))[Symbol.asyncDispose]();
  const without = await exported(littleProject(), { exclude: ["webhooks"] });
  await assertRefused(
    cma,
    () => framed({ ...options, storage: without, include: ["webhooks"] }),
    /The snapshot holds no webhooks/,
  );
  await assertRefused(
    cma,
    () => framed({ ...options, include: ["users" as "roles"] }),
    /Expected names of what can be included/,
  );
});
