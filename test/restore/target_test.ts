import assert from "node:assert/strict";
import type { Clock } from "../../src/async/clock.ts";
import type { JsonObject } from "../../src/content/resource.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { Target } from "../../src/restore/target.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { CmaError } from "../../src/source/datocms/cma_error.ts";
import { parseJson } from "../../src/text/json.ts";
import { apiError, json } from "../support/cma.ts";
import { serveHttp } from "../support/http_server.ts";
import { IMPATIENT } from "./restoring.ts";

const { signal } = new AbortController();

/** A target whose API answers as it is told, and what it waited. */
function targetOf(url: string, options: { readonly onWait?: (why: string) => void } = {}) {
  const waits: number[] = [];
  const clock: Clock = {
    ...IMPATIENT,
    delay: (ms, options) => {
      waits.push(ms);
      return IMPATIENT.delay(0, options);
    },
  };
  const target = new Target({
    apiToken: "demo",
    baseUrl: url,
    clock,
    limiter: new RateLimiter({ limit: 1000, windowMs: 1000 }),
    retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 },
    ...options,
  });
  return { target, waits };
}

Deno.test("bodies keep the digits of numbers, and keys of any name", async () => {
  const bodies: string[] = [];
  await using server = serveHttp(async (request) => {
    bodies.push(await request.text());
    return json({ data: { id: "a", type: "item" } });
  });
  const data = parseJson(
    '{"id":"a","type":"item","attributes":{"n":12345678901234567890,"__proto__":{"x":1.50}}}',
  ) as JsonObject & { id: string };
  const { target } = targetOf(server.url);
  await target.create("/items", data, { signal });
  await target.update("/items/a", data, { signal });
  for (const body of bodies) {
    assert.match(body, /"n": ?12345678901234567890/);
    assert.match(body, /"__proto__": ?\{\s*"x": ?1\.5/);
  }
  assert.deepEqual(target.requests, { reads: 0, writes: 2 });
});

Deno.test("what was made although its answer was lost is found by its id", async () => {
  const id = entityId("a record");
  const made = { id, type: "item", attributes: { from: "the first attempt" } };
  let posts = 0;
  await using server = serveHttp(({ method, url }) => {
    if (method === "GET") {
      assert.equal(new URL(url).pathname, `/items/${id}`);
      return json({ data: made });
    }
    if (++posts === 1) return new Response("<html>", { status: 502 });
    const details = { field: "id", code: "VALIDATION_UNIQUENESS" };
    return apiError(422, "INVALID_FIELD", { details });
  });
  const { target } = targetOf(server.url);
  assert.deepEqual(await target.create("/items", { id, type: "item" }, { signal }), made);
  assert.equal(posts, 2);
});

Deno.test("what is refused, and isn't there, says why", async () => {
  await using server = serveHttp(({ method }) => {
    if (method !== "POST") return apiError(404, "NOT_FOUND");
    const details = { field: "title", code: "VALIDATION_REQUIRED" };
    return apiError(422, "INVALID_FIELD", { details });
  });
  const { target } = targetOf(server.url);
  await assert.rejects(
    target.create("/items", { id: "a", type: "item" }, { signal }),
    (error: CmaError) => {
      assert.deepEqual(error.errors, [{
        code: "INVALID_FIELD",
        details: { field: "title", code: "VALIDATION_REQUIRED" },
        transient: false,
      }]);
      return true;
    },
  );
  assert.equal(await target.find("/items/a", { signal }), undefined);
  // What isn't there is destroyed.
  await target.destroy("/items/a", { signal });
});

Deno.test("locked records, models that are busy and maintenance are waited for, each so long", async () => {
  const cases = [
    { code: "ITEM_LOCKED", transient: false, times: 3 },
    { code: "CONCURRENT_ITEM_TYPE_UPDATE", transient: true, times: 20 },
    { code: "MAINTENANCE_MODE", transient: false, times: 20 },
  ];
  for (const { code, transient, times } of cases) {
    const told: string[] = [];
    let refusals = times;
    await using server = serveHttp(() => {
      if (refusals-- > 0) return apiError(422, code, { transient });
      return json({ data: { id: "a", type: "item" } });
    });
    const { target, waits } = targetOf(server.url, { onWait: (why) => told.push(why) });
    await target.update("/items/a", { id: "a", type: "item" }, { signal });
    assert.ok(waits.some((ms) => ms >= 200), `${code}: ${waits}`);
    assert.equal(told.length, code === "MAINTENANCE_MODE" ? 1 : 0);
  }
  // Somebody who keeps a record open for longer isn't waited for.
  await using locked = serveHttp(() => apiError(422, "ITEM_LOCKED"));
  const { target, waits } = targetOf(locked.url);
  await assert.rejects(
    target.update("/items/a", { id: "a", type: "item" }, { signal }),
    (error: CmaError) => error.codes.includes("ITEM_LOCKED"),
  );
  assert.deepEqual(waits, [2000, 4000, 8000]);
  // Nor is a project that stays in maintenance.
  await using closed = serveHttp(() => apiError(422, "MAINTENANCE_MODE"));
  const patient = targetOf(closed.url);
  await assert.rejects(
    patient.target.update("/items/a", { id: "a", type: "item" }, { signal }),
    (error: CmaError) => error.codes.includes("MAINTENANCE_MODE"),
  );
  const waited = patient.waits.reduce((sum, ms) => sum + ms, 0);
  assert.equal(Math.round(waited), 600_000);
});
