import assert from "node:assert/strict";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { call, errorOf, start } from "./cma_request.ts";
import { undisturbed } from "../support/undisturbed.ts";

const project = sampleProject();

Deno.test("startDemoCma() answers with the API's headers", async () => {
  await using cma = startDemoCma({ project });
  const { status, headers } = await call(cma, "/site");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "application/json; charset=utf-8");
  assert.equal(headers.get("x-api-version"), "3");
  assert.equal(headers.get("x-environment"), "main");
  assert.equal(headers.get("x-ratelimit-limit"), "60");
  assert.equal(headers.get("x-ratelimit-remaining"), "59");
  assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
});

Deno.test("startDemoCma() shows errors as the API does", async () => {
  await using cma = start({ project });
  const { status, body } = await call<unknown[]>(cma, "/items/nothing");
  assert.equal(status, 404);
  const [error] = body.data as [{ id: string; type: string; attributes: unknown }];
  assert.equal(error.type, "api_error");
  assert.match(error.id, /^[0-9a-f]{6}$/);
  assert.deepEqual(error.attributes, {
    code: "NOT_FOUND",
    doc_url: "https://www.datocms.com/docs/content-management-api/errors#NOT_FOUND",
    details: {},
  });
});

Deno.test("startDemoCma() checks the request's headers", async () => {
  await using cma = start({ project, apiToken: "rosebud" });
  const check = (headers: Record<string, string>, init: { method?: string; body?: unknown } = {}) =>
    errorOf(cma, "/site", { ...init, headers });
  assert.equal(
    await check({ "Authorization": "Bearer wrong" }),
    "401 INVALID_AUTHORIZATION_HEADER",
  );
  assert.equal(await check({ "Authorization": "rosebud" }), "401 INVALID_AUTHORIZATION_HEADER");
  assert.equal(await check({ "X-Api-Version": "2" }), "422 INVALID_API_VERSION");
  assert.equal(await check({ "Accept": "text/html" }), "406 INVALID_ACCEPT_HEADER");
  assert.equal(await check({ "X-Environment": "nowhere" }), "404 INVALID_ENVIRONMENT");
  assert.equal(
    await check({ "Content-Type": "text/plain" }, { method: "POST", body: {} }),
    "415 INVALID_CONTENT_TYPE_HEADER",
  );
  assert.equal(
    (await call(cma, "/site", { headers: { "X-Environment": "spring-issue" } })).status,
    200,
  );
});

Deno.test("startDemoCma() knows no endpoint that isn't there", async () => {
  await using cma = start({ project });
  for (const path of ["/", "/nothing", "/items/a/b", "/site/x", "/roles/1/2", "/%ff"]) {
    assert.equal(await errorOf(cma, path), "404 INVALID_ENDPOINT", path);
  }
  assert.equal(
    await errorOf(cma, "/items/x", { method: "POST", body: {} }),
    "404 INVALID_ENDPOINT",
  );
});

Deno.test("startDemoCma() limits the rate, and tells when to come back", async () => {
  await using cma = startDemoCma({ project, rateLimit: { limit: 3, windowMs: 60_000 } });
  const answers = [];
  for (let i = 0; i < 5; i++) answers.push(await call<unknown[]>(cma, "/maintenance-mode"));
  assert.deepEqual(answers.map((one) => one.status), [200, 200, 200, 429, 429]);
  assert.deepEqual(answers.map((one) => one.headers.get("x-ratelimit-remaining")), [
    "2",
    "1",
    "0",
    "0",
    "0",
  ]);
  const [last] = answers.slice(-1);
  assert.match(JSON.stringify(last?.body), /"code":"RATE_LIMIT_EXCEEDED".*"transient":true/);
  const reset = Number(last?.headers.get("x-ratelimit-reset"));
  assert.ok(Number.isInteger(reset) && reset > 0 && reset <= 60, `reset is ${reset}`);
});

const inNextWindow = async () => {
  await using cma = startDemoCma({ project, rateLimit: { limit: 1, windowMs: 150 } });
  let through = 0;
  let refused = 0;
  while (through < 3) {
    const { status } = await call(cma, "/maintenance-mode");
    if (status === 200) through++;
    else refused++;
    assert.ok(refused < 10_000);
  }
  assert.ok(refused > 0);
};

Deno.test(
  "startDemoCma() lets requests through again in the next window",
  undisturbed(inNextWindow),
);

Deno.test("startDemoCma() can do without a rate limit", async () => {
  await using cma = startDemoCma({ project, rateLimit: false });
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => call(cma, "/maintenance-mode")),
  );
  assert.ok(answers.every(({ status }) => status === 200));
  // Clients would keep to the limit that they know of, if nothing told of another one.
  assert.equal(answers[0]?.headers.get("x-ratelimit-limit"), "100000");
  assert.equal(answers[0]?.headers.get("x-ratelimit-remaining"), null);
});

Deno.test("startDemoCma() refuses what the token or the plan doesn't have", async () => {
  await using cma = start({ project, forbidden: ["/roles"], planLocked: ["/sso-groups"] });
  assert.equal(await errorOf(cma, "/roles"), "403 INSUFFICIENT_PERMISSIONS");
  assert.equal(await errorOf(cma, "/roles/3401"), "403 INSUFFICIENT_PERMISSIONS");
  assert.equal(await errorOf(cma, "/sso-groups"), "422 PLAN_UPGRADE_REQUIRED");
  assert.equal((await call(cma, "/users")).status, 200);
});

Deno.test("startDemoCma() answers by a job where it is told to", async () => {
  await using cma = start({ project, asyncPaths: ["/site"], jobMs: 30 });
  const { status, body } = await call<{ id: string; type: string }>(
    cma,
    "/site?include=item_types",
  );
  assert.equal(status, 202);
  assert.equal(body.data.type, "job");
  const path = `/job-results/${body.data.id}`;
  assert.equal(await errorOf(cma, path), "404 NOT_FOUND");
  let result = await call<{ attributes: { status: number; payload: unknown } }>(cma, path);
  while (result.status === 404) result = await call(cma, path);
  assert.equal(result.status, 200);
  assert.equal(result.body.data.attributes.status, 200);
  const payload = result.body.data.attributes.payload as { included: unknown[] };
  assert.equal(payload.included.length, project.primary.itemTypes.length);
  assert.equal(await errorOf(cma, "/job-results/unknown"), "404 NOT_FOUND");
});

Deno.test("startDemoCma() lets a hook answer in its place", async () => {
  await using cma = start({
    project,
    onRequest: (request, url) => {
      if (url.pathname === "/site") return new Response("teapot", { status: 418 });
      if (url.pathname.endsWith(".png")) {
        return Promise.resolve(new Response(null, { status: 503 }));
      }
      if (request.method === "DELETE") throw new Error("a fault in the hook");
      return undefined;
    },
  });
  const site = await fetch(`${cma.url}/site`);
  assert.deepEqual([site.status, await site.text()], [418, "teapot"]);
  const asset = await fetch(`${cma.assetHost}/48213/1738478472-candle-lock.png`);
  assert.equal(asset.status, 503);
  await asset.body?.cancel();
  const broken = await fetch(`${cma.url}/environments/main`, { method: "DELETE" });
  assert.equal(broken.status, 500);
  await broken.body?.cancel();
  assert.equal((await call(cma, "/roles")).status, 200);
  assert.deepEqual(cma.log.requests.map((one) => one.status), [418, 503, 500, 200]);
});

Deno.test("startDemoCma() breaks off an answer where the hook's body does", async () => {
  await using cma = start({
    project,
    onRequest: () => {
      let sent = false;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent) controller.error(new Error("the line is cut"));
          else controller.enqueue(new Uint8Array(10));
          sent = true;
        },
      });
      return new Response(body, { headers: { "content-length": "20" } });
    },
  });
  for (const path of ["/site", "/48213/1738478472-candle-lock.png"]) {
    const response = await fetch(cma.url + path);
    assert.equal(response.status, 200);
    await assert.rejects(response.bytes());
  }
  assert.ok(cma.log.requests.every((one) => one.finishedAt !== undefined));
});

Deno.test("startDemoCma() logs requests, and how many there were at once", async () => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  await using cma = start({
    project,
    onRequest: async () => {
      if (++waiting === 3) gate.resolve();
      await gate.promise;
      return undefined;
    },
  });
  await Promise.all(
    ["/site", "/roles?x=1", "/items"].map((path) =>
      call(cma, path, { headers: { "X-Environment": "spring-issue" } })
    ),
  );
  assert.deepEqual(cma.log.peak, { api: 3, asset: 0 });
  assert.deepEqual(cma.log.count, { api: 3, asset: 0 });
  assert.deepEqual(cma.log.requests.map(({ path }) => path).sort(), [
    "/items",
    "/roles?x=1",
    "/site",
  ]);
  for (const { kind, method, status, environment, startedAt, finishedAt } of cma.log.requests) {
    assert.deepEqual([kind, method, status, environment], ["api", "GET", 200, "spring-issue"]);
    assert.ok(finishedAt !== undefined && finishedAt >= startedAt);
  }
  cma.log.clear();
  assert.deepEqual(cma.log.requests, []);
  assert.deepEqual(cma.log.peak, { api: 0, asset: 0 });
});

Deno.test("startDemoCma() takes its time when told to", async () => {
  await using cma = start({ project, latencyMs: 25 });
  const before = performance.now();
  await call(cma, "/maintenance-mode");
  assert.ok(performance.now() - before >= 24);
});

Deno.test("startDemoCma() stops while a request waits, and when its signal says so", async () => {
  const controller = new AbortController();
  const cma = start({ project, latencyMs: 60_000, signal: controller.signal });
  const answer = call(cma, "/site").then(() => "answered", () => "broken off");
  while (cma.log.count.api === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  controller.abort();
  await cma.stop();
  await answer;
  await assert.rejects(fetch(`${cma.url}/site`));
});
