import assert from "node:assert/strict";
import type { Field, Item, ItemType, Json, JsonObject } from "../../../src/content/resource.ts";
import { SchemaIndex } from "../../../src/content/schema_index.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../../src/simulator/project.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../../src/simulator/server.ts";
import { pageCount } from "../../../src/source/datocms/listing.ts";
import { recordLimit, recordPages } from "../../../src/source/datocms/records.ts";
import { json, testClient } from "../../support/cma.ts";
import { serveHttp } from "../../support/http_server.ts";

const PROJECTS: Record<string, () => DemoProject> = {
  "the sample project": sampleProject,
  "a generated project": () => generateProject({ records: 400, models: 4, blocksPerRecord: 4 }),
};

for (const [name, make] of Object.entries(PROJECTS)) {
  Deno.test(`recordPages() reads every version of every record of ${name} as it is stored`, async () => {
    const project = make();
    await using cma = startDemoCma({ project, rateLimit: false });
    const { site, itemTypes, fields, fieldsets, items } = project.environments.get(
      project.primaryEnvironment,
    )!;
    const schema = new SchemaIndex({
      locales: site.attributes.locales,
      itemTypes,
      fields,
      fieldsets,
    });
    const client = testClient(cma.url, { apiToken: cma.apiToken });
    let read = 0;
    for (const model of schema.models) {
      for (const version of ["current", "published"] as const) {
        cma.log.clear();
        const pages = await Array.fromAsync(
          recordPages(client, schema, model, version, { onFallback: assert.fail }),
        );
        const { page: stored, total } = items.list({
          typeIds: [model.id],
          version,
          blocksToo: false,
          filters: [],
          orderBy: [{ column: "_created_at", direction: "ASC" }, {
            column: "id",
            direction: "ASC",
          }],
          offset: 0,
          limit: 1000,
        });
        assert.deepEqual(pages.flat(), stored);
        read += total;
        const nested = schema.holdsBlocks(model.id);
        assert.equal(recordLimit(schema, model), nested ? 30 : 500);
        for (const { path } of cma.log.requests) {
          const query = new URL(path, cma.url).searchParams;
          assert.equal(query.get("filter[type]"), model.id);
          assert.equal(query.get("version"), version);
          assert.equal(query.get("order_by"), "_created_at_ASC,id_ASC");
          assert.equal(query.get("nested"), nested ? "true" : null);
          assert.equal(query.get("page[limit]"), nested ? "30" : "500");
        }
        assert.equal(cma.log.count.api, pageCount(total, nested ? 30 : 500));
      }
    }
    assert.ok(read > 20, `${read} records`);
  });
}

const MODEL: ItemType = {
  id: "m",
  type: "item_type",
  attributes: { api_key: "page", modular_block: false },
};

/** A schema whose only model has a structured text field that allows no blocks. */
function schemaWithoutBlocks(localized: boolean): SchemaIndex {
  const body: Field = {
    id: "f",
    type: "field",
    attributes: {
      api_key: "body",
      field_type: "structured_text",
      localized,
      validators: {
        structured_text_blocks: { item_types: [] },
        structured_text_inline_blocks: { item_types: [] },
      },
    },
    relationships: { item_type: { data: { id: "m", type: "item_type" } } },
  };
  return new SchemaIndex({
    locales: ["en", "it"],
    itemTypes: [MODEL],
    fields: [body],
    fieldsets: [],
  });
}

function record(n: number, item: Json | undefined, localized: boolean): Item {
  const children: Json[] = [{
    type: "paragraph",
    children: [{ type: "itemLink", item: "other", children: [] }],
  }];
  if (item !== undefined) children.push({ type: "block", item });
  const value: JsonObject = { schema: "dast", document: { type: "root", children } };
  return {
    id: String(n),
    type: "item",
    attributes: { body: localized ? { en: null, it: value } : value },
    relationships: { item_type: { data: { id: "m", type: "item_type" } } },
  };
}

for (const localized of [false, true]) {
  Deno.test(`recordPages() reads in nested mode once a ${localized ? "localized " : ""}field holds blocks that the schema rules out`, async () => {
    const block = {
      id: "b",
      type: "item",
      attributes: {},
      relationships: { item_type: { data: { id: "x", type: "item_type" } } },
    };
    const requests: [offset: number, limit: number, nested: boolean][] = [];
    // The 700th record of 2,000 is the first that holds a block.
    await using server = serveHttp((_request, { searchParams: query }) => {
      const [offset, limit] = [Number(query.get("page[offset]")), Number(query.get("page[limit]"))];
      const nested = query.get("nested") === "true";
      requests.push([offset, limit, nested]);
      assert.ok(limit <= (nested ? 30 : 500));
      const data = Array.from({ length: Math.max(0, Math.min(limit, 2000 - offset)) }, (_, i) => {
        const holds = offset + i >= 700 && (offset + i) % 100 === 0;
        return record(offset + i, holds ? nested ? block : "b" : undefined, localized);
      });
      return json({ data, meta: { total_count: 2000 } });
    });
    const told: string[] = [];
    const pages = await Array.fromAsync(
      recordPages(testClient(server.url), schemaWithoutBlocks(localized), MODEL, "current", {
        onFallback: (message) => told.push(message),
      }),
    );
    const records = pages.flat();
    assert.deepEqual(
      records.map(({ id }) => id),
      Array.from({ length: 2000 }, (_, n) => String(n)),
    );
    assert.deepEqual(
      records.filter((each) => JSON.stringify(each).includes('"item":{"id":"b"')).length,
      13,
    );
    assert.ok(!JSON.stringify(records).includes('"item":"b"'), "a block is there by its id only");
    assert.deepEqual(told, ["Records of model page hold blocks, although its fields allow none."]);
    assert.deepEqual(requests[0], [0, 500, false]);
    assert.ok(requests.filter(([, , nested]) => !nested).length <= 5);
  });
}

Deno.test("recordPages() reads flat while structured text only links to records", async () => {
  const requests: string[] = [];
  await using server = serveHttp((_request, url) => {
    requests.push(url.search);
    const data = Array.from({ length: 40 }, (_, n) => record(n, undefined, false));
    return json({ data, meta: { total_count: 40 } });
  });
  const pages = recordPages(
    testClient(server.url),
    schemaWithoutBlocks(false),
    MODEL,
    "published",
    {
      onFallback: assert.fail,
    },
  );
  assert.equal((await Array.fromAsync(pages)).flat().length, 40);
  assert.equal(requests.length, 1);
});

const STRAY: Item = {
  ...record(7, undefined, false),
  relationships: { item_type: { data: { id: "x", type: "item_type" } } },
};

Deno.test("recordPages() takes no answer whose records are of another model", async () => {
  await using server = serveHttp(() => json({ data: [STRAY], meta: { total_count: 1 } }));
  const pages = recordPages(testClient(server.url), schemaWithoutBlocks(false), MODEL, "current");
  await assert.rejects(Array.fromAsync(pages), {
    name: "CmaError",
    message: /^Expected records of model page from GET \/items, but record 7 is of another one: /,
  });
});

Deno.test("recordPages() leaves out a record of another model, and keeps those that don't say of which they are", async () => {
  const silent = [
    { id: "8", type: "item", attributes: {} },
    { id: "9", type: "item", relationships: null },
    { id: "10", type: "item", attributes: null, relationships: { item_type: { data: [] } } },
    { id: "11", type: "item", attributes: 7, relationships: { item_type: 7 }, meta: "x" },
  ] as unknown as Item[];
  const data = [record(6, undefined, false), STRAY, ...silent];
  await using server = serveHttp(() => json({ data, meta: { total_count: data.length } }));
  const told: string[] = [];
  const pages = recordPages(testClient(server.url), schemaWithoutBlocks(false), MODEL, "current", {
    onUnreadable: ({ which, reason }) => told.push(`${which}: ${reason}`),
  });
  const read = (await Array.fromAsync(pages)).flat();
  assert.deepEqual(read, [data[0], ...silent]);
  assert.deepEqual(told, [
    'the one with id "7": it is of another model, although the API was asked for this one',
  ]);
});
