import assert from "node:assert/strict";
import type { Item, Json, Resource, Site, Upload } from "../../src/content/resource.ts";
import { projectFromRecording, type RecordedExchange } from "../../src/simulator/recording.ts";
import { call, ids, list, start } from "./cma_request.ts";

type Recording = readonly (RecordedExchange & { readonly requestBody: Json })[];

async function recording(name: string): Promise<Recording> {
  const file = new URL(`../recordings/${name}-2022.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}

/** What the recording says that the API answered last to a request. */
function recorded<T>(exchanges: Recording, path: string): T {
  return exchanges.findLast((one) => one.path === path)!.responseBody as T;
}

Deno.test("projectFromRecording() answers as the real API did", async () => {
  const exchanges = await recording("blog-project");
  await using cma = start({ project: projectFromRecording(exchanges) });

  const schema = "/site?include=item_types%2Citem_types.fields";
  assert.deepEqual((await call<Site>(cma, schema)).body, recorded(exchanges, schema));

  // A block's own dates aren't kept: it is listed with those of its record.
  const bare = ({ meta: _, ...item }: Item) => {
    const { created_at: _created, updated_at: _updated, ...attributes } = item.attributes;
    return { ...item, attributes };
  };
  const isBlock = (item: Item) => item.relationships.item_type.data.id === "1869285";
  const published = "/items?version=published&page%5Blimit%5D=500";
  const expected = recorded<{ data: Item[] }>(exchanges, published);
  const actual = (await call<Item[]>(cma, published)).body;
  const comparable = (items: readonly Item[]) => items.map((one) => isBlock(one) ? bare(one) : one);
  assert.deepEqual(comparable(actual.data), comparable(expected.data));
  assert.equal(actual.meta?.total_count, 3);

  // The bytes of assets are made up: of the same size, but not with the same digest.
  const uploads = "/uploads?page%5Blimit%5D=500";
  const withoutDigest = (page: readonly Upload[]) =>
    page.map((one) => ({ ...one, attributes: { ...one.attributes, md5: "" } }));
  const before = recorded<{ data: Upload[] }>(exchanges, uploads).data;
  const after = (await list<Upload>(cma, uploads)).data;
  assert.deepEqual(withoutDigest(after), withoutDigest(before));
  for (const { attributes } of after) {
    const url = attributes.url.replace("https://www.datocms-assets.com", cma.assetHost);
    const response = await fetch(url);
    assert.equal(response.headers.get("etag"), `"${attributes.md5}"`);
    assert.equal((await response.bytes()).length, attributes.size);
  }
});

for (const name of ["modular-blocks", "structured-text"]) {
  Deno.test(`projectFromRecording() knows the blocks of ${name}`, async () => {
    const exchanges = await recording(name);
    await using cma = start({ project: projectFromRecording(exchanges) });
    const path = exchanges.at(-1)!.path;
    assert.match(path, /nested=true/);
    assert.deepEqual((await call(cma, path)).body, recorded(exchanges, path));
    const regular = await list(cma, "/items?filter[type]=article");
    assert.deepEqual(ids(regular.data), [/\d+/.exec(path)?.[0]]);
  });
}

Deno.test("projectFromRecording() forgets what was deleted", async () => {
  const plugins = projectFromRecording(await recording("plugins"));
  assert.deepEqual(plugins.primary.settings.get("/plugins"), []);
  const environments = projectFromRecording(await recording("environments"));
  assert.deepEqual([...environments.environments.keys()], ["main"]);
});

Deno.test("projectFromRecording() keeps drafts unpublished", async () => {
  const { primary } = projectFromRecording(await recording("upload-references"));
  const [record] = primary.items.records();
  assert.equal(record?.current.meta?.status, "draft");
  assert.equal(record.published, undefined);
  const upload = (record.current.attributes.image as { upload_id: string }).upload_id;
  assert.ok(primary.uploads.get(upload));
});

Deno.test("projectFromRecording() gives projects every kind of settings", async () => {
  const exchanges = await recording("blog-project");
  await using cma = start({ project: projectFromRecording(exchanges) });
  for (const path of ["/roles", "/webhooks", "/workflows", "/upload-tags", "/environments"]) {
    assert.equal((await call<Resource[]>(cma, path)).status, 200, path);
  }
});
