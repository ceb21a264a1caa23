import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { FaultKind, FaultPlan } from "../../src/simulator/faults/fault_plan.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { call, start } from "./cma_request.ts";

const project = sampleProject();
const PATH = "/maintenance-mode";
const FILE = "/48213/1738478472-candle-lock.png";
const ASSET = `${FILE}?skip-default-optimizations=true`;
const BYTES = await new Response(project.asset(FILE)!.body()).bytes();

/** A server whose every answer has a fault, or every one of a part of its paths. */
function faulty(faults: FaultKind, rule: Partial<FaultPlan["rules"][0]> = {}): DemoCma {
  return start({ project, intercept: injectFaults({ rules: [{ on: "*", faults, ...rule }] }) });
}

async function get(cma: DemoCma, path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(cma.url + path, {
    headers: {
      authorization: `Bearer ${cma.apiToken}`,
      accept: "application/json",
      "x-api-version": "3",
    },
    ...init,
  });
}

/** What an answer looks like: its status, the headers that matter, and its body. */
async function seen(cma: DemoCma, path: string): Promise<[number, Headers, string]> {
  const response = await get(cma, path, { redirect: "manual" });
  return [response.status, response.headers, await response.text()];
}

Deno.test("startDemoCma() with faults answers as without, but for the faults", async () => {
  await using plain = start({ project });
  await using cma = start({
    project,
    intercept: injectFaults({ rules: [{ on: "/roles", faults: "close" }] }),
  });
  const paths = [
    PATH,
    "/site?include=item_types",
    "/items?nested=true&page[limit]=7",
    ASSET,
    "/no",
  ];
  for (const path of paths) {
    const [expected, found] = [await get(plain, path), await get(cma, path)];
    assert.equal(found.status, expected.status);
    const names = ["content-type", "content-length", "etag", "x-environment", "x-api-version"];
    for (const name of names) {
      // Lengths of what is made at once are told only by a server that holds it whole.
      const value = expected.headers.get(name) ?? found.headers.get(name);
      assert.equal(found.headers.get(name), value, `${path}: ${name}`);
    }
    const [text, expectedText] = [await found.text(), await expected.text()];
    if (found.ok) assert.equal(text, expectedText, path);
  }
  const head = await get(cma, ASSET, { method: "HEAD" });
  assert.equal(Number(head.headers.get("content-length")), BYTES.length);
  const fork = await call(cma, "/environments/main/fork", {
    method: "POST",
    body: { data: { type: "environment", id: "faults", attributes: { note: "größer" } } },
  });
  assert.equal(fork.status, 202);
  assert.ok(project.environments.has("faults"));
  await assert.rejects(get(cma, "/roles"));
  // On a connection that was used before, fetch tries again by itself.
  const met = cma.log.requests.filter(({ fault }) => fault !== undefined);
  assert.ok(met.length > 0 && met.every(({ path }) => path === "/roles"));
  assert.ok(cma.log.requests.every(({ finishedAt }) => finishedAt !== undefined));
});

const STATUSES: Partial<Record<FaultKind, [status: number, text: RegExp, reset?: string]>> = {
  "rate-limit": [429, /RATE_LIMIT_EXCEEDED/, "0.5"],
  "rate-limit-silent": [429, /RATE_LIMIT_EXCEEDED/],
  "rate-limit-zero": [429, /RATE_LIMIT_EXCEEDED/, "0"],
  "internal-error": [500, /^{"data":\[{"id":".*","type":"api_error".*INTERNAL_SERVER_ERROR/],
  "bad-gateway": [502, /<title>/],
  "unavailable": [503, /"transient":true/],
  "html": [200, /<title>/],
  "forbidden": [403, /^forbidden/],
  "not-found": [404, /^not-found/],
  "range-not-satisfiable": [416, /^range/],
  "unprocessable": [422, /^unprocessable/],
};

for (const [kind, [status, text, reset]] of Object.entries(STATUSES)) {
  Deno.test(`startDemoCma() answers with the fault ${kind}`, async () => {
    await using cma = faulty(kind as FaultKind, { ms: 500 });
    for (const path of [PATH, ASSET]) {
      const [found, headers, body] = await seen(cma, path);
      assert.equal(found, status);
      assert.match(body, text);
      assert.equal(headers.get("x-ratelimit-reset"), reset ?? null);
    }
    assert.deepEqual(cma.log.requests.map(({ status, fault }) => [status, fault]), [
      [status, kind],
      [status, kind],
    ]);
  });
}

Deno.test("startDemoCma() goes by a clock that is a day ahead", async () => {
  await using cma = start({
    project,
    intercept: injectFaults({
      rules: [
        { on: "/roles", faults: "skewed-retry", ms: 5000 },
        { on: "*", faults: "skewed-clock" },
      ],
    }),
  });
  const [status, headers] = await seen(cma, "/roles");
  assert.equal(status, 503);
  const date = Date.parse(headers.get("date")!);
  assert.ok(Math.abs(date - Date.now() - 86_400_000) < 5000);
  assert.ok(Math.abs(Date.parse(headers.get("retry-after")!) - date - 5000) <= 1000);
  const [right, skewed, text] = await seen(cma, PATH);
  assert.equal(right, 200);
  assert.ok(JSON.parse(text).data);
  assert.ok(Math.abs(Date.parse(skewed.get("date")!) - Date.now() - 86_400_000) < 5000);
});

Deno.test("startDemoCma() sends bodies that are wrong, in answers that look right", async () => {
  const bodies = async (kind: FaultKind, path: string) => {
    await using cma = faulty(kind);
    const response = await get(cma, path);
    assert.equal(response.status, 200);
    const bytes = await response.bytes();
    assert.equal(Number(response.headers.get("content-length")), bytes.length);
    return bytes;
  };
  const invalid = await bodies("invalid-json", PATH);
  assert.throws(() => JSON.parse(new TextDecoder().decode(invalid)), SyntaxError);
  const utf8 = await bodies("invalid-utf8", "/site");
  assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(utf8), TypeError);
  // A reader that doesn't mind takes it for JSON: only the decoder tells.
  JSON.parse(new TextDecoder().decode(utf8));
  const wrong = await bodies("wrong-bytes", ASSET);
  assert.equal(wrong.length, BYTES.length);
  assert.notDeepEqual(wrong, BYTES);
  assert.ok((await bodies("too-long", ASSET)).length > BYTES.length);
});

Deno.test("startDemoCma() makes jobs of answers", async () => {
  const result = async (cma: DemoCma, id: string) => {
    const path = `/job-results/${id}`;
    for (;;) {
      const { status, body } = await call<{ attributes: { status: number; payload: unknown } }>(
        cma,
        path,
      );
      if (status === 200) return body.data.attributes;
      assert.equal(status, 404);
    }
  };
  const begin = async (cma: DemoCma) => {
    const { status, body } = await call<{ id: string }>(cma, PATH);
    assert.equal(status, 202);
    return body.data.id;
  };
  await using cma = faulty("job", { on: PATH, ms: 20 });
  const { status, payload } = await result(cma, await begin(cma));
  assert.equal(status, 200);
  assert.ok((payload as { data: unknown }).data);

  await using twice = faulty("job-of-jobs", { on: PATH, ms: 5 });
  const inner = await result(twice, await begin(twice));
  assert.equal(inner.status, 202);
  const { data } = inner.payload as { data: { type: string; id: string } };
  assert.equal(data.type, "job");
  assert.equal((await result(twice, data.id)).status, 200);

  await using endless = faulty("endless-job", { on: PATH });
  const { status: none } = await call(endless, `/job-results/${await begin(endless)}`);
  assert.equal(none, 404);
});

Deno.test("startDemoCma() redirects", async () => {
  await using once = faulty("redirect");
  const asset = await get(once, ASSET);
  assert.deepEqual([asset.status, asset.redirected], [200, true]);
  assert.deepEqual(await asset.bytes(), BYTES);
  const site = await get(once, `${PATH}?a=b`);
  assert.equal(new URL(site.url).search, "?a=b&redirected=once");
  assert.ok((await site.json()).data);
  await using away = faulty("redirect-away");
  const [status, headers] = await seen(away, ASSET);
  assert.equal(status, 302);
  assert.equal(headers.get("location"), `http://nowhere.invalid${FILE}`);
  await using file = faulty("redirect-to-file");
  assert.match((await seen(file, ASSET))[1].get("location")!, /^file:/);
  await using loop = faulty("redirect-loop");
  await assert.rejects(get(loop, ASSET), /redirect/i);
  assert.ok(loop.log.count.asset > 10);
});

Deno.test("startDemoCma() breaks HTTP where it is told to", async () => {
  const read = async (kind: FaultKind, path: string) => {
    await using cma = faulty(kind);
    const response = await get(cma, path);
    assert.equal(response.status, 200);
    const length = response.headers.get("content-length");
    const outcome = await response.bytes().catch((error) => String(error));
    return { length: length && Number(length), outcome };
  };
  await using cma = faulty("close");
  await assert.rejects(get(cma, PATH), (error: Error) => {
    assert.match(String(error.cause), /connection closed/);
    return true;
  });
  assert.deepEqual(await read("truncated", ASSET), {
    length: BYTES.length,
    outcome: "TypeError: error reading a body from connection",
  });
  assert.deepEqual(await read("close-in-body", ASSET), {
    length: null,
    outcome: "TypeError: error reading a body from connection",
  });
  const small = await read("length-too-small", ASSET);
  assert.equal(small.length, BYTES.length >> 1);
  assert.deepEqual(small.outcome, BYTES.subarray(0, BYTES.length >> 1));
});

Deno.test("startDemoCma() keeps readers waiting, and can be stopped meanwhile", async () => {
  const kinds: FaultKind[] = ["silence", "stall", "drip"];
  for (const kind of kinds) {
    await using cma = faulty(kind);
    const stop = new AbortController();
    const { signal } = stop;
    const answer = get(cma, PATH, { signal }).then((response) => {
      assert.notEqual(kind, "silence");
      return response.text();
    });
    const winner = await Promise.race([
      answer,
      new Promise((resolve) => setTimeout(resolve, 30, "waited")),
    ]);
    assert.equal(winner, "waited");
    stop.abort();
    await assert.rejects(answer, { name: "AbortError" });
  }
});

Deno.test("startDemoCma() lets a body drip in", async () => {
  await using cma = faulty("drip", { ms: 1 });
  const [status, , text] = await seen(cma, PATH);
  assert.equal(status, 200);
  assert.ok(JSON.parse(text).data);
});

Deno.test("startDemoCma() treats the same requests the same, in whichever order they come", async () => {
  const kinds: FaultKind[] = ["bad-gateway", "unavailable", "internal-error"];
  const fates = async (seed: number, paths: readonly string[]) => {
    const rules = [{ on: "api", faults: kinds, probability: 0.4 }];
    await using cma = start({ project, intercept: injectFaults({ rules, seed }) });
    await Promise.all(paths.map((path) => call(cma, path).catch(() => {})));
    const log = cma.log.requests.map(({ path, status, fault }) => ({ path, status, fault }));
    return log.sort((a, b) => a.path < b.path ? -1 : 1);
  };
  const paths = Array.from({ length: 60 }, (_, i) => `${PATH}?${i}`);
  const first = await fates(5, paths);
  assert.deepEqual(await fates(5, paths.toReversed()), first);
  assert.notDeepEqual(await fates(6, paths), first);
  const hits = first.filter(({ fault }) => fault !== undefined);
  assert.ok(hits.length > 10 && hits.length < 40, `${hits.length} of 60`);
  assert.equal(new Set(hits.map(({ fault }) => fault)).size, 3);
});

Deno.test("startDemoCma() follows a script, and lets a request through after so many faults", async () => {
  const statuses = async (faults: FaultPlan, paths: readonly string[]) => {
    await using cma = start({ project, intercept: injectFaults(faults) });
    for (const path of paths) await (await get(cma, path)).body?.cancel();
    return cma.log.requests.map(({ status }) => status);
  };
  const four = ["/roles", PATH, "/roles", "/roles"];
  const nth = { rules: [{ on: "/roles", faults: "bad-gateway", nth: [2] }] } as const;
  assert.deepEqual(await statuses(nth, four), [200, 200, 502, 200]);
  const bounded = { rules: [{ on: "api", faults: "unavailable" }], mostInARow: 2 } as const;
  assert.deepEqual(await statuses(bounded, four), [503, 503, 503, 200]);
  const asset = { rules: [{ on: "/:project/*candle*", faults: "not-found" }] } as const;
  assert.deepEqual(await statuses(asset, [PATH, ASSET]), [200, 404]);
  const first = {
    rules: [{ on: "/roles", faults: "forbidden" }, { on: "api", faults: "unprocessable" }],
  } as const;
  assert.deepEqual(await statuses(first, four), [403, 422, 403, 403]);
});

Deno.test("startDemoCma() refuses a plan that can't be followed", () => {
  const begin = (rule: object) =>
    startDemoCma({
      project,
      intercept: injectFaults({ rules: [{ on: "api", faults: "close", ...rule }] }),
    });
  assert.throws(() => begin({ probability: 2 }), /from 0 to 1: current value is 2/);
  assert.throws(() => begin({ faults: "oops" }), /There is no fault oops/);
});

Deno.test("startDemoCma() ends a connection on which something else than HTTP is spoken", async () => {
  await using cma = faulty("close");
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(cma.url).port),
  });
  await connection.write(new TextEncoder().encode("What?\r\n\r\n"));
  assert.equal(await connection.read(new Uint8Array(1)), null);
});

Deno.test("startDemoCma() misunderstands queries for records as it is told", async () => {
  const plain = start({ project });
  const [{ id }, { id: second }] = (await call<{ id: string }[]>(plain, "/items?page[limit]=2"))
    .body.data as [
      { id: string },
      { id: string },
    ];
  const two = `/items?filter[ids]=${id},${second}&nested=true`;
  const models = (await call<{ id: string }[]>(plain, "/item-types")).body.data.slice(0, 2);
  const several = `/items?filter[type]=${models.map(({ id }) => id).join(",")}`;
  const ordered = `/items?filter[type]=${models[0]!.id}&order_by=id_ASC`;
  const filtered = `/items?version=published&filter[fields][_status][eq]=updated`;
  const long = `/items?page[limit]=1&locale=${"x".repeat(600)}`;
  const refused: Partial<Record<FaultKind, readonly [path: string, status: number]>> = {
    "ids-refused": [two, 422],
    "long-refused": [long, 414],
    "models-refused": [several, 422],
    "order-refused": [ordered, 422],
    "published-filter-refused": [filtered, 422],
  };
  for (const [kind, [path, status]] of Object.entries(refused)) {
    await using cma = faulty(kind as FaultKind, { on: "/items" });
    for (const each of [two, long, several, ordered, filtered]) {
      assert.equal(
        await get(cma, each).then((one) => one.body?.cancel().then(() => one.status)),
        each === path ? status : 200,
        `${kind}: ${each}`,
      );
    }
  }
  type Sent = {
    id: string;
    meta: { updated_at: string };
    relationships: { item_type: { data: { id: string } } };
  };
  const sent = async (kind: FaultKind, path: string) => {
    await using cma = faulty(kind, { on: "/items" });
    return (await call<Sent[]>(cma, path)).body.data;
  };
  const right = (await call<Sent[]>(plain, two)).body.data;
  assert.equal((await sent("ids-incomplete", two)).length, 1);
  assert.equal((await sent("ids-with-others", two)).length, 3);
  assert.ok(
    (await sent("ids-of-other-model", two)).every(({ relationships }) =>
      relationships.item_type.data.id === "another"
    ),
  );
  const without = (await call<Sent[]>(plain, two.replace("&nested=true", ""))).body.data;
  assert.deepEqual(await sent("ids-without-blocks", two), without);
  assert.notDeepEqual(without, right);
  assert.ok(
    (await sent("models-with-others", several)).some(({ relationships }) =>
      relationships.item_type.data.id === "another"
    ),
  );
  const published = `${two}&version=published`;
  assert.ok(
    (await sent("published-of-its-own", published)).every(({ meta }) =>
      meta.updated_at.startsWith("2001")
    ),
  );
  const all = (await call<Sent[]>(plain, "/items?version=published")).body.data;
  assert.deepEqual(await sent("published-filter-ignored", filtered), all);
  await plain.stop();
});
