import assert from "node:assert/strict";
import type { Resource } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import { fieldId, itemTypeId } from "../../src/simulator/schema_builder.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { AMPLE } from "../support/cma.ts";
import { type WriteClient, writeClient } from "../support/write_client.ts";
import { differences, planned, sumsOf, taken, writesOf } from "./restoring.ts";

/** The environment that is damaged, a fork of the primary one. */
const FORK = "fork";

function listed({ settings }: MemoryEnvironment, path: string): readonly Resource[] {
  return settings.get(path) as readonly Resource[];
}

/** Changes something of each kind, and adds and destroys some. */
async function damage(client: WriteClient, before: MemoryEnvironment): Promise<void> {
  const [article, lock] = [itemTypeId("article"), itemTypeId("lock")];
  // Models: another name, the api_key of another one, other ways of working, one less, and two more.
  await client.itemTypes.update(lock, { api_key: "lock_gate", name: "Gate" });
  await client.itemTypes.update(itemTypeId("author"), { api_key: "lock" });
  await client.itemTypes.update(itemTypeId("section"), { all_locales_required: false });
  await client.itemTypes.update(article, { workflow: null, ordering_field: null, sortable: true });
  await client.itemTypes.update(itemTypeId("home_page"), { singleton: false });
  await client.itemTypes.destroy(itemTypeId("notice"));
  const ferry = await client.itemTypes.create({ name: "Ferry", api_key: "notice" });
  await client.fields.create(ferry.id, { label: "Name", api_key: "name", field_type: "string" });
  await client.itemTypeFilters.create({
    name: "Ferries",
    item_type: { type: "item_type", id: ferry.id },
    filter: {},
    shared: true,
  });
  // Block models that hold each other.
  const blocks = ["left", "right"].map((name) =>
    client.itemTypes.create({ name, api_key: name, modular_block: true })
  );
  const [left, right] = await Promise.all(blocks);
  for (const [from, to] of [[left!, right!], [right!, left!]]) {
    await client.fields.create(from!.id, {
      label: "Other",
      api_key: "other",
      field_type: "rich_text",
      validators: { rich_text_blocks: { item_types: [to!.id] } },
    });
  }
  // Fields: renamed, gone and made anew, of another type, elsewhere, and more.
  await client.fields.destroy(fieldId("author", "slug"));
  await client.fields.destroy(fieldId("author", "name"));
  const name = await client.fields.create(itemTypeId("author"), {
    label: "Full name",
    api_key: "name",
    field_type: "string",
    validators: { unique: {} },
  });
  await client.fields.create(itemTypeId("author"), {
    label: "Handle",
    api_key: "handle",
    field_type: "slug",
    validators: { slug_title_field: { title_field_id: name.id } },
  });
  await client.fields.update(fieldId("lock", "river"), { api_key: "chambers_old", label: "Old" });
  await client.fields.update(fieldId("lock", "chambers"), { api_key: "river", label: "River" });
  await client.fields.update(fieldId("article", "minutes"), {
    field_type: "string",
    validators: {},
    appearance: { editor: "single_line", parameters: {}, addons: [] },
  });
  await client.fields.update(fieldId("article", "standfirst"), { localized: false });
  const extra = await client.fieldsets.create(article, { title: "Extra" });
  const places = before.schema.fields(article).toReversed().map(({ id }, i) => ({
    id,
    type: "field" as const,
    attributes: { position: i + 1 },
    relationships: {
      fieldset: { data: i < 3 ? { type: "fieldset" as const, id: extra.id } : null },
    },
  }));
  await client.itemTypes.rawReorderFieldsAndFieldsets(article, { data: places });
  const [first] = before.schema.fieldsets(article);
  await client.fieldsets.update(first!.id, { title: "Otherwise", collapsible: false });
  // Settings.
  const { locales } = before.site.attributes;
  await client.site.update({
    locales: ["it", ...locales.filter((one) => one !== "it"), "de"] as [string, ...string[]],
    no_index: true,
    favicon: null,
  });
  const [workflow] = listed(before, "/workflows");
  await client.workflows.update(workflow!.id, { api_key: "press", name: "The press" });
  await client.workflows.create({
    name: "Other desk",
    api_key: "desk",
    stages: [{ id: "one", name: "One", initial: true }],
  });
  const [plugin] = listed(before, "/plugins");
  await client.plugins.destroy(plugin!.id);
  await client.plugins.create({ name: "Private", url: "https://slackwater.example/plugin" });
  const [photographs] = listed(before, "/upload-collections");
  const more = await client.uploadCollections.create({ label: "More" });
  await client.uploadCollections.update(photographs!.id, {
    label: "Pictures",
    parent: { type: "upload_collection", id: more.id },
  });
  // Menus: what the snapshot has is below what it hasn't.
  const magazine = entityId("slackwater menu magazine");
  const shelf = await client.menuItems.create({ label: "Shelf" });
  const within = (id: string) => ({ type: "menu_item" as const, id });
  await client.menuItems.update(magazine, { label: "Paper", parent: within(shelf.id) });
  await client.menuItems.destroy(entityId("slackwater menu levels"));
  const group = await client.schemaMenuItems.create({ label: "Group", kind: "item_type" });
  await client.schemaMenuItems.update(entityId("slackwater schema menu lock"), {
    parent: { type: "schema_menu_item", id: group.id },
  });
  await client.itemTypeFilters.update(entityId("slackwater filter"), { name: "Off the desk" });
  await client.uploadFilters.destroy(entityId("slackwater upload filter"));
}

Deno.test("a damaged fork gets its schema, settings and uploads back, and only that", async () => {
  const project = sampleProject();
  const { primary } = project;
  const fork = primary.fork({ ...primary.resource, id: FORK }) as MemoryEnvironment;
  project.environments.set(FORK, fork);
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const wanted = await taken(cma, { environment: "main" });
  const own = { environment: FORK, isOwn: true, isOtherProject: false };

  // Nothing is written where nothing differs.
  const untouched = await planned(wanted, cma, own);
  assert.deepEqual(untouched.steps, []);

  await damage(writeClient(cma, FORK), primary);
  const broken = await taken(cma, { environment: FORK });
  const wrong = await differences(wanted, broken);
  assert.ok(wrong.length > 60, wrong.join("\n"));
  cma.writes.clear();
  const restore = await planned(wanted, cma, own);
  await restore.run();
  const refused = cma.writes.writes.filter(({ status }) => status >= 400);
  assert.deepEqual(refused, []);
  assert.deepEqual(writesOf(cma), sumsOf(restore.steps));
  assert.deepEqual(await differences(wanted, await taken(cma, { environment: FORK })), []);
  assert.deepEqual(restore.losses, []);
  // The primary environment was let alone.
  assert.ok(cma.writes.writes.every(({ environment }) => environment === FORK));
  assert.deepEqual(await differences(wanted, await taken(cma, { environment: "main" })), []);

  const before = cma.writes.done.length;
  await restore.run();
  assert.deepEqual(cma.writes.done.slice(before), []);
  assert.deepEqual((await planned(wanted, cma, own)).steps, []);
});
