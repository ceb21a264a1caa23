import assert from "node:assert/strict";
import type { Field, ItemType, Resource, Site } from "../../src/content/resource.ts";
import { workflowId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { fieldId } from "../../src/simulator/schema_builder.ts";
import { SETTINGS_LISTS } from "../../src/simulator/settings_paths.ts";
import { call, errorOf, ids, list, start } from "./cma_request.ts";

const project = sampleProject();
const { itemTypes, fields, fieldsets } = project.primary;

Deno.test("GET /site includes what it is asked for", async () => {
  await using cma = start({ project });
  const site = await call<Site>(cma, "/site");
  assert.equal(site.body.data.attributes.name, "Slackwater");
  assert.equal(site.body.included, undefined);
  const included = async (paths: string) =>
    (await call<Site>(cma, `/site?include=${paths}`)).body.included ?? [];
  assert.deepEqual(await included("item_types"), itemTypes);
  const whole = await included("item_types,item_types.fields,item_types.fieldsets");
  assert.equal(whole.length, itemTypes.length + fields.length + fieldsets.length);
  assert.deepEqual(
    new Set(whole.map((one) => one.type)),
    new Set(["item_type", "field", "fieldset"]),
  );
  const second = whole.findIndex((one, i) => i > 0 && one.type === "item_type");
  const [first, ...parts] = whole.slice(0, second);
  for (const part of parts) {
    assert.deepEqual(part.relationships?.item_type?.data, { id: first?.id, type: "item_type" });
  }
  const singletons = (await included("item_types,item_types.singleton_item"))
    .filter((one) => one.type === "item");
  assert.equal(singletons.length, 1);
  assert.equal(await errorOf(cma, "/site?include=roles"), "422 INVALID_PARAMS");
});

Deno.test("GET /item-types shows the schema, model by model", async () => {
  await using cma = start({ project });
  assert.deepEqual((await call(cma, "/item-types")).body.data, itemTypes);
  const article = (await call<ItemType>(cma, "/item-types/article")).body.data;
  assert.deepEqual((await call(cma, `/item-types/${article.id}`)).body.data, article);
  assert.deepEqual(article.relationships?.workflow?.data, {
    id: workflowId("desk"),
    type: "workflow",
  });
  const own = (await call<Field[]>(cma, "/item-types/article/fields")).body.data;
  assert.deepEqual(own.map((one) => one.attributes.position), own.map((_, i) => i + 1));
  assert.deepEqual(
    article.relationships?.fields?.data,
    own.map(({ id }) => ({ id, type: "field" })),
  );
  const sets = (await call<Resource[]>(cma, "/item-types/article/fieldsets")).body.data;
  assert.deepEqual(sets.map((one) => one.attributes?.title), [
    "Story",
    "Pictures",
    "Search and social",
  ]);
  const field = (await call<Field>(cma, `/fields/${fieldId("article", "body")}`)).body.data;
  assert.deepEqual(field, own.find((one) => one.attributes.api_key === "body"));
  assert.deepEqual((await call(cma, `/fieldsets/${sets[0]?.id}`)).body.data, sets[0]);
  for (const path of ["/item-types/boat", "/item-types/boat/fields", "/fields/x", "/fieldsets/x"]) {
    assert.equal(await errorOf(cma, path), "404 NOT_FOUND", path);
  }
  assert.equal(await errorOf(cma, "/item-types/article/records"), "404 INVALID_ENDPOINT");
});

Deno.test("settings are listed whole, and found one by one", async () => {
  await using cma = start({ project });
  for (const path of SETTINGS_LISTS) {
    const resources = (await call<Resource[]>(cma, path)).body.data;
    assert.ok(resources.length > 0, `${path} has something to show`);
    if (path.endsWith("tags")) continue;
    assert.deepEqual((await call(cma, `${path}/${resources[0]?.id}`)).body.data, resources[0]);
    assert.equal(await errorOf(cma, `${path}/none`), "404 NOT_FOUND");
  }
  for (const path of ["/maintenance-mode", "/white-label-settings", "/sso-settings"]) {
    const { id, type } = (await call<Resource>(cma, path)).body.data;
    assert.equal(type, path.slice(1).replaceAll("-", "_"));
    assert.equal(await errorOf(cma, `${path}/${id}`), "404 INVALID_ENDPOINT");
  }
  const collections = (await call<Resource[]>(cma, "/upload-collections")).body.data;
  const one = `/upload-collections?filter[ids]=${collections[1]?.id}`;
  assert.deepEqual((await call(cma, one)).body.data, collections.slice(1));
});

Deno.test("GET /upload-tags is paged and ordered by name", async () => {
  const own = sampleProject();
  const tags = Array.from({ length: 60 }, (_, i): Resource => ({
    id: String(i),
    type: "upload_tag",
    attributes: { name: `tag ${String(59 - i).padStart(2, "0")}` },
  }));
  own.primary.settings.set("/upload-tags", tags);
  await using cma = start({ project: own });
  const first = await list<Resource>(cma, "/upload-tags");
  assert.deepEqual([first.data.length, first.total], [50, 60]);
  const rest = await list<Resource>(cma, "/upload-tags?page[offset]=50");
  assert.deepEqual(ids([...first.data, ...rest.data]), ids(tags).reverse());
  assert.equal((await list(cma, "/upload-tags?filter[query]=TAG 5")).total, 10);
  assert.equal((await list(cma, "/upload-tags?page[limit]=500")).data.length, 60);
  assert.equal(await errorOf(cma, "/upload-tags?page[limit]=501"), "422 INVALID_PARAMS");
  assert.equal((await list(cma, "/upload-smart-tags")).total, 3);
});
