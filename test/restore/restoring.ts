import { concurrently } from "../../src/async/concurrently.ts";
import type { Clock } from "../../src/async/clock.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { type Phase, PHASES } from "../../src/restore/phases.ts";
import type { Loss } from "../../src/restore/phases.ts";
import type { PlanInput, Step } from "../../src/restore/plan.ts";
import { planRecords } from "../../src/restore/records/plan_records.ts";
import { planSchema } from "../../src/restore/schema/plan.ts";
import type { RestoreRun } from "../../src/restore/run.ts";
import { type RequestCounts, Target } from "../../src/restore/target.ts";
import { planUploads } from "../../src/restore/uploads/plan.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { slugOf } from "../../src/restore/uploads/paths.ts";
import { compareJson } from "../../src/tools/diff/compare_json.ts";
import { diffSnapshots } from "../../src/tools/diff.ts";
import { selectSnapshots } from "../../src/tools/list.ts";
import type { SnapshotSource } from "../../src/tools/diff.ts";
import { openSnapshot, type Snapshot } from "../../src/tools/open.ts";
import { sourceOf } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

/** A clock by which nothing takes long: a second is a hundredth of a millisecond's turn. */
export const IMPATIENT: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  delay: async (ms, { signal } = {}) => {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, ms > 1000 ? 1 : 0));
    signal?.throwIfAborted();
  },
  timer(ms, run) {
    const timer = setTimeout(run, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** A snapshot of what a server has now. */
export interface Taken {
  readonly source: SnapshotSource;
  readonly snapshot: Snapshot;
}

/** Exports what a server has now to memory. */
export async function taken(cma: DemoCma, options: Partial<ExportOptions> = {}): Promise<Taken> {
  const storage = new MemoryStorage();
  await exportProject({ ...sourceOf(cma), storage, tables: false, ...options });
  const [found] = await selectSnapshots(storage, {}, new AbortController().signal);
  return {
    source: { storage, snapshot: found! },
    snapshot: await openSnapshot(storage, found!, { index: "memory" }),
  };
}

/** What a restore of a test may be told. */
export interface RestoreOptions extends Partial<Omit<PlanInput, "snapshot" | "target">> {
  readonly relaxed?: ReadonlySet<string>;
  readonly environment?: string | undefined;
  /** Whether records come back, too. */
  readonly records?: boolean;
  /** Only the steps of these phases. */
  readonly phases?: readonly Phase[];
  /** Called before each step. */
  readonly before?: (step: Step) => void | Promise<void>;
}

/** What was planned, and what came of it. */
export interface Restored {
  readonly steps: readonly Step[];
  /** How many requests the last step of each phase took. */
  readonly requests: Partial<Record<Phase, RequestCounts>>;
  readonly losses: Loss[];
  readonly missing: ReadonlySet<string>;
  readonly target: Target;
  readonly notes: Map<string, unknown>;
  /** Runs the steps again, or for the first time. */
  run(): Promise<void>;
}

/** Plans how a snapshot comes into a target as it is now. */
export async function planned(
  wanted: Taken,
  cma: DemoCma,
  { relaxed = new Set(), records, environment, phases = PHASES, before, ...options }:
    RestoreOptions = {},
): Promise<Restored> {
  const present = await taken(cma, { environment, assets: false });
  const signal = new AbortController().signal;
  const losses: Loss[] = [];
  const input: PlanInput = {
    snapshot: wanted.snapshot,
    wanted: wanted.source,
    target: present.snapshot,
    present: present.source,
    isOwn: false,
    isOtherProject: true,
    keepExtra: false,
    validators: "auto",
    missingAssets: "drop",
    stages: "keep",
    schedules: "list",
    onLoss: (loss) => losses.push(loss),
    signal,
    ...options,
  };
  const uploads = await planUploads(input);
  const missingUploads = uploads.missing;
  const content = records ? await planRecords(input, { missingUploads }) : { steps: [], relaxed };
  const schema = await planSchema(input, { relaxed: content.relaxed, missingUploads });
  const steps = [...schema.steps, ...uploads.steps, ...content.steps]
    .filter(({ phase }) => phases.includes(phase))
    .toSorted((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
  const target = new Target({
    apiToken: cma.apiToken,
    baseUrl: cma.url,
    environment,
    clock: IMPATIENT,
    limiter: new RateLimiter({ limit: 100_000, windowMs: 1000 }),
  });
  const notes = new Map<string, unknown>();
  const run: RestoreRun = {
    target,
    signal,
    temporary: {
      note: (key, value) => Promise.resolve(void notes.set(key, value)),
      done: (key) => Promise.resolve(void notes.delete(key)),
    },
    // Those in flight come to an end before it fails.
    forEach: (things, write) => {
      return concurrently(Iterator.from(things).map((thing) => () => write(thing)), 8);
    },
    wrote: () => {},
    lost: (loss) => losses.push(loss),
  };
  const requests: Restored["requests"] = {};
  return {
    steps,
    requests,
    losses,
    missing: uploads.missing,
    target,
    notes,
    async run() {
      for (const step of steps) {
        await before?.(step);
        const { reads, writes } = target.requests;
        await step.run(run);
        const now = target.requests;
        requests[step.phase] = { reads: now.reads - reads, writes: now.writes - writes };
      }
    },
  };
}

/** What of a project its API doesn't take, or is the target's own. */
const NOT_OF_SITE = new Set([
  ...[
    "last_data_change_at",
    "name",
    "domain",
    "internal_domain",
    "imgix_host",
    "google_maps_api_token",
    "frontend_url",
  ],
]);
/** What of an upload follows from its file, or can't be chosen. */
const NOT_OF_UPLOADS = new Set([
  ...["path", "created_at", "creator", "width", "height", "colors", "smart_tags", "duration"],
  ...["frame_rate", "blurhash", "thumbhash", "mux_playback_id", "mux_mp4_highest_res", "md5"],
]);
/** Kinds that a restore of the schema doesn't bring back. */
const NOT_OF_SCHEMA = new Set([
  ...["role", "access_token", "user", "sso_user", "sso_group", "sso_settings", "site_invitation"],
  ...["webhook", "build_trigger", "search_index", "white_label_settings", "environment"],
  ...["upload_tag", "upload_smart_tag", "scheduled_publication", "scheduled_unpublishing"],
]);

/** What differs between two snapshots, but for records and what can't come back, each as a line. */
export async function differences(before: Taken, after: Taken): Promise<string[]> {
  const changes = (await Array.fromAsync(diffSnapshots(before.source, after.source))).flat();
  const [was, is] = [await before.snapshot.site(), await after.snapshot.site()];
  const lines = compareJson(was.attributes, is.attributes, [])
    .filter(({ path }) => {
      const [first] = path.split("/") as [string];
      return !NOT_OF_SITE.has(first) && Object.hasOwn(was.attributes, first);
    })
    .map(({ path, before, after }) => `site ${path}: ${show(before)} → ${show(after)}`);
  for (const change of changes) {
    if (change.kind === "record" || (change.kind === "schema" && change.type === "site")) continue;
    if (change.kind === "schema" && NOT_OF_SCHEMA.has(change.type)) continue;
    const name = change.kind === "schema" ? `${change.type} ${change.name}` : `asset ${change.id}`;
    if (change.fields.length === 0) {
      const isLost = change.kind === "asset" && change.change === "removed" &&
        (await before.snapshot.asset(change.id))?.file === undefined;
      if (!isLost) lines.push(`${name} ${change.change}`);
    }
    for (const { path, before: was, after: is } of change.fields) {
      const [first] = path.split("/") as [string];
      const isOthers = change.kind === "asset"
        ? NOT_OF_UPLOADS.has(first) && !(first === "md5" && was !== null) ||
          first === "exif_info" ||
          ["filename", "basename"].includes(first) && slugged(was) === slugged(is)
        : change.type === "field"
        // What the API fills in, which the samples lack.
        ? path.endsWith("_strategy") && was === null
        // The samples have a direction without an order, and two names of one thing.
        : ["ordering_direction", "collection_appeareance"].includes(first);
      if (!isOthers) lines.push(`${name} ${path}: ${show(was)} → ${show(is)}`);
    }
  }
  return lines;
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 100);
}

/** A clock that is a second later each time, so that no two files of one name come within one. */
export function ticking(): () => Date {
  let ms = Date.parse("2026-06-01T00:00:00Z");
  return () => new Date(ms += 1000);
}

/** What a plan says that it writes, as {@linkcode writesOf} has it. */
export function sumsOf(steps: readonly Step[]): string[] {
  const sums = new Map<string, number>();
  for (const { action, type, count } of steps.flatMap(({ writes }) => writes)) {
    const what = `${action} ${type}`;
    sums.set(what, (sums.get(what) ?? 0) + count);
  }
  return [...sums].map(([what, count]) => `${count} × ${what}`).sort();
}

function slugged(name: unknown): string {
  return slugOf(String(name).replace(/^.*\//, ""));
}

const WRITTEN: Readonly<Record<string, string>> = {
  "item-types": "item_type",
  fields: "field",
  fieldsets: "fieldset",
  site: "site",
  uploads: "upload",
};

/** What a server was made to write, as `<count> × <action> <type>`. */
export function writesOf({ writes }: DemoCma): string[] {
  const names = writes.done.flatMap(({ method, path }) => {
    const [first = "", , third] = path.replace(/\?.*/, "").split("/").slice(1);
    if (first === "upload-requests") return [];
    const segment = third !== undefined && first === "item-types" ? third : first;
    if (/(?:^|\/)reorder/.test(path)) {
      return [`move ${first === "item-types" ? "field" : typeOf(first)}`];
    }
    const action = { POST: "create", PUT: "update", DELETE: "destroy" }[method];
    return [`${action} ${typeOf(segment)}`];
  });
  const counts = Map.groupBy(names, (name) => name);
  return [...counts].map(([name, own]) => `${own.length} × ${name}`).sort();
}

function typeOf(segment: string): string {
  return WRITTEN[segment] ?? segment.replaceAll("-", "_").replace(/s$/, "");
}
