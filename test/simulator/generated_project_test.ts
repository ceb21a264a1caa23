import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Item } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { blocksOf } from "../../src/cma_server/block_views.ts";
import {
  generateProject,
  type GenerateProjectOptions,
} from "../../src/simulator/generated/generated_project.ts";
import { GeneratedIds } from "../../src/simulator/generated/ids.ts";
import { PeriodicIndex } from "../../src/simulator/generated/periodic_index.ts";
import type { ItemQuery } from "../../src/cma_server/stores.ts";
import { call, list, start } from "./cma_request.ts";

const QUERY: ItemQuery = {
  version: "current",
  blocksToo: false,
  filters: [],
  orderBy: [],
  offset: 0,
  limit: Infinity,
};

function main(options: GenerateProjectOptions) {
  return generateProject(options).environments.get("main")!;
}

Deno.test("generateProject() serves the last page of 100,000 records at once", async () => {
  await using cma = start({ project: generateProject({ records: 100_000 }) });
  await call(cma, "/site");
  const models = "filter[type]=article,author,product,page";
  // The machine may have other things to do.
  let fastest = Infinity;
  for (let attempt = 0; attempt < 5 && fastest >= 1000; attempt++) {
    const before = performance.now();
    const last = await list(cma, `/items?${models}&nested=true&page[offset]=99970`);
    const unfiltered = await list(cma, "/items?page[offset]=499500&page[limit]=500");
    fastest = Math.min(fastest, performance.now() - before);
    assert.deepEqual([last.total, last.data.length], [100_000, 30]);
    assert.deepEqual([unfiltered.total, unfiltered.data.length], [500_000, 500]);
  }
  assert.ok(fastest < 1000, `took ${fastest} ms`);
});

Deno.test("generateProject() makes the same project of the same seed, and another of another", () => {
  const some = { ...QUERY, offset: 4_000, limit: 20, blocksToo: true };
  const page = (seed: number) => main({ records: 10_000, seed }).items.list(some);
  assert.deepEqual(page(7), page(7));
  assert.notDeepEqual(page(7), page(8));
});

Deno.test("generateProject() refuses sizes that make no sense", () => {
  assert.throws(() => generateProject({ records: -1 }), {
    name: "RangeError",
    message: "records must be a whole number from 0 to 33554432, but is -1.",
  });
  assert.throws(() => generateProject({ records: 1, models: 0 }), RangeError);
  assert.throws(() => generateProject({ records: 1, blocksPerRecord: 501 }), RangeError);
  assert.throws(() => generateProject({ records: 1.5 }), RangeError);
});

Deno.test("generateProject() mixes statuses, and keeps older versions of changed records", () => {
  const { items } = main({ records: 400 });
  const current = items.list(QUERY).page;
  const published = new Map(
    items.list({ ...QUERY, version: "published" }).page.map((one) => [one.id, one]),
  );
  const counts: Record<string, number> = {};
  for (const item of current) {
    const status = String(item.meta?.status);
    counts[status] = (counts[status] ?? 0) + 1;
    const version = published.get(item.id);
    if (status === "draft") assert.equal(version, undefined);
    else if (status === "published") assert.deepEqual(version, item);
    else assert.notDeepEqual(version?.attributes, item.attributes);
  }
  assert.deepEqual(counts, { published: 310, updated: 60, draft: 30 });
});

Deno.test("generateProject() has blocks three levels deep and as many as asked for", () => {
  for (const blocksPerRecord of [0, 1, 8, 30]) {
    const environment = main({ records: 8, blocksPerRecord });
    const { itemTypes, fields, fieldsets } = environment;
    const schema = new SchemaIndex({ locales: ["en", "it"], itemTypes, fields, fieldsets });
    for (const item of environment.items.list(QUERY).page) {
      const { api_key } = schema.itemTypeOf(item)!.attributes;
      const holds = api_key === "article" || api_key === "page";
      assert.equal(blocksOf(item, schema).length, holds ? blocksPerRecord : 0, api_key);
    }
    const deep = JSON.stringify(environment.items.list(QUERY).page);
    assert.equal(/"cards":\[\{[^[\]]*"action":\{"id"/.test(deep), blocksPerRecord >= 8);
  }
});

Deno.test("generateProject() refers to records and uploads that are there", () => {
  const { items, uploads } = main({ records: 101, uploads: 5, models: 5 });
  const text = JSON.stringify(items.list(QUERY).page);
  const references = (key: string) =>
    [...text.matchAll(new RegExp(`"${key}":"([\\w-]{22})"`, "g"))].map((match) => match[1]!);
  const authors = references("author");
  assert.ok(authors.length > 10 && authors.every((id) => items.get(id, "current")));
  const files = references("upload_id");
  assert.ok(files.length > 10 && files.every((id) => uploads.get(id)));
});

Deno.test("generateProject() lists pages that are parts of the whole, in any order", () => {
  const filters = fc.constantFrom<ItemQuery["filters"]>(
    [],
    [{ column: "_status", operator: "eq", value: "draft" }],
    [{ column: "_status", operator: "neq", value: "draft" }],
    [{ column: "_status", operator: "in", value: ["draft", "updated"] }],
    [{ column: "_created_at", operator: "gt", value: "2020-01-01T00:10:30Z" }],
    [{ column: "_updated_at", operator: "lte", value: "2020-01-31T00:25:00Z" }],
    [{ column: "_published_at", operator: "exists", value: "true" }],
  );
  const orderBy = fc.constantFrom<ItemQuery["orderBy"]>(
    [],
    [{ column: "_created_at", direction: "ASC" }],
    [{ column: "_updated_at", direction: "DESC" }],
    [{ column: "_updated_at", direction: "ASC" }],
    [{ column: "id", direction: "ASC" }],
    [{ column: "_status", direction: "ASC" }, { column: "id", direction: "DESC" }],
  );
  fc.assert(
    fc.property(
      fc.record({
        records: fc.integer({ min: 0, max: 70 }),
        models: fc.integer({ min: 1, max: 5 }),
        blocksPerRecord: fc.integer({ min: 0, max: 9 }),
        seed: fc.nat(),
      }),
      fc.record({
        version: fc.constantFrom("current" as const, "published" as const),
        blocksToo: fc.boolean(),
        filters,
        orderBy,
      }),
      fc.integer({ min: 1, max: 40 }),
      (options, asked, limit) => {
        const { items } = main(options);
        const query = { ...QUERY, ...asked };
        const whole = items.list(query);
        assert.equal(whole.page.length, whole.total);
        const pages: Item[] = [];
        for (let offset = 0; offset < whole.total; offset += limit) {
          const { total, page } = items.list({ ...query, offset, limit });
          assert.equal(total, whole.total);
          pages.push(...page);
        }
        assert.deepEqual(pages, whole.page);
        assert.equal(new Set(pages.map((one) => one.id)).size, whole.total);

        // The same by looking at each record.
        const everything = items.list({ ...query, filters: [], orderBy: [] }).page;
        const holds = (item: Item) =>
          asked.filters.every(({ column, operator, value }) => {
            const actual = item.meta?.[column.slice(1)] ?? null;
            const minute = Math.floor(Date.parse(String(value)) / 60_000) * 60_000;
            switch (operator) {
              case "gt":
                return Date.parse(String(actual)) > minute;
              case "lte":
                return Date.parse(String(actual)) <= minute;
              case "exists":
                return actual !== null;
              case "neq":
                return actual !== value;
              default:
                return value.includes(String(actual));
            }
          });
        const expected = everything.filter(holds).map((one) => one.id).sort();
        assert.deepEqual(pages.map((one) => one.id).sort(), expected);
        for (const item of pages.slice(0, 5)) {
          assert.deepEqual(items.get(item.id, asked.version), item);
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("generateProject() lists a record before its blocks", () => {
  const { items } = main({ records: 12, models: 1, blocksPerRecord: 4 });
  for (const direction of ["ASC", "DESC"] as const) {
    const { page } = items.list({
      ...QUERY,
      blocksToo: true,
      orderBy: [{ column: "_created_at", direction }],
    });
    assert.equal(page.length, 60);
    const records = page.map((one) => one.relationships.creator !== undefined);
    assert.deepEqual(records, Array.from({ length: 60 }, (_, i) => i % 5 === 0));
  }
});

Deno.test("generateProject() orders as it says", () => {
  const { items } = main({ records: 50 });
  const dates = (column: string, direction: "ASC" | "DESC") =>
    items.list({ ...QUERY, orderBy: [{ column: `_${column}`, direction }] }).page
      .map((one) => String(one.meta?.[column]));
  for (const column of ["created_at", "updated_at"]) {
    assert.deepEqual(dates(column, "ASC"), dates(column, "ASC").toSorted());
    assert.deepEqual(dates(column, "DESC"), dates(column, "ASC").reverse());
  }
  const ids = items.list({ ...QUERY, orderBy: [{ column: "id", direction: "ASC" }] }).page
    .map((one) => one.id);
  assert.deepEqual(ids, ids.toSorted());
  const newest = items.list(QUERY).page.map((one) => String(one.meta?.updated_at));
  assert.deepEqual(newest, dates("updated_at", "DESC"));
});

Deno.test("generateProject() has assets as their uploads tell, no two alike", async () => {
  const project = generateProject({ records: 0, uploads: 40, assetBytes: 100_000 });
  const { page, total } = project.environments.get("main")!.uploads.list(QUERY);
  assert.deepEqual([page.length, total], [40, 40]);
  const digests = new Set<string>();
  for (const { attributes } of page) {
    const asset = project.asset(attributes.path)!;
    const bytes = await new Response(asset.body()).bytes();
    const digest = createHash("md5").update(bytes).digest("hex");
    assert.deepEqual([attributes.size, attributes.md5], [bytes.length, digest]);
    assert.deepEqual([asset.size, asset.md5], [bytes.length, digest]);
    assert.equal(attributes.mime_type, asset.contentType);
    digests.add(digest);
  }
  assert.equal(digests.size, 40);
  assert.ok(new Set(page.map((one) => one.attributes.size)).size > 1);
  assert.ok(new Set(page.map((one) => one.attributes.filename)).size < 40, "names repeat");
  assert.equal(project.asset(page[0]!.attributes.path + "x"), undefined);
  assert.equal(project.asset("/900001/1600000040-barge.png"), undefined);
});

Deno.test("generateProject() finds uploads in pages, by id and by filter", () => {
  const { uploads } = main({ records: 0, uploads: 23 });
  const all =
    uploads.list({ ...QUERY, orderBy: [{ column: "_created_at", direction: "ASC" }] }).page;
  const dates = all.map((one) => String(one.attributes.created_at));
  assert.deepEqual(dates, dates.toSorted());
  assert.deepEqual(
    uploads.list({ ...QUERY, offset: 20, limit: 10 }).page,
    all.toReversed().slice(20),
  );
  const ids = [all[3]!.id, all[9]!.id, "none"];
  assert.deepEqual(uploads.list({ ...QUERY, ids }).page, [all[9], all[3]]);
  const images = uploads.list({
    ...QUERY,
    filters: [{ column: "type", operator: "eq", value: "image" }],
  });
  assert.equal(images.total, all.filter((one) => one.attributes.is_image).length);
  for (const upload of all) assert.deepEqual(uploads.get(upload.id), upload);
});

Deno.test("GeneratedIds makes version 4 UUIDs that can be turned back, in the order of indexes", () => {
  const index = fc.integer({ min: 0, max: 2 ** 25 - 1 });
  fc.assert(fc.property(
    fc.nat(),
    fc.constantFrom("record" as const, "block" as const, "upload" as const),
    index,
    index,
    fc.integer({ min: 0, max: 499 }),
    (seed, kind, a, b, block) => {
      const ids = new GeneratedIds(seed);
      const id = ids.encode({ kind, index: a, block });
      assert.match(id, /^[\w-]{22}$/);
      const bytes = Uint8Array.fromBase64(id, { alphabet: "base64url" });
      assert.equal(bytes.length, 16);
      assert.equal(bytes[6]! >> 4, 4);
      assert.equal(bytes[8]! >> 6, 2);
      assert.deepEqual(ids.decode(id), { kind, index: a, block });
      assert.equal(new GeneratedIds(seed + 1).decode(id), undefined);
      const other = ids.encode({ kind, index: b, block: 0 });
      if (a !== b) assert.equal(id < other, a < b);
    },
  ));
  const ids = new GeneratedIds(1);
  for (const id of ["", "x", "A".repeat(22), "ä".repeat(22), "-".repeat(22), "V".repeat(23)]) {
    assert.equal(ids.decode(id), undefined);
  }
});

Deno.test("PeriodicIndex counts and finds as a plain list does", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(weights, fc.integer({ min: 0, max: 60 }), (weights, length) => {
    const index = new PeriodicIndex(weights);
    const entries = Array.from({ length }, (_, i) => {
      const parts = weights[i % weights.length]!;
      return Array.from({ length: parts }, (_, part) => ({ index: i, part, parts }));
    }).flat();
    assert.equal(index.before(length), entries.length);
    for (const [i, entry] of entries.entries()) assert.deepEqual(index.at(i), entry);
  }));
});
