import assert from "node:assert/strict";
import type { Resource } from "../../../src/content/resource.ts";
import { itemId } from "../../../src/demo/sample/ids.ts";
import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import type { ExportReport } from "../../../src/export/export.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { UnfinishedError } from "../../../src/export/unfinished.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import { apiError } from "../../support/cma.ts";
import { directoryOf, filesOf, type Workbench, workbench } from "../../support/exported.ts";
import { long } from "../../support/long.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const FILE = "settings/schedules.json";
const ENDPOINT = "/items/*/current-vs-published-state";
const PUBLICATION = {
  id: "8041",
  type: "scheduled_publication",
  attributes: {
    publication_scheduled_at: "2026-03-20T06:00:00.000Z",
    selective_publication: { content_in_locales: ["en"], non_localized_content: true },
  },
  relationships: { item: { data: { id: itemId("article-kettle"), type: "item" } } },
};
const UNPUBLISHING = {
  id: "512",
  type: "scheduled_unpublishing",
  attributes: {
    unpublishing_scheduled_at: "2036-12-01T00:00:00.000Z",
    content_in_locales: ["it", "pt-BR"],
  },
  relationships: { item: { data: { id: itemId("article-letters"), type: "item" } } },
};
/** A limit that keeps no test waiting. */
const MANY = { limit: 100_000, windowMs: 3000 };
/** As little else as possible. */
const LITTLE: Partial<ExportOptions> = { assets: false, exclude: ["uploads", "roles"] };

/** A project of which some records are to be published. */
function scheduledProject(records: number, scheduled: number): MemoryProject {
  const project = memoryCopy(generateProject({ records, models: 2, blocksPerRecord: 0 }));
  const { items } = project.primary;
  for (const { current: { id } } of items.records().slice(0, scheduled)) {
    items.schedule(id, { publishAt: "2030-01-01T00:00:00Z" });
  }
  return project;
}

/** What a snapshot's file holds; `undefined` if it isn't there. */
async function schedulesIn(report: ExportReport): Promise<Resource[] | undefined> {
  const directory = directoryOf(report);
  if (!(await filesOf(directory)).includes(FILE)) return undefined;
  return JSON.parse(await Deno.readTextFile(`${directory}/${FILE}`)).data;
}

/** How often the API was asked what is scheduled for a record. */
function asked({ cma }: Workbench): number {
  return cma.log.requests.filter(({ path }) => path.endsWith("/current-vs-published-state")).length;
}

function isOfRecord(url: URL): boolean {
  return url.pathname.endsWith("/current-vs-published-state");
}

function codes(report: ExportReport): string[] {
  const { findings, warnings, failures } = report.manifest;
  return [...findings, ...warnings, ...failures].map(({ code }) => code);
}

Deno.test("exportProject() writes what is scheduled as the API sends it, one request each", async () => {
  await using bench = await workbench({ project: sampleProject(), rateLimit: MANY });
  const report = await bench.export({ assets: false });
  const found = await schedulesIn(report);
  assert.deepEqual(new Set(found), new Set([PUBLICATION, UNPUBLISHING]));
  assert.equal(asked(bench), 2);
  const { size } = await Deno.stat(`${directoryOf(report)}/${FILE}`);
  assert.deepEqual(report.manifest.resources.schedules, { count: 2, bytes: size });
  const told = bench.events.flatMap((event) => {
    return "resource" in event && event.resource === "schedules" ? [event.type] : [];
  });
  assert.deepEqual(new Set(told), new Set(["total", "page", "done"]));
  const start = bench.events.find(({ type }) => type === "start");
  const ends = bench.events.filter(({ type }) => type === "done" || type === "skipped");
  assert.ok(start?.type === "start");
  assert.equal(ends.length, start.listings);
});

Deno.test("exportProject() writes both kinds of one record, and nothing if nothing is scheduled", async () => {
  const project = scheduledProject(4, 0);
  const { items } = project.primary;
  await using bench = await workbench({ project, rateLimit: MANY });
  const none = await bench.export(LITTLE);
  assert.equal(await schedulesIn(none), undefined);
  assert.deepEqual(none.manifest.resources.schedules, { count: 0, bytes: 0 });
  assert.equal(asked(bench), 0);
  const { id } = items.records()[1]!.current;
  items.schedule(id, { publishAt: "2030-01-01T00:00:00Z", unpublishAt: "2031-01-01T00:00:00Z" });
  const found = await schedulesIn(await bench.export(LITTLE));
  assert.deepEqual(found, items.schedules(id));
  assert.equal(found?.length, 2);
  assert.equal(asked(bench), 1);
});

Deno.test("exportProject() asks about the models that are chosen, and about none without records", async () => {
  await using bench = await workbench({ project: sampleProject(), rateLimit: MANY });
  assert.equal(await schedulesIn(await bench.export({ ...LITTLE, models: ["lock"] })), undefined);
  const excluded = await bench.export({ ...LITTLE, exclude: ["uploads", "schedules"] });
  assert.equal(excluded.manifest.resources.schedules, undefined);
  const without = await bench.export({ assets: false, exclude: ["records", "uploads"] });
  assert.equal(without.manifest.resources.schedules, undefined);
  assert.equal(asked(bench), 0);
  const alone = await bench.export({ assets: false, include: ["schedules"] });
  assert.deepEqual(new Set(await schedulesIn(alone)), new Set([PUBLICATION, UNPUBLISHING]));
});

Deno.test("exportProject() leaves 1,001 scheduled records out", async () => {
  const project = scheduledProject(1001, 1001);
  await using bench = await workbench({ project, rateLimit: MANY });
  const report = await bench.export({ ...LITTLE, published: false, tables: false });
  assert.equal(asked(bench), 0);
  assert.equal(await schedulesIn(report), undefined);
  const message =
    "More than 1000 records are to be published or unpublished, and each takes a request: " +
    "settings/schedules.json is left out. To have it, include schedules by name, beside whatever else is wanted.";
  assert.deepEqual(report.manifest.resources.schedules, { skipped: message });
  assert.deepEqual(report.manifest.findings, [{ code: "many_schedules", message }]);
  assert.equal(report.status, "complete");
});

Deno.test("exportProject() takes all that is scheduled if it is told to, and up to 1,000 records anyway", async () => {
  const scheduled = long(1001, 41);
  const project = scheduledProject(scheduled, scheduled);
  await using bench = await workbench({ project, rateLimit: MANY });
  const { items } = project.primary;
  const all = await bench.export({ include: ["schedules"] });
  const ids = (await schedulesIn(all))?.map(({ relationships }) => relationships?.item?.data);
  const expected = items.records().map(({ current: { id } }) => ({ id, type: "item" }));
  assert.deepEqual(new Set(ids), new Set(expected));
  assert.equal(ids?.length, scheduled);
  assert.equal(asked(bench), scheduled);

  items.schedule(items.records()[0]!.current.id, {});
  const usual = await bench.export({ ...LITTLE, published: false, tables: false });
  assert.equal((await schedulesIn(usual))?.length, scheduled - 1);
});

Deno.test("exportProject() leaves schedules out that the role may not read", async () => {
  await using bench = await workbench({
    project: sampleProject(),
    rateLimit: MANY,
    forbidden: [ENDPOINT],
  });
  const report = await bench.export(LITTLE);
  assert.equal(report.status, "complete");
  assert.equal(await schedulesIn(report), undefined);
  const { schedules } = report.manifest.resources;
  assert.ok(schedules && "skipped" in schedules);
  assert.match(schedules.skipped, /may not GET \/items\/[\w-]+\/current-vs-published-state/);
  const warning = { code: "resource_skipped", message: schedules.skipped };
  assert.deepEqual(report.manifest.warnings.filter(({ code }) => code === warning.code), [warning]);
  const named = await bench.export({ ...LITTLE, include: ["records", "schedules"] });
  assert.equal(named.status, "partial");
  assert.deepEqual(named.manifest.failures.map(({ code }) => code), ["resource_skipped"]);
});

Deno.test("exportProject() resumes in the middle of the schedules", async () => {
  const project = scheduledProject(60, 50);
  const abort = new AbortController();
  let left = Infinity;
  await using bench = await workbench({
    project,
    rateLimit: MANY,
    onRequest: (_, url) => {
      if (isOfRecord(url) && --left === 0) abort.abort(new Error("Stopped by the test"));
      return undefined;
    },
  });
  const options = { ...LITTLE, checkpointMs: 0, concurrency: 2, resume: true };
  const whole = await bench.export({ ...options, resume: false });
  assert.equal(await schedulesIn(whole).then((found) => found?.length), 50);
  left = 20;
  bench.cma.log.clear();
  await assert.rejects(bench.export({ ...options, signal: abort.signal }), /Stopped by the test/);
  const resumed = await bench.export(options);
  assert.notEqual(resumed.snapshot, whole.snapshot);
  assert.deepEqual(
    new Set(await schedulesIn(resumed)),
    new Set(await schedulesIn(whole)),
  );
  assert.equal((await schedulesIn(resumed))?.length, 50);
  // Those that were under way are asked for again.
  assert.ok(asked(bench) > 50 && asked(bench) <= 50 + 4, `${asked(bench)} requests`);
  // Nor are they looked for again: each of the two kinds was, once.
  const looks = bench.cma.log.requests.filter(({ path }) => path.includes("_scheduled_at"));
  assert.equal(looks.length, 2);
});

Deno.test("exportProject() comes to its end within time budgets that are too short for all schedules", async () => {
  const project = scheduledProject(60, 60);
  // Each request takes its time by this clock: no machine is too fast or too slow.
  const clock = new ManualClock();
  await using bench = await workbench({
    project,
    rateLimit: MANY,
    onRequest: async () => {
      await clock.advance(20);
      return undefined;
    },
  });
  const options = { ...LITTLE, tables: false as const, checkpointMs: 0, concurrency: 2, clock };
  let report: ExportReport | undefined;
  let stopped = 0;
  for (let runs = 0; report === undefined; runs++) {
    assert.ok(runs < 30, "it never comes to its end");
    const before = asked(bench);
    try {
      report = await bench.export({ ...options, resume: runs > 0, timeBudgetMs: 600 });
    } catch (error) {
      assert.ok(error instanceof UnfinishedError, String(error));
      if (asked(bench) > before && asked(bench) < 60) stopped++;
    }
  }
  assert.ok(stopped > 0, "it was never stopped in the middle of them");
  const ids = (await schedulesIn(report))?.map(({ id }) => id);
  assert.equal(new Set(ids).size, 60);
  assert.equal(ids?.length, 60);
});

Deno.test("exportProject() tells what isn't scheduled any more, and finds what is since", async () => {
  const project = scheduledProject(30, 3);
  const { items } = project.primary;
  const [deleted, cancelled, kept, later] = items.records().map(({ current: { id } }) => id);
  const before = items.get(later!, "current")?.meta?.updated_at;
  let isBegun = false;
  let isAsked = false;
  await using bench = await workbench({
    project,
    rateLimit: MANY,
    onRequest: (_, url) => {
      // When all records are read. It changes neither the version nor the time of the last change.
      if (url.search.includes("_updated_at") && !isBegun) {
        isBegun = true;
        items.schedule(later!, { publishAt: "2030-01-01T00:00:00Z" });
      }
      if (isOfRecord(url) && !isAsked) {
        isAsked = true;
        items.delete(deleted!);
        items.schedule(cancelled!, {});
      }
      return undefined;
    },
  });
  const report = await bench.export({ ...LITTLE, concurrency: 1 });
  assert.equal(items.get(later!, "current")?.meta?.updated_at, before);
  const found = await schedulesIn(report);
  assert.deepEqual(
    new Set(found?.map(({ relationships }) => relationships?.item?.data)),
    new Set([kept, later].map((id) => ({ id, type: "item" }))),
  );
  assert.equal(report.status, "complete");
  const [finding] = report.manifest.findings.filter(({ code }) => code === "schedules_changed");
  assert.match(
    finding?.message ?? "",
    /^2 records that were to be published or unpublished weren't/,
  );
  for (const id of [deleted!, cancelled!]) assert.ok(finding?.message.includes(id));
});

for (const answer of ["refuses", "ignores"] as const) {
  Deno.test(`exportProject() looks at the snapshot when the API ${answer} the filter for schedules`, async () => {
    await using bench = await workbench({
      project: sampleProject(),
      rateLimit: MANY,
      onRequest: async (request, url) => {
        if (!url.search.includes("scheduled_at") || request.method !== "GET") return undefined;
        if (answer === "refuses") return apiError(422, "INVALID_FIELD");
        const all = new URL(url);
        for (const name of [...all.searchParams.keys()]) {
          if (name.startsWith("filter[fields]")) all.searchParams.delete(name);
        }
        return await fetch(all, { headers: request.headers });
      },
    });
    for (const layout of ["ndjson", "enterprise"] as const) {
      const report = await bench.export({ ...LITTLE, layout });
      assert.deepEqual(new Set(await schedulesIn(report)), new Set([PUBLICATION, UNPUBLISHING]));
      assert.deepEqual(codes(report).filter((code) => code === "api_fallback").length, 1);
    }
    const tables = await bench.export({ ...LITTLE, tables: "only" });
    assert.deepEqual(new Set(await schedulesIn(tables)), new Set([PUBLICATION, UNPUBLISHING]));
    assert.deepEqual(codes(tables).filter((code) => code === "api_fallback").length, 1);
    const without = await bench.export({ include: ["schedules"] });
    assert.equal(await schedulesIn(without), undefined);
  });
}

const STRANGE: Readonly<Record<string, unknown>> = {
  "no data": {},
  "no relationships": { data: { id: "1", type: "item_current_vs_published_state" } },
  "nothing included": {
    data: {
      relationships: {
        scheduled_publication: { data: { id: "8041", type: "scheduled_publication" } },
        scheduled_unpublishing: { data: null },
      },
    },
  },
};

for (const [name, body] of Object.entries(STRANGE)) {
  Deno.test(`exportProject() tells that it doesn't understand what is scheduled: ${name}`, async () => {
    await using bench = await workbench({
      project: sampleProject(),
      rateLimit: MANY,
      onRequest: (_, url) => {
        return url.pathname.includes(itemId("article-kettle")) ? Response.json(body) : undefined;
      },
    });
    const report = await bench.export(LITTLE);
    assert.deepEqual(await schedulesIn(report), [UNPUBLISHING]);
    assert.equal(report.status, "partial");
    const [failure] = report.manifest.failures;
    assert.equal(failure?.code, "resource_unreadable");
    assert.match(
      failure.message,
      /^What is scheduled for the record with id "[\w-]+" is missing: the API's answer .*\.$/,
    );
  });
}

Deno.test("exportProject() leaves schedules out where the API has no such endpoint", async () => {
  await using bench = await workbench({
    project: sampleProject(),
    rateLimit: MANY,
    onRequest: (_, url) => isOfRecord(url) ? apiError(404, "INVALID_ENDPOINT") : undefined,
  });
  const report = await bench.export(LITTLE);
  assert.equal(report.status, "complete");
  assert.ok("skipped" in (report.manifest.resources.schedules ?? {}));
});
