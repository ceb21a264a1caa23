import assert from "node:assert/strict";
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
  const linked = (await client.schemaMenuItems.list())[0];
  assert.equal(linked, undefined);
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
