import assert from "node:assert/strict";
import { once as eventOf } from "node:events";
import fc from "fast-check";
import { concurrently } from "../../src/async/concurrently.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import type { ExportReport } from "../../src/export/export.ts";
import type { ExportEvent } from "../../src/export/events.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import { type Storage, StorageError } from "../../src/storage/storage.ts";
import { findSnapshots } from "../../src/snapshot/find_snapshots.ts";
import { openFake } from "../s3/open_fake.ts";
import { apiError } from "../support/cma.ts";
import { type EditMix, Editor } from "../support/editor.ts";
import { type End, endedRun, run } from "../support/ended_run.ts";
import { contentOf, type SnapshotContent } from "../support/snapshot_content.ts";
import { TracedStorage } from "../support/traced_storage.ts";
import { withStaging } from "../support/with_staging.ts";
import { long } from "../support/long.ts";
import { until } from "../support/until.ts";
import { PlainDirectory } from "../support/plain_directory.ts";
import { temporaryPath } from "../support/temporary.ts";
import { chance } from "../support/seed.ts";

const PLACE = "content/project_900001";
const LOCK = `${PLACE}/lock.json`;
const NEVER = new AbortController().signal;
/** What is exported: several pages of each listing, and as few of everything as that takes. */
const project = memoryCopy(
  generateProject({
    records: long(130, 70),
    models: 2,
    uploads: 6,
    blocksPerRecord: 2,
    assetBytes: 300,
  }),
);
/** Where it is enough that each listing has some entries. */
const small = memoryCopy(
  generateProject({ records: 12, models: 2, uploads: 6, blocksPerRecord: 2, assetBytes: 300 }),
);
const tiny = memoryCopy(
  generateProject({ records: 4, models: 2, uploads: 2, blocksPerRecord: 2, assetBytes: 30 }),
);
for (const { current: { id } } of tiny.primary.items.records().slice(1)) {
  tiny.primary.items.schedule(id, { publishAt: "2030-01-01T00:00:00Z" });
}

const COMPRESSIONS = ["none", "gzip", "zstd"] as const;
const NO_EDITS: EditMix = {
  update: 0,
  redate: 0,
  create: 0,
  delete: 0,
  swap: 0,
  publish: 0,
  unpublish: 0,
  burst: 0,
  border: 0,
  purge: 0,
  upload: 0,
  describe: 0,
  replace: 0,
  discard: 0,
  exchange: 0,
};

/** Each file that is written takes its time. */
const FEW: Partial<ExportOptions> = { include: ["records", "uploads"] };

/** A directory that goes when it is disposed of. */
async function directory(): Promise<AsyncDisposable & { readonly storage: PlainDirectory }> {
  const root = await temporaryPath("sluice-resume-");
  return {
    storage: new PlainDirectory(root),
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

Deno.test("exportProject() resumes after a crash between any two calls of the storage", async () => {
  await using cma = startDemoCma({ project: tiny, rateLimit: false });
  const options: Partial<ExportOptions> = {
    checkpointMs: 0,
    concurrency: 2,
    include: ["records", "uploads", "workflows", "roles", "schedules"],
  };
  const expected = await undisturbed(cma, options);
  await using whole = await directory();
  const traced = new TracedStorage(whole.storage);
  await run(cma, traced, { ...options, resume: true });
  assert.ok(traced.calls.length > 25);
  let resumed = 0;
  // Others may write some checkpoints more.
  const most = Math.ceil(traced.calls.length * 1.2);
  const all = Array.from({ length: most }, (_, call) => call + 2);
  // Every eleventh one, with each compression in turn, and the others another time.
  const first = Math.floor(11 * chance(0));
  const calls = all.filter((call) => call % 11 === first || long(1, 0) === 1);
  await concurrently(
    calls.map((call) => async () => {
      await using there = await directory();
      const how = { ...options, compress: COMPRESSIONS[call % COMPRESSIONS.length] };
      const done = await endedRun(cma, there.storage, { by: "crash", call }, how);
      // A sealed folder holds nothing else: for a moment, neither the checkpoint nor the seal is there.
      const left = (await Array.fromAsync(there.storage.list(PLACE))).flat().map(({ key }) => key);
      const isThere = (end: string) => left.some((key) => key.endsWith(end));
      const isUnsealed = isThere("/manifest.json") && !isThere("/canary.txt") &&
        !isThere("/resume/checkpoint.json");
      const report = done ?? await run(cma, there.storage, {
        ...how,
        resume: true,
        onEvent: (event) => event.type === "start" && event.resumed && resumed++,
      });
      const found = await contentOf(there.storage, report.snapshot);
      if (isUnsealed) {
        // All of it was written: it is complete now, besides a new one.
        const manifest = left.find((key) => key.endsWith("/manifest.json")) ?? assert.fail();
        const before = manifest.replace(/\/manifest\.json$/, "");
        assert.notEqual(report.snapshot, `${there.storage.url}/${before}`);
        assert.deepEqual(
          await contentOf(there.storage, `${there.storage.url}/${before}`),
          expected,
        );
      }
      assert.deepEqual(
        found,
        expected,
        `crash at ${call}: ${JSON.stringify(traced.calls[call - 1])}`,
      );
    }),
    4,
  );
  assert.ok(resumed > calls.length * 0.4, `only ${resumed}`);
});

const ends: fc.Arbitrary<End> = fc.oneof(
  fc.record({
    by: fc.constantFrom("crash" as const, "one failure" as const, "abort" as const),
    call: fc.integer({ min: 2, max: 160 }),
  }),
  fc.record({ by: fc.constant("request" as const), at: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ by: fc.constant("budget" as const), at: fc.integer({ min: 1, max: 400 }) }),
);

Deno.test("exportProject() that is ended at any moment, again and again, resumes to the same snapshot", async () => {
  await using cma = startDemoCma({ project, rateLimit: false });
  const shapes: Partial<ExportOptions>[] = [
    { layout: "ndjson", format: "ndjson" },
    { layout: "enterprise", format: "csv" },
    { tables: "only", format: "csv" },
    { tables: false, layout: "enterprise" },
  ];
  const expected = await Promise.all(shapes.map(async (shape) => {
    await using whole = await directory();
    const report = await run(cma, whole.storage, shape);
    const content = await contentOf(whole.storage, report.snapshot);
    return { content, borders: bordersIn(report) };
  }));
  const requests = cma.log.requests.length / shapes.length;
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
        const { content, borders } = expected[shape]!;
        assert.deepEqual(await contentOf(there.storage, report.snapshot), content);
        assert.deepEqual(bordersIn(report), borders);
      },
    ),
    {
      numRuns: Number(Deno.env.get("SLUICE_TEST_RUNS") ?? long(8, 3)),
      // One that is sure to resume: with a checkpoint at each step, and half of it read.
      examples: [[{
        shape: 0,
        checkpointMs: 0,
        concurrency: 1,
        ends: [{ by: "request", at: requests >> 1 }],
      }]],
    },
  );
  assert.ok(resumed > 0);
});

/** The files whose borders depend on nothing but what is in them. */
function bordersIn({ manifest }: ExportReport): unknown[] {
  const isAlone = /^(records|uploads|tables)\//;
  return manifest.objects.filter(({ path }) => isAlone.test(path));
}

/** The requests of a run. */
function pathsOf(cma: DemoCma): string[] {
  return cma.log.requests.map(({ path }) => path);
}

Deno.test("exportProject() that resumes reads nothing again that it has", async () => {
  const stopped = new Error("Stopped by the test");
  const abort = new AbortController();
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: async (_request, { pathname, searchParams: query }) => {
      // Updated records of the one model that has blocks wait until everything else is done.
      const isHeld = pathname === "/items" && query.has("nested") &&
        query.get("version") === "published";
      if (isHeld && !abort.signal.aborted) await eventOf(abort.signal, "abort");
      return undefined;
    },
  });
  const settingsOnly = { concurrency: 2, checkpointMs: 0 };
  await using there = await directory();
  let bytes = 0;
  let listings = 0;
  let assets = 6;
  const first = run(cma, there.storage, {
    ...settingsOnly,
    labels: { reason: "upgrade", by: "a" },
    signal: abort.signal,
    onEvent: (event) => {
      if (event.type === "start") listings += event.listings;
      if (event.type === "done" || event.type === "skipped") listings--;
      if (event.type === "asset") assets--;
    },
  });
  // Both versions of the model; the schedules are read once all records are.
  await until(() => listings === 3 && assets === 0, "all but the listings that are held");
  abort.abort(stopped);
  await assert.rejects(first, stopped);
  listings = 0;
  const before = pathsOf(cma);
  cma.log.clear();
  const report = await run(cma, there.storage, {
    ...settingsOnly,
    labels: { by: "b" },
    resume: true,
    onEvent: (event) => {
      if (event.type === "request") bytes += event.bytes;
      if (event.type === "start") listings += event.listings;
      if (event.type === "done" || event.type === "skipped") listings--;
    },
  });
  assert.equal(listings, 0, "each listing is told to be done");
  const after = pathsOf(cma);
  // Those say whether there is more since then.
  const isAsked = (path: string) => /^\/(site|items|uploads)\?/.test(path);
  const again = after.filter((path) => !isAsked(path) && before.includes(path));
  assert.deepEqual(again, []);
  assert.ok(bytes > 0);
  assert.equal(cma.log.count.asset, 0);
  assert.deepEqual(report.manifest.labels, { reason: "upgrade", by: "b" });
  assert.equal(report.manifest.assets?.downloaded.count, 6);
  assert.ok(after.filter((path) => path.startsWith("/items")).length <= 20, after.join("\n"));
});

Deno.test("exportProject() that is stopped once all records are written, but for the end of their files, reads none again", async () => {
  await using cma = startDemoCma({ project: small, rateLimit: false });
  await using there = await directory();
  const stop = new AbortController();
  let records = 0;
  const unfinished = run(cma, there.storage, {
    include: ["records"],
    stop: stop.signal,
    onEvent: (event) => {
      if (event.type !== "page" || event.version !== "current") return;
      records += event.count;
      if (records === 12) stop.abort(new UnfinishedError());
    },
  });
  await assert.rejects(unfinished, UnfinishedError);
  cma.log.clear();
  const report = await run(cma, there.storage, { include: ["records"], resume: true });
  const paths = pathsOf(cma);
  assert.deepEqual(paths.filter((path) => path.includes("ids")), []);
  assert.equal(paths.filter((path) => /order_by|nested/.test(path)).length, 2);
  await using other = await directory();
  const expected = await run(cma, other.storage, { include: ["records"] });
  assert.deepEqual(
    await contentOf(there.storage, report.snapshot),
    await contentOf(other.storage, expected.snapshot),
  );
});

/** An export that was stopped after so many requests, and may go on. */
async function begun(
  cma: DemoCma,
  storage: Storage,
  at: number,
  options: Partial<ExportOptions> = {},
): Promise<string> {
  let snapshot = "";
  const onEvent = (event: ExportEvent) => {
    if (event.type === "start") snapshot = event.snapshot;
  };
  const end = { by: "request", at } as const;
  const report = await endedRun(cma, storage, end, { checkpointMs: 0, ...options, onEvent });
  assert.equal(report, undefined);
  return snapshot;
}

/** Exports with `resume`, and says whether it went on, and what it warned about. */
async function goneOn(cma: DemoCma, storage: Storage, options: Partial<ExportOptions> = {}) {
  const warnings: string[] = [];
  let resumed = false;
  const report = await run(cma, storage, {
    checkpointMs: 0,
    ...options,
    resume: true,
    onEvent: (event) => {
      if (event.type === "start") resumed = event.resumed;
      if (event.type === "warning") warnings.push(event.message);
    },
  });
  return { report, resumed, warnings, content: await contentOf(storage, report.snapshot) };
}

Deno.test("exportProject() begins a new snapshot if options or the schema aren't the same", async () => {
  await using cma = startDemoCma({ project: small, rateLimit: false });
  const cases: [Partial<ExportOptions>, Partial<ExportOptions>, string][] = [
    [FEW, { ...FEW, tables: false }, "options"],
    [{ ...FEW, layout: "enterprise" }, FEW, "options"],
    [{ include: ["records"] }, { include: ["uploads"] }, "options"],
    [{ ...FEW, locales: ["it"] }, { ...FEW, locales: ["en"] }, "options"],
  ];
  for (const [before, after, what] of cases) {
    await using there = await directory();
    const snapshot = await begun(cma, there.storage, 3, before);
    const { report, resumed, warnings, content } = await goneOn(cma, there.storage, after);
    assert.ok(!resumed);
    assert.notEqual(report.snapshot, snapshot);
    const path = snapshot.slice(there.storage.url.length + 1);
    const message = `A new snapshot is begun, because ${path} was begun with another ${what}.`;
    assert.deepEqual(warnings, [message]);
    const { counts, ...rest } = content;
    const { counts: usual, ...expected } = await undisturbed(cma, after);
    assert.deepEqual(rest, expected);
    assert.deepEqual(counts, { ...usual, warnings: [`not_resumed: ${message}`] });
  }
  await using there = await directory();
  await begun(cma, there.storage, 10);
  const other = memoryCopy(
    generateProject({
      records: 12,
      models: 2,
      uploads: 6,
      blocksPerRecord: 2,
      assetBytes: 300,
      locales: ["en", "de"],
    }),
  );
  await using cma2 = startDemoCma({ project: other, rateLimit: false });
  const { resumed, warnings } = await goneOn(cma2, there.storage);
  assert.ok(!resumed);
  assert.match(
    warnings[0]!,
    /^A new snapshot is begun, because .* was begun with another schema\.$/,
  );
});

Deno.test("exportProject() begins a new snapshot if another environment has become the primary one", async () => {
  const project = withStaging(
    generateProject({ records: 12, models: 2, uploads: 6, blocksPerRecord: 2 }),
  );
  await using cma = startDemoCma({
    project,
    rateLimit: false,
  });
  await using there = await directory();
  const snapshot = await begun(cma, there.storage, 10, FEW);
  project.primaryEnvironment = "staging";
  const { report, resumed, warnings } = await goneOn(cma, there.storage, FEW);
  assert.ok(!resumed);
  assert.notEqual(report.snapshot, snapshot);
  assert.match(warnings[0]!, / was begun with another environment\.$/);
  assert.deepEqual(report.manifest.environment, { id: "staging", primary: true });
});

/** What becomes of a snapshot that isn't complete. */
const DAMAGES: Record<string, {
  readonly do: (snapshot: string) => Promise<void>;
  readonly reason?: RegExp;
}> = {
  "a truncated checkpoint": {
    do: async (snapshot) => await Deno.truncate(`${snapshot}/resume/checkpoint.json`, 500),
    reason: /has no checkpoint that can be read\.$/,
  },
  "a checkpoint of another form": {
    do: async (snapshot) =>
      await Deno.writeTextFile(`${snapshot}/resume/checkpoint.json`, '{"formatVersion":2}'),
    reason: /has no checkpoint that can be read\.$/,
  },
  "no checkpoint": {
    do: async (snapshot) => await Deno.remove(`${snapshot}/resume/checkpoint.json`),
    reason: /has no checkpoint that can be read\.$/,
  },
  "no model": {
    do: async (snapshot) => await Deno.remove(`${snapshot}/models/article.json`),
    reason: /models\/article\.json is missing\.$/,
  },
  "no batch": {
    do: async (snapshot) =>
      await Deno.remove(`${snapshot}/records/article/current/batch_000.ndjson`),
    reason: /batch_000\.ndjson is missing\.$/,
  },
  "a truncated batch": {
    do: async (snapshot) =>
      await Deno.truncate(`${snapshot}/records/article/current/batch_000.ndjson`, 2000),
    reason: /batch_000\.ndjson isn't what was written there\.$/,
  },
  "a truncated batch, long ago": {
    do: async (snapshot) => {
      const path = `${snapshot}/records/article/current/batch_000.ndjson`;
      const { mtime } = await Deno.stat(path);
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.slice(0, text.indexOf("\n") + 1));
      await Deno.utime(path, mtime!, mtime!);
    },
    reason: /batch_000\.ndjson isn't what was written there\.$/,
  },
  "a batch that lacks a record": {
    do: async (snapshot) => {
      const path = `${snapshot}/records/article/current/batch_000.ndjson`;
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.slice(text.indexOf("\n") + 1));
    },
    reason: /batch_000\.ndjson isn't what was written there\.$/,
  },
  "another model": {
    do: async (snapshot) => await Deno.writeTextFile(`${snapshot}/models/article.json`, "{}\n"),
    reason: /models\/article\.json isn't what was written there\.$/,
  },
  "no list of assets": {
    do: async (snapshot) => await Deno.remove(`${snapshot}/resume/assets_000.ndjson`),
  },
  "a truncated list of assets": {
    do: async (snapshot) => await Deno.truncate(`${snapshot}/resume/assets_000.ndjson`, 20),
  },
  "files that nobody knows": {
    do: async (snapshot) => {
      await Deno.writeTextFile(`${snapshot}/records/article/current/batch_999.ndjson`, "{}\n");
      await Deno.writeTextFile(`${snapshot}/tables/notes.txt`, "?");
    },
  },
};

Deno.test("exportProject() begins a new snapshot, or repairs it, if what is there was damaged", async () => {
  await using cma = startDemoCma({ project: small, rateLimit: false });
  const options = { concurrency: 2, ...FEW };
  const expected = await undisturbed(cma, options);
  // Each in its turn: what they ask the server for is counted.
  for (const [name, { do: damage, reason }] of Object.entries(DAMAGES)) {
    await using there = await directory();
    await unsealed(cma, there.storage, options);
    const { snapshots: [prefix] } = await findSnapshots(there.storage, PLACE, NEVER);
    const address = `${there.storage.url}/${prefix}`;
    await damage(new URL(address).pathname);
    cma.log.clear();
    const { report, resumed, warnings, content } = await goneOn(cma, there.storage, options);
    assert.equal(resumed, reason === undefined, name);
    assert.equal(report.snapshot === address, resumed, name);
    if (reason) {
      assert.equal(warnings.length, 1, name);
      assert.match(warnings[0]!, /^A new snapshot is begun, because content\/.*\.$/, name);
      assert.match(warnings[0]!, reason, name);
    }
    // Whatever is damaged: asset files are there, and verified.
    assert.equal(cma.log.count.asset, 0, name);
    const counts = { ...content.counts, warnings: [] };
    assert.deepEqual({ ...content, counts }, expected, name);
  }
});

/** An export that has done everything but to seal its snapshot. */
async function unsealed(
  cma: DemoCma,
  storage: Storage,
  options: Partial<ExportOptions>,
): Promise<void> {
  const failure = new StorageError("The disk is full.");
  const traced: TracedStorage = new TracedStorage(storage, {
    onCall: () => {
      if (traced.calls.at(-1)!.key.endsWith("/manifest.json")) throw failure;
    },
  });
  await assert.rejects(run(cma, traced, { checkpointMs: 0, ...options }), failure);
}

Deno.test("exportProject() completes a snapshot of which only the canary is missing, if it is whole", async () => {
  await using cma = startDemoCma({ project: tiny, rateLimit: false });
  const expected = await undisturbed(cma);
  for (const damage of [undefined, "models/article.json", "late.json"]) {
    await using there = await directory();
    const failure = new StorageError("The disk is gone.");
    const traced: TracedStorage = new TracedStorage(there.storage, {
      onCall: () => {
        const { method, key } = traced.calls.at(-1)!;
        if (method === "put" && key.endsWith("/canary.txt")) throw failure;
      },
    });
    let address = "";
    const onEvent = (event: ExportEvent) => {
      if (event.type === "start") address = event.snapshot;
    };
    await assert.rejects(run(cma, traced, { onEvent }), failure);
    const prefix = address.slice(there.storage.url.length + 1);
    assert.equal(await there.storage.stat(`${prefix}/resume/checkpoint.json`), undefined);
    if (damage !== undefined) {
      await there.storage.put(`${prefix}/${damage}`, new TextEncoder().encode("{}\n"));
    }
    const { report, warnings } = await goneOn(cma, there.storage);
    assert.notEqual(report.snapshot, address);
    if (damage === undefined) {
      assert.deepEqual(warnings, []);
      assert.deepEqual(await contentOf(there.storage, address), expected);
    } else {
      assert.match(warnings[0]!, /has no checkpoint that can be read\.$/);
      assert.equal(await there.storage.stat(`${prefix}/canary.txt`), undefined);
    }
  }
});

Deno.test("exportProject() that resumes leaves nothing of how it did", async () => {
  await using cma = startDemoCma({ project: tiny, rateLimit: false });
  await using there = await directory();
  const failure = new StorageError("The disk is gone.");
  const traced: TracedStorage = new TracedStorage(there.storage, {
    onCall: () => {
      const { method, key } = traced.calls.at(-1)!;
      if (method === "delete" && key.includes("/resume/")) throw failure;
    },
  });
  const warnings: string[] = [];
  const first = await run(cma, traced, {
    checkpointMs: 3_600_000,
    onEvent: (event) => event.type === "warning" && warnings.push(event.code),
  });
  assert.equal(first.status, "complete");
  assert.deepEqual(warnings, ["leftovers"]);
  assert.deepEqual(first.manifest.leftovers, ["resume/checkpoint.json"]);
  assert.deepEqual(first.manifest.warnings.map(({ code }) => code), ["leftovers"]);
  const second = await goneOn(cma, there.storage);
  // The one before is complete: there is nothing to go on with, and nobody is told that there isn't.
  assert.notEqual(second.report.snapshot, first.snapshot);
  assert.deepEqual(second.warnings, []);
  await contentOf(there.storage, first.snapshot);
});

Deno.test("exportProject() that resumes loses nothing, and repeats nothing, when records came and went meanwhile", async () => {
  for (let seed = 1; seed <= long(4, 2); seed++) {
    const moving = memoryCopy(project);
    await using cma = startDemoCma({ project: moving, rateLimit: false });
    await using there = await directory();
    const editor = new Editor(moving, {
      seed,
      mix: { ...NO_EDITS, update: 1, create: 4, delete: 6, swap: 3, upload: 2, discard: 1 },
    });
    let runs = 0;
    const stable = new Set(moving.primary.items.records().map(({ current }) => current.id));
    let report: ExportReport | undefined;
    for (const at of [12, 7, 9, 8, 7]) {
      const end = { by: "request", at: at + seed % 3 } as const;
      report ??= await endedRun(cma, there.storage, end, { checkpointMs: 0, concurrency: 2 });
      runs++;
      editor.edit(12);
    }
    const { resumed, content } = await goneOn(cma, there.storage, { concurrency: 2 });
    assert.ok(resumed && runs === 5);
    const now = new Set(moving.primary.items.records().map(({ current }) => current.id));
    const ids = Object.entries(content.listings)
      .filter(([folder]) => folder.startsWith("records/") && folder.endsWith("/current"))
      .flatMap(([, items]) => (items as { id: string }[]).map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length, `seed ${seed}: something is there twice`);
    const missing = [...stable].filter((id) => now.has(id) && !ids.includes(id));
    assert.deepEqual(missing, [], `seed ${seed}`);
  }
});

Deno.test("exportProject() to S3 resumes after a crash", async () => {
  await using cma = startDemoCma({ project: small, rateLimit: false });
  const options = { checkpointMs: 0, concurrency: 2, ...FEW };
  const expected = await undisturbed(cma, options);
  for (const call of long(1, 0) === 1 ? [15, 25, 35, 45] : [20, 40]) {
    await using opened = await openFake();
    assert.equal(await endedRun(cma, opened.storage, { by: "crash", call }, options), undefined);
    const { resumed, content } = await goneOn(cma, opened.storage, options);
    assert.ok(resumed);
    assert.deepEqual(content, expected);
    assert.deepEqual(await opened.leftovers(), []);
  }
});

Deno.test("exportProject() continues where the API refuses to order records, and warns of that once", async () => {
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: (_request, { pathname, searchParams }) =>
      // Without that refusal, all rows come in one answer that needs no order.
      pathname === "/items" &&
        (searchParams.has("order_by") || searchParams.get("filter[type]")?.includes(","))
        ? apiError(422, "INVALID_PARAMS")
        : undefined,
  });
  const options = { checkpointMs: 0, concurrency: 2, ...FEW };
  const expected = await undisturbed(cma, options);
  assert.ok((expected.counts.warnings as string[]).length > 0);
  await using there = await directory();
  for (const at of [13, 7]) {
    const end = { by: "request", at } as const;
    assert.equal(await endedRun(cma, there.storage, end, options), undefined);
  }
  const { resumed, content } = await goneOn(cma, there.storage, options);
  assert.ok(resumed);
  // Each listing says so itself; those that come upon it again don't.
  const told = (of: SnapshotContent) => of.counts.warnings as string[];
  assert.deepEqual(new Set(told(content)), new Set(told(expected)));
  assert.ok(told(content).length <= told(expected).length);
  const withoutWarnings = (of: SnapshotContent) => ({
    ...of,
    counts: { ...of.counts, warnings: [] },
  });
  assert.deepEqual(withoutWarnings(content), withoutWarnings(expected));
});

Deno.test("exportProject() seals nothing once another one has its lock", async () => {
  await using cma = startDemoCma({ project: tiny, rateLimit: false });
  await using there = await directory();
  const other = {
    owner: crypto.randomUUID(),
    host: "elsewhere",
    pid: 4711,
    startedAt: new Date().toISOString(),
    renewedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 120_000).toISOString(),
  };
  let snapshot = "";
  // As after a sleep of this machine: nothing has told it yet.
  const asleep: TracedStorage = new TracedStorage(there.storage, {
    onCall: () => {
      const { method, key } = asleep.calls.at(-1)!;
      if (method !== "put" || !key.endsWith("/tables/schema.json")) return;
      Deno.writeTextFileSync(`${there.storage.root}/${LOCK}`, JSON.stringify(other));
    },
  });
  const onEvent = (event: ExportEvent) => {
    if (event.type === "start") snapshot = event.snapshot.slice(there.storage.url.length + 1);
  };
  await assert.rejects(
    run(cma, asleep, { onEvent }),
    /^TakenOverError: The export was stopped because another one on elsewhere, process 4711,/,
  );
  assert.equal(await there.storage.stat(`${snapshot}/manifest.json`), undefined);
  assert.equal(await there.storage.stat(`${snapshot}/canary.txt`), undefined);
});

Deno.test("exportProject() continues although a clock that ran ahead named a complete snapshot", async () => {
  await using cma = startDemoCma({ project: tiny, rateLimit: false });
  await using there = await directory();
  const ahead = `${PLACE}/snapshot_${Math.floor(Date.now() / 1000) + 86_400}`;
  await there.storage.put(`${ahead}/canary.txt`, new TextEncoder().encode("sealed"));
  const snapshot = await begun(cma, there.storage, 6, FEW);
  const { resumed, report } = await goneOn(cma, there.storage, FEW);
  assert.ok(resumed);
  assert.equal(report.snapshot, snapshot);
});
