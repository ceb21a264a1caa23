import assert from "node:assert/strict";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import type { ExportEvent } from "../../../src/export/events.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import type { AssetOutcome } from "../../../src/assets/asset_download.ts";
import { readBatch } from "../../../src/snapshot/read_batch.ts";
import { UnfinishedError } from "../../../src/export/unfinished.ts";
import { type Workbench, workbench } from "../../support/exported.ts";
import { CrashError, type TracedCall, TracedStorage } from "../../support/traced_storage.ts";

const UPLOADS_ONLY = {
  include: ["uploads"],
  tables: false,
  resume: true,
  concurrency: 1,
  checkpointMs: 0,
} as const satisfies Partial<ExportOptions>;

function projectOf(uploads: number): MemoryProject {
  return memoryCopy(generateProject({ records: 4, models: 1, uploads, assetBytes: 300 }));
}

function addUploads(project: MemoryProject, count: number): void {
  for (let i = 0; i < count; i++) {
    const bytes = new TextEncoder().encode(`file ${i}`);
    project.addUpload({ filename: `new-${i}.txt`, bytes, mimeType: "text/plain" });
  }
}

/** What a run told of assets, by outcome. */
type Told = Partial<Record<AssetOutcome["outcome"], number>>;

/** Exports until something was told, and no further. */
async function stoppedAt(
  bench: Workbench,
  isReached: (told: Told, event: ExportEvent) => boolean,
  options: Partial<ExportOptions> = {},
  stop: AbortController = new AbortController(),
): Promise<Told> {
  const told: Told = {};
  const onEvent = (event: ExportEvent) => {
    count(told, event);
    if (isReached(told, event)) stop.abort();
  };
  const stopped = bench.export({ ...UPLOADS_ONLY, ...options, stop: stop.signal, onEvent });
  await assert.rejects(stopped, UnfinishedError);
  return told;
}

/** Exports to the end; what is counted of assets, and what the run told of them. */
async function ended(bench: Workbench, options: Partial<ExportOptions> = {}) {
  const told: Told = {};
  const report = await bench.export({
    ...UPLOADS_ONLY,
    ...options,
    onEvent: (event) => count(told, event),
  });
  const { downloaded, kept } = report.manifest.assets!;
  const prefix = report.snapshot.slice(bench.storage.url.length + 1);
  const pages = readBatch<AssetOutcome>(bench.storage, `${prefix}/assets.ndjson`);
  const lines = (await Array.fromAsync(pages)).flat();
  // The list and what is counted say the same.
  for (const [outcome, tally] of Object.entries({ downloaded, kept })) {
    const own = lines.filter((line) => line.outcome === outcome);
    const bytes = own.reduce((sum, { size }) => sum + size!, 0);
    assert.deepEqual(tally, { count: own.length, bytes });
  }
  return { told, downloaded: downloaded.count, kept: kept.count, lines };
}

function count(told: Told, event: ExportEvent): void {
  if (event.type !== "asset") return;
  const { outcome } = event.outcome;
  told[outcome] = (told[outcome] ?? 0) + 1;
}

/** A workbench that asks before it serves an asset: what with is how many were asked for so far. */
function assetBench(
  project: MemoryProject,
  onAsset: (count: number, path: string) => Promise<undefined> | Response | undefined,
): Promise<Workbench> {
  let asked = 0;
  return workbench({
    project,
    onRequest: (_request, { pathname }) => {
      return /^\/\d+\//.test(pathname) ? onAsset(++asked, pathname) : undefined;
    },
  });
}

Deno.test("exportProject() that resumes counts as downloaded what earlier runs of it have fetched", async () => {
  const project = projectOf(4);
  await using bench = await workbench({ project });
  await bench.export(UPLOADS_ONLY);
  addUploads(project, 6);
  bench.cma.log.clear();
  const first = await stoppedAt(bench, ({ downloaded }) => downloaded === 2);
  assert.equal(first.kept, 4);
  const second = await stoppedAt(bench, ({ downloaded }) => downloaded === 1);
  assert.equal(second.kept, 4 + first.downloaded!);
  const { told, ...counted } = await ended(bench);
  assert.equal(counted.downloaded, 6);
  assert.equal(counted.kept, 4);
  // What a run tells is what it did itself.
  assert.equal(told.kept, 4 + first.downloaded! + second.downloaded!);
  assert.equal(told.downloaded, 10 - told.kept);
  assert.ok(told.downloaded > 0);
  assert.equal(bench.cma.log.count.asset, 6);
});

Deno.test("exportProject() that resumes says how often an earlier run has tried an asset", async () => {
  const tried = new Set<string>();
  await using bench = await assetBench(projectOf(4), (_count, path) => {
    if (tried.has(path)) return undefined;
    tried.add(path);
    return new Response("", { status: 503 });
  });
  const first = await stoppedAt(bench, ({ downloaded }) => downloaded === 2);
  // What was waiting for its second attempt when the run was to stop is begun anew by the next one.
  const dropped = tried.size - first.downloaded!;
  const { downloaded, lines } = await ended(bench);
  assert.equal(downloaded, 4);
  const attempts = lines.map(({ attempts }) => attempts!).sort();
  assert.deepEqual(attempts, [1, 1, 1, 1, 2, 2, 2, 2].slice(4 - dropped, 8 - dropped));
  assert.ok(attempts.filter((count) => count === 2).length >= 2);
});

Deno.test("exportProject() that resumes counts what came only after the earlier run was to stop", async () => {
  const stop = new AbortController();
  const held = Promise.withResolvers<undefined>();
  await using bench = await assetBench(projectOf(9), (count) => {
    if (count === 3) stop.abort();
    return held.promise;
  });
  const first = await stoppedAt(
    bench,
    (_told, { type }) => {
      // The checkpoint that is written because it is to stop doesn't know of them.
      if (stop.signal.aborted && type === "checkpoint") held.resolve(undefined);
      return false;
    },
    { concurrency: 3 },
    stop,
  );
  // Three were under way, and three more may have been in line.
  const before = first.downloaded ?? 0;
  assert.deepEqual(first, { downloaded: before });
  assert.ok(before === 3 || before === 6, `${before}`);
  const { downloaded, kept, told } = await ended(bench);
  assert.deepEqual([downloaded, kept], [9, 0]);
  assert.deepEqual(told, { kept: before, downloaded: 9 - before });
});

Deno.test("exportProject() that resumes counts what was fetched while records were still read", async () => {
  const project = projectOf(5);
  let isOver = () => {};
  const over = new Promise<undefined>((resolve) => isOver = () => resolve(undefined));
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname, searchParams }) =>
      pathname === "/items" && searchParams.has("order_by") ? over : undefined,
  });
  // No checkpoint is due until it is to stop, long after the last asset.
  const options = { include: ["records", "uploads"], checkpointMs: 1e9 } as const;
  const first = await stoppedAt(bench, ({ downloaded }) => {
    if (downloaded === 5) isOver();
    return downloaded === 5;
  }, { ...options, concurrency: 4 });
  assert.equal(first.downloaded, 5);
  const { downloaded, told } = await ended(bench, options);
  assert.equal(downloaded, 5);
  assert.equal(told.kept, 5);
});

Deno.test("exportProject() that resumes counts what was fetched before an asset that never came", async () => {
  const [stop, abort] = [new AbortController(), new AbortController()];
  const never = Promise.withResolvers<undefined>();
  await using bench = await assetBench(projectOf(5), (count) => {
    if (count !== 5) return undefined;
    stop.abort();
    return never.promise;
  });
  const reason = new Error("The time is over.");
  const first = bench.export({
    ...UPLOADS_ONLY,
    checkpointMs: 1e9,
    stop: stop.signal,
    signal: abort.signal,
    onEvent: ({ type }) => {
      if (type === "checkpoint" && stop.signal.aborted) abort.abort(reason);
    },
  });
  await assert.rejects(first, reason);
  never.resolve(undefined);
  const { downloaded, kept } = await ended(bench);
  assert.deepEqual([downloaded, kept], [5, 0]);
});

Deno.test("exportProject() that resumes counts as kept what an earlier run of it found to be right", async () => {
  await using bench = await workbench({ project: projectOf(6) });
  // Files whose snapshot is gone: nothing is known of them.
  const { snapshot } = await bench.export(UPLOADS_ONLY);
  await Deno.remove(new URL(snapshot), { recursive: true });
  const first = await stoppedAt(bench, ({ kept }) => kept === 3);
  assert.ok(first.kept! < 6);
  const { told, downloaded, kept } = await ended(bench);
  assert.deepEqual([downloaded, kept], [0, 6]);
  assert.deepEqual(told, { kept: 6 });
});

Deno.test("exportProject() that resumes fetches again what was changed since, and counts it once", async () => {
  const project = projectOf(5);
  await using bench = await workbench({ project });
  await stoppedAt(bench, ({ downloaded }) => downloaded === 3);
  const [file] = (await Array.fromAsync(bench.storage.list("assets/"))).flat();
  await Deno.writeTextFile(`${bench.root}/${file!.key}`, "another");
  const { downloaded, kept, told } = await ended(bench);
  assert.deepEqual([downloaded, kept], [5, 0]);
  assert.ok(told.downloaded! >= 2);
});

Deno.test("exportProject() that resumes after a crash counts what was fetched before the last checkpoint", async () => {
  const project = projectOf(6);
  await using bench = await workbench({ project });
  const isAsset = ({ method, key }: TracedCall) => method === "put" && key.startsWith("assets/");
  const crashed = new TracedStorage(bench.storage, {
    // At an asset, when a checkpoint was begun and ended after the first one.
    crashWhen(calls) {
      const since = calls.slice(calls.findIndex(isAsset));
      const checkpoints = since.filter(({ method, key }) => {
        return method === "put" && key.endsWith("/checkpoint.json");
      });
      return checkpoints.length >= 2 && isAsset(calls.at(-1)!);
    },
  });
  await assert.rejects(bench.export({ ...UPLOADS_ONLY, storage: crashed }), CrashError);
  await bench.storage.delete(["content/project_900001/lock.json"]);
  const { downloaded, kept, told } = await ended(bench);
  assert.equal(downloaded + kept, 6);
  assert.ok(downloaded > told.downloaded!);
});
