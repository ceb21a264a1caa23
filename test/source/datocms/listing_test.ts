import assert from "node:assert/strict";
import type { Resource } from "../../../src/content/resource.ts";
import { BodyTooLargeError } from "../../../src/http/body.ts";
import type { CmaClient } from "../../../src/source/datocms/cma_client.ts";
import { CmaError } from "../../../src/source/datocms/cma_error.ts";
import { listingPages } from "../../../src/source/datocms/listing.ts";
import type { ListingVerdict } from "../../../src/source/datocms/listing_check.ts";
import { apiError, json, testClient } from "../../support/cma.ts";
import { serveHttp } from "../../support/http_server.ts";

const ORDERS = ["_created_at_ASC,id_ASC", "_created_at_ASC"];

/** Answers from a listing of this length, unless `refuse` has something else to say. */
function serveListing(
  length: number,
  refuse: (url: URL, count: number) => Response | undefined = () => undefined,
) {
  const queries: Record<string, string>[] = [];
  const server = serveHttp((_request, url, count) => {
    queries.push(Object.fromEntries(url.searchParams));
    const refused = refuse(url, count);
    if (refused) return refused;
    const offset = Number(url.searchParams.get("page[offset]") ?? 0);
    const limit = Number(url.searchParams.get("page[limit]") ?? 30);
    const data = Array.from({ length: Math.max(0, Math.min(limit, length - offset)) }, (_, i) => {
      return { id: String(offset + i), type: "upload" };
    });
    return json({ data, meta: { total_count: length } });
  });
  return Object.assign(server, { queries });
}

async function idsOf(pages: ReadableStream<readonly Resource[]>): Promise<string[]> {
  return (await Array.fromAsync(pages)).flat().map(({ id }) => id);
}

function idsUpTo(length: number): string[] {
  return Array.from({ length }, (_, n) => String(n));
}

Deno.test("listingPages() reads a listing in its best order, with its own query", async () => {
  await using server = serveListing(25);
  const totals: number[] = [];
  const pages = listingPages(testClient(server.url), {
    path: "/uploads",
    query: { filter: { type: "image" } },
    maxLimit: 10,
    orders: ORDERS,
  }, { onTotal: (total) => totals.push(total), onFallback: assert.fail });
  assert.deepEqual(await idsOf(pages), idsUpTo(25));
  assert.deepEqual(
    server.queries,
    ["0", "9", "18"].map((offset) => ({
      "filter[type]": "image",
      order_by: ORDERS[0],
      "page[offset]": offset,
      "page[limit]": "10",
    })),
  );
  assert.deepEqual(totals, [25, 25, 25]);
});

Deno.test("listingPages() takes the next order when one is refused, and says so once", async () => {
  await using server = serveListing(
    55,
    (url) =>
      url.searchParams.get("order_by") === ORDERS[0]
        ? apiError(422, "INVALID_ORDERING")
        : undefined,
  );
  const told: string[] = [];
  const pages = listingPages(
    testClient(server.url),
    { path: "/uploads", maxLimit: 10, orders: ORDERS },
    { onFallback: (message) => told.push(message) },
  );
  assert.deepEqual(await idsOf(pages), idsUpTo(55));
  assert.equal(told.length, 1);
  assert.match(
    told[0]!,
    /^DatoCMS refused to order \/uploads by _created_at_ASC,id_ASC: .*\(422 INVALID_ORDERING\)\.$/,
  );
  assert.deepEqual(server.queries.map(({ order_by }) => order_by), [
    ORDERS[0],
    ...Array(7).fill(ORDERS[1]),
  ]);
});

Deno.test("listingPages() asks for no order when all are refused", async () => {
  await using server = serveListing(
    15,
    (url) => {
      const order = url.searchParams.get("order_by");
      return order === null
        ? undefined
        : apiError(order === ORDERS[0] ? 422 : 400, "INVALID_PARAMS");
    },
  );
  const told: string[] = [];
  const pages = listingPages(
    testClient(server.url),
    { path: "/uploads", maxLimit: 10, orders: ORDERS },
    { onFallback: (message) => told.push(message) },
  );
  assert.deepEqual(await idsOf(pages), idsUpTo(15));
  assert.equal(told.length, 2);
});

Deno.test("listingPages() doesn't take a missing permission or plan for a refused order", async () => {
  for (const code of ["PLAN_UPGRADE_REQUIRED", "INSUFFICIENT_PERMISSIONS"]) {
    await using server = serveListing(5, () => apiError(422, code));
    const pages = listingPages(
      testClient(server.url),
      { path: "/uploads", maxLimit: 10, orders: ORDERS },
      { onFallback: assert.fail },
    );
    await assert.rejects(idsOf(pages), { name: "CmaError", codes: [code] });
    assert.equal(server.queries.length, 1);
  }
});

Deno.test("listingPages() never mixes orders: a refusal after the first page is an error", async () => {
  await using server = serveListing(
    50,
    (url) =>
      url.searchParams.get("page[offset]") === "18" ? apiError(422, "INVALID_PARAMS") : undefined,
  );
  const pages = listingPages(
    testClient(server.url),
    { path: "/uploads", maxLimit: 10, orders: ORDERS },
    { onFallback: assert.fail },
  );
  await assert.rejects(idsOf(pages), { name: "CmaError", status: 422 });
  assert.ok(server.queries.every(({ order_by }) => order_by === ORDERS[0]));
});

Deno.test("listingPages() fails when a paged listing doesn't say how long it is", async () => {
  const cases: [meta: unknown, shown: string][] = [
    [undefined, "missing"],
    [{}, "missing"],
    [{ total_count: null }, "null"],
    [{ total_count: "12" }, '"12"'],
    [{ total_count: {} }, "{}"],
    [{ total_count: -1 }, "-1"],
    [{ total_count: 2.5 }, "2.5"],
  ];
  for (const [meta, shown] of cases) {
    await using server = serveHttp(() => json({ data: [{ id: "1", type: "upload" }], meta }));
    await assert.rejects(
      idsOf(listingPages(testClient(server.url), { path: "/uploads", maxLimit: 10 })),
      {
        name: "CmaError",
        message:
          `Expected a whole number as "meta.total_count" in the answer to GET /uploads, but it is ${shown}.`,
      },
    );
  }
});

Deno.test("listingPages() fails when there is no list in the answer", async () => {
  for (const body of [{}, null, [], "text", 7, { data: null }]) {
    await using server = serveHttp(() => json(body));
    for (const maxLimit of [10, undefined]) {
      const pages = listingPages(testClient(server.url), { path: "/roles", maxLimit });
      await assert.rejects(idsOf(pages), (error) => {
        assert.ok(error instanceof CmaError);
        assert.equal(
          error.message,
          'Expected a list of resources from GET /roles, but the answer has no "data".',
        );
        return true;
      });
    }
  }
});

Deno.test("listingPages() reads a listing that isn't paged in one request, whatever its size", async () => {
  const data = Array.from(
    { length: 300 },
    (_, n) => ({ id: String(n), type: "role", attributes: { text: "x".repeat(60_000) } }),
  );
  const paths: string[] = [];
  await using server = serveHttp((_request, url) => {
    paths.push(url.pathname + url.search);
    return json({ data });
  });
  const totals: number[] = [];
  const pages = listingPages(testClient(server.url), { path: "/roles" }, {
    onTotal: (total) => totals.push(total),
  });
  assert.deepEqual(await idsOf(pages), idsUpTo(300));
  assert.deepEqual(paths, ["/roles"]);
  assert.deepEqual(totals, [300]);
});

Deno.test("listingPages() takes a single resource for a list of one, and an empty list for none", async () => {
  await using one = serveHttp(() => json({ data: { id: "7", type: "white_label_settings" } }));
  assert.deepEqual(
    await idsOf(listingPages(testClient(one.url), { path: "/white-label-settings" })),
    ["7"],
  );
  await using none = serveHttp(() => json({ data: [], meta: { total_count: 0 } }));
  for (const maxLimit of [10, undefined]) {
    const totals: number[] = [];
    const pages = listingPages(testClient(none.url), { path: "/roles", maxLimit }, {
      onTotal: (total) => totals.push(total),
    });
    assert.deepEqual(await idsOf(pages), []);
    assert.deepEqual(totals, [0]);
  }
});

Deno.test("listingPages() loses and repeats nothing when resources come and go while it is read", async () => {
  const ids = idsUpTo(60);
  await using server = serveHttp((_request, url, count) => {
    const [offset, limit] = ["page[offset]", "page[limit]"].map((name) =>
      Number(url.searchParams.get(name))
    );
    const data = ids.slice(offset, offset! + limit!).map((id) => ({ id, type: "upload" }));
    const answer = json({ data, meta: { total_count: ids.length } });
    if (count === 3) ids.splice(5, 3);
    if (count === 6) ids.splice(2, 0, "new");
    return answer;
  });
  const pages = listingPages(testClient(server.url), { path: "/uploads", maxLimit: 10 }, {
    prefetch: 1,
  });
  assert.deepEqual(await idsOf(pages), idsUpTo(60));
});

Deno.test("listingPages() leaves out what aren't resources, and tells of it", async () => {
  const strays: [entry: unknown, reason: string][] = [
    [null, "it is null, no resource"],
    ["1", 'it is "1", no resource'],
    [[], "it is [], no resource"],
    [{}, "it has no id: {}"],
    [{ id: 1, type: "upload" }, 'it has no id: {"id":1,"type":"upload"}'],
    [{ type: "upload" }, 'it has no id: {"type":"upload"}'],
  ];
  for (const [stray, reason] of strays) {
    const data = [{ id: "0", type: "upload" }, stray, { id: "2" }];
    await using server = serveHttp(() => json({ data, meta: { total_count: 3 } }));
    for (const maxLimit of [10, undefined]) {
      const told: string[] = [];
      const ends: ListingVerdict[] = [];
      const pages = listingPages(testClient(server.url), { path: "/uploads", maxLimit }, {
        onUnreadable: ({ which, reason }) => told.push(`${which}: ${reason}`),
        onEnd: (verdict) => ends.push(verdict),
      });
      assert.deepEqual(await idsOf(pages), ["0", "2"]);
      assert.deepEqual(told, [`the one at place 2: ${reason}`]);
      assert.deepEqual(ends, [{ state: "whole", announced: 3, sent: 3 }]);
    }
  }
});

Deno.test("listingPages() asks once for a listing that isn't paged, and reads 32 MiB of it", async () => {
  let requests = 0;
  const text = JSON.stringify({ data: [{ id: "1", type: "role" }] });
  await using server = serveHttp((_request, { pathname }) => {
    requests++;
    const size = 32 * 1024 * 1024 + (pathname === "/roles" ? 0 : 1);
    return new Response(text.padEnd(size));
  });
  const client = testClient(server.url);
  assert.deepEqual(await idsOf(listingPages(client, { path: "/roles" })), ["1"]);
  await assert.rejects(
    idsOf(listingPages(client, { path: "/webhooks" })),
    /answered GET \/webhooks with more than 32 MiB, which is more than .*, or leave it out\.$/,
  );
  assert.equal(requests, 2);
});

Deno.test("listingPages() keeps what is nested deep, and leaves out only what is nested deeper", async () => {
  const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const upload = (id: string, levels: number) =>
    `{"id":"${id}","type":"upload","attributes":{"notes":${nested(levels)}}}`;
  for (const levels of [1000, 1990, 2000, 100_000]) {
    const data = `[${upload("a", 1)},${upload("b", levels)},${upload("c", 2)}]`;
    await using server = serveHttp(() => new Response(`{"data":${data},"meta":{"total_count":3}}`));
    const told: string[] = [];
    const pages = listingPages(testClient(server.url), { path: "/uploads", maxLimit: 10 }, {
      onUnreadable: ({ which, reason }) => told.push(`${which}: ${reason}`),
    });
    const [page] = await Array.fromAsync(pages);
    const isKept = levels < 2000;
    assert.deepEqual(page!.map(({ id }) => id), isKept ? ["a", "b", "c"] : ["a", "c"]);
    if (isKept) assert.equal(JSON.stringify(page![1]), upload("b", levels));
    assert.deepEqual(
      told,
      isKept ? [] : ['the one with id "b": it is nested more than 2000 levels deep'],
    );
  }
});

Deno.test("listingPages() leaves out a resource that is too large, and reads on", async () => {
  const texts = Array.from({ length: 5 }, (_, n) => {
    const notes = n === 2 ? "x".repeat(32 * 1024 * 1024) : "";
    return JSON.stringify({ id: String(n), type: "upload", attributes: { notes } });
  });
  await using server = serveHttp((_request, url) => {
    const [offset, limit] = ["page[offset]", "page[limit]"].map((name) => {
      return Number(url.searchParams.get(name));
    });
    const data = texts.slice(offset, offset! + limit!);
    return new Response(`{"data":[${data}],"meta":{"total_count":5}}`);
  });
  const client = testClient(server.url, { headersTimeoutMs: 60_000, stallTimeoutMs: 60_000 });
  const told: string[] = [];
  const ends: ListingVerdict[] = [];
  const pages = listingPages(client, { path: "/uploads", maxLimit: 10 }, {
    onUnreadable: ({ which, reason }) => told.push(`${which}: ${reason}`),
    onEnd: (verdict) => ends.push(verdict),
  });
  assert.deepEqual(await idsOf(pages), ["0", "1", "3", "4"]);
  assert.deepEqual(told, ["the one at place 3: it is larger than 32 MiB"]);
  assert.deepEqual(ends, [{ state: "whole", announced: 5, sent: 5 }]);
});

Deno.test("listingPages() ends when all that it asks for is too large", async () => {
  const asked: number[] = [];
  const client = {
    get: (_path: string, { page }: { page: { offset: number } }) => {
      asked.push(page.offset);
      return Promise.reject(new BodyTooLargeError(1));
    },
  } as unknown as CmaClient;
  const pages = listingPages(client, { path: "/uploads", maxLimit: 4 });
  await assert.rejects(Array.fromAsync(pages), /the one at place 6 of its listing is larger/);
  assert.ok(asked.length < 20, String(asked));
});

Deno.test("listingPages() isn't told of another listing's refusal", async () => {
  await using server = serveHttp(() => new Promise(() => {}));
  const end = new AbortController();
  const pages = listingPages(testClient(server.url), {
    path: "/uploads",
    maxLimit: 10,
    orders: ORDERS,
  }, { signal: end.signal, onFallback: assert.fail });
  const ids = idsOf(pages);
  const refusal = new CmaError("Another listing's order was refused.", { status: 422 });
  end.abort(refusal);
  await assert.rejects(ids, refusal);
});
