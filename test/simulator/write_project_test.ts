import assert from "node:assert/strict";
import type { Field, Item, JsonObject, Resource } from "../../src/content/resource.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type KeepReference, withReferences } from "../../src/content/item_references.ts";
import type { StoredItem } from "../../src/simulator/stored_item.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import type { MemoryEnvironment } from "../../src/simulator/memory_environment.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { directoryOf, entriesOf, workbench } from "../support/exported.ts";
import { refusal, type WriteClient, writeClient } from "../support/write_client.ts";

type Body = Parameters<WriteClient["items"]["rawCreate"]>[0];

/** Sends a body as it is to an endpoint. */
function send(client: WriteClient, method: "POST" | "PUT", url: string, data: unknown) {
  return client.request<{ data: Resource }>({ method, url, body: { data } as Body });
}

/** What of a resource can be sent. */
function sendable({ id, type, attributes, relationships }: Resource, leaveOut: string[] = []) {
  const without = (object: object = {}) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !leaveOut.includes(name)));
  return {
    id,
    type,
    attributes: without(attributes),
    ...relationships ? { relationships: without(relationships) } : {},
  };
}

function listed({ settings }: MemoryEnvironment, path: string): readonly Resource[] {
  return settings.get(path) as readonly Resource[];
}

function parentsFirst(list: readonly Resource[]): Resource[] {
  const isRoot = ({ relationships }: Resource) => relationships?.parent?.data === null;
  return [...list.filter(isRoot), ...list.filter((one) => !isRoot(one))];
}

async function writeSchema(client: WriteClient, from: MemoryEnvironment): Promise<void> {
  for (const workflow of listed(from, "/workflows")) {
    await send(client, "POST", "/workflows", sendable(workflow));
  }
  for (const plugin of listed(from, "/plugins")) {
    await send(client, "POST", "/plugins", sendable(plugin, ["parameters"]));
    await send(client, "PUT", `/plugins/${plugin.id}`, sendable(plugin));
  }
  for (const collection of parentsFirst(listed(from, "/upload-collections"))) {
    await send(client, "POST", "/upload-collections", sendable(collection, ["children"]));
  }
  const roles = Object.keys(from.itemTypes[0]!.relationships!).filter((name) =>
    name.endsWith("_field")
  );
  const later = [...roles, "ordering_direction", "ordering_meta"];
  for (const model of from.itemTypes) {
    const leaveOut = [...later, "has_singleton_item", "fields", "fieldsets", "singleton_item"];
    const query = "?skip_menu_item_creation=true";
    await send(client, "POST", `/item-types${query}`, sendable(model, leaveOut));
  }
  for (const fieldset of from.fieldsets) {
    const url = `/item-types/${idOf(fieldset, "item_type")}/fieldsets`;
    await send(client, "POST", url, sendable(fieldset, ["item_type"]));
  }
  for (const field of from.fields) {
    const url = `/item-types/${idOf(field, "item_type")}/fields`;
    await send(client, "POST", url, sendable(field, ["item_type", "appeareance"]));
  }
  for (const model of from.itemTypes) {
    const { attributes, relationships } = model;
    await send(client, "PUT", `/item-types/${model.id}`, {
      id: model.id,
      type: "item_type",
      attributes: {
        ordering_direction: idOf(model, "ordering_field") ? "asc" : attributes.ordering_direction,
        ordering_meta: attributes.ordering_meta,
      },
      relationships: Object.fromEntries(roles.map((role) => [role, relationships![role]])),
    });
  }
  for (const path of ["/item-type-filters", "/upload-filters"]) {
    for (const one of listed(from, path)) await send(client, "POST", path, sendable(one));
  }
  for (const item of parentsFirst(listed(from, "/menu-items"))) {
    await send(client, "POST", "/menu-items", sendable(item, ["children"]));
  }
}

async function writeUploads(client: WriteClient, from: MemoryProject): Promise<void> {
  for (const upload of from.primary.uploads.uploads()) {
    const { path, filename, copyright, author, notes, default_field_metadata, tags } =
      upload.attributes;
    const request = await client.uploadRequest.create({ filename: `${upload.id}-${filename}` });
    const asset = from.asset(path);
    const sent = await fetch(request.url, {
      method: "PUT",
      body: asset ? await new Response(asset.body()).bytes() : "Nothing is left of it.",
    });
    await sent.body?.cancel();
    assert.equal(sent.status, 200);
    await send(client, "POST", "/uploads", {
      id: upload.id,
      type: "upload",
      attributes: { path: request.id, copyright, author, notes, default_field_metadata, tags },
      relationships: { upload_collection: upload.relationships!.upload_collection },
    });
  }
}

/** Tries what can't be done yet again after the rest; what can't be done at all is left. */
async function untilDone<T>(
  todo: readonly T[],
  act: (one: T) => Promise<unknown>,
): Promise<{ left: T[]; reasons: string[] }> {
  for (let left = todo;;) {
    const refused: T[] = [];
    const reasons: string[] = [];
    for (const one of left) {
      try {
        await act(one);
      } catch (error) {
        refused.push(one);
        reasons.push(String(error));
      }
    }
    if (refused.length === left.length) return { left: refused, reasons };
    left = refused;
  }
}

async function writeRecords(client: WriteClient, from: MemoryEnvironment): Promise<void> {
  const records = from.items.records();
  const body = (item: Item) => ({
    ...sendable(item, ["created_at", "updated_at", "position", "creator"]),
    meta: {
      created_at: item.meta!.created_at,
      first_published_at: item.meta!.first_published_at,
    },
  });
  const first = (record: StoredItem) => record.published ?? record.current;
  const { left } = await untilDone(records, (record) => {
    return send(client, "POST", "/items", body(first(record)));
  });
  // Those that refer to each other, or are public and refer to drafts: without references for now.
  const names = new Set(left.map(({ current }) => current.id));
  const bare = (keep: KeepReference) => (record: StoredItem) =>
    send(client, "POST", "/items", body(withReferences(first(record), from.schema, keep)));
  const cyclic = await untilDone(left, bare(({ id }) => !names.has(id)));
  const linking = await untilDone(cyclic.left, bare(({ type }) => type === "upload"));
  assert.deepEqual(linking.reasons, []);
  const whole = (record: StoredItem) =>
    send(client, "PUT", `/items/${record.current.id}`, body(first(record)));
  const drafts = records.filter(({ current, published }) =>
    published && from.schema.itemTypeOf(current)!.attributes.draft_mode_active
  );
  const unpublished = await untilDone(drafts, ({ current }) => client.items.publish(current.id));
  assert.deepEqual(unpublished.reasons, []);
  assert.deepEqual((await untilDone(left, whole)).reasons, []);
  const again = drafts.filter((record) => left.includes(record));
  const republished = await untilDone(again, ({ current }) => client.items.publish(current.id));
  assert.deepEqual(republished.reasons, []);
  for (const { current, published } of records) {
    const { stage = null } = current.meta!;
    const isUpdated = published !== undefined && current.meta!.status === "updated";
    if (isUpdated) {
      await send(client, "PUT", `/items/${current.id}`, {
        ...sendable(current, ["created_at", "updated_at", "position", "creator"]),
      });
    }
    if (stage !== null) {
      await client.items.bulkMoveToStage({
        stage: String(stage),
        items: [{ type: "item", id: current.id }],
      });
    }
  }
}

function idOf({ relationships }: Resource, name: string): string | undefined {
  const data = relationships?.[name]?.data;
  return data && "id" in data ? data.id : undefined;
}

/** A record as it must come back: only the server knows the rest. */
function comparable(item: Item): unknown {
  const { updated_at: _, position: _position, ...attributes } = item.attributes;
  const { status, stage, created_at, first_published_at } = item.meta!;
  return {
    id: item.id,
    attributes: ordered(attributes),
    meta: {
      status,
      stage: stage ?? null,
      created_at: Date.parse(String(created_at)),
      first_published_at: Date.parse(String(first_published_at)),
    },
  };
}

function ordered(attributes: JsonObject): JsonObject {
  const { created_at: _, ...others } = attributes;
  return Object.fromEntries(Object.entries(others).sort(([a], [b]) => a < b ? -1 : 1));
}

Deno.test("a whole project is written by DatoCMS's client, and exported as it was", async () => {
  const from = sampleProject();
  const to = emptyProject({ locales: from.primary.site.attributes.locales });
  await using bench = await workbench({ project: to, jobMs: 0 });
  const client = writeClient(bench.cma);
  await writeSchema(client, from.primary);
  await writeUploads(client, from);
  await writeRecords(client, from.primary);

  // The schema, as it is served.
  const fieldOf = ({ id, attributes, relationships }: Field) => {
    const { validators: _, appeareance: _typo, ...others } = attributes;
    return { id, ...others, fieldset: relationships.fieldset?.data ?? null };
  };
  assert.deepEqual(to.primary.fields.map(fieldOf), from.primary.fields.map(fieldOf));
  const modelOf = (one: Resource) => {
    const { ordering_direction: _, collection_appeareance: _typo, ...attributes } = one.attributes!;
    return { id: one.id, attributes, relationships: one.relationships };
  };
  assert.deepEqual(to.primary.itemTypes.map(modelOf), from.primary.itemTypes.map(modelOf));
  assert.deepEqual(to.primary.fieldsets, from.primary.fieldsets);
  const byId = (list: readonly Resource[]) => list.toSorted((a, b) => a.id < b.id ? -1 : 1);
  const paths = ["/workflows", "/plugins", "/upload-collections", "/menu-items"] as const;
  for (const path of [...paths, "/item-type-filters", "/upload-filters"]) {
    const [now, then] = [to, from].map(({ primary }) => byId(listed(primary, path)));
    const content = (list: readonly Resource[]) =>
      list.map(({ id, attributes, relationships = {} }) => ({ id, attributes, relationships }));
    assert.deepEqual(content(now!), content(then!), path);
  }
  const names = (list: readonly Resource[]) => list.map(({ attributes }) => attributes!.name);
  const tags = to.primary.settings.get("/upload-tags") as Resource[];
  const sampleTags = new Set(names(listed(from.primary, "/upload-tags")));
  assert.ok(names(tags).every((name) => sampleTags.has(name)));

  // The content, as it is exported.
  const directory = directoryOf(await bench.export());
  const exported = await entriesOf<Item>(`${directory}/records`);
  const wanted = from.primary.items.records();
  for (const version of ["current", "published"] as const) {
    const ids = new Set(wanted.filter((one) => one[version]).map(({ current }) => current.id));
    assert.ok(exported.length > ids.size);
  }
  for (const { current, published } of wanted) {
    const versions = exported.filter(({ id }) => id === current.id).map(comparable);
    assert.deepEqual(
      versions,
      [current, published].filter((one) => one !== undefined).map(comparable),
      current.id,
    );
  }
  const uploads = await entriesOf<Resource>(`${directory}/uploads`);
  assert.deepEqual(
    new Set(uploads.map(({ id }) => id)),
    new Set(from.primary.uploads.uploads().map(({ id }) => id)),
  );
  for (const { id, attributes } of uploads) {
    const asset = from.asset(from.primary.uploads.get(id)!.attributes.path);
    if (asset) assert.deepEqual([attributes!.md5, attributes!.size], [asset.md5, asset.size]);
  }
});

Deno.test("models and fields are checked, and their records follow", async () => {
  const project = emptyProject({ locales: ["en", "it"] });
  await using cma = startDemoCma({ project, rateLimit: false, jobMs: 0 });
  const client = writeClient(cma);
  const made = await client.itemTypes.create({ name: "Post", api_key: "post" });
  const menu = await client.menuItems.list();
  assert.deepEqual(menu.map(({ label, item_type }) => [label, item_type?.id]), [["Post", made.id]]);
  assert.equal((await client.schemaMenuItems.list())[0]!.item_type?.id, made.id);
  const model = (api_key: string, more = {}) =>
    refusal(client.itemTypes.create({ name: "x", api_key, ...more }));
  assert.equal(await model("post"), "api_key: VALIDATION_UNIQUENESS");
  assert.equal(await model("Not This"), "api_key: VALIDATION_FORMAT");
  assert.equal(await model("x", { ordering_meta: "created_at" }), "INVALID_ORDERING");
  assert.equal(
    await model("x", { singleton: true, ordering_meta: "created_at", ordering_direction: "asc" }),
    "INVALID_ORDERING_FOR_SINGLETON_ITEM_TYPE",
  );

  const { id } = await client.items.create({ item_type: { type: "item_type", id: made.id } });
  const title = await client.fields.create(made.id, {
    label: "Title",
    api_key: "title",
    field_type: "string",
  });
  assert.equal((await client.itemTypes.find(made.id)).title_field?.id, title.id);
  assert.equal((await client.items.find(id)).title, null);
  const slug = await client.fields.create(made.id, {
    label: "Slug",
    api_key: "slug",
    field_type: "slug",
    validators: { slug_title_field: { title_field_id: title.id } },
  });
  assert.equal(await refusal(client.fields.destroy(title.id)), "USED_AS_SLUG_SOURCE");
  const link = client.fields.create(made.id, {
    label: "Link",
    api_key: "link",
    field_type: "link",
    validators: { item_item_type: { item_types: ["nothing"] } },
  });
  assert.equal(await refusal(link), "validators: VALIDATION_INVALID");
  await client.items.update(id, { title: "Hello" });
  await client.fields.update(title.id, { api_key: "headline", localized: true });
  assert.deepEqual((await client.items.find(id)).headline, { en: "Hello" });

  // Validators are checked again for what is there, and that isn't another version.
  const { meta } = await client.items.find(id);
  await client.fields.update(slug.id, { validators: { required: {} } });
  const invalid = await client.items.find(id);
  assert.equal(invalid.meta.is_valid, false);
  assert.equal(invalid.meta.current_version, meta.current_version);
  await client.fields.destroy(slug.id);
  const fieldset = await client.fieldsets.create(made.id, { title: "Group" });
  const place = {
    id: title.id,
    type: "field" as const,
    attributes: { position: 4 },
    relationships: { fieldset: { data: { type: "fieldset" as const, id: fieldset.id } } },
  };
  await client.itemTypes.rawReorderFieldsAndFieldsets(made.id, { data: [place] });
  const { position, fieldset: within } = await client.fields.find(title.id);
  assert.deepEqual([position, within?.id], [4, fieldset.id]);
  await client.fieldsets.destroy(fieldset.id);
  assert.deepEqual((await client.itemTypes.find(made.id)).fields.map((one) => one.id), [title.id]);
  await client.itemTypes.destroy(made.id);
  assert.deepEqual([project.primary.itemTypes, project.primary.fields], [[], []]);
  assert.equal(project.primary.items.records().length, 0);
  assert.deepEqual(await client.menuItems.list(), []);
});
