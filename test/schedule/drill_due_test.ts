import assert from "node:assert/strict";
import type { JsonReport } from "../../src/report/json_report.ts";
import type { Schedule } from "../../src/schedule/schedule.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { littleProject } from "../restore/frame.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { type Cma, scheduleOf } from "./ticking.ts";

const DAY = 86_400_000;

/** A schedule of a snapshot a day and a drill each 30 days, at some days from now. */
function daily(cma: Cma, storage: MemoryStorage, sent: JsonReport[]) {
  const start = Date.now();
  const at = (day: number): Schedule =>
    scheduleOf(cma, storage, {
      drillEvery: "30d",
      now: () => start + day * DAY,
      notify: (report) => {
        sent.push(report);
        return Promise.resolve({ sent: true, attempts: 1 });
      },
    });
  return at;
}

Deno.test("Schedule.tick() practises a restore after an export, if the last one is too old, and tells of it", async () => {
  const project = littleProject();
  await using cma = startDemoCma({ project, rateLimit: false, jobMs: 0 });
  const storage = new MemoryStorage();
  const sent: JsonReport[] = [];
  const at = daily(cma, storage, sent);
  assert.equal((await at(0).status()).lastDrill, null);
  const first = await at(0).tick();
  assert.match(first.message, / is complete\. A drill of it passed\.$/);
  const { lastDrill } = await at(0).status();
  assert.equal(lastDrill?.status, "passed");
  assert.equal(lastDrill.kind, "sample");
  assert.ok(lastDrill.rtoMs! >= 0);
  assert.deepEqual(sent[0]!.drill, lastDrill);
  assert.deepEqual([...project.environments.keys()], ["main"]);
  const count = cma.writes.writes.length;
  assert.ok(count > 0);
  // The next day's report tells of the same drill; nothing was written for it.
  const second = await at(1.5).tick();
  assert.match(second.message, / is complete\.$/);
  assert.deepEqual(sent[1]!.drill, lastDrill);
  assert.equal(cma.writes.writes.length, count);
});

Deno.test("Schedule.tick() whose drill fails or isn't possible is complete all the same, and says why", async () => {
  const project = littleProject();
  let answer = (_path: string, _method: string): Response | undefined => undefined;
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    jobMs: 0,
    onRequest: ({ method }, { pathname }) => answer(pathname, method),
  });
  const storage = new MemoryStorage();
  const sent: JsonReport[] = [];
  const at = daily(cma, storage, sent);
  // Nobody can make another environment.
  answer = (path) => {
    if (path !== "/subscription-limits") return undefined;
    const attributes = { code: "environments", usage: 1, limit: 1 };
    return Response.json({ data: [{ id: "1", type: "subscription_limit", attributes }] });
  };
  const refused = await at(0).tick();
  assert.match(refused.message, / complete\. A drill of it wasn't possible: The project's plan/);
  assert.equal(sent[0]!.drill?.status, "refused");
  assert.equal((await at(0).status()).lastDrill, null);
  // What was refused is tried again after the next export.
  answer = (path, method) =>
    path === "/items" && method === "POST"
      ? Response.json({ data: [] }, { status: 403 })
      : undefined;
  const failed = await at(1.5).tick();
  assert.deepEqual([failed.state, failed.report?.status], ["complete", "complete"]);
  assert.match(failed.message, / complete\. A drill of it failed: /);
  assert.equal((await at(1.5).status()).lastDrill?.status, "failed");
  assert.deepEqual([...project.environments.keys()], ["main"]);
});

Deno.test("new Schedule() refuses drills within a time budget", async () => {
  await using cma = startDemoCma({ project: littleProject(), rateLimit: false });
  assert.throws(
    () =>
      scheduleOf(cma, new MemoryStorage(), {
        drillEvery: "30d",
        exported: { timeBudgetMs: 50_000 },
      }),
    /A drill takes longer than the time budget of a tick allows/,
  );
});
