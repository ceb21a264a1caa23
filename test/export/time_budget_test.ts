import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { EXIT } from "../../src/error.ts";
import { TimeBudget } from "../../src/async/time_budget.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import { workbench } from "../support/exported.ts";
import { HeldTimers } from "../support/held_timers.ts";
import { contentOf } from "../support/snapshot_content.ts";
import { msOf, until } from "../support/until.ts";
import { undisturbed } from "../support/undisturbed.ts";

const NO_PROGRESS =
  /^The time budget was used up before anything new was added to the snapshot at \/.*[^/.]\.$/;

Deno.test(
  "TimeBudget stops first, and is over when it says",
  undisturbed(async () => {
    const begun = performance.now();
    using budget = new TimeBudget(200, () => new Error("over"));
    await until(() => budget.stop.aborted, "stop");
    assert.ok(performance.now() - begun >= 150);
    assert.ok(!budget.signal.aborted);
    await until(() => budget.signal.aborted, "the end");
    assert.ok(performance.now() - begun >= 195);
    assert.equal(budget.signal.reason.message, "over");
  }),
);

Deno.test("TimeBudget keeps no more than ten seconds for the end, and no timer", async () => {
  const budget = new TimeBudget(3_600_000, () => new Error("over"));
  budget[Symbol.dispose]();
  assert.ok(!budget.stop.aborted);
  await Promise.resolve();
  assert.ok(!budget.signal.aborted);
});

Deno.test(
  "exportProject() with a time budget stops at the end of a page, and goes on",
  undisturbed(async () => {
    const project = generateProject({
      records: 700,
      models: 2,
      uploads: 30,
      blocksPerRecord: 2,
      assetBytes: 100,
    });
    await using bench = await workbench({ project, latencyMs: 40 });
    const options = { concurrency: 2 };
    const expected = await contentOf(bench.storage, (await bench.export(options)).snapshot);
    let requests = bench.cma.log.count.api;
    bench.cma.log.clear();
    const addresses = new Set<string | undefined>();
    let runs = 0;
    let report;
    for (; report === undefined; runs++) {
      assert.ok(runs < 20, "it never comes to its end");
      let ms = 0;
      try {
        ms = await msOf(async () => {
          // A machine that has no time gets a bit more of it, to come to an end.
          const timeBudgetMs = 500 + 50 * runs;
          report = await bench.export({ ...options, resume: true, timeBudgetMs });
        });
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
      assert.ok(ms < 3000, `it took ${ms} ms`);
    }
    assert.ok(runs >= 3, `only ${runs} runs`);
    assert.equal(addresses.size, 1);
    assert.deepEqual(await contentOf(bench.storage, [...addresses][0]!), expected);
    // A run costs the schema, a request for each listing, and pages that come too late.
    requests += 16 * runs;
    assert.ok(bench.cma.log.count.api <= requests, `${bench.cma.log.count.api} > ${requests}`);
  }),
);

Deno.test(
  "exportProject() keeps its time budget when requests hang, and keeps what the others brought",
  undisturbed(async () => {
    const project = generateProject({ records: 300, models: 2, uploads: 4, blocksPerRecord: 2 });
    let hangs = true;
    const hang = new AbortController();
    await using bench = await workbench({
      project,
      onRequest: async (_request, { pathname, searchParams }) => {
        if (hangs && pathname === "/items" && Number(searchParams.get("page[offset]")) > 60) {
          await new Promise((resolve) => hang.signal.addEventListener("abort", resolve));
        }
        return undefined;
      },
    });
    try {
      const ms = await msOf(() =>
        assert.rejects(bench.export({ timeBudgetMs: 3000 }), (error) => {
          return error instanceof UnfinishedError && error.snapshot !== undefined;
        })
      );
      assert.ok(ms >= 2900 && ms < 6000, `it took ${ms} ms`);
    } finally {
      hangs = false;
      hang.abort();
    }
    const before = bench.cma.log.requests.map(({ path }) => path);
    bench.cma.log.clear();
    const report = await bench.export({ resume: true });
    const after = bench.cma.log.requests.map(({ path }) => path);
    assert.ok(before.some((path) => path.startsWith("/uploads?")));
    const isChange = (path: string) => /_(updated|published)_at%5D/.test(path);
    const again = after.filter((path) => path.includes("offset%5D=0") && !isChange(path));
    assert.deepEqual(again, []);
    await using other = await workbench({ project });
    assert.deepEqual(
      await contentOf(bench.storage, report.snapshot),
      await contentOf(other.storage, (await other.export()).snapshot),
    );
  }),
);

Deno.test("exportProject() that is to stop doesn't wait for assets that are tried again later, and fetches them when it goes on", async () => {
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

Deno.test(
  "exportProject() whose time budget is too short for anything says so, each time",
  undisturbed(async () => {
    let hangs = (_path: string) => true;
    const end = new AbortController();
    await using bench = await workbench({
      project: generateProject({ records: 40, models: 2 }),
      onRequest: async (_request, { pathname }) => {
        if (pathname !== "/site" && hangs(pathname)) {
          await new Promise((resolve) => end.signal.addEventListener("abort", resolve));
        }
        return undefined;
      },
    });
    const options = { include: ["records", "webhooks"], resume: true, timeBudgetMs: 1000 } as const;
    const ended = async (timeBudgetMs: number = options.timeBudgetMs) => {
      const error = await bench.export({ ...options, timeBudgetMs }).catch((error) => error);
      assert.ok(error instanceof UnfinishedError, String(error));
      assert.match(error.message, error.progressed ? /isn't complete yet/ : NO_PROGRESS);
      return error.progressed;
    };
    // A machine that has no time gets more of it.
    const progresses = async () => {
      for (let ms = options.timeBudgetMs; !await ended(ms); ms *= 2) assert.ok(ms < 60_000);
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
    assert.equal((await bench.export({ ...options, timeBudgetMs: undefined })).status, "complete");
  }),
);

Deno.test("TimeBudget of more than a timer can wait isn't over at once", async () => {
  using budget = new TimeBudget(30 * 86_400_000, () => new Error("over"));
  // A timer that can't wait for so long fires after a millisecond.
  await delay(5);
  assert.ok(!budget.stop.aborted);
  assert.ok(!budget.signal.aborted);
});
