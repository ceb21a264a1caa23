import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { EXIT } from "../../src/error.ts";
import { TimeBudget } from "../../src/async/time_budget.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import { type Workbench, workbench } from "../support/exported.ts";
import { HeldTimers } from "../support/held_timers.ts";
import { long } from "../support/long.ts";
import { contentOf } from "../support/snapshot_content.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { until } from "../support/until.ts";

const NO_PROGRESS =
  /^The time budget was used up before anything new was added to the snapshot at \/.*[^/.]\.$/;

Deno.test("TimeBudget stops first, and is over when it says", async () => {
  const clock = new ManualClock();
  using budget = new TimeBudget(200, () => new Error("over"), clock);
  await clock.advance(159);
  assert.ok(!budget.stop.aborted);
  await clock.advance(1);
  assert.ok(budget.stop.aborted);
  await clock.advance(39);
  assert.ok(!budget.signal.aborted);
  await clock.advance(1);
  assert.equal(budget.signal.reason.message, "over");
});

Deno.test("TimeBudget keeps no more than ten seconds for the end, and no timer", async () => {
  const clock = new ManualClock();
  {
    using budget = new TimeBudget(3_600_000, () => new Error("over"), clock);
    assert.equal(clock.next, 3_590_000);
    await clock.advance(3_589_999);
    assert.ok(!budget.stop.aborted);
  }
  assert.equal(clock.waiting, 0);
});

/** Waits until an export tells nothing any more, as all its requests hang. */
async function untilQuiet({ events, cma }: Workbench): Promise<void> {
  for (let seen = -1; seen < events.length + cma.log.requests.length;) {
    seen = events.length + cma.log.requests.length;
    await delay(150);
  }
}

/** Each request takes its time by a clock, however long it takes by others. */
const REQUEST_MS = 20;
/** More than the projects here ever take: Sluice isn't what is to wait. */
const rateLimit = { limit: 5000, windowMs: 1000 };

Deno.test("exportProject() with a time budget stops at the end of a page, and resumes", async () => {
  const project = memoryCopy(generateProject({
    records: long(700, 320),
    models: 2,
    uploads: 30,
    blocksPerRecord: 1,
    assetBytes: 100,
  }));
  const clock = new ManualClock();
  await using bench = await workbench({
    project,
    rateLimit,
    onRequest: async () => {
      await clock.advance(REQUEST_MS);
      return undefined;
    },
  });
  const options = { concurrency: 2, clock };
  const expected = await contentOf(bench.storage, (await bench.export(options)).snapshot);
  let requests = bench.cma.log.count.api;
  bench.cma.log.clear();
  const addresses = new Set<string | undefined>();
  let runs = 0;
  let report;
  for (; report === undefined; runs++) {
    assert.ok(runs < 20, "it never comes to its end");
    const begun = clock.elapsed();
    try {
      report = await bench.export({ ...options, resume: true, timeBudgetMs: 240 });
    } catch (error) {
      assert.ok(error instanceof UnfinishedError, String(error));
      assert.equal(error.exitCode, EXIT.unfinished);
      assert.match(
        error.message,
        error.progressed
          ? /^The time budget is used up, and the snapshot at \/.* isn't complete yet\.$/
          : NO_PROGRESS,
      );
      addresses.add(error.snapshot);
    }
    // What was under way at the end of the budget took its time.
    const ms = clock.elapsed() - begun;
    assert.ok(ms <= 240 + 2 * REQUEST_MS, `it took ${ms} ms`);
  }
  assert.ok(runs >= 3, `only ${runs} runs`);
  assert.equal(addresses.size, 1);
  assert.deepEqual(await contentOf(bench.storage, [...addresses][0]!), expected);
  // A run costs the schema, a request for each listing, and pages that come too late.
  requests += 16 * runs;
  assert.ok(bench.cma.log.count.api <= requests, `${bench.cma.log.count.api} > ${requests}`);
});

Deno.test("exportProject() keeps its time budget when requests hang, and keeps what the others brought", async () => {
  const project = memoryCopy(
    generateProject({ records: 300, models: 2, uploads: 4, blocksPerRecord: 1 }),
  );
  let hangs = true;
  let packs = 0;
  let hung = 0;
  const hang = new AbortController();
  await using bench = await workbench({
    project,
    rateLimit,
    onRequest: async (_request, { pathname, searchParams }) => {
      const isPack = pathname === "/items" && searchParams.has("nested") &&
        searchParams.get("version") === "current";
      if (hangs && isPack && ++packs > 3) {
        hung++;
        await new Promise((resolve) => hang.signal.addEventListener("abort", resolve));
      }
      return undefined;
    },
  });
  const clock = new ManualClock();
  try {
    const refused = assert.rejects(
      bench.export({ clock, timeBudgetMs: 3000 }),
      (error) => error instanceof UnfinishedError && error.snapshot !== undefined,
    );
    await until(() => hung >= 2, "requests hang");
    await untilQuiet(bench);
    await clock.advance(2400);
    await untilQuiet(bench);
    await clock.advance(599);
    let isOver = false;
    refused.then(() => isOver = true, () => {});
    await clock.advance(0);
    assert.ok(!isOver);
    await clock.advance(1);
    await refused;
  } finally {
    hangs = false;
    hang.abort();
  }
  const before = bench.cma.log.requests.map(({ path }) => path);
  bench.cma.log.clear();
  const report = await bench.export({ resume: true });
  const after = bench.cma.log.requests.map(({ path }) => path);
  assert.ok(before.some((path) => path.startsWith("/uploads?")));
  const isChange = (path: string) => /_(updated|published|\w+_scheduled)_at%5D/.test(path);
  const again = after.filter((path) => path.includes("offset%5D=0") && !isChange(path));
  assert.deepEqual(again, []);
  await using other = await workbench({ project });
  assert.deepEqual(
    await contentOf(bench.storage, report.snapshot),
    await contentOf(other.storage, (await other.export()).snapshot),
  );
});

Deno.test("exportProject() that is to stop doesn't wait for assets that are tried again later, and fetches them when it resumes", async () => {
  let isBusy = true;
  const project = generateProject({ records: 4, uploads: 12, assetBytes: 100 });
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname }) => {
      if (!isBusy || !/^\/\d+\/.*[02468]\D*$/.test(pathname)) return undefined;
      return new Response(null, { status: 503, headers: { "retry-after": "7" } });
    },
  });
  const stop = new AbortController();
  let fetched = 0;
  {
    using timers = new HeldTimers(7000);
    const unfinished = bench.export({
      stop: stop.signal,
      concurrency: 2,
      onEvent: (event) => {
        if (event.type === "asset" && event.outcome.outcome === "downloaded") fetched++;
      },
    });
    const ended = assert.rejects(unfinished, UnfinishedError);
    await until(
      () => timers.waiting > 0 && fetched + timers.waiting === 12,
      "the others are there",
    );
    assert.ok(fetched > 0);
    stop.abort(new UnfinishedError("", true));
    await ended;
  }
  isBusy = false;
  bench.cma.log.clear();
  const report = await bench.export({ resume: true });
  assert.equal(report.status, "complete");
  assert.equal(bench.cma.log.count.asset, 12 - fetched);
  await using other = await workbench({ project });
  assert.deepEqual(
    (await contentOf(bench.storage, report.snapshot)).assets,
    (await contentOf(other.storage, (await other.export()).snapshot)).assets,
  );
});

Deno.test("exportProject() whose time budget is over before it begins says so", async () => {
  const hang = new AbortController();
  await using bench = await workbench({
    project: generateProject({ records: 4 }),
    onRequest: async () => {
      await new Promise((resolve) => hang.signal.addEventListener("abort", resolve));
      return undefined;
    },
  });
  await assert.rejects(bench.export({ timeBudgetMs: 50 }), {
    name: "UnfinishedError",
    message: "The time budget was used up before the export could begin: allow more.",
  });
  hang.abort();
});

Deno.test("exportProject() whose time budget is too short for anything says so, each time", async () => {
  let hangs = (_path: string) => true;
  let hung = 0;
  const end = new AbortController();
  await using bench = await workbench({
    project: generateProject({ records: 40, models: 2, blocksPerRecord: 1 }),
    rateLimit,
    onRequest: async (_request, { pathname }) => {
      if (pathname !== "/site" && hangs(pathname)) {
        hung++;
        await new Promise((resolve) => end.signal.addEventListener("abort", resolve));
      }
      return undefined;
    },
  });
  const options = { include: ["records", "webhooks"], resume: true } as const;
  /** Lets the budget end once nothing happens any more. */
  const ended = async () => {
    const clock = new ManualClock();
    hung = 0;
    const failing = bench.export({ ...options, clock, timeBudgetMs: 1000 })
      .catch((error) => error);
    await until(() => hung > 0, "requests hang");
    await untilQuiet(bench);
    // Nothing new is begun from here on, and what is there is kept.
    await clock.advance(800);
    await untilQuiet(bench);
    await clock.advance(200);
    const error = await failing;
    assert.ok(error instanceof UnfinishedError, String(error));
    assert.match(error.message, error.progressed ? /isn't complete yet/ : NO_PROGRESS);
    return error.progressed;
  };
  // A machine that has no time may have done nothing for a while.
  const progresses = async () => {
    for (let tries = 1; !await ended(); tries++) assert.ok(tries < 10);
  };
  // The schema is read for the beginning anyway: that it is written is all that the first one brings.
  await progresses();
  assert.equal(await ended(), false);
  assert.equal(await ended(), false);
  hangs = (path) => path === "/items";
  await progresses();
  assert.equal(await ended(), false);
  end.abort();
  hangs = () => false;
  assert.equal((await bench.export(options)).status, "complete");
});

Deno.test("TimeBudget of more than a timer can wait isn't over at once", async () => {
  using budget = new TimeBudget(30 * 86_400_000, () => new Error("over"));
  // A timer that can't wait for so long fires after a millisecond.
  await delay(5);
  assert.ok(!budget.stop.aborted);
  assert.ok(!budget.signal.aborted);
});
