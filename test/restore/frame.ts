import assert from "node:assert/strict";
import type { Clock } from "../../src/async/clock.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { RestoreOptions, RestoreResult } from "../../src/restore/mod.ts";
import { planWith } from "../../src/restore/make_plan.ts";
import type { RestoreParts } from "../../src/restore/parts.ts";
import type { Step } from "../../src/restore/plan.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { AMPLE } from "../support/cma.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openSnapshot } from "../../src/tools/open.ts";
import { copyOf } from "../support/damage.ts";
import { sourceOf } from "../support/exported.ts";
import { IMPATIENT } from "../support/impatient_clock.ts";
import { RecordMaker } from "../support/made_records.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** The sample project's snapshot, made once for all tests of a file: whoever changes it takes a copy. */
let sample: Promise<MemoryStorage> | undefined;

/** A copy of the sample project's snapshot in memory. */
export async function sampleSnapshot(): Promise<MemoryStorage> {
  sample ??= exported(sampleProject());
  return await copyOf(await sample);
}

/** Exports a project to memory. */
export async function exported(
  project: DemoProject,
  options: Partial<ExportOptions> = {},
): Promise<MemoryStorage> {
  await using cma = startDemoCma({ project, rateLimit: AMPLE });
  const storage = new MemoryStorage();
  await exportProject({ ...sourceOf(cma), storage, tables: false, ...options });
  return storage;
}

/** Serves a project without a rate limit, with jobs that take no time. */
export function served(project: DemoProject, options: Partial<DemoCmaOptions> = {}): DemoCma {
  return startDemoCma({ project, rateLimit: AMPLE, jobMs: 0, ...options });
}

/** A project with one model of one field: each model and field of a real clock's restore takes its time. */
export function littleProject(): MemoryProject {
  const model = {
    name: "Page",
    attributes: { draft_mode_active: true },
    fields: { title: { type: "string" } },
  };
  const project = emptyProject({ models: { page: model } });
  project.addUpload({
    filename: "a.txt",
    bytes: new TextEncoder().encode("a"),
    mimeType: "text/plain",
  });
  const maker = new RecordMaker(project);
  for (const title of ["a", "b", "c", "d"]) maker.put("page", title, { title }, true);
  maker.finish();
  return project;
}

/** How a restore reaches a server, with its snapshots. */
export function restoreOptions(cma: DemoCma, storage: MemoryStorage): RestoreOptions {
  const { apiToken, baseUrl, retry } = sourceOf(cma);
  return { apiToken, baseUrl, retry, storage, clock: IMPATIENT };
}

/**
 * How many requests a restore of the newest snapshot into an empty project can't do without, inventory and
 * verification apart; how many records have to wait for what they link to depends on it.
 */
export async function leastRequests(storage: Storage): Promise<(of: RestoreResult) => number> {
  const snapshot = await openSnapshot(storage, "latest");
  const schema = await snapshot.schema();
  let [records, updated, published, uploads] = [0, 0, 0, 0];
  for (const { attributes: { api_key: model } } of schema.models) {
    for await (const page of snapshot.records(model)) {
      records += page.length;
      updated += page.filter(({ meta }) => meta?.status === "updated").length;
      published += page.filter(({ meta }) => meta?.status !== "draft").length;
    }
  }
  for await (const page of snapshot.uploads()) uploads += page.length;
  const fields = schema.itemTypes.reduce((sum, { id }) => sum + schema.fields(id).length, 0);
  const models = schema.itemTypes.length;
  return ({ written }) => {
    const waiting = written["links item"] ?? 0;
    return records + updated + waiting + 2.02 * uploads + published / 120 + fields + models;
  };
}

/** Parts of a plan that write what a test says. */
export function partsOf(...steps: readonly Step[]): RestoreParts {
  return {
    planSchema: () => Promise.resolve({ steps }),
    planUploads: () => Promise.resolve({ steps: [], missing: new Set() }),
    planRecords: () => Promise.resolve({ steps: [], relaxed: new Set() }),
  };
}

/** Later than all that is scheduled in the sample: what isn't taken away from a fork is over then. */
const LATER: Clock = { ...IMPATIENT, now: () => Date.parse("2150-01-01T00:00:00Z") };

/** Plans a restore of which nothing but the frame is real. */
export async function framed(options: RestoreOptions, ...steps: readonly Step[]) {
  const clock = options.clock === IMPATIENT ? LATER : options.clock;
  return await planWith({ ...options, clock }, partsOf(...steps));
}

/** A refusal: nothing was written, and the exit code says so. */
export async function assertRefused(
  cma: DemoCma,
  run: () => Promise<unknown>,
  message: RegExp,
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof SluiceError, String(error));
    assert.match(error.message, message);
    assert.equal(error.exitCode, EXIT.usage, error.message);
    return true;
  });
  assert.deepEqual(cma.writes.writes, [], "something was written");
}
