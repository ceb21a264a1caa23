import assert from "node:assert/strict";
import type { Item } from "../../src/content/resource.ts";
import { itemId } from "../../src/demo/sample/ids.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import { call, errorOf, ids, list, start } from "./cma_request.ts";

const project = sampleProject();
const records = project.primary.items.records().map((one) => one.current);
const articles = records.filter((one) =>
  one.relationships.item_type.data.id === itemTypeId("article")
);

Deno.test("GET /items gives 30 records at most unless told otherwise", async () => {
  await using cma = start({ project });
  assert.equal((await list(cma, "/items")).data.length, 30);
  assert.equal((await list(cma, "/items?page[limit]=500")).data.length > 30, true);
  assert.equal((await list(cma, "/items?page[limit]=7&page[offset]=3")).data.length, 7);
  const none = await list(cma, "/items?filter[type]=article&page[limit]=0");
  assert.deepEqual(none, { data: [], total: articles.length });
  const beyond = await list(cma, "/items?filter[type]=article&page[offset]=1000");
  assert.deepEqual(beyond, { data: [], total: articles.length });
});

Deno.test("GET /items refuses pages above the maximum", async () => {
  await using cma = start({ project });
  const refused = [
    "page[limit]=501",
    "nested=true&page[limit]=31",
    "page[limit]=-1",
    "page[limit]=ten",
    "page[offset]=-1",
    "page[limit][]=3",
    "version=latest",
    "nested=maybe",
  ];
  for (const query of refused) {
    assert.equal(await errorOf(cma, `/items?${query}`), "422 INVALID_PARAMS", query);
  }
  assert.equal((await list(cma, "/items?nested=true&page[limit]=30")).data.length, 30);
});

Deno.test("GET /items lists blocks too, unless models are asked for", async () => {
  await using cma = start({ project });
  const all = await list(cma, "/items?page[limit]=500");
  const types = new Set(all.data.map((one) => one.relationships.item_type.data.id));
  assert.ok(types.has(itemTypeId("tip")) && types.has(itemTypeId("article")));
  assert.ok(all.total > records.length);
  assert.equal(all.data.length, all.total);
  assert.equal(new Set(ids(all.data)).size, all.total);
});

Deno.test("GET /items filters by models and block models", async () => {
  await using cma = start({ project });
  const byKey = await list(cma, "/items?filter[type]=article");
  const byId = await list(cma, `/items?filter[type]=${itemTypeId("article")}`);
  assert.deepEqual(byKey, byId);
  assert.equal(byKey.total, articles.length);
  const two = await list(cma, `/items?filter[type]=author,${itemTypeId("notice")}`);
  assert.equal(two.total, 9);
  const tips = await list(cma, "/items?filter[type]=tip&version=published");
  assert.equal(tips.total, 2, "the tips of Moon Lock and of the gates' article");
  assert.equal((await list(cma, "/items?filter[type]=tip")).total, 3);
  assert.ok(tips.data.every((one) => one.meta && one.attributes.created_at));
  assert.equal(await errorOf(cma, "/items?filter[type]=boat"), "422 ITEM_TYPE_NOT_FOUND");
});

Deno.test("GET /items filters by ids, of blocks too", async () => {
  await using cma = start({ project });
  const tip = (await list(cma, "/items?filter[type]=tip")).data[0]!;
  const wanted = [itemId("ada"), tip.id, "unknown"];
  const found = await list(cma, `/items?filter[ids]=${wanted.join(",")}`);
  assert.deepEqual(ids(found.data).sort(), [itemId("ada"), tip.id].sort());
  assert.equal(
    await errorOf(cma, `/items?filter[ids]=${wanted[0]}&filter[type]=author`),
    "422 INVALID_PARAMS",
  );
});

Deno.test("GET /items gives the newest change first", async () => {
  await using cma = start({ project });
  const { data } = await list(cma, "/items?filter[type]=article,author,lock&page[limit]=500");
  const dates = data.map((one) => String(one.meta?.updated_at));
  assert.deepEqual(dates, dates.toSorted().reverse());
});

Deno.test("GET /items orders by columns and fields of a single model", async () => {
  await using cma = start({ project });
  const order = async (rules: string, type = "article") =>
    (await list(cma, `/items?filter[type]=${type}&order_by=${rules}&page[limit]=500`)).data;
  const created = (await order("_created_at_ASC")).map((one) => String(one.meta?.created_at));
  assert.deepEqual(created, created.toSorted());
  assert.deepEqual(
    ids(await order("_created_at_DESC")),
    ids(await order("_created_at_ASC")).reverse(),
  );
  assert.deepEqual(ids(await order("id_ASC")), ids(articles).sort());

  const minutes = (await order("minutes_DESC,id_ASC")).map((
    one,
  ) => [one.attributes.minutes, one.id]);
  const expected = minutes.toSorted((a, b) =>
    Number(b[0]) - Number(a[0]) || (a[1]! < b[1]! ? -1 : 1)
  );
  assert.deepEqual(minutes, expected);
  const printed = (await order("printed_on_ASC")).map((one) => one.attributes.printed_on);
  assert.equal(printed.at(-1), null, "what has no value comes last");
  assert.equal((await order("printed_on_DESC"))[0]?.attributes.printed_on, null);

  const locks = await order("position_ASC", "lock");
  assert.deepEqual(locks.map((one) => one.attributes.position), [1, 2, 3, 4, 5]);
  const titles = await list(cma, "/items?filter[type]=article&order_by=title_ASC&locale=it");
  const italian = titles.data.map((one) => (one.attributes.title as { it: string }).it);
  assert.deepEqual(italian, italian.toSorted());
});

Deno.test("GET /items refuses orders that it can't follow", async () => {
  await using cma = start({ project });
  const refused = [
    "order_by=_created_at_ASC",
    "filter[type]=article,author&order_by=_created_at_ASC",
    "filter[type]=article&order_by=_created_at",
    "filter[type]=article&order_by=colour_ASC",
    "filter[type]=article&order_by=position_ASC",
  ];
  for (const query of refused) {
    assert.equal(await errorOf(cma, `/items?${query}`), "422 INVALID_PARAMS", query);
  }
});

Deno.test("GET /items filters by meta columns", async () => {
  await using cma = start({ project });
  const count = async (filter: string, type = "filter[type]=article&") =>
    (await list(cma, `/items?${type}${filter}&page[limit]=0`)).total;
  const status = (...wanted: string[]) =>
    articles.filter((one) => wanted.includes(String(one.meta?.status))).length;
  assert.equal(await count("filter[fields][_status][eq]=draft"), status("draft"));
  assert.equal(await count("filter[fields][_status][neq]=draft"), status("updated", "published"));
  assert.equal(
    await count("filter[fields][_status][in][]=draft&filter[fields][_status][in][]=updated"),
    status("draft", "updated"),
  );
  assert.equal(await count("filter[fields][_published_at][exists]=false"), status("draft"));
  assert.equal(await count("filter[fields][id][eq]=" + articles[0]!.id), 1);
  const since = "2025-06-01T00:00:00Z";
  const later = articles.filter((one) =>
    Date.parse(String(one.meta?.updated_at)) > Date.parse(since)
  );
  assert.equal(await count(`filter[fields][_updated_at][gt]=${since}`), later.length);
  assert.equal(
    await count(`filter[fields][_updated_at][lte]=${since}`),
    articles.length - later.length,
  );
  assert.ok(await count(`filter[fields][_updated_at][gte]=${since}`, "") > 0, "without a model");
});

Deno.test("GET /items truncates dates to the minute", async () => {
  await using cma = start({ project });
  // Changed at 2025-03-20T17:30:58Z and a minute and more later.
  const since = async (operator: string, date: string) =>
    (await list(
      cma,
      `/items?filter[type]=article&filter[fields][_updated_at][${operator}]=${date}`,
    ))
      .data.map((one) => one.attributes.slug);
  const kept = await since("gt", "2025-03-20T17:32:59Z");
  assert.match(JSON.stringify(kept), /in-praise-of-the-horse/, "17:32:58 is after 17:32");
  assert.equal((await since("eq", "2025-03-20T17:32:00Z")).length, 1);
  assert.equal((await since("eq", "2025-03-20T17:32:59Z")).length, 1);
  assert.equal((await since("eq", "2025-03-20T17:33:00Z")).length, 0);
});

Deno.test("GET /items filters by fields of a single model", async () => {
  await using cma = start({ project });
  const find = async (query: string) =>
    ids((await list(cma, `/items?filter[type]=article&${query}`)).data).sort();
  assert.deepEqual(
    await find(`filter[fields][written_by][eq]=${itemId("ada")}`),
    ["candle", "eels", "letters"].map((key) => itemId(`article-${key}`)).sort(),
  );
  assert.deepEqual(
    await find("filter[fields][minutes][gte]=5"),
    [
      itemId("article-gates"),
      itemId("article-brown"),
    ].sort(),
  );
  assert.deepEqual(await find("filter[fields][slug][eq]=due-lune-sul-po&locale=it"), [
    itemId("article-moons"),
  ]);
  assert.deepEqual(await find("filter[fields][slug][eq]=due-lune-sul-po"), []);
  assert.equal((await find("filter[fields][cover][exists]=false")).length, 4);
});

Deno.test("GET /items refuses filters that it doesn't know", async () => {
  await using cma = start({ project });
  const refused = [
    "filter[fields][title][eq]=x",
    "filter[type]=article,author&filter[fields][title][eq]=x",
    "filter[type]=article&filter[fields][title][like]=x",
    "filter[type]=article&filter[fields][title]=x",
    "filter[fields]=x",
    "filter[query]=heron",
  ];
  for (const query of refused) {
    assert.equal(await errorOf(cma, `/items?${query}`), "422 INVALID_FILTER_FIELDS_PARAM", query);
  }
  assert.equal(
    await errorOf(cma, "/items?filter[fields][_updated_at][gt]=yesterday"),
    "422 INVALID_DATE",
  );
  assert.equal(
    await errorOf(cma, "/items?filter[type]=tip&filter[fields][id][eq]=x"),
    "422 INVALID_PARAMS",
  );
});

Deno.test("GET /items gives the version that is asked for", async () => {
  await using cma = start({ project });
  const current = await list(cma, "/items?filter[type]=article&version=current&page[limit]=500");
  const published = await list(
    cma,
    "/items?filter[type]=article&version=published&page[limit]=500",
  );
  assert.deepEqual(await list(cma, "/items?filter[type]=article&page[limit]=500"), current);
  const drafts = current.data.filter((one) => one.meta?.status === "draft");
  assert.equal(published.total, current.total - drafts.length);
  for (const item of published.data) {
    const other = current.data.find((one) => one.id === item.id)!;
    if (item.meta?.status === "published") assert.deepEqual(item, other);
    else assert.notDeepEqual(item.attributes, other.attributes);
  }
});

Deno.test("GET /items/:id gives a record or block", async () => {
  await using cma = start({ project });
  const find = async (path: string) => (await call<Item>(cma, `/items/${path}`)).body.data;
  assert.equal((await find(itemId("ada"))).attributes.name, "Ada Wren");
  assert.equal((await find(`${itemId("article-gates")}`)).attributes.minutes, 7);
  assert.equal((await find(`${itemId("article-gates")}?version=published`)).attributes.minutes, 6);
  const tip = (await list(cma, "/items?filter[type]=tip")).data[0]!;
  assert.deepEqual(await find(tip.id), tip);
  assert.equal(await errorOf(cma, "/items/nobody"), "404 NOT_FOUND");
  const draft = `/items/${itemId("article-kettle")}?version=published`;
  assert.equal(await errorOf(cma, draft), "404 NOT_FOUND");
});
