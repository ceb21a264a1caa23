import assert from "node:assert/strict";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import { itemTypeId, type ModelSketch } from "../../src/simulator/schema_builder.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { refusal, type WriteClient, writeClient } from "../support/write_client.ts";
import { call } from "./cma_request.ts";

const links = { item_types: ["author"] };
const MODELS: Readonly<Record<string, ModelSketch>> = {
  article: {
    name: "Article",
    attributes: { draft_mode_active: true },
    fields: {
      title: { type: "string", localized: true, validators: { required: {} } },
      code: { type: "string", validators: { unique: {}, length: { max: 8 } } },
      count: { type: "integer" },
      author: { type: "link", validators: { item_item_type: links } },
      body: { type: "rich_text", validators: { rich_text_blocks: { item_types: ["quote"] } } },
    },
  },
  author: { name: "Author", fields: { name: { type: "string" } } },
  draft_author: {
    name: "Draft author",
    attributes: { draft_mode_active: true, draft_saving_active: true },
    fields: {
      name: { type: "string", validators: { required: {} } },
      friend: {
        type: "link",
        validators: {
          item_item_type: { item_types: ["draft_author"], on_reference_delete_strategy: "fail" },
        },
      },
    },
  },
  section: {
    name: "Section",
    attributes: { tree: true, draft_mode_active: true },
    fields: { name: { type: "string" } },
  },
  home: { name: "Home", attributes: { singleton: true }, fields: { line: { type: "string" } } },
  quote: {
    name: "Quote",
    attributes: { modular_block: true },
    fields: { words: { type: "text", validators: { required: {} } }, by: { type: "string" } },
  },
};

interface Bench extends AsyncDisposable {
  readonly cma: DemoCma;
  readonly client: WriteClient;
  readonly project: ReturnType<typeof emptyProject>;
}

function bench(options: Partial<DemoCmaOptions> = {}): Bench {
  const project = emptyProject({ models: MODELS, locales: ["en", "it"] });
  const cma = startDemoCma({ project, rateLimit: false, jobMs: 0, ...options });
  return { cma, project, client: writeClient(cma), [Symbol.asyncDispose]: () => cma.stop() };
}

const type = (model: string) => ({ type: "item_type" as const, id: itemTypeId(model) });
const author = (client: WriteClient, more: Record<string, unknown> = {}) =>
  client.items.create({ item_type: type("author"), name: "Wren", ...more });
const article = (client: WriteClient, more: Record<string, unknown> = {}) =>
  client.items.create({ item_type: type("article"), title: { en: "One", it: "Uno" }, ...more });
const quote = (words: string | null, more: Record<string, unknown> = {}) => ({
  type: "item",
  attributes: { words },
  relationships: { item_type: { data: type("quote") } },
  ...more,
});

Deno.test("records are created with an id, dates and a creator of the client's", async () => {
  await using at = bench();
  const id = entityId("my article");
  const made = await article(at.client, {
    id,
    code: "a",
    creator: { type: "account", id: "52759" },
    meta: {
      created_at: "2020-04-21T07:57:11.124Z",
      first_published_at: "2020-05-01T00:00:00.000Z",
      status: "published",
    },
  });
  assert.equal(made.id, id);
  assert.deepEqual(made.creator, { type: "account", id: "52759" });
  assert.equal(made.meta.created_at, "2020-04-21T07:57:11.124Z");
  assert.equal(made.meta.first_published_at, "2020-05-01T00:00:00.000Z");
  assert.equal(made.meta.status, "draft");
  assert.deepEqual([made.title, made.code, made.count], [{ en: "One", it: "Uno" }, "a", null]);

  const numeric = article(at.client, { id: "12345" });
  assert.equal(await refusal(numeric), "INVALID_ENTITY_ID");
  assert.equal(await refusal(article(at.client, { id })), "id: VALIDATION_UNIQUENESS");
  assert.equal(
    await refusal(article(at.client, { creator: { type: "user", id: "9" } })),
    "INVALID_RELATIONSHIP",
  );
  // What the server gives is an id that it takes.
  const { id: given } = await author(at.client);
  await at.client.items.destroy(given);
  assert.equal((await author(at.client, { id: given })).id, given);
});

Deno.test("a record's current version is a lock, and a model without drafts publishes at once", async () => {
  await using at = bench();
  const wren = await author(at.client);
  assert.equal(wren.meta.status, "published");
  const first = wren.meta.current_version;
  const changed = await at.client.items.update(wren.id, {
    name: "Ada",
    meta: { current_version: first },
  });
  assert.equal(changed.meta.status, "published");
  assert.notEqual(changed.meta.current_version, first);
  const stale = at.client.items.update(wren.id, { name: "Bo", meta: { current_version: first } });
  assert.equal(await refusal(stale), "STALE_ITEM_VERSION");
  at.project.primary.locked.add(wren.id);
  assert.equal(await refusal(at.client.items.update(wren.id, { name: "Bo" })), "ITEM_LOCKED");
  assert.equal(await refusal(at.client.items.destroy(wren.id)), "ITEM_LOCKED");
  at.project.primary.locked.clear();

  const one = await article(at.client);
  assert.equal((await at.client.items.publish(one.id)).meta.status, "published");
  // Without a change, too.
  assert.equal((await at.client.items.update(one.id, {})).meta.status, "updated");
  const updated = await at.client.items.update(one.id, { code: "b" });
  assert.equal(updated.code, "b");
  const shown = await at.client.items.find(one.id, { version: "published" });
  assert.equal(shown.code, null);
  const back = await at.client.items.unpublish(one.id);
  assert.deepEqual([back.meta.status, back.code], ["draft", "b"]);
  assert.equal(await refusal(at.client.items.find(one.id, { version: "published" })), "NOT_FOUND");
  const other = at.client.items.update(one.id, { item_type: type("author") });
  assert.equal(await refusal(other), "ITEM_TYPE_CANNOT_BE_CHANGED");
});

Deno.test("values must pass validators and be of their type, in the same locales", async () => {
  await using at = bench();
  const refused = (more: Record<string, unknown>) => refusal(article(at.client, more));
  assert.equal(await refused({ title: { en: "One", it: "" } }), "title: VALIDATION_REQUIRED");
  assert.equal(await refused({ code: "123456789" }), "code: VALIDATION_LENGTH");
  assert.equal(
    await refused({ count: 1.5, code: 3 }),
    [
      "code: VALIDATION_INVALID_FORMAT",
      "count: VALIDATION_INVALID_FORMAT",
    ].join(", "),
  );
  assert.equal(await refused({ colour: "red" }), "INVALID_ATTRIBUTES");
  assert.equal(await refused({ updated_at: "2020-01-01" }), "INVALID_ATTRIBUTES");
  assert.equal(await refused({ title: { de: "Eins" } }), "title: VALIDATION_INVALID_LOCALES");
  assert.equal(await refused({ title: undefined }), "MISSING_LOCALES");
  assert.equal(
    await refused({ author: entityId("nobody") }),
    "author: VALIDATION_ITEM_ITEM_TYPE",
  );
  assert.equal(await refused({ item_type: type("quote") }), "INVALID_TYPE");
  await article(at.client, { code: "same" });
  assert.equal(await refused({ code: "same" }), "code: VALIDATION_UNIQUE");
  // A value that only another version has is taken, too.
  const two = await article(at.client, { code: "old" });
  await at.client.items.publish(two.id);
  await at.client.items.update(two.id, { code: "new" });
  assert.equal(await refused({ code: "old" }), "code: VALIDATION_UNIQUE");
  // Locales come and go with all localized fields.
  const en = await at.client.items.update(two.id, { title: { en: "Only" } });
  assert.deepEqual(en.title, { en: "Only" });
  // A model that saves invalid drafts does so, and doesn't publish them.
  const draft = await at.client.items.create({ item_type: type("draft_author") });
  assert.equal(draft.meta.is_valid, false);
  assert.equal(await refusal(at.client.items.publish(draft.id)), "INVALID_DRAFT");
  await at.client.items.update(draft.id, { name: "Bo" });
  assert.equal((await at.client.items.publish(draft.id)).meta.is_valid, true);
});

Deno.test("numbers keep their digits", async () => {
  await using at = bench();
  const headers = {
    "Authorization": "Bearer demo",
    "Accept": "application/json",
    "Content-Type": "application/json",
    "X-Api-Version": "3",
  };
  const response = await fetch(`${at.cma.url}/items`, {
    method: "POST",
    headers,
    body: `{"data":{"type":"item","attributes":{"title":{"en":"x"},"count":12345678901234567890},
      "relationships":{"item_type":{"data":{"type":"item_type","id":"${
      itemTypeId("article")
    }"}}}}}`,
  });
  assert.equal(response.status, 201);
  assert.match(await response.text(), /"count":12345678901234567890,/);
});

Deno.test("blocks keep their ids, and what isn't sent of one stays", async () => {
  await using at = bench();
  const [a, b] = [entityId("block a"), entityId("block b")];
  const made = await article(at.client, {
    body: [quote("one", { id: a }), quote("two", { id: b })],
  });
  assert.deepEqual(made.body, [a, b]);
  await at.client.items.publish(made.id);
  await at.client.items.update(made.id, {
    body: [b, { id: a, type: "item", attributes: { by: "Ada" } }, quote("three")],
  });
  const [, now] = await Promise.all(["published", "current"].map(async (version) => {
    const found = await at.client.items.find(made.id, {
      nested: true,
      version: version as "current",
    });
    return (found.body as unknown as { id: string; attributes: unknown }[])
      .map(({ id, attributes }) => ({ id, attributes }));
  }));
  assert.deepEqual(now!.slice(0, 2), [
    { id: b, attributes: { words: "two", by: null } },
    { id: a, attributes: { words: "one", by: "Ada" } },
  ]);
  const body = (...blocks: unknown[]) => at.client.items.update(made.id, { body: blocks });
  assert.equal(await refusal(body(entityId("block c"))), "body: VALIDATION_INVALID_BLOCK");
  assert.equal(await refusal(body(a, a)), "body: VALIDATION_UNIQUENESS");
  assert.equal(await refusal(body(quote(null))), "body: VALIDATION_REQUIRED");
  assert.equal(await refusal(body(quote("x", { meta: {} }))), "INVALID_FORMAT");
  assert.equal(
    await refusal(article(at.client, { body: [quote("x", { id: a })] })),
    "body: VALIDATION_UNIQUENESS",
  );
  assert.equal(await refusal(article(at.client, { id: a })), "id: VALIDATION_UNIQUENESS");

  await using refusing = bench({ blockIds: "refused" });
  const own = { body: [quote("one", { id: a })] };
  assert.equal(await refusal(article(refusing.client, own)), "body: VALIDATION_INVALID_BLOCK");
  await using replacing = bench({ blockIds: "replaced" });
  assert.notDeepEqual((await article(replacing.client, own)).body, [a]);
});

Deno.test("public records link to public ones only, and what is needed isn't taken away", async () => {
  await using at = bench();
  const { client } = at;
  const person = (more: Record<string, unknown>) =>
    client.items.create({ item_type: type("draft_author"), name: "Bo", ...more });
  const target = await person({});
  const source = await person({ friend: target.id });
  assert.equal(await refusal(client.items.publish(source.id)), "UNPUBLISHED_LINK");
  await client.items.publish(target.id);
  await client.items.publish(source.id);
  assert.equal(await refusal(client.items.unpublish(target.id)), "PUBLISHED_REFERENCES");
  assert.equal(await refusal(client.items.destroy(target.id)), "REQUIRED_BY_ASSOCIATION");
  assert.deepEqual((await client.items.references(target.id)).map(({ id }) => id), [source.id]);

  // A field that says nothing loses its references when a record is destroyed.
  const wren = await author(client);
  const one = await article(client, { author: wren.id });
  await client.items.publish(one.id);
  await client.items.destroy(wren.id);
  assert.equal((await client.items.find(one.id)).author, null);
  assert.equal((await client.items.find(one.id, { version: "published" })).author, null);
});

Deno.test("locales of a record are published and taken back one by one", async () => {
  await using at = bench();
  const { client } = at;
  const { id } = await article(client, { code: "a" });
  const part = { content_in_locales: ["en"], non_localized_content: false };
  const some = await client.items.publish(id, { type: "selective_publish_operation", ...part });
  assert.equal(some.meta.status, "updated");
  const shown = async () => {
    const { title, code } = await client.items.find(id, { version: "published" });
    return { title, code };
  };
  assert.deepEqual(await shown(), { title: { en: "One" }, code: null });
  const all = { content_in_locales: ["en", "it"], non_localized_content: true };
  const whole = await client.items.publish(id, { type: "selective_publish_operation", ...all });
  assert.equal(whole.meta.status, "published");
  await client.items.unpublish(id, {
    type: "selective_unpublish_operation",
    content_in_locales: ["en"],
  });
  assert.deepEqual(await shown(), { title: { it: "Uno" }, code: "a" });
});

Deno.test("a record has 500 blocks at most", async () => {
  await using at = bench();
  const body = (count: number) => ({ body: Array.from({ length: count }, () => quote("x")) });
  assert.equal((await article(at.client, body(500))).meta.status, "draft");
  assert.equal(await refusal(article(at.client, body(501))), "TECHNICAL_LIMIT_REACHED");
});

Deno.test("bulk operations do what can be done, and count the rest", async () => {
  await using at = bench();
  const { client } = at;
  const ids = (await Promise.all([article(client), article(client), article(client)]))
    .map(({ id }) => ({ type: "item" as const, id }));
  const none = { type: "item" as const, id: entityId("none") };
  const counts = async (path: string, items: unknown, more: object = {}) => {
    const { body } = await call<{ id: string }>(at.cma, `/items/bulk/${path}`, {
      method: "POST",
      body: {
        data: {
          type: `item_bulk_${path.replaceAll("-", "_")}_operation`,
          relationships: { items: { data: items } },
          ...more,
        },
      },
    });
    const job = await call<{ attributes: { payload: { meta: unknown } } }>(
      at.cma,
      `/job-results/${body.data.id}`,
    );
    return job.body.data.attributes.payload.meta;
  };
  assert.deepEqual(await counts("publish", [...ids, none]), { successful: 3, failed: 1 });
  assert.equal((await client.items.find(ids[0]!.id)).meta.status, "published");
  assert.deepEqual(await client.items.bulkUnpublish({ items: ids.slice(0, 1) }), []);
  assert.equal((await client.items.find(ids[0]!.id)).meta.status, "draft");
  assert.deepEqual(await counts("move-to-stage", ids, { attributes: { stage: "x" } }), {
    successful: 0,
    failed: 3,
  });
  assert.deepEqual(await counts("destroy", ids), { successful: 3, failed: 0 });
  assert.equal(at.project.primary.items.records().length, 0);
  const many = Array.from({ length: 201 }, () => none);
  assert.equal(await refusal(client.items.bulkDestroy({ items: many })), "TOO_MANY_OPERATIONS");
});

Deno.test("records of a tree have places, which others make room for", async () => {
  await using at = bench();
  const section = (name: string, more: Record<string, unknown> = {}) =>
    at.client.items.create({ item_type: type("section"), name, ...more });
  const [a, b] = [await section("a"), await section("b")];
  assert.deepEqual([a.position, b.position, a.parent_id], [1, 2, null]);
  const c = await section("c", { parent_id: a.id });
  assert.equal((await at.client.items.find(a.id)).meta.has_children, true);
  const first = await section("first", { position: 1 });
  const order = async () =>
    Object.fromEntries(
      await Promise.all([a, b, c, first].map(async ({ id, name }) => {
        const { position } = await at.client.items.find(id);
        return [name, position];
      })),
    );
  assert.deepEqual(await order(), { first: 1, a: 2, b: 3, c: 1 });
  assert.notEqual((await at.client.items.find(b.id)).meta.current_version, b.meta.current_version);
  await at.client.items.update(a.id, { parent_id: b.id });
  assert.deepEqual(await order(), { first: 1, a: 1, b: 2, c: 1 });
  const loop = at.client.items.update(b.id, { parent_id: c.id });
  assert.equal(await refusal(loop), "INVALID_PARENT_ID");
  assert.equal(await refusal(at.client.items.publish(a.id)), "UNPUBLISHED_PARENT");
  await at.client.items.publish(b.id);
  await at.client.items.publish(a.id);
  assert.equal(await refusal(at.client.items.unpublish(b.id)), "PUBLISHED_CHILDREN");
  assert.equal(await refusal(at.client.items.destroy(b.id)), "REQUIRED_BY_ASSOCIATION");
});

Deno.test("a single-instance model has one record, and schedules are in the future", async () => {
  await using at = bench();
  const { client } = at;
  const home = await client.items.create({ item_type: type("home"), line: "Hello" });
  const again = client.items.create({ item_type: type("home"), line: "Again" });
  assert.equal(await refusal(again), "DUPLICATE_SINGLETON");
  const model = await client.itemTypes.find("home");
  assert.equal(model.singleton_item?.id, home.id);
  await client.items.destroy(home.id);
  assert.equal((await client.itemTypes.find("home")).singleton_item, null);

  const { id, meta } = await article(client);
  const when = { publication_scheduled_at: "2100-01-01T00:00:00.000Z" };
  await client.scheduledPublication.create(id, { ...when, selective_publication: null });
  const found = await client.items.find(id);
  assert.equal(found.meta.publication_scheduled_at, when.publication_scheduled_at);
  assert.equal(found.meta.current_version, meta.current_version);
  const past = { publication_scheduled_at: "2000-01-01T00:00:00.000Z" };
  assert.match(
    await refusal(client.scheduledPublication.create(id, past)),
    /^publication_scheduled_at: /,
  );
  await client.scheduledPublication.destroy(id);
  assert.equal((await client.items.find(id)).meta.publication_scheduled_at, null);
});

Deno.test("the log of writes tells what was done, when, and what is public since", async () => {
  await using at = bench();
  const one = await article(at.client);
  await at.client.items.publish(one.id);
  await refusal(at.client.items.publish(entityId("none")));
  await at.client.items.destroy(one.id);
  assert.deepEqual(
    at.cma.writes.writes.map(({ method, path, status, errors, changes }) => ({
      request: `${method} ${path.replace(one.id, "ONE")} ${status} ${errors}`,
      changes: changes.map(({ isPublic, isDestroyed }) => ({ isPublic, isDestroyed })),
    })),
    [
      { request: "POST /items 201 ", changes: [{ isPublic: false, isDestroyed: false }] },
      { request: "PUT /items/ONE/publish 200 ", changes: [{ isPublic: true, isDestroyed: false }] },
      { request: `PUT /items/${entityId("none")}/publish 404 NOT_FOUND`, changes: [] },
      { request: "DELETE /items/ONE 202 ", changes: [{ isPublic: false, isDestroyed: true }] },
    ],
  );
  assert.ok(at.cma.writes.writes.every((write) => write.environment === "main" && write.at));
  const blocked = await call<{ attributes: { code: string } }[]>(at.cma, `/items/${one.id}`, {
    method: "DELETE",
    headers: { "X-Abort-If-Destructive-Request": "true" },
  });
  assert.equal(blocked.body.data[0]!.attributes.code, "DESTRUCTIVE_REQUEST_BLOCKED");
});
