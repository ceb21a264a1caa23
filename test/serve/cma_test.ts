import assert from "node:assert/strict";
import fc from "fast-check";
import { ApiError, buildClient } from "@datocms/cma-client";
import { isObject } from "../../src/text/json.ts";
import type { Item, Resource, Version } from "../../src/content/resource.ts";
import { itemId, uploadId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { exportProject } from "../../src/export/export.ts";
import type { Scope } from "../../src/serve/token.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { QUICK_RETRIES } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exportedToMemory, type Served, serveSnapshots } from "../support/served.ts";

const PROJECT = sampleProject();
const STORAGE = await exportedToMemory({ project: PROJECT, tables: false });
const SNAPSHOT = await openSnapshot(STORAGE, "latest");
const [ID, SECONDS] = SNAPSHOT.name.split("/") as [string, string];
const ARTICLE = PROJECT.primary.itemTypes.find((one) => one.attributes.api_key === "article")!;

/** What is in each folder of the only snapshot, in the order of its batches; of other content, in each file. */
function contentOf(storage: MemoryStorage): Map<string, string> {
  const canary = [...storage.objects.keys()].find((key) => key.endsWith("/canary.txt"))!;
  const prefix = canary.slice(0, -"canary.txt".length);
  const texts = new Map<string, string>();
  for (const key of [...storage.objects.keys()].sort()) {
    const path = key.slice(prefix.length);
    const isContent = /^(?:records|uploads|models|workflows|plugins|settings|site)\b/.test(path);
    if (!key.startsWith(prefix) || !isContent) continue;
    const folder = path.replace(/\/batch_\w+\.ndjson$/, "");
    texts.set(folder, (texts.get(folder) ?? "") + storage.text(key));
  }
  return texts;
}

interface Listed {
  readonly data: Item[];
  readonly included?: readonly Resource[];
  readonly meta?: { readonly total_count: number };
  /** With which status and code it was refused. */
  readonly refused?: readonly unknown[];
}

async function get<T = Listed>(served: Served, path: string, scope: Scope = "admin"): Promise<T> {
  const response = await served.ask(`/cma/${ID}${path}`, { scope });
  const body = await response.json();
  assert.equal(response.status, 200, `${path}: ${JSON.stringify(body)}`);
  return body;
}

/** A record as it was sent: DatoCMS's client marks what is in it. */
function sent(item: unknown): unknown {
  return JSON.parse(
    JSON.stringify(item, (key, value) => key === "__itemTypeId" ? undefined : value),
  );
}

/** The code of the error that a request is answered with, after its status. */
async function errorOf(
  served: Served,
  path: string,
  options?: Parameters<Served["ask"]>[1],
): Promise<string> {
  const response = await served.ask(`/cma/${ID}${path}`, options);
  assert.match(response.headers.get("content-type")!, /^application\/json/);
  const { data: [error] } = await response.json();
  assert.equal(error.type, "api_error");
  return `${response.status} ${error.attributes.code}`;
}

function clientOf(served: Served, scope: Scope = "admin", path = "") {
  return buildClient({
    apiToken: served.tokens[scope],
    baseUrl: `${served.url}/cma/${ID}${path}`,
    autoRetry: false,
  });
}

Deno.test("Sluice exports from its own served snapshot what it had exported", async () => {
  await using served = serveSnapshots(STORAGE);
  const storage = new MemoryStorage();
  await exportProject({
    apiToken: served.tokens.admin,
    baseUrl: `${served.url}/cma/${ID}`,
    storage,
    tables: false,
    assets: false,
    retry: QUICK_RETRIES,
  });
  const [before, after] = [contentOf(STORAGE), contentOf(storage)];
  assert.deepEqual([...after.keys()], [...before.keys()]);
  for (const [folder, text] of before) assert.equal(after.get(folder), text, folder);
  assert.ok([...before.keys()].filter((one) => one.startsWith("records/")).length > 10);
  assert.deepEqual(served.errors, []);
});

Deno.test("DatoCMS's client lists, finds and pages through a served snapshot", async () => {
  await using served = serveSnapshots(STORAGE);
  for (const path of ["", "/latest", `/${SECONDS}`]) {
    assert.equal((await clientOf(served, "admin", path).site.find()).id, ID);
  }
  const client = clientOf(served);
  const own = PROJECT.primary;
  const models = await client.itemTypes.list();
  assert.deepEqual(models.map(({ id }) => id), own.itemTypes.map(({ id }) => id));
  assert.equal((await client.itemTypes.find("article")).id, ARTICLE.id);
  const fields = await client.fields.list("article");
  assert.equal((await client.fields.find(fields[0]!.id)).api_key, fields[0]!.api_key);
  await client.fieldsets.list("article");

  const records = new Map<string, Item>();
  for (const { current } of own.items.records()) records.set(current.id, current);
  const seen = new Set<string>();
  const type = models.filter((one) => !one.modular_block).map(({ id }) => id).join();
  for await (
    const item of client.items.rawListPagedIterator(
      { nested: true, version: "current", filter: { type } } as never,
      { perPage: 7 },
    )
  ) {
    assert.deepEqual(sent(item), records.get(item.id));
    seen.add(item.id);
  }
  assert.equal(seen.size, records.size);
  const found = await client.items.find(itemId("ada"));
  assert.equal(found.name, "Ada Wren");
  const query = await client.items.list({ filter: { type: "author", query: "ADA wren" } });
  assert.deepEqual(query.map(({ id }) => id), [itemId("ada")]);
  const names = await client.items.list({
    filter: {
      type: "author",
      fields: { name: { matches: { pattern: "ada w", case_sensitive: false, regexp: false } } },
    },
  } as never);
  assert.deepEqual(names.map(({ id }) => id), [itemId("ada")]);
  const state = await client.items.currentVsPublishedState(itemId("article-gates"));
  assert.equal(state.id, itemId("article-gates"));

  const uploads = await Array.fromAsync(client.uploads.listPagedIterator({}, { perPage: 3 }));
  const created = await client.uploads.list({ order_by: "_created_at_ASC,id_ASC" } as never);
  assert.equal(uploads.length, own.uploads.uploads().length);
  assert.equal(new Set(uploads.map(({ id }) => id)).size, created.length);
  const map = await client.uploads.find(uploadId("map"));
  assert.equal(map.url, own.uploads.get(uploadId("map"))!.attributes.url);
  for (
    const list of [
      () => client.menuItems.list(),
      () => client.schemaMenuItems.list(),
      () => client.uploadCollections.list(),
      () => client.uploadTags.list(),
      () => client.uploadFilters.list(),
      () => client.itemTypeFilters.list(),
      () => client.plugins.list(),
      () => client.workflows.list(),
      () => client.environments.list(),
      () => client.roles.list(),
      () => client.users.list(),
      () => client.accessTokens.list(),
      () => client.webhooks.list(),
      () => client.buildTriggers.list(),
    ]
  ) assert.ok(Array.isArray(await list()));
  assert.equal((await client.environments.find("main")).id, "main");
  await assert.rejects(
    client.items.create({ item_type: { type: "item_type", id: ARTICLE.id } } as never),
    (error) => {
      return error instanceof ApiError && error.findError("INSUFFICIENT_PERMISSIONS") !== undefined;
    },
  );
  assert.deepEqual(served.errors, []);
});

Deno.test("filters that the API has are followed, and what can't be is refused plainly", async () => {
  await using served = serveSnapshots(STORAGE);
  const ids = async (query: string) => {
    return (await get(served, `/items?page[limit]=500&${query}`)).data.map(({ id }) => id).sort();
  };
  const articles = await ids("filter[type]=article");
  const by = "filter[type]=article&filter[fields]";
  const ofAda = await ids(`${by}[written_by][eq]=${itemId("ada")}`);
  assert.ok(ofAda.length > 1 && ofAda.length < articles.length);
  const or = `filter[type]=article&filter[fields][OR][][id][eq]=${articles[0]}` +
    `&filter[fields][OR][][id][eq]=${articles[1]}`;
  assert.deepEqual(await ids(or), articles.slice(0, 2));
  const and = `filter[type]=article&filter[fields][AND][][written_by][eq]=${itemId("ada")}` +
    `&filter[fields][AND][][minutes][gte]=5`;
  assert.deepEqual(
    await ids(and),
    await ids(`${by}[written_by][eq]=${itemId("ada")}&filter[fields][minutes][gte]=5`),
  );
  const blank = await ids(`${by}[printed_on][is_blank]=true`);
  assert.ok(blank.length > 0);
  assert.deepEqual([...blank, ...await ids(`${by}[printed_on][is_present]=true`)].sort(), articles);
  const horse = await ids(`${by}[slug][matches][pattern]=HORSE`);
  assert.equal(horse.length, 1);
  assert.deepEqual(
    await ids(
      `${by}[slug][matches][pattern]=HORSE&filter[fields][slug][matches][case_sensitive]=true`,
    ),
    [],
  );
  assert.equal((await ids(`${by}[slug][not_matches][pattern]=horse`)).length, articles.length - 1);
  const pattern =
    `${by}[slug][matches][pattern]=(a%2B)%2B$&filter[fields][slug][matches][regexp]=true`;
  assert.equal(await errorOf(served, `/items?${pattern}`), "422 INVALID_FILTER_FIELDS_PARAM");
  assert.deepEqual(await ids("filter[type]=article&filter[only_valid]=true"), articles);

  const wrong: [string, string][] = [
    ["/items?filter[type]=boat", "422 ITEM_TYPE_NOT_FOUND"],
    ["/items?page[limit]=501", "422 INVALID_PARAMS"],
    ["/items?nested=true&page[limit]=31", "422 INVALID_PARAMS"],
    ["/items?filter[fields][OR][][x]=1", "422 INVALID_FILTER_FIELDS_PARAM"],
    ["/items?filter[fields][_updated_at][gt]=yesterday", "422 INVALID_DATE"],
    ["/items/nobody", "404 NOT_FOUND"],
    ["/uploads/nobody", "404 NOT_FOUND"],
    ["/boats", "404 INVALID_ENDPOINT"],
    ["/99999/items", "404 NOT_FOUND"],
  ];
  for (const [path, error] of wrong) assert.equal(await errorOf(served, path), error, path);
});

Deno.test("what refers to a record or an upload, and its versions, are told", async () => {
  await using served = serveSnapshots(STORAGE);
  const written = await get(served, `/items/${itemId("ada")}/references`);
  const expected = await get(
    served,
    `/items?filter[type]=article&filter[fields][written_by][eq]=${itemId("ada")}`,
  );
  const ofArticles = written.data.filter((one) =>
    one.relationships.item_type.data.id === ARTICLE.id
  );
  for (const { id } of expected.data) assert.ok(ofArticles.some((one) => one.id === id), id);
  const cover = PROJECT.primary.items.records().map(({ current }) => current.attributes.cover)
    .find((value) => isObject(value)) as { upload_id: string };
  assert.ok((await get(served, `/uploads/${cover.upload_id}/references`)).data.length > 0);
  const versions = await get(served, `/items/${itemId("article-gates")}/versions`);
  assert.deepEqual(versions.data.map((one) => one.attributes.minutes), [7, 6]);
  assert.deepEqual(versions.data.map((one) => one.meta?.is_current), [true, false]);
  assert.equal((await get(served, `/items/${itemId("ada")}/versions`)).data.length, 1);
  const me = await get<{ data: Resource }>(served, "/users/me");
  assert.equal(me.data.attributes?.name, "admin");
  const info = await get<{ data: Resource }>(served, "/public-info", "read");
  assert.equal(info.data.attributes?.name, PROJECT.primary.site.attributes.name);
});

Deno.test("a token sees no more of the API than of all else, and nothing is written", async () => {
  await using served = serveSnapshots(STORAGE, { rate: { limit: 600, seconds: 60 } });
  const refused: [Scope, string][] = [
    ["read", "/items?version=current"],
    ["read", `/items/${itemId("ada")}?version=current`],
    ["read", `/items/${itemId("ada")}/current-vs-published-state`],
    ["read", `/items/${itemId("ada")}/versions`],
    ["read", `/items/${itemId("ada")}/references?version=current`],
    ["read", "/menu-items"],
    ["preview", "/roles"],
    ["preview", "/users"],
    ["preview", "/access_tokens"],
  ];
  for (const [scope, path] of refused) {
    assert.equal(await errorOf(served, path, { scope }), "403 INSUFFICIENT_PERMISSIONS", path);
  }
  const published = await get(served, "/items?filter[type]=article&page[limit]=500", "read");
  const asked = await get(served, "/items?filter[type]=article&page[limit]=500&version=published");
  assert.deepEqual(published.data, asked.data);
  assert.ok(published.data.every((one) => one.meta?.status !== "draft"));
  const draft = `/items/${itemId("article-kettle")}`;
  assert.equal(await errorOf(served, draft, { scope: "read" }), "404 NOT_FOUND");
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const body = JSON.stringify({ data: { type: "item" } });
    assert.equal(await errorOf(served, "/items", { method, body }), "403 INSUFFICIENT_PERMISSIONS");
  }
  const none = { headers: { Authorization: "Bearer nobody" } };
  assert.equal(await errorOf(served, "/site", none), "401 INVALID_AUTHORIZATION_HEADER");
  const staging = { headers: { "X-Environment": "staging" } };
  assert.equal(await errorOf(served, "/site", staging), "404 INVALID_ENVIRONMENT");
  const answered = await served.ask(`/cma/${ID}/site`, { headers: { "X-Environment": "main" } });
  await answered.body?.cancel();
  assert.equal(answered.headers.get("x-environment"), "main");
  assert.equal(answered.headers.get("x-api-version"), "3");
  assert.match(answered.headers.get("x-request-id")!, /^req_/);
  assert.equal(answered.headers.get("x-ratelimit-limit"), "30");
});

Deno.test("a token that asks too often is told when it may ask again, as the API does it", async () => {
  await using served = serveSnapshots(STORAGE, { rate: { limit: 2, seconds: 60 }, now: () => 0 });
  for (let i = 0; i < 2; i++) assert.equal(await served.status(`/cma/${ID}/site`), 200);
  const response = await served.ask(`/cma/${ID}/site`);
  assert.equal(response.status, 429);
  assert.equal((await response.json()).data[0].attributes.code, "RATE_LIMIT_EXCEEDED");
  assert.equal(response.headers.get("x-ratelimit-reset"), "60");
});

Deno.test("addresses of assets stay as they were, unless served ones are asked for", async () => {
  await using served = serveSnapshots(STORAGE);
  const id = uploadId("map");
  const local = await get<{ data: Resource }>(served, `/uploads/${id}?asset_urls=local`, "read");
  const url = String(local.data.attributes?.url);
  assert.ok(url.startsWith(`${served.url}/files/`));
  const bytes = await (await fetch(url)).bytes();
  assert.equal(bytes.length, local.data.attributes?.size);
});

/** A listing that both servers are asked for. */
interface Asked {
  readonly query: string;
  /** Whether the order tells each entry from all others. */
  readonly isTotal: boolean;
}

/** Queries that suit what a project holds. */
function queries(project: DemoProject): fc.Arbitrary<Asked> {
  const environment = project.environments.get(project.primaryEnvironment)!;
  const { itemTypes, site: { attributes: { locales } } } = environment;
  const all = { filters: [], orderBy: [], offset: 0, limit: 1000, blocksToo: true };
  const items = environment.items.list({ ...all, version: "current" }).page;
  const models = itemTypes.filter((one) => !one.attributes.modular_block);
  const time = fc.constantFrom(...items.map((one) => String(one.meta?.updated_at)));
  const operator = fc.constantFrom("gt", "gte", "lt", "lte", "eq", "neq");
  const encode = encodeURIComponent;
  const metaFilter = fc.oneof(
    fc.tuple(fc.constantFrom("_updated_at", "_created_at", "_published_at"), operator, time)
      .map(([column, operator, at]) => `filter[fields][${column}][${operator}]=${encode(at)}`),
    fc.constantFrom("draft", "updated", "published").chain((status) => {
      return operator.filter((one) => one.endsWith("eq")).map((operator) => {
        return `filter[fields][_status][${operator}]=${status}`;
      });
    }),
    fc.boolean().map((is) => `filter[fields][_publication_scheduled_at][exists]=${is}`),
  );
  const ofModel = fc.constantFrom(...models).chain((model) => {
    const own = items.filter((one) => one.relationships.item_type.data.id === model.id);
    const fields = environment.fields
      .filter((one) => one.relationships.item_type.data.id === model.id)
      .filter(({ attributes }) => {
        return ["string", "integer", "float", "boolean", "date", "date_time", "slug", "link"]
          .includes(attributes.field_type);
      }).map(({ attributes }) => attributes.api_key);
    const values = own.flatMap(({ attributes }) => fields.map((key) => attributes[key] ?? null))
      .flatMap((value) => isObject(value) ? Object.values(value) : [value])
      .filter((value) => value !== null && typeof value !== "object");
    const fieldFilter = fields.length === 0 || values.length === 0 ? metaFilter : fc.tuple(
      fc.constantFrom(...fields),
      fc.constantFrom("eq", "neq", "exists", "gt", "lte"),
      fc.constantFrom(...values),
    ).map(([key, operator, value]) => {
      const text = operator === "exists" ? "true" : String(value);
      return `filter[fields][${key}][${operator}]=${encode(text)}`;
    });
    const columns = ["_created_at", "_updated_at", "_published_at", "_status", ...fields];
    return fc.record({
      filters: fc.array(fc.oneof(metaFilter, fieldFilter), { maxLength: 2 }),
      column: fc.option(fc.constantFrom(...columns), { nil: undefined }),
      direction: fc.constantFrom("ASC", "DESC"),
    }).map(({ filters, column, direction }): Asked => ({
      query: [
        `filter[type]=${model.attributes.api_key}`,
        ...filters,
        ...column === undefined ? [] : [`order_by=${column}_${direction},id_ASC`],
      ].join("&"),
      isTotal: column !== undefined,
    }));
  });
  const ofMany = fc.record({
    types: fc.subarray(itemTypes.map(({ id }) => id)),
    filters: fc.array(metaFilter, { maxLength: 1 }),
  }).map(({ types, filters }): Asked => {
    const areBlocks = itemTypes.some(({ id, attributes }) => {
      return types.includes(id) && attributes.modular_block;
    });
    return {
      query: [
        ...types.length === 0 ? [] : [`filter[type]=${types.join()}`],
        ...areBlocks ? [] : filters,
      ].join("&"),
      isTotal: false,
    };
  });
  const ofIds = fc.subarray([...items.map(({ id }) => id), "unknown"], { maxLength: 20 })
    .filter((ids) => ids.length > 0)
    .map((ids): Asked => ({ query: `filter[ids]=${ids.join()}`, isTotal: false }));
  return fc.record({
    asked: fc.oneof({ weight: 3, arbitrary: ofModel }, ofMany, ofIds),
    version: fc.constantFrom<Version>("current", "published"),
    nested: fc.boolean(),
    locale: fc.option(fc.constantFrom(...locales), { nil: undefined }),
    offset: fc.nat(12),
    limit: fc.nat(30),
  }).map(({ asked, version, nested, locale, offset, limit }) => ({
    isTotal: asked.isTotal,
    query: [
      asked.query,
      `version=${version}`,
      `nested=${nested}`,
      ...locale === undefined ? [] : [`locale=${locale}`],
      `page[offset]=${offset}`,
      `page[limit]=${limit}`,
    ].join("&"),
  }));
}

async function assertSame(project: DemoProject, runs: number): Promise<void> {
  await using cma = startDemoCma({ project, rateLimit: false });
  const storage = await exportedToMemory({ project, tables: false, assets: false });
  await using served = serveSnapshots(storage);
  const { id } = project.environments.get(project.primaryEnvironment)!.site;
  const ask = async (base: string, token: string, query: string): Promise<Listed> => {
    const response = await fetch(`${base}/items?${query}`, {
      headers: {
        "Authorization": `Bearer ${token}`,
        "Accept": "application/json",
        "X-Api-Version": "3",
      },
    });
    const body = await response.json();
    // What one refuses, so does the other.
    return response.ok ? body : { data: [], refused: [response.status, codeOf(body)] };
  };
  const codeOf = ({ data: [error] }: { readonly data: readonly Resource[] }) => {
    return error?.attributes?.code;
  };
  const byId = ({ data }: Listed) => data.toSorted((a, b) => a.id < b.id ? -1 : 1);
  await fc.assert(
    fc.asyncProperty(queries(project), async ({ query, isTotal }) => {
      const there = (query: string) => ask(cma.url, cma.apiToken, query);
      const here = (query: string) => ask(`${served.url}/cma/${id}`, served.tokens.admin, query);
      const [expected, found] = [await there(query), await here(query)];
      assert.deepEqual(found.meta, expected.meta, query);
      assert.deepEqual(found.refused, expected.refused, query);
      if (isTotal) return assert.deepEqual(found, expected, query);
      // Those that changed at the same time may come in another order.
      const whole = query.replace("nested=true", "nested=false")
        .replace(/page\[offset\]=\d+&page\[limit\]=\d+/, "page[limit]=500");
      const [all, allHere] = [await there(whole), await here(whole)];
      assert.deepEqual(byId(allHere), byId(all), query);
      const times = allHere.data.map((one) => Date.parse(String(one.meta?.updated_at)));
      assert.deepEqual(times, times.toSorted((a, b) => b - a), query);
      const [, offset, limit] = /offset\]=(\d+)&page\[limit\]=(\d+)/.exec(query)!.map(Number);
      const page = allHere.data.slice(offset!, offset! + limit!);
      assert.deepEqual(found.data.map(({ id }) => id), page.map(({ id }) => id), query);
    }),
    { numRuns: runs },
  );
  assert.deepEqual(served.errors, []);
}

Deno.test("any listing of records is the same of a snapshot as of its project", async () => {
  await assertSame(PROJECT, 60);
  const options = { records: 60, models: 3, blocksPerRecord: 4, uploads: 3, seed: 7 };
  await assertSame(generateProject({ ...options, locales: ["en", "it"] }), 30);
});
