import assert from "node:assert/strict";
import type { JsonObject } from "../../src/content/resource.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { refusal, type WriteClient, writeClient } from "../support/write_client.ts";
import { call } from "./cma_request.ts";

const MODELS = {
  note: { name: "Note", fields: { text: { type: "string" }, file: { type: "file" } } },
};
const NOTE = { type: "item_type" as const, id: itemTypeId("note") };

interface Bench extends AsyncDisposable {
  readonly cma: DemoCma;
  readonly client: WriteClient;
  readonly project: ReturnType<typeof emptyProject>;
}

function bench(options: Partial<DemoCmaOptions> = {}): Bench {
  const project = emptyProject({ models: MODELS });
  const cma = startDemoCma({ project, rateLimit: false, jobMs: 0, ...options });
  return { cma, project, client: writeClient(cma), [Symbol.asyncDispose]: () => cma.stop() };
}

async function upload(client: WriteClient, name: string, text: string, id?: string) {
  const request = await client.uploadRequest.create({ filename: name });
  const sent = await fetch(request.url, { method: "PUT", body: text });
  await sent.body?.cancel();
  return await client.uploads.create({ path: request.id, ...id ? { id } : {} });
}

Deno.test("environments are promoted, renamed, and closed to writes in maintenance", async () => {
  await using at = bench();
  const note = (client: WriteClient) => client.items.create({ item_type: NOTE, text: "x" });
  await at.client.environments.fork("main", { id: "next" });
  const next = writeClient(at.cma, "next");
  await note(next);
  assert.equal(at.project.primary.items.records().length, 0);
  await at.client.maintenanceMode.activate({});
  assert.equal(await refusal(note(at.client)), "MAINTENANCE_MODE");
  await note(next);
  assert.equal((await at.client.environments.promote("next")).meta.primary, true);
  assert.equal(
    await refusal(at.client.environments.promote("next")),
    "ALREADY_PRIMARY_ENVIRONMENT",
  );
  assert.deepEqual(
    (await at.client.environments.list()).map(({ id, meta }) => [id, meta.primary]),
    [["main", false], ["next", true]],
  );
  await at.client.maintenanceMode.deactivate();
  assert.equal((await at.client.items.list()).length, 2);
  assert.equal((await at.client.environments.rename("next", { id: "now" })).id, "now");
  assert.equal(at.project.primaryEnvironment, "now");
  assert.equal(
    await refusal(at.client.environments.rename("now", { id: "main" })),
    [
      "id: VALIDATION_UNIQUENESS",
    ].join(),
  );
  at.project.primary.setResource("now", { read_only_mode: true });
  assert.equal(await refusal(note(at.client)), "ENVIRONMENT_IN_READ_ONLY_MODE");
});

Deno.test("uploads have the bytes that were sent, and stay while they are used", async () => {
  await using at = bench();
  const { client } = at;
  const id = entityId("my upload");
  const one = await upload(client, "Più lento.txt", "slow", id);
  assert.deepEqual([one.id, one.size, one.filename], [id, 4, "Piu-lento.txt"]);
  assert.match(one.path, /^\/77001\/\d+-Piu-lento\.txt$/);
  const bytes = await fetch(at.cma.url + one.path);
  assert.equal(await bytes.text(), "slow");
  const nowhere = client.uploads.create({ path: "/77001/1-x.txt" });
  assert.equal(await refusal(nowhere), "path: VALIDATION_INVALID");
  const stranger = await fetch(`${at.cma.url}/upload-bucket/77001/1-x.txt`, { method: "PUT" });
  assert.equal(stranger.status, 403);
  await stranger.body?.cancel();
  assert.equal(await refusal(upload(client, "x.txt", "x", id)), "id: VALIDATION_UNIQUENESS");
  assert.equal(await refusal(upload(client, "x.txt", "x", "123")), "INVALID_ENTITY_ID");

  const record = await client.items.create({
    item_type: NOTE,
    file: { upload_id: id, alt: "Slow" },
  });
  assert.equal(await refusal(client.uploads.destroy(id)), "UPLOAD_IS_CURRENTLY_IN_USE");
  assert.deepEqual((await client.uploads.references(id)).map((item) => item.id), [record.id]);
  const changed = await client.uploads.update(id, { author: "Ada", tags: ["calm"] });
  assert.deepEqual([changed.author, changed.tags], ["Ada", ["calm"]]);
  assert.deepEqual((await client.uploadTags.list()).map(({ name }) => name), ["calm"]);
  await client.items.destroy(record.id);
  assert.deepEqual(await client.uploads.bulkDestroy({ uploads: [{ type: "upload", id }] }), []);
  assert.deepEqual(await client.uploads.list(), []);
});

Deno.test("settings are made, changed, put in order and destroyed by DatoCMS's client", async () => {
  await using at = bench();
  const { client } = at;
  await client.site.update({ name: "Notes", locales: ["en", "it"] });
  assert.deepEqual((await client.site.find()).locales, ["en", "it"]);
  assert.equal(
    await refusal(client.site.update({ favicon: "1" })),
    "favicon: VALIDATION_INVALID_UPLOAD",
  );
  const [a, b] = [
    await client.menuItems.create({ label: "A" }),
    await client.menuItems.create({ label: "B" }),
  ];
  assert.deepEqual([a.position, b.position], [1, 2]);
  const within = { parent: { type: "menu_item" as const, id: b.id }, position: 1 };
  await client.menuItems.reorder([{ ...a, ...within }]);
  assert.deepEqual((await client.menuItems.find(b.id)).children.map(({ id }) => id), [a.id]);
  const below = client.menuItems.update(b.id, { parent: { type: "menu_item", id: a.id } });
  assert.equal(await refusal(below), "INVALID_PARENT");
  await client.menuItems.destroy(b.id);
  assert.deepEqual(await client.menuItems.list(), []);

  const stages = [{ id: "draft", name: "Draft" }, { id: "done", name: "Done" }] as never;
  const workflow = await client.workflows.create({ name: "W", api_key: "w", stages });
  assert.equal(
    await refusal(client.workflows.create({ name: "W", api_key: "w", stages })),
    "api_key: VALIDATION_UNIQUENESS",
  );
  await client.itemTypes.update("note", { workflow: { type: "workflow", id: workflow.id } });
  assert.equal(await refusal(client.workflows.destroy(workflow.id)), "DELETE_RESTRICTION");
  const { id } = await client.items.create({ item_type: NOTE });
  assert.equal((await client.items.find(id)).meta.stage, "draft");
  await client.items.bulkMoveToStage({ stage: "done", items: [{ type: "item", id }] });
  assert.equal((await client.items.find(id)).meta.stage, "done");

  // Roles are those of the whole project.
  await client.environments.fork("main", { id: "other" });
  const role = await client.roles.create({ name: "Reader" });
  assert.equal((await writeClient(at.cma, "other").roles.find(role.id)).name, "Reader");
  await client.roles.update(role.id, { name: "Writer" });
  await client.roles.destroy(role.id);
  assert.deepEqual(await client.roles.list(), []);
  const { primary: { itemTypes } } = at.project;
  const entry = { environment: "main", action: "read", on_creator: "anyone" } as const;
  for (
    const body of [
      { positive_item_type_permissions: [entry] },
      {
        positive_item_type_permissions: [{ ...entry, environment: "nowhere" }],
        negative_item_type_permissions: [],
      },
      {
        positive_item_type_permissions: [{ ...entry, item_type: "nothing" }],
        negative_item_type_permissions: [],
      },
    ]
  ) await assert.rejects(client.roles.create({ name: "Reader", ...body } as never));
  const permitted = await client.roles.create({
    name: "Reader",
    positive_item_type_permissions: [{ ...entry, item_type: itemTypes[0]!.id }],
    negative_item_type_permissions: [],
  } as never);
  await client.roles.destroy(permitted.id);
  // What is documented as required has to be sent, even if it is null.
  const webhook = {
    name: "Bell",
    url: "https://bell.example/",
    headers: {},
    events: [{ entity_type: "item", event_types: ["publish"] }],
    custom_payload: null,
    http_basic_user: null,
    http_basic_password: null,
  };
  for (const name of Object.keys(webhook)) {
    await assert.rejects(client.webhooks.create({ ...webhook, [name]: undefined } as never), name);
  }
  await client.webhooks.create(webhook as never);
  assert.equal(
    await refusal(client.webhooks.create(webhook as never)),
    "name: VALIDATION_UNIQUENESS",
  );
  const trigger = {
    name: "Site",
    adapter: "custom",
    frontend_url: null,
    adapter_settings: { trigger_url: "", headers: {}, payload: {} },
    autotrigger_on_scheduled_publications: false,
  };
  for (const name of Object.keys(trigger)) {
    const without = { ...trigger, [name]: undefined };
    await assert.rejects(client.buildTriggers.create(without as never), name);
  }
  await assert.rejects(client.buildTriggers.create({ ...trigger, adapter: "fax" } as never));
  await assert.rejects(
    client.buildTriggers.create({ ...trigger, adapter_settings: { headers: {} } } as never),
  );
  const { id: triggerId } = await client.buildTriggers.create(trigger as never);
  const index = { name: "Index", enabled: false, frontend_url: null };
  const triggers = (of: string) => ({ build_triggers: [{ type: "build_trigger", id: of }] });
  await assert.rejects(client.searchIndexes.create({ ...index, ...triggers("none") } as never));
  await client.searchIndexes.create({ ...index, ...triggers(triggerId) } as never);
  // The entry of a model in the schema's menu comes and goes with the model.
  const [linked] = await client.schemaMenuItems.list();
  assert.equal(
    await refusal(client.schemaMenuItems.destroy(linked!.id)),
    "CANNOT_CREATE_OR_DESTROY_SCHEMA_MENU_ITEM_LINKED_TO_ITEM_TYPE",
  );
});

/** A field's type and validator, a value that passes and one that doesn't. */
const CASES: readonly [
  type: string,
  name: string,
  settings: JsonObject,
  good: unknown,
  bad: unknown,
][] = [
  ["string", "required", {}, "x", ""],
  ["string", "length", { min: 2, max: 3 }, "née", "long"],
  ["string", "enum", { values: ["a", "b"] }, "a", "c"],
  ["string", "format", { predefined_pattern: "email" }, "a@b.example", "a@b"],
  ["string", "format", { custom_pattern: "/^[a-c]+$/i" }, "aBc", "abd"],
  ["slug", "slug_format", { predefined_pattern: "webpage_slug" }, "a-b", "A b"],
  ["integer", "number_range", { min: 1, max: 3 }, 3, 4],
  ["date", "date_range", { max: "2020-01-01" }, "2019-12-31", "2020-01-02"],
  ["gallery", "size", { min: 1, multiple_of: 2 }, ["text", "text"], ["text"]],
  ["file", "extension", { extensions: ["txt"] }, "text", "picture"],
  ["file", "extension", { predefined_list: "image" }, "picture", "text"],
  ["file", "file_size", { max_value: 1, max_unit: "KB" }, "text", "picture"],
  ["file", "required_alt_title", { alt: true }, "text with alt", "text"],
  ["seo", "title_length", { max: 4 }, { title: "Four" }, { title: "Fives" }],
  ["seo", "required_seo_fields", { title: true }, { title: "x" }, { title: null }],
];

Deno.test("each validator is asked", async () => {
  const fields = Object.fromEntries(
    CASES.map(([type, name, settings], i) => [`f${i}`, { type, validators: { [name]: settings } }]),
  );
  const drafts = { draft_mode_active: true, draft_saving_active: true };
  const project = emptyProject({ models: { case: { name: "Case", attributes: drafts, fields } } });
  await using cma = startDemoCma({ project, rateLimit: false, jobMs: 0 });
  const client = writeClient(cma);
  const text = await upload(client, "a.txt", "text");
  const picture = await upload(client, "a.png", "x".repeat(1025));
  const file = (name: unknown) => ({
    upload_id: String(name).startsWith("text") ? text.id : picture.id,
    alt: String(name).endsWith("alt") ? "Words" : null,
  });
  const valueOf = (type: string, value: unknown) => {
    return type === "file" ? file(value) : type === "gallery" ? [value].flat().map(file) : value;
  };
  const { id } = await client.items.create({
    item_type: { type: "item_type", id: itemTypeId("case") },
    ...Object.fromEntries(CASES.map(([type, , , good], i) => [`f${i}`, valueOf(type, good)])),
  });
  assert.equal((await client.items.publish(id)).meta.is_valid, true);
  for (const [i, [type, name, settings, good, bad]] of CASES.entries()) {
    const told = `${name} ${JSON.stringify(settings)}`;
    const changed = await client.items.update(id, { [`f${i}`]: valueOf(type, bad) });
    assert.equal(changed.meta.is_current_version_valid, false, told);
    assert.equal(changed.meta.is_published_version_valid, true, told);
    assert.equal(await refusal(client.items.publish(id)), "INVALID_DRAFT", told);
    await client.items.update(id, { [`f${i}`]: valueOf(type, good) });
  }
  assert.equal((await client.items.publish(id)).meta.is_valid, true);
});

Deno.test("a model whose records are checked again can't be changed meanwhile", async () => {
  await using at = bench({ jobMs: 60_000 });
  at.project.primary.items.create(NOTE.id, { text: null, file: null });
  const [field] = await at.client.itemTypes.find("note").then((note) => note.fields);
  const body = (validators: object) => ({
    data: { id: field!.id, type: "field", attributes: { validators } },
  });
  const put = (validators: object) =>
    call<{ attributes?: { code: string; transient: boolean } }[]>(at.cma, `/fields/${field!.id}`, {
      method: "PUT",
      body: body(validators),
    });
  assert.equal((await put({ required: {} })).status, 202);
  assert.equal(at.project.primary.items.records()[0]!.current.meta!.is_valid, false);
  const { status, body: { data } } = await put({});
  assert.equal(status, 422);
  assert.equal(data[0]!.attributes!.code, "CONCURRENT_ITEM_TYPE_UPDATE");
  assert.equal(data[0]!.attributes!.transient, true);
});

Deno.test("what is done although its answer is lost is in the log of writes", async () => {
  for (const faults of ["close", "done-bad-gateway", "done-unavailable"] as const) {
    const rules = [{ on: "/items", method: "POST", faults, nth: [1] }];
    await using at = bench({ intercept: injectFaults({ rules }) });
    const id = entityId("kept");
    const data = {
      id,
      type: "item",
      attributes: { text: "once" },
      relationships: { item_type: { data: NOTE } },
    };
    const create = () =>
      fetch(`${at.cma.url}/items`, {
        method: "POST",
        headers: {
          "Authorization": "Bearer demo",
          "Accept": "application/json",
          "Content-Type": "application/json",
          "X-Api-Version": "3",
        },
        body: JSON.stringify({ data }),
      }).then(async (response) => [response.status, await response.text()] as const);
    if (faults === "close") await assert.rejects(create());
    else assert.ok((await create())[0] >= 502);
    assert.equal(at.project.primary.items.records().length, 1, faults);
    // Whoever sends it again is told that it is there.
    const [status, body] = await create();
    assert.equal(status, 422);
    assert.match(body, /"field":"id","code":"VALIDATION_UNIQUENESS"/);
    assert.deepEqual(at.cma.writes.done.map(({ status }) => status), [201], faults);
  }
});
