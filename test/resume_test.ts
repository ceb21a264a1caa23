import assert from "node:assert/strict";
import fc from "fast-check";
import { generateProject } from "../src/demo/generated_project.ts";
import { memoryCopy } from "../src/demo/memory_copy.ts";
import { type DemoCma, startDemoCma } from "../src/demo/server.ts";
import { exportProject, type ExportReport } from "../src/export.ts";
import type { ExportOptions } from "../src/export_options.ts";
import { LocalStorage } from "../src/sink/local_storage.ts";
import { type Storage, StorageError } from "../src/sink/storage.ts";
import { UnfinishedError } from "../src/unfinished.ts";
import { QUICK_RETRIES } from "./support/exported.ts";
import { contentOf, type SnapshotContent } from "./support/snapshot_content.ts";
import { CrashError, TracedStorage } from "./support/traced_storage.ts";

const LOCK = "content/project_900001/lock.json";
/** What is exported: several pages of each listing, and as few of everything as that takes. */
const project = memoryCopy(
  generateProject({ records: 250, models: 2, uploads: 12, blocksPerRecord: 2, assetBytes: 300 }),
);
const tiny = memoryCopy(
  generateProject({ records: 4, models: 2, uploads: 2, blocksPerRecord: 2, assetBytes: 30 }),
);

/** Exports to a storage. */
function run(
  cma: DemoCma,
  storage: Storage,
  options: Partial<ExportOptions> = {},
): Promise<ExportReport> {
  return exportProject({
    apiToken: cma.apiToken,
    baseUrl: cma.url,
    assetHost: cma.assetHost,
    retry: QUICK_RETRIES,
    storage,
    ...options,
  });
}

/** A directory that goes when it is disposed of. */
async function directory(): Promise<AsyncDisposable & { readonly storage: LocalStorage }> {
  const root = await Deno.makeTempDir({ prefix: "sluice-resume-" });
  return {
    storage: new LocalStorage(root),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** What an export says that nothing disturbs. */
async function undisturbed(
  cma: DemoCma,
  options: Partial<ExportOptions> = {},
): Promise<SnapshotContent> {
  await using whole = await directory();
  const report = await run(cma, whole.storage, options);
  return await contentOf(whole.storage, report.snapshot);
}

/** Ways in which an export ends before its end. */
type End =
  | { readonly by: "crash" | "one failure" | "abort"; readonly call: number }
  | { readonly by: "request" | "budget"; readonly at: number };

/** Exports, and ends that; `undefined` if it came to its end before. */
async function endedRun(
  cma: DemoCma,
  storage: Storage,
  end: End,
  options: Partial<ExportOptions>,
): Promise<ExportReport | undefined> {
  const abort = new AbortController();
  const stop = new Error("Stopped by the test");
  const traced = new TracedStorage(storage, {
    crashAt: end.by === "crash" ? end.call : undefined,
    onCall: (count) => {
      if (!("call" in end) || count !== end.call) return;
      if (end.by === "abort") abort.abort(stop);
      if (end.by === "one failure") throw new StorageError("The disk was full for a moment.");
    },
  });
  let requests = 0;
  try {
    return await run(cma, traced, {
      resume: true,
      ...options,
      signal: abort.signal,
      timeBudgetMs: end.by === "budget" ? end.at : undefined,
      onEvent: (event) => {
        options.onEvent?.(event);
        if (end.by === "request" && event.type === "request" && ++requests === end.at) {
          abort.abort(stop);
        }
      },
    });
  } catch (error) {
    const isMeant = error === stop || error instanceof CrashError ||
      error instanceof StorageError || error instanceof UnfinishedError;
    if (!isMeant) throw error;
    return undefined;
  } finally {
    // What was killed leaves it, and here nobody waits for it to expire.
    await storage.delete([LOCK]);
  }
}

Deno.test("exportProject() goes on after a crash between any two calls of the storage", async () => {
  await using cma = startDemoCma({ project: tiny, rateLimit: false });
  const options = { checkpointMs: 0, concurrency: 2 };
  const expected = await undisturbed(cma, options);
  await using first = await directory();
  const traced = new TracedStorage(first.storage);
  await run(cma, traced, { ...options, resume: true });
  assert.ok(traced.calls.length > 40);
  let resumed = 0;
  for (let call = 2; call <= traced.calls.length + 5; call++) {
    await using there = await directory();
    const done = await endedRun(cma, there.storage, { by: "crash", call }, options);
    const report = done ?? await run(cma, there.storage, {
      ...options,
      resume: true,
      onEvent: (event) => event.type === "start" && event.resumed && resumed++,
    });
    const found = await contentOf(there.storage, report.snapshot);
    assert.deepEqual(
      found,
      expected,
      `crash at ${call}: ${JSON.stringify(traced.calls[call - 1])}`,
    );
  }
  assert.ok(resumed > traced.calls.length / 2, `only ${resumed}`);
});

const ends: fc.Arbitrary<End> = fc.oneof(
  fc.record({
    by: fc.constantFrom("crash" as const, "one failure" as const, "abort" as const),
    call: fc.integer({ min: 2, max: 300 }),
  }),
  fc.record({ by: fc.constant("request" as const), at: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ by: fc.constant("budget" as const), at: fc.integer({ min: 1, max: 400 }) }),
);

Deno.test("exportProject() that is ended at any moment, again and again, goes on to the same snapshot", async () => {
  await using cma = startDemoCma({ project, rateLimit: false });
  const shapes: Partial<ExportOptions>[] = [
    { layout: "ndjson", format: "ndjson" },
    { layout: "enterprise", format: "csv" },
    { tables: "only", format: "csv" },
    { tables: false, layout: "enterprise" },
  ];
  const expected = await Promise.all(shapes.map((shape) => undisturbed(cma, shape)));
  let resumed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        shape: fc.nat({ max: shapes.length - 1 }),
        checkpointMs: fc.constantFrom(0, 20, undefined),
        concurrency: fc.constantFrom(1, 3, 8),
        ends: fc.array(ends, { minLength: 1, maxLength: 4 }),
      }),
      async ({ shape, ends, ...speed }) => {
        await using there = await directory();
        const options = {
          ...shapes[shape],
          ...speed,
          resume: true,
          onEvent: (event: { type: string; resumed?: boolean }) =>
            void (event.type === "start" && event.resumed && resumed++),
        };
        let report: ExportReport | undefined;
        for (const end of ends) report ??= await endedRun(cma, there.storage, end, options);
        report ??= await run(cma, there.storage, options);
        assert.deepEqual(await contentOf(there.storage, report.snapshot), expected[shape]);
      },
    ),
    { numRuns: Number(Deno.env.get("SLUICE_TEST_RUNS") ?? 40) },
  );
  assert.ok(resumed > 20, `only ${resumed}`);
});

/** Records the requests of a run, by path without the query. */
function pathsOf(cma: DemoCma): string[] {
  return cma.log.requests.map(({ path }) => path);
}

Deno.test("exportProject() that goes on reads nothing again that it has", async () => {
  let stop: (() => void) | undefined;
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: (_request, { pathname, searchParams }) => {
      // Everything but one listing is done by then.
      if (pathname === "/items" && searchParams.get("version") === "published") stop?.();
      return undefined;
    },
  });
  const settingsOnly = { concurrency: 1, checkpointMs: 0 };
  await using there = await directory();
  const abort = new AbortController();
  let bytes = 0;
  const assetsDone = Promise.withResolvers<void>();
  let left = 12;
  const first = run(cma, there.storage, {
    ...settingsOnly,
    signal: abort.signal,
    onEvent: (event) => {
      if (event.type === "asset" && --left === 0) assetsDone.resolve();
    },
  });
  stop = () => void assetsDone.promise.then(() => abort.abort(new Error("Stopped by the test")));
  await assert.rejects(first, /Stopped by the test/);
  stop = undefined;
  const before = pathsOf(cma);
  cma.log.clear();
  const report = await run(cma, there.storage, {
    ...settingsOnly,
    resume: true,
    onEvent: (event) => event.type === "request" && (bytes += event.bytes),
  });
  const after = pathsOf(cma);
  const settings = (paths: string[]) => paths.filter((path) => /^\/[a-z_-]+$/.test(path));
  const again = settings(after).filter((path) => settings(before).includes(path));
  assert.deepEqual(again.filter((path) => path !== "/site"), []);
  assert.ok(bytes > 0);
  assert.equal(cma.log.count.asset, 0);
  assert.equal(report.manifest.assets?.kept.count, 12);
  assert.ok(after.filter((path) => path.startsWith("/items")).length <= 20, after.join("\n"));
});
