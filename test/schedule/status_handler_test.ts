import assert from "node:assert/strict";
import { statusHandler } from "../../src/schedule/status_handler.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { TOKEN } from "../support/cma.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { scheduleOf } from "./ticking.ts";

function get(path: string, method = "GET"): Request {
  return new Request(`http://localhost${path}`, { method });
}

Deno.test("statusHandler() tells how exports stand, and nothing that is secret", async () => {
  const project = generateProject({ records: 4, models: 1 });
  await using cma = startDemoCma({ project, apiToken: TOKEN, rateLimit: false });
  const storage = new MemoryStorage();
  const schedule = scheduleOf(cma, storage);
  let now = 0;
  const handler = statusHandler(schedule, () => now);
  const status = async () => await (await handler(get("/status"))).json();
  const before = await status();
  assert.equal(before.state, "due");
  assert.deepEqual([before.lastExport, before.lastTick], [null, null]);
  assert.equal((await schedule.tick()).state, "complete");
  // Whoever asks again and again costs nothing.
  assert.equal((await status()).state, "due");
  now += 10_000;
  const after = await status();
  assert.equal(after.state, "waiting");
  assert.equal(after.lastTick.state, "complete");
  assert.match(after.lastExport.snapshot, /^snapshot_\d+$/);
  assert.equal(after.lastExport.state, "complete");
  const { begunAt, endedAt } = after.lastExport;
  assert.ok(Date.parse(endedAt) >= Date.parse(begunAt));
  assert.equal(Date.parse(after.nextExportAt), Date.parse(begunAt) + 86_400_000);
  for (const secret of [TOKEN, cma.url, storage.url]) {
    assert.ok(!JSON.stringify([before, after]).includes(secret));
  }
});

Deno.test("statusHandler() answers 503 without a reason if it can't be told", async () => {
  const handler = statusHandler({ status: () => Promise.reject(new Error(`${TOKEN} is wrong`)) });
  const response = await handler(get("/status"));
  assert.equal(response.status, 503);
  assert.ok(!(await response.text()).includes(TOKEN));
});

Deno.test("statusHandler() says that it lives, and knows no other paths and methods", async () => {
  const handler = statusHandler({ status: () => Promise.reject(new Error("not asked")) });
  assert.equal(await (await handler(get("/healthz"))).text(), "ok\n");
  assert.equal((await handler(get("/"))).status, 404);
  const refused = await handler(get("/status", "POST"));
  assert.equal(refused.status, 405);
  assert.equal(refused.headers.get("allow"), "GET, HEAD");
});

Deno.test("statusHandler() looks again although the clock was set back", async () => {
  let asked = 0;
  const handler = statusHandler({ status: () => Promise.reject(new Error(`${++asked}`)) });
  const { now } = Date;
  const elapsed = performance.now;
  try {
    await handler(get("/status"));
    const [time, begun] = [Date.now(), performance.now()];
    Date.now = () => time - 3_600_000;
    performance.now = () => begun + 10_000;
    await handler(get("/status"));
  } finally {
    Date.now = now;
    performance.now = elapsed;
  }
  assert.equal(asked, 2);
});
