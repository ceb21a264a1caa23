import assert from "node:assert/strict";
import type { Item, JsonObject, Resource } from "../../src/content/resource.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { blocksOf } from "../../src/cma_server/block_views.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { call, errorOf, ids, list, start } from "./cma_request.ts";

const KETTLE = itemId("article-kettle");
const LETTERS = itemId("article-letters");

interface State extends Resource {
  readonly attributes: JsonObject;
}

function pathOf(id: string): string {
  return `/items/${id}/current-vs-published-state`;
}

Deno.test("GET /items/:id/current-vs-published-state tells what is scheduled for a record", async () => {
  const project = sampleProject();
  await using cma = start({ project });
  const kettle = (await call<State>(cma, pathOf(KETTLE))).body;
  assert.equal(kettle.data.id, KETTLE);
  assert.equal(kettle.data.type, "item_current_vs_published_state");
  assert.deepEqual(kettle.data.relationships, {
    scheduled_publication: { data: { id: "8041", type: "scheduled_publication" } },
    scheduled_unpublishing: { data: null },
    published_version: { data: null },
  });
  assert.deepEqual(kettle.included, project.primary.items.schedules(KETTLE));
  assert.deepEqual(kettle.data.attributes.current_version_locales, ["en", "it"]);
  assert.deepEqual(kettle.data.attributes.added_locales, ["en", "it"]);
  assert.deepEqual(kettle.data.attributes.published_version_locales, []);

  const letters = (await call<State>(cma, pathOf(LETTERS))).body;
  const version = letters.data.relationships?.published_version?.data;
  assert.deepEqual(
    letters.included?.map(({ id, type }) => ({ id, type })),
    [{ id: "512", type: "scheduled_unpublishing" }, version],
  );
  const { attributes } = letters.data;
  assert.deepEqual(attributes.changed_locales, []);
  assert.equal(attributes.non_localized_fields_changed, false);
  const { primary: { items } } = project;
  const { title } = items.get(LETTERS, "current")!.attributes;
  items.update(LETTERS, { title: { ...title as JsonObject, it: "Altro" }, minutes: 77 });
  const changed = (await call<State>(cma, pathOf(LETTERS))).body.data.attributes;
  assert.deepEqual(changed.changed_locales, ["it"]);
  assert.equal(changed.non_localized_fields_changed, true);
});

Deno.test("GET /items/:id/current-vs-published-state refuses what isn't a record", async () => {
  const project = sampleProject();
  const { items, itemTypes, fields, fieldsets } = project.primary;
  const schema = new SchemaIndex({ locales: ["en"], itemTypes, fields, fieldsets });
  const [block] = items.records().flatMap(({ current }) => blocksOf(current, schema));
  await using cma = start({ project, forbidden: [`/items/*/current-vs-published-state`] });
  assert.equal(await errorOf(cma, pathOf(KETTLE)), "403 INSUFFICIENT_PERMISSIONS");
  assert.equal((await call(cma, `/items/${KETTLE}`)).status, 200);
  await using open = start({ project });
  assert.equal(await errorOf(open, pathOf("nobody")), "404 NOT_FOUND");
  assert.equal(await errorOf(open, pathOf(block!.id)), "404 NOT_FOUND");
  assert.equal(await errorOf(open, `/items/${KETTLE}/versions`), "404 INVALID_ENDPOINT");
  assert.equal(await errorOf(open, `${pathOf(KETTLE)}/more`), "404 INVALID_ENDPOINT");
  assert.equal(await errorOf(open, pathOf(KETTLE), { method: "DELETE" }), "404 INVALID_ENDPOINT");
  items.delete(KETTLE);
  assert.equal(await errorOf(open, pathOf(KETTLE)), "404 NOT_FOUND");
});

Deno.test("GET /items filters records by what is scheduled", async () => {
  await using cma = start({ project: sampleProject() });
  const scheduled = (column: string) => {
    return list(cma, `/items?filter[type]=article,notice&filter[fields][${column}][exists]=true`);
  };
  assert.deepEqual(ids((await scheduled("_publication_scheduled_at")).data), [KETTLE]);
  assert.deepEqual(ids((await scheduled("_unpublishing_scheduled_at")).data), [LETTERS]);
});

Deno.test("MemoryItems keeps what is scheduled whatever else is done to a record", () => {
  const project = sampleProject();
  const { items } = project.primary;
  const at = ({ meta }: Item) => [meta?.publication_scheduled_at, meta?.unpublishing_scheduled_at];
  const before = items.get(LETTERS, "current")!;
  const both = items.schedule(LETTERS, {
    publishAt: "2030-01-01T00:00:00Z",
    unpublishAt: "2031-01-01T00:00:00Z",
  });
  assert.deepEqual(at(both), ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"]);
  assert.equal(both.meta?.updated_at, before.meta?.updated_at);
  assert.equal(both.meta?.current_version, before.meta?.current_version);
  const schedules = items.schedules(LETTERS);
  assert.deepEqual(schedules.map(({ type }) => type), [
    "scheduled_publication",
    "scheduled_unpublishing",
  ]);
  items.update(LETTERS, { minutes: 3 });
  items.publish(LETTERS);
  items.unpublish(LETTERS);
  assert.deepEqual(items.schedules(LETTERS), schedules);
  assert.deepEqual(memoryCopy(project).primary.items.schedules(LETTERS), schedules);
  assert.deepEqual(at(items.schedule(LETTERS, {})), [null, null]);
  assert.deepEqual(items.schedules(LETTERS), []);
  assert.throws(() => items.schedule("nobody", {}), TypeError);
});

Deno.test("generateProject() schedules nothing, and says so at once", async () => {
  await using cma = start({ project: generateProject({ records: 1_000_000 }) });
  const query = "filter[type]=article&filter[fields][_publication_scheduled_at][exists]";
  const types = (await call<Resource[]>(cma, "/item-types")).body.data;
  const [article] = types.filter(({ attributes }) => attributes?.modular_block === false);
  const of = query.replace("article", article!.id);
  assert.equal((await list(cma, `/items?${of}=true`)).total, 0);
  assert.equal((await list(cma, `/items?${of}=false&page[limit]=0`)).total, 250_000);
});
