import assert from "node:assert/strict";
import { concurrently } from "../../src/async/concurrently.ts";
import type { Item, ItemType, JsonObject } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import type { Loss } from "../../src/restore/phases.ts";
import { PHASES } from "../../src/restore/phases.ts";
import type { PlanInput } from "../../src/restore/plan.ts";
import { planRecords, type RecordsPlan } from "../../src/restore/records/plan_records.ts";
import type { RestoreRun } from "../../src/restore/run.ts";
import { Target } from "../../src/restore/target.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { checkAgain } from "../../src/simulator/writes/validity.ts";
import { isObject, parseJson } from "../../src/text/json.ts";
import { openSnapshot, type Snapshot } from "../../src/tools/open.ts";
import { AMPLE } from "./cma.ts";
import { QUICK_RETRIES, sourceOf } from "./exported.ts";
import { IMPATIENT } from "./impatient_clock.ts";
import { MemoryStorage } from "./memory_storage.ts";

/** Exports a project's records and uploads, without files. */
export async function snapshotOf(
  project: DemoProject,
  options: Partial<ExportOptions> = {},
): Promise<{ readonly storage: MemoryStorage; readonly snapshot: Snapshot }> {
  await using cma = {
    server: startDemoCma({ project, rateLimit: AMPLE }),
    [Symbol.asyncDispose]: stop,
  };
  function stop(): Promise<void> {
    return cma.server.stop();
  }
  const storage = new MemoryStorage();
  await exportProject({
    ...sourceOf(cma.server),
    storage,
    assets: false,
    tables: false,
    ...options,
  });
  return { storage, snapshot: await openSnapshot(storage, "latest") };
}

/** A copy of a project without records: what a restore finds when the schema and the uploads are there. */
export function withoutRecords(project: MemoryProject, clock?: () => Date): MemoryProject {
  const copy = memoryCopy(project, { clock });
  for (const { current } of copy.primary.items.records()) copy.primary.items.delete(current.id);
  return copy;
}

/** How a test restores. */
export interface RecordsRestoreOptions {
  /** What the planner is to do otherwise. */
  readonly input?: Partial<PlanInput> | undefined;
  /** Uploads without a file. */
  readonly missingUploads?: ReadonlySet<string> | undefined;
  /** How the target is served. */
  readonly cma?: Partial<DemoCmaOptions> | undefined;
  /** Stops the restore after as many answered requests. */
  readonly stopAfter?: number | undefined;
}

/** What came of a restore. */
export interface RestoredRecords {
  readonly plan: RecordsPlan;
  readonly losses: readonly Loss[];
  /** What had to be put back and was: keys. */
  readonly temporary: ReadonlyMap<string, unknown>;
  /** Requests of the target that were answered, but for those of the planning. */
  readonly requests: number;
  /** How many of them were sent again. */
  readonly repeated: number;
  /** Whether it was stopped. */
  readonly isStopped: boolean;
  /** How often what was written, by phase. */
  readonly wrote: ReadonlyMap<string, number>;
}

/** What stops a restore in a test. */
class Stopped extends Error {}

/**
 * Restores the records of a snapshot into a project that has its schema and its uploads.
 *
 * @param snapshot What is restored.
 * @param project Where to.
 * @param options How.
 */
export async function restoreRecords(
  { storage, snapshot }: Awaited<ReturnType<typeof snapshotOf>>,
  project: MemoryProject,
  options: RecordsRestoreOptions = {},
): Promise<RestoredRecords> {
  const there = await snapshotOf(project);
  const losses: Loss[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const plan = await planRecords({
    snapshot,
    wanted: { storage, snapshot: "latest" },
    target: there.snapshot,
    present: { storage: there.storage, snapshot: "latest" },
    isOwn: true,
    isOtherProject: false,
    keepExtra: false,
    validators: "auto",
    missingAssets: "drop",
    stages: "keep",
    schedules: "set",
    onLoss: (loss) => losses.push(loss),
    signal,
    ...options.input,
  }, {
    missingUploads: options.missingUploads ?? new Set(),
    now: project.now().getTime(),
  });
  const cma = startDemoCma({ project, rateLimit: AMPLE, jobMs: 0, ...options.cma });
  const { fields, itemTypes } = project.primary;
  const temporary = new Map<string, unknown>();
  const wrote = new Map<string, number>();
  let requests = 0;
  let repeated = 0;
  const target = new Target({
    apiToken: cma.apiToken,
    baseUrl: cma.url,
    limiter: new RateLimiter({ limit: 10_000, windowMs: 1000 }),
    retry: { ...QUICK_RETRIES, maxAttempts: 40 },
    clock: IMPATIENT,
    onEvent: ({ type }) => {
      if (type === "retry") repeated++;
      if (type !== "request" || ++requests !== options.stopAfter) return;
      controller.abort(new Stopped("It was stopped."));
    },
  });
  const run: RestoreRun = {
    target,
    signal,
    temporary: {
      note: (key, value) => Promise.resolve(void temporary.set(key, value)),
      done: (key) => Promise.resolve(void temporary.delete(key)),
    },
    forEach: (things, write) => {
      return concurrently(Iterator.from(things).map((thing) => () => write(thing)), 8, signal);
    },
    wrote: (phase, _type, count = 1) => void wrote.set(phase, (wrote.get(phase) ?? 0) + count),
    lost: (loss) => losses.push(loss),
  };
  let isStopped = false;
  try {
    relax(project, plan.relaxed);
    for (const phase of PHASES) {
      for (const step of plan.steps) {
        if (step.phase !== phase) continue;
        await step.run(run);
      }
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    isStopped = true;
  } finally {
    await cma.stop();
  }
  if (plan.relaxed.size > 0 || isStopped) {
    // What a restore changed for its own time is put back, however it ended.
    const before = new Map(itemTypes.map(({ id, attributes }) => [id, attributes]));
    project.primary.setSchema({
      fields,
      itemTypes: project.primary.itemTypes.map((type) => {
        const { all_locales_required = false, draft_mode_active = false } = before.get(type.id)!;
        const attributes = { ...type.attributes, all_locales_required, draft_mode_active };
        return { ...type, attributes };
      }),
    });
    checkAgain(project.primary, project.primary.itemTypes.map(({ id }) => id));
  }
  return { plan, losses, temporary, requests, repeated, isStopped, wrote };
}

/** The validators that tell what a field may hold at all. */
const STRUCTURAL = new Set([
  ...["item_item_type", "items_item_type", "rich_text_blocks", "single_block_blocks"],
  ...["structured_text_blocks", "structured_text_inline_blocks", "structured_text_links"],
  "slug_title_field",
]);

/** Lets the validators of models step aside, as the schema's part of a restore does. */
function relax(project: MemoryProject, relaxed: ReadonlySet<string>): void {
  if (relaxed.size === 0) return;
  const { itemTypes, fields } = project.primary;
  const blocks = new Set(itemTypes.filter(isBlock).map(({ id }) => id));
  project.primary.setSchema({
    itemTypes: itemTypes.map((type) =>
      !relaxed.has(type.id)
        ? type
        : { ...type, attributes: { ...type.attributes, all_locales_required: false } }
    ),
    fields: fields.map((field) => {
      const { data } = field.relationships.item_type;
      const { validators } = field.attributes;
      if (!relaxed.has(data.id) && !blocks.has(data.id)) return field;
      const own = Object.entries(isObject(validators) ? validators : {});
      const left = Object.fromEntries(own.filter(([name]) => STRUCTURAL.has(name)));
      return { ...field, attributes: { ...field.attributes, validators: left } };
    }),
  });
}

function isBlock({ attributes }: ItemType): boolean {
  return attributes.modular_block;
}

/** What comes back otherwise whatever is done: times, and the name of the version. */
const VOLATILE = ["updated_at", "published_at", "current_version"];

/** All versions of a snapshot's records, without what can't come back. */
export async function versionsOf(snapshot: Snapshot): Promise<Map<string, JsonObject>> {
  const versions = new Map<string, JsonObject>();
  const schema = await snapshot.schema();
  for (const { attributes: { api_key: model } } of schema.models) {
    for (const version of ["current", "published"] as const) {
      for await (const page of snapshot.records(model, { version })) {
        for (const item of page) versions.set(`${model} ${item.id} ${version}`, lasting(item));
      }
    }
  }
  return versions;
}

function lasting(item: Item): JsonObject {
  const copy = parseJson(JSON.stringify(item)) as JsonObject;
  for (const part of [copy.attributes, copy.meta]) {
    for (const key of VOLATILE) delete (part as JsonObject)[key];
  }
  return copy;
}

/**
 * Fails unless two snapshots have the same versions of records.
 *
 * @param wanted What is expected.
 * @param project What is exported and compared.
 */
export async function assertRestored(
  { snapshot }: { readonly snapshot: Snapshot },
  project: MemoryProject,
): Promise<number> {
  const [expected, actual] = [
    await versionsOf(snapshot),
    await versionsOf((await snapshotOf(project)).snapshot),
  ];
  for (const [key, version] of expected) assert.deepEqual(actual.get(key), version, key);
  assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort());
  return expected.size;
}

/**
 * Watches that nothing becomes public that a snapshot didn't have public.
 *
 * @param project Where it is restored to.
 * @param source The project that the snapshot is of.
 * @return Sentences about what was public for a moment.
 */
export function watchPublic(project: MemoryProject, source: MemoryProject): readonly string[] {
  const wrong: string[] = [];
  const textOf = (item: Item | undefined) =>
    item && JSON.stringify(sorted(contentOf(item, project)));
  const before = new Map(
    project.primary.items.records().map(({ current: { id }, published }) => {
      return [id, textOf(published)];
    }),
  );
  project.watch((change) => {
    if (change.type !== "item") return;
    const own = textOf(change.item?.published);
    const isSame = own === before.get(change.id);
    before.set(change.id, own);
    if (isSame || own === undefined) return;
    const wanted = textOf(source.primary.items.record(change.id)?.published);
    if (own !== wanted) {
      wrong.push(`${change.id}: ${own.slice(0, 300)} for ${wanted?.slice(0, 300)}`);
    }
  });
  return wrong;
}

function contentOf(item: Item, { primary }: MemoryProject): JsonObject {
  const { site, itemTypes, fields, fieldsets } = primary;
  const schema = new SchemaIndex({
    locales: site.attributes.locales,
    itemTypes,
    fields,
    fieldsets,
  });
  const keys = schema.fields(item.relationships.item_type.data.id)
    .map(({ attributes }) => attributes.api_key);
  // A record's place is the same in both of its versions.
  return Object.fromEntries(keys.map((key) => [key, item.attributes[key] ?? null]));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]);
}
