import assert from "node:assert/strict";
import type { JsonObject, Resource } from "../../src/content/resource.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { fieldId, itemTypeId, type ModelSketch } from "../../src/simulator/schema_builder.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { AMPLE } from "../support/cma.ts";
import { writeClient } from "../support/write_client.ts";
import { differences, planned, type RestoreOptions, type Taken, taken } from "./restoring.ts";

const OWN = { environment: "fork", isOwn: true, isOtherProject: false };

const STRICT: Readonly<Record<string, ModelSketch>> = {
  page: {
    name: "Page",
    attributes: { all_locales_required: true },
    fields: {
      title: { type: "string", localized: true, validators: { required: {}, unique: {} } },
      slug: {
        type: "slug",
        validators: { slug_title_field: { title_field_id: "title" }, required: {} },
      },
      body: {
        type: "rich_text",
        validators: { rich_text_blocks: { item_types: ["outer"] }, size: { min: 1 } },
      },
    },
  },
  outer: {
    name: "Outer",
    attributes: { modular_block: true },
    fields: {
      inner: {
        type: "single_block",
        validators: { single_block_blocks: { item_types: ["inner"] }, required: {} },
      },
    },
  },
  inner: {
    name: "Inner",
    attributes: { modular_block: true },
    fields: { text: { type: "text", validators: { length: { min: 10 } } } },
  },
  other: { name: "Other", fields: { name: { type: "string", validators: { required: {} } } } },
};

async function snapshotOf(project: MemoryProject): Promise<Taken> {
  await using cma = startDemoCma({ project, rateLimit: AMPLE });
  return await taken(cma);
}

function validatorsIn({ fields }: MemoryEnvironment): Record<string, string[]> {
  return Object.fromEntries(
    fields.map(({ attributes: { api_key, validators } }) => [
      api_key,
      Object.keys(validators as JsonObject).sort(),
    ]),
  );
}

Deno.test("validators of a model and its blocks step aside, and come back in full", async () => {
  const wanted = await snapshotOf(
    emptyProject({ id: "77002", locales: ["en", "it"], models: STRICT }),
  );
  const project = emptyProject();
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const relaxed = new Set([itemTypeId("page")]);
  const restore = await planned(wanted, cma, { relaxed, phases: ["settings", "models"] });
  await restore.run();
  assert.deepEqual(validatorsIn(project.primary), {
    title: [],
    slug: ["slug_title_field"],
    body: ["rich_text_blocks"],
    inner: ["single_block_blocks"],
    text: [],
    name: ["required"],
  });
  const page = () => project.primary.itemTypes.find(({ id }) => id === itemTypeId("page"))!;
  assert.equal(page().attributes.all_locales_required, false);
  // What is made anew has nothing that could be put back.
  assert.deepEqual([...restore.notes], []);

  const rest = await planned(wanted, cma, { relaxed });
  assert.deepEqual(rest.steps.map(({ phase }) => phase), ["validators", "presentation"]);
  await rest.run();
  assert.deepEqual(await differences(wanted, await taken(cma)), []);
  assert.equal(page().attributes.all_locales_required, true);
});

Deno.test("validators that were there are noted before they step aside", async () => {
  const project = emptyProject({ locales: ["en", "it"], models: STRICT });
  const fork = project.primary.fork({ ...project.primary.resource, id: "fork" });
  project.environments.set("fork", fork as MemoryEnvironment);
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const wanted = await taken(cma, { environment: "main" });
  const relaxed = new Set([itemTypeId("page")]);
  const restore = await planned(wanted, cma, { ...OWN, relaxed, phases: ["models"] });
  await restore.run();
  const noted = [...restore.notes];
  const text = fieldId("inner", "text");
  assert.deepEqual(noted.find(([key]) => key === `validators/${text}`)?.[1], {
    data: { id: text, type: "field", attributes: { validators: { length: { min: 10 } } } },
  });
  assert.equal(noted.length, 6);
  // What was noted is what has to be sent to have all of them back.
  for (const [, note] of noted) {
    const { data } = note as { data: JsonObject };
    const path = `/${data.type === "field" ? "fields" : "item-types"}/${data.id}`;
    await restore.target.update(path, data, { signal: new AbortController().signal });
  }
  assert.deepEqual(await differences(wanted, await taken(cma, { environment: "fork" })), []);
  await restore.run();
  const rest = await planned(wanted, cma, { ...OWN, relaxed });
  for (const [key, value] of restore.notes) rest.notes.set(key, value);
  await rest.run();
  assert.deepEqual([...rest.notes], []);
  assert.deepEqual(await differences(wanted, await taken(cma, { environment: "fork" })), []);
});

/** A project with one plugin. */
function withPlugin(attributes: JsonObject): MemoryProject {
  const project = emptyProject({ id: "77003" });
  const plugin: Resource = {
    id: entityId("a plugin"),
    type: "plugin",
    attributes: {
      name: "Tag editor",
      description: "A plugin that transforms any string and JSON field into a tag editor",
      permissions: [],
      parameters: { colour: "red", n: 12345678901234567890n.toString() },
      ...attributes,
    },
    relationships: {},
  };
  project.primary.settings.set("/plugins", [plugin]);
  return project;
}

async function pluginAfter(wanted: Taken) {
  const project = emptyProject();
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const restore = await planned(wanted, cma);
  await restore.run();
  const [plugin] = project.primary.settings.get("/plugins") as Resource[];
  const { length } = cma.writes.done;
  await restore.run();
  assert.equal(cma.writes.done.length, length);
  return { plugin: plugin!.attributes!, codes: restore.losses.map(({ code }) => code) };
}

Deno.test("plugins come back in their version, or the newest one, or by their address", async () => {
  const url = (name: string, version: string) =>
    `https://unpkg.com/${name}@${version}/build/index.html`;
  const own = "datocms-plugin-tag-editor";
  const same = { package_name: own, package_version: "0.1.2", url: url(own, "0.1.2") };
  const kept = await pluginAfter(await snapshotOf(withPlugin(same)));
  assert.deepEqual([kept.plugin.package_version, kept.codes], ["0.1.2", []]);
  assert.deepEqual(kept.plugin.parameters, { colour: "red", n: "12345678901234567890" });

  const gone = { package_name: own, package_version: "0.0.9", url: url(own, "0.0.9") };
  const renewed = await pluginAfter(await snapshotOf(withPlugin(gone)));
  assert.equal(renewed.plugin.package_version, "0.2.0");
  assert.equal(renewed.codes[0], "plugin_renewed");

  const lost = {
    package_name: "of-nobody",
    package_version: "1.0.0",
    url: url("of-nobody", "1.0.0"),
  };
  const byAddress = await pluginAfter(await snapshotOf(withPlugin(lost)));
  assert.deepEqual(
    [byAddress.plugin.package_name, byAddress.plugin.url],
    [null, url("of-nobody", "1.0.0")],
  );
  assert.equal(byAddress.codes[0], "plugin_renewed");

  const secret = { package_name: null, package_version: null, url: "https://slackwater.example/p" };
  const privately = await pluginAfter(await snapshotOf(withPlugin(secret)));
  assert.deepEqual([privately.plugin.url, privately.codes], ["https://slackwater.example/p", []]);
});

/** Plans, and tells why it can't be done; nothing may have been written. */
async function refusalOf(wanted: Taken, cma: DemoCma, options: RestoreOptions = {}) {
  let message = "";
  await assert.rejects(planned(wanted, cma, options), (error: Error) => {
    message = error.message;
    return true;
  });
  assert.deepEqual(cma.writes.writes, []);
  return message;
}

Deno.test("what is in the way of another project is refused before anything is written", async () => {
  const wanted = await snapshotOf(emptyProject({ id: "77002", models: { page: STRICT.other! } }));
  const taken_ = emptyProject();
  await using busy = startDemoCma({ project: taken_, rateLimit: AMPLE, jobMs: 0 });
  await writeClient(busy).itemTypes.create({ name: "Page", api_key: "page" });
  busy.writes.clear();
  assert.match(
    await refusalOf(wanted, busy),
    /^Expected no item type with the API key page in the target but that of the snapshot, yet/,
  );

  const old = emptyProject({ id: "77004" });
  old.primary.settings.set("/upload-collections", [{
    id: "1234",
    type: "upload_collection",
    attributes: { label: "Old", position: 1 },
    relationships: { parent: { data: null }, children: { data: [] } },
  }]);
  await using empty = startDemoCma({ project: emptyProject(), rateLimit: AMPLE, jobMs: 0 });
  assert.match(
    await refusalOf(await snapshotOf(old), empty),
    /^The upload collection 1234 of the snapshot has an id under which DatoCMS makes nothing/,
  );
});

Deno.test("what the snapshot lacks is kept in a fork, if that is wanted", async () => {
  const project = emptyProject({ models: STRICT });
  const fork = project.primary.fork({ ...project.primary.resource, id: "fork" });
  project.environments.set("fork", fork as MemoryEnvironment);
  await using cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0 });
  const wanted = await taken(cma, { environment: "main" });
  const client = writeClient(cma, "fork");
  const more = await client.itemTypes.create({ name: "More", api_key: "more" });
  await client.fields.create(itemTypeId("other"), {
    label: "More",
    api_key: "more",
    field_type: "text",
    position: 1,
  });
  await client.fields.update(fieldId("other", "name"), { label: "Otherwise" });
  const restore = await planned(wanted, cma, { ...OWN, keepExtra: true });
  await restore.run();
  const left = await differences(wanted, await taken(cma, { environment: "fork" }));
  assert.deepEqual(left.sort(), [
    "field other.more added",
    "menu_item More added",
    "model more added",
    `schema_menu_item ${
      (await client.schemaMenuItems.list()).find(({ item_type }) => item_type?.id === more.id)!.id
    } added`,
  ]);
});
