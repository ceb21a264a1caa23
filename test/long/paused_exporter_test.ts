import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { draw, pick } from "../../src/simulator/generated/random.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import type { ExportReport } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { retryFailedAssets } from "../../src/export/retry_failed.ts";
import { LockedError } from "../../src/snapshot/lock/lock_errors.ts";
import { openFake } from "../s3/open_fake.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import { Editor } from "../support/editor.ts";
import { evidence, SNAPSHOT } from "../support/evidence.ts";
import { run } from "../support/ended_run.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import type { PausedExporter, PausedMessage } from "../support/paused_exporter.ts";
import { patiently, UnpausedError } from "../support/patiently.ts";
import type { PauseAt } from "../support/pausing_storage.ts";
import { temporaryPath } from "../support/temporary.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { SEED } from "../support/seed.ts";

/** How long locks count here, in milliseconds. */
const SHORT_MS = 700;

/** Where exports go, and how a worker gets there. */
interface Place extends AsyncDisposable {
  readonly storage: Storage;
  readonly to: PausedExporter["to"];
}

async function disk(isElsewhere = false): Promise<Place> {
  const root = await temporaryPath("sluice-paused-");
  return {
    storage: new LocalStorage(root),
    to: { root, isElsewhere },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function fakeS3(conditions: "all" | "puts" = "all"): Promise<Place> {
  const { fake, storage, [Symbol.asyncDispose]: dispose } = await openFake({ conditions });
  const s3 = {
    bucket: "bucket",
    prefix: "some/prefix",
    endpoint: fake.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "fake-key", secretAccessKey: "fake-secret" },
    retryDelay: 1,
  };
  return { storage, to: { s3 }, [Symbol.asyncDispose]: dispose };
}

async function realS3(): Promise<Place> {
  if (RGW === undefined) return await fakeS3("puts");
  const { storage, [Symbol.asyncDispose]: dispose } = await openRgw(RGW);
  const s3 = {
    bucket: (storage as S3Storage).bucket,
    prefix: "datocms",
    endpoint: RGW,
    region: "us-east-1",
  };
  return { storage, to: { s3 }, [Symbol.asyncDispose]: dispose };
}

/** A worker that exports, and stops where it is told to. */
class Exporter implements Disposable {
  readonly paused: Promise<string>;
  readonly ended: Promise<Extract<PausedMessage, { ended: string }>>;
  readonly #worker: Worker;
  readonly #gate = new SharedArrayBuffer(4);

  constructor(exporter: Omit<PausedExporter, "gate">) {
    const url = import.meta.resolve("../support/paused_exporter.ts");
    this.#worker = new Worker(url, { type: "module" });
    const paused = Promise.withResolvers<string>();
    const ended = Promise.withResolvers<Extract<PausedMessage, { ended: string }>>();
    this.#worker.onmessage = ({ data }: MessageEvent<PausedMessage>) => {
      if ("paused" in data) return paused.resolve(data.paused);
      paused.reject(new UnpausedError(data.ended));
      ended.resolve(data);
    };
    this.#worker.onerror = ({ message }) => {
      const error = new Error(message);
      paused.reject(error);
      ended.reject(error);
    };
    paused.promise.catch(() => {});
    ended.promise.catch(() => {});
    this.paused = paused.promise;
    this.ended = ended.promise;
    this.#worker.postMessage({ ...exporter, gate: this.#gate } satisfies PausedExporter);
  }

  wake(): void {
    const gate = new Int32Array(this.#gate);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  }

  [Symbol.dispose](): void {
    this.wake();
    this.#worker.terminate();
  }
}

/** Exports as soon as the lock counts no more. */
async function onceFree(export_: () => Promise<ExportReport>): Promise<ExportReport> {
  const end = performance.now() + 180_000;
  for (;;) {
    try {
      return await export_();
    } catch (error) {
      if (!(error instanceof LockedError) || performance.now() > end) throw error;
      await delay(100);
    }
  }
}

/** A way to be paused. */
interface Scenario {
  readonly open: () => Promise<Place>;
  readonly at: PauseAt;
  readonly what?: PausedExporter["what"];
  /** What is done before the one that is paused begins. */
  readonly before?: (cma: DemoCma, place: Place) => Promise<void>;
  /** Whether the other one makes a new snapshot, since the paused one had all but ended its own. */
  readonly isNew?: boolean;
}

const BATCH = "/records/.*/batch_\\d+\\.ndjson$";

/** Ends an export in the middle, so that the next one has something to go on with. */
async function interrupted(cma: DemoCma, { storage }: Place): Promise<void> {
  const abort = new AbortController();
  let requests = 0;
  const onEvent = ({ type }: { readonly type: string }) => {
    if (type === "request" && ++requests === 14) abort.abort(new Error("Stopped by the test"));
  };
  const options = { ...QUICK, resume: true, signal: abort.signal, onEvent };
  await assert.rejects(run(cma, storage, options), /Stopped by the test/);
}

const QUICK: Partial<ExportOptions> = { checkpointMs: 0, concurrency: 3 };

/** Ten ways, each with a lock that counts for a short time. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "disk, a batch that is about to get its name": {
    open: disk,
    at: { method: "put", key: BATCH, when: "committing", number: 2 },
  },
  "disk, the manifest": {
    open: disk,
    at: { method: "put", key: "/manifest\\.json$", when: "committing" },
  },
  "another host, a checkpoint that is about to be replaced": {
    open: () => disk(true),
    at: { method: "put", key: "/checkpoint\\.json$", when: "committing", number: 4 },
  },
  "another host, the canary": {
    open: () => disk(true),
    at: { method: "put", key: "/canary\\.txt$", when: "committing" },
    isNew: true,
  },
  "another host, the lock's renewal": {
    open: () => disk(true),
    at: { method: "put", key: "/lock\\.json$", when: "committing", number: 2 },
  },
  "S3, a batch whose request is about to be sent": {
    open: fakeS3,
    at: { method: "put", key: BATCH, when: "committing", number: 2 },
  },
  "real S3, a batch of uploads": {
    open: realS3,
    at: { method: "put", key: "/uploads/batch_", when: "before" },
  },
  "S3, what an earlier run wrote too late is about to be deleted": {
    open: fakeS3,
    at: { method: "delete", key: SNAPSHOT.source, when: "before" },
    before: interrupted,
  },
  "cron tick to a disk, a table": {
    open: disk,
    what: "tick",
    at: { method: "put", key: "/tables/.*/part_\\d+", when: "committing", number: 3 },
  },
  "cron tick to real S3, the schema": {
    open: realS3,
    what: "tick",
    at: { method: "put", key: "/models/", when: "after" },
  },
};

function smallProject(): MemoryProject {
  return memoryCopy(generateProject({
    records: long(140, 24),
    models: 2,
    uploads: 8,
    assetBytes: 300,
    blocksPerRecord: 1,
  }));
}

async function show(name: string, scenario: Scenario, lockTtlMs?: number): Promise<void> {
  const project = smallProject();
  await using cma = startDemoCma({ project, rateLimit: false });
  await using place = await scenario.open();
  const { storage } = place;
  await scenario.before?.(cma, place);
  const options = { ...sourceOf(cma), ...QUICK, resume: true };
  const { at, what = "export" } = scenario;
  using paused = new Exporter({
    to: place.to,
    what,
    at,
    options: { ...options, ...(lockTtlMs !== undefined && { lockTtlMs }) },
  });
  const key = await paused.paused;
  const editor = new Editor(project, { seed: SEED });
  editor.edit(15);
  let resumed = false;
  const other = await onceFree(() => {
    return run(cma, storage, {
      ...options,
      onEvent: (event) => event.type === "start" && (resumed = event.resumed),
    });
  });
  assert.equal(resumed, !scenario.isNew, `${name}: paused at ${key}`);
  assert.match(other.manifest.status ?? "", /complete|partial/);
  const before = await evidence(storage);
  assert.equal(await storage.stat("content/project_900001/lock.json"), undefined);
  editor.edit(15);

  paused.wake();
  const { ended, exitCode, error } = await paused.ended;
  assert.deepEqual(await evidence(storage), before, `${name}: woken at ${key}, it said ${ended}`);
  await assertSealedAreWhole(storage);
  assert.equal(exitCode, 1, `${name}: ${ended}`);
  if (what === "export") assert.equal(error, "TakenOverError", ended);
  assert.match(ended, /^The export was stopped because .* paused for longer than its lock counts/);
  assert.match(ended, /[^.]\.$/);
}

const TITLE = "that was paused changes nothing in what was sealed meanwhile";
const chosen = Object.entries(SCENARIOS)
  .map(([name, scenario], at) => ({ name, scenario, order: draw(SEED, at) }))
  .sort((a, b) => a.order - b.order)
  .slice(0, long(10, 1));
for (const { name, scenario } of chosen) {
  Deno.test(`exportProject() ${TITLE}: ${name} (SLUICE_TEST_SEED=${SEED})`, async () => {
    await patiently(SHORT_MS, (ttlMs) => show(name, scenario, ttlMs));
  });
}

/** Two with the time that locks really have: of an export, and of a schedule's tick. */
const REAL: Readonly<Record<string, readonly [ttlMs: number | undefined, Scenario]>> = {
  "a disk for more than two minutes": [
    undefined,
    SCENARIOS["disk, a batch that is about to get its name"]!,
  ],
  "a tick to S3 for more than one": [60_000, SCENARIOS["cron tick to real S3, the schema"]!],
};
for (const [name, [ttlMs, scenario]] of Object.entries(REAL).slice(0, long(2, 0))) {
  Deno.test(`exportProject() ${TITLE}: ${name} (SLUICE_TEST_SEED=${SEED})`, async () => {
    await show(name, scenario, ttlMs);
  });
}

Deno.test(`retryFailedAssets() ${TITLE} (SLUICE_TEST_SEED=${SEED})`, () =>
  patiently(SHORT_MS, showRetry));

async function showRetry(lockTtlMs: number): Promise<void> {
  // In short one of the two.
  const paths = ["/assets_001\\.ndjson$", "/manifest\\.json$"];
  for (const path of long(1, 0) === 1 ? paths : [pick(paths, SEED)]) {
    const project = smallProject();
    let fails = true;
    await using cma = startDemoCma({
      project,
      rateLimit: false,
      onRequest: (_request, { pathname }) => {
        if (!fails || project.asset(pathname) === undefined) return undefined;
        return new Response("gone", { status: 404 });
      },
    });
    await using place = await disk();
    const { storage } = place;
    const options = { ...sourceOf(cma), ...QUICK };
    const first = await run(cma, storage, { ...QUICK, retry: { maxAttempts: 1 } });
    assert.equal(first.manifest.status, "partial");
    fails = false;
    using paused = new Exporter({
      to: place.to,
      what: "retry",
      at: { method: "put", key: path, when: "committing" },
      options: { ...options, lockTtlMs },
    });
    await paused.paused;
    const other = await onceFree(() => retryFailedAssets({ ...options, storage }));
    assert.equal(other.manifest.status, "complete");
    const before = await evidence(storage);
    paused.wake();
    const { ended, exitCode } = await paused.ended;
    assert.deepEqual(await evidence(storage), before, `paused at ${path}: ${ended}`);
    await assertSealedAreWhole(storage);
    assert.equal(exitCode, 1);
    assert.match(
      ended,
      /^The export was stopped because .* paused for longer than its lock counts/,
    );
  }
}

Deno.test(`exportProject() with assets "sync" ${TITLE} (SLUICE_TEST_SEED=${SEED})`, () =>
  patiently(SHORT_MS, showSync));

async function showSync(lockTtlMs: number): Promise<void> {
  const project = smallProject();
  await using cma = startDemoCma({ project, rateLimit: false });
  await using place = await disk();
  const { storage } = place;
  await run(cma, storage, QUICK);
  const [upload] = project.primary.uploads.uploads();
  project.primary.uploads.delete(upload!.id);
  using paused = new Exporter({
    to: place.to,
    what: "export",
    at: { method: "delete", key: "^assets/", when: "before" },
    options: { ...sourceOf(cma), ...QUICK, assets: "sync", lockTtlMs },
  });
  const key = await paused.paused;
  // Somebody takes it back: the next snapshot refers to the file again.
  project.primary.uploads.add(upload!);
  await onceFree(() => run(cma, storage, QUICK));
  const before = await evidence(storage);
  assert.ok(before[key] !== undefined);
  paused.wake();
  const { ended, exitCode } = await paused.ended;
  assert.deepEqual(await evidence(storage), before, ended);
  await assertSealedAreWhole(storage);
  assert.equal(exitCode, 3);
  assert.match(ended, /^No asset file was deleted: The export was stopped because .*lock/);
}
