import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { SourceOptions } from "../../src/export/options.ts";
import { planExport } from "../../src/export/plan.ts";
import { workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** A limit that keeps no test waiting. */
const MANY = { limit: 100_000, windowMs: 3000 };

/** A project of which as many records are to be published, some of them to be unpublished, too. */
function scheduledProject(scheduled: number) {
  const project = memoryCopy(generateProject({ records: scheduled + 9, models: 3 }));
  const { items } = project.primary;
  for (const [i, { current: { id } }] of items.records().slice(9).entries()) {
    const unpublishAt = i % 2 === 0 ? "2031-01-01T00:00:00Z" : undefined;
    items.schedule(id, { ...i % 3 > 0 && { publishAt: "2030-01-01T00:00:00Z" }, unpublishAt });
  }
  for (const { current: { id } } of items.records().slice(9)) {
    if (items.schedules(id).length === 0) {
      items.schedule(id, { unpublishAt: "2031-01-01T00:00:00Z" });
    }
  }
  return project;
}

const PROJECTS = {
  sample: sampleProject(),
  generated: generateProject({
    records: long(1200, 160),
    models: 4,
    blocksPerRecord: long(8, 1),
    uploads: 520,
  }),
};

/** What is written takes no requests. */
const REQUESTS_ONLY = { assets: false, tables: false, storage: new MemoryStorage() };

const CHOICES: readonly Partial<SourceOptions>[] = [
  {},
  { published: false },
  { verifyPublished: true },
  { include: ["records"] },
  { exclude: ["records", "uploads"] },
];

for (const [name, project] of Object.entries(PROJECTS)) {
  Deno.test(`planExport() tells how many requests an export makes: the ${name} project`, async () => {
    await using bench = await workbench({ project });
    const { apiToken, url: baseUrl, log } = bench.cma;
    for (const options of CHOICES) {
      const plan = await planExport({ apiToken, baseUrl, ...options });
      const before = log.count.api;
      await bench.export({ ...REQUESTS_ONLY, ...options });
      assert.equal(plan.requests, log.count.api - before, JSON.stringify(options));
    }
  });
}

Deno.test("planExport() counts a request for each scheduled record, as far as an export asks", async () => {
  await using sample = await workbench({ project: sampleProject() });
  const planOf = (url: string, options: Partial<SourceOptions>) => {
    return planExport({ apiToken: "demo", baseUrl: url, ...options });
  };
  assert.equal((await planOf(sample.cma.url, {})).schedules, 2);
  assert.equal((await planOf(sample.cma.url, { exclude: ["schedules"] })).schedules, null);
  const little = { exclude: ["uploads"], published: false } satisfies Partial<SourceOptions>;
  const named = { include: ["schedules"] } satisfies Partial<SourceOptions>;
  for (const [scheduled, told] of [[41, 41], [1000, 1000], [1001, null]] as const) {
    await using bench = await workbench({ project: scheduledProject(scheduled), rateLimit: MANY });
    const { log, url } = bench.cma;
    for (const options of [little, named]) {
      const plan = await planOf(url, options);
      // What is asked for by name is asked for whatever the number.
      assert.equal(plan.schedules, options === named ? scheduled : told);
      // An export asks for each.
      if (scheduled > long(1001, 41) && plan.schedules !== null) continue;
      const before = log.count.api;
      await bench.export({ ...REQUESTS_ONLY, ...options });
      assert.equal(plan.requests, log.count.api - before, JSON.stringify({ scheduled, options }));
    }
  }
});

Deno.test("planExport() adds up the asset files, or concludes from some of them, if there are many", async () => {
  for (const [uploads, isEstimate] of [[0, false], [520, false], [2600, true]] as const) {
    const project = generateProject({ records: 0, uploads, assetBytes: 3000 });
    await using bench = await workbench({ project, rateLimit: MANY });
    const of = (options: Partial<SourceOptions>) =>
      planExport({ apiToken: "demo", baseUrl: bench.cma.url, ...options });
    const { assets } = await of({ include: ["uploads"] });
    const { page } = project.environments.get("main")!.uploads
      .list({ filters: [], orderBy: [], offset: 0, limit: uploads });
    const bytes = page.reduce((sum, { attributes }) => sum + Number(attributes!.size), 0);
    assert.equal(assets!.isEstimate, isEstimate);
    const isNear = Math.abs(assets!.bytes - bytes) <= (isEstimate ? bytes / 10 : 0);
    assert.ok(isNear, `${assets!.bytes} of ${bytes}`);
    assert.equal((await of({ assets: false, include: ["uploads"] })).assets, null);
    assert.equal((await of({ exclude: ["uploads"] })).assets, null);
  }
});
