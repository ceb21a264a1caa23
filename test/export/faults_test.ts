import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { concurrently } from "../../src/async/concurrently.ts";
import type { Item, Resource, Upload, Version } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { type FaultKind, type FaultPlan, FAULTS } from "../../src/simulator/faults/fault_plan.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { SluiceError } from "../../src/error.ts";
import type { ExportReport } from "../../src/export/export.ts";
import type { AssetOutcome } from "../../src/assets/asset_download.ts";
import { directoryOf, entriesOf, filesOf, type Workbench, workbench } from "../support/exported.ts";
import { assertSealedAreWhole, assetsOf } from "../support/sealed_snapshots.ts";
import { long } from "../support/long.ts";
import { undisturbed } from "../support/undisturbed.ts";

const VERSIONS: readonly Version[] = ["current", "published"];
// In memory, because what is made up whenever it is read takes most of the test's time.
const project = memoryCopy(generateProject({
  records: long(640, 80),
  models: long(4, 2),
  locales: ["en", "it"],
  blocksPerRecord: 3,
  uploads: 16,
  assetBytes: 400,
}));
const environment = project.primary;
const everything = {
  filters: [],
  orderBy: [{ column: "_created_at", direction: "ASC" }],
  offset: 0,
  limit: 10_000,
} as const;

/** What there is, by listing and id, as text. */
const truth: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ...environment.itemTypes.flatMap(({ id, attributes }) =>
    attributes.modular_block ? [] : VERSIONS.map((version) =>
      [
        `records/${attributes.api_key}/${version}`,
        textsById(
          environment.items.list({ ...everything, typeIds: [id], version, blocksToo: false }).page,
        ),
      ] as const
    )
  ),
  ["uploads", textsById(environment.uploads.list(everything).page)],
]);

/** Faults that another attempt gets over, or that do no harm. */
const API_FAULTS: readonly FaultKind[] = [
  "rate-limit",
  "rate-limit-silent",
  "rate-limit-zero",
  "internal-error",
  "bad-gateway",
  "unavailable",
  "skewed-retry",
  "skewed-clock",
  "html",
  "invalid-json",
  "invalid-utf8",
  "job",
  "job-of-jobs",
  "wrong-bytes",
  "too-long",
  "redirect",
  "redirect-away",
  "redirect-to-file",
  "redirect-loop",
  "silence",
  "close",
  "close-in-body",
  "truncated",
  "stall",
  "drip",
  "length-too-small",
];
const ASSET_FAULTS: readonly FaultKind[] = [
  "rate-limit",
  "rate-limit-silent",
  "rate-limit-zero",
  "internal-error",
  "bad-gateway",
  "unavailable",
  "skewed-retry",
  "skewed-clock",
  "html",
  "wrong-bytes",
  "too-long",
  "redirect",
  "silence",
  "close",
  "close-in-body",
  "truncated",
  "stall",
  "drip",
  "length-too-small",
];
/** Faults of assets that no further attempt has to get over. */
const REFUSALS: readonly FaultKind[] = [
  "forbidden",
  "not-found",
  "range-not-satisfiable",
  "unprocessable",
  "redirect-away",
  "redirect-to-file",
  "redirect-loop",
];
/** What takes time is rarer, or the tests would take long. */
const SLOW: readonly FaultKind[] = ["silence", "stall", "drip", "job", "job-of-jobs"];

const QUICK = API_FAULTS.filter((kind) => !SLOW.includes(kind));

function textsById(resources: Iterable<Resource>): ReadonlyMap<string, string> {
  return new Map(Array.from(resources, (each) => [each.id, JSON.stringify(each)]));
}

/** A server that fails, and exports with little patience. */
async function faultyBench(faults: FaultPlan): Promise<Workbench> {
  // A limit that is never reached: the one that is assumed until the API tells takes seconds.
  const rateLimit = { limit: 100_000, windowMs: 1000 };
  const bench = await workbench({ project, rateLimit, intercept: injectFaults(faults) });
  return {
    ...bench,
    export: async (more) => {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error("The export hangs")), 30_000);
      try {
        return await bench.export({ ...PATIENCE, signal: late.signal, ...more });
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

/** What is listed in pages; every other resource is read the same way. */
const FEW = ["records", "uploads"] as const;
/** Little to do, so that answers come soon. */
const UPLOADS_ONLY = { include: ["uploads"], headersTimeoutMs: 300 } as const;
const PATIENCE = {
  tables: false,
  // More than the faults in a row: a machine that has no time adds its own.
  retry: { maxAttempts: 15, baseDelayMs: 1, maxDelayMs: 20 },
  headersTimeoutMs: 1000,
  stallTimeoutMs: 300,
  jobTimeoutMs: 10_000,
  concurrency: 6,
};

/** Runs several exports at a time; what fails says which one it was. */
async function each<T>(cases: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  await concurrently(
    cases.map((one) => async () => {
      try {
        await run(one);
      } catch (error) {
        throw new Error(`With ${JSON.stringify(one)}: ${error}`, { cause: error });
      }
    }),
    5,
  );
}

/** Which faults a server's requests met. */
function metBy({ cma }: Workbench): Set<string> {
  return new Set(cma.log.requests.flatMap(({ fault }) => fault ?? []));
}

/**
 * Checks that a snapshot holds all uploads, and all records if they were asked for, as they are.
 *
 * @return What became of the assets, which is true.
 */
async function assertComplete(bench: Workbench, report: ExportReport): Promise<AssetOutcome[]> {
  const directory = directoryOf(report);
  const { include = ["records"] } = report.manifest.options as { include?: string[] };
  for (const [path, expected] of truth) {
    if (path.startsWith("records/") && !include.includes("records")) continue;
    const found = await entriesOf<Item | Upload>(`${directory}/${path}`);
    const ids = new Set(found.map(({ id }) => id));
    assert.equal(ids.size, found.length, `${path} holds something twice`);
    assert.equal(found.length, expected.size, path);
    for (const resource of found) {
      const text = expected.get(resource.id);
      if (JSON.stringify(resource) === text) continue;
      assert.deepEqual(resource, text === undefined ? undefined : JSON.parse(text), path);
    }
  }
  const { resources, findings, assets } = report.manifest;
  for (const [name, outcome] of Object.entries(resources)) {
    assert.ok(!("skipped" in outcome), `${name} is left out: ${JSON.stringify(outcome)}`);
  }
  assert.deepEqual(findings, []);
  assert.equal(await assertSealedAreWhole(bench.storage), 1);

  if (assets === undefined) {
    assert.equal(report.status, "complete");
    return [];
  }
  const prefix = new URL(report.snapshot).pathname.slice(bench.root.length + 1);
  const outcomes = await assetsOf(bench.storage, prefix);
  const failed = outcomes.filter(({ outcome }) => outcome === "failed");
  assert.deepEqual(
    outcomes.map(({ upload_id }) => upload_id).sort(),
    [...truth.get("uploads")!.keys()].sort(),
  );
  for (const { upload_id, key, outcome, reason } of outcomes) {
    const { path, md5 } = environment.uploads.get(upload_id)!.attributes;
    if (outcome === "failed") {
      assert.ok(reason, path);
      await assert.rejects(Deno.stat(`${bench.root}/${key}`), Deno.errors.NotFound, path);
    } else {
      assert.equal(outcome, "downloaded");
      const bytes = await Deno.readFile(`${bench.root}/${key}`);
      assert.equal(createHash("md5").update(bytes).digest("hex"), md5, path);
    }
  }
  assert.equal(assets.failed, failed.length);
  assert.equal(report.status, failed.length > 0 ? "partial" : "complete");
  assert.equal(report.manifest.failures.length, failed.length);
  return outcomes;
}

Deno.test("exportProject() loses nothing to any fault of the API", async () => {
  await each(API_FAULTS, async (kind) => {
    const probability = SLOW.includes(kind) ? long(0.06, 0.12) : 0.4;
    await using bench = await faultyBench({
      rules: [{ on: "api", faults: kind, probability, ms: 10 }],
      mostInARow: 2,
    });
    const options = { assets: false, tables: false, include: long(1, 0) === 1 ? undefined : FEW };
    await assertComplete(bench, await bench.export(options));
    assert.deepEqual(metBy(bench), new Set([kind]));
  });
});

Deno.test("exportProject() gets every asset in spite of any fault that passes", async () => {
  await each(ASSET_FAULTS, async (kind) => {
    await using bench = await faultyBench({
      rules: [{ on: "asset", faults: kind, probability: 0.4, ms: 1 }],
      mostInARow: 2,
    });
    const outcomes = await assertComplete(bench, await bench.export(UPLOADS_ONLY));
    assert.ok(outcomes.every(({ outcome }) => outcome === "downloaded"));
    assert.deepEqual(metBy(bench), new Set([kind]));
  });
});

Deno.test("exportProject() never takes an asset for good that can't be had", async () => {
  // What drips or is led to the same bytes elsewhere comes in the end.
  const passing: readonly FaultKind[] = ["skewed-clock", "redirect", "drip"];
  const kinds = [...ASSET_FAULTS, ...REFUSALS].filter((kind) => !passing.includes(kind));
  await each(kinds, async (kind) => {
    await using bench = await faultyBench({
      rules: [{ on: "/:project/:file(\\d+[37]-.*)", faults: kind, ms: 10 }],
    });
    const outcomes = await assertComplete(bench, await bench.export(UPLOADS_ONLY));
    const failed = outcomes.filter(({ outcome }) => outcome === "failed");
    const paths = failed.map(({ upload_id }) =>
      environment.uploads.get(upload_id)!.attributes.path
    );
    assert.deepEqual(
      paths.map((path) => /\d+-/.exec(String(path))?.[0]).sort(),
      ["1600000003-", "1600000007-", "1600000013-"],
    );
  });
});

Deno.test("exportProject() loses nothing to all faults together", async () => {
  const drawn: FaultPlan[] = Array.from({ length: long(30, 5) }, (_, i) => ({
    rules: [
      { on: "api", faults: SLOW, probability: long(0.03, 0.08), ms: 10 },
      { on: "api", faults: QUICK, probability: 0.25, ms: 10 },
      { on: "asset", faults: [...ASSET_FAULTS, ...REFUSALS], probability: 0.35, ms: 1 },
    ],
    seed: i + 1,
    mostInARow: 2,
  }));
  // What is drawn may lack one of them: in one plan each is met once.
  const once = (on: string, kinds: readonly FaultKind[]) =>
    kinds.map((faults, i) => ({ on, faults, nth: [i + 1], ms: 10 }));
  const plans = [{ rules: [...once("api", API_FAULTS), ...once("asset", REFUSALS)] }, ...drawn];
  const met = new Set<string>();
  let refused = 0;
  await each(plans, async (plan) => {
    await using bench = await faultyBench(plan);
    const outcomes = await assertComplete(bench, await bench.export());
    refused += outcomes.filter(({ outcome }) => outcome === "failed").length;
    for (const kind of metBy(bench)) met.add(kind);
  });
  assert.deepEqual([...met].sort(), [...new Set([...API_FAULTS, ...REFUSALS])].sort());
  assert.ok(refused > 0);
});

/** How an export ends when every answer of one listing has a fault. */
const ENDS: Partial<Record<FaultKind, RegExp>> = {
  "endless-job":
    /^The job that DatoCMS started for GET \/uploads didn't end within 0\.5 s: try again later, or see/,
  "rate-limit": /\(last: status 429 RATE_LIMIT_EXCEEDED\): something else uses up the project's/,
  "rate-limit-silent": /in 6 attempts over .* something else uses up the project's requests; try/,
  "rate-limit-zero": /in 6 attempts over .* something else uses up the project's requests; try/,
  "internal-error": /in 6 attempts over .*\(last: status 500 INTERNAL_SERVER_ERROR\): try again/,
  "drip":
    /in 6 attempts over .*\(last: only \d+ bytes came in \d+\.\d s\): try again later, or see/,
};

const REFUSED =
  /answered GET \/uploads with status 4\d\d and something else: check the API's address\.$/;
const GAVE_UP = /^127\.0\.0\.1:\d+ gave no usable answer to GET \/uploads in 6 attempts over \d/;

Deno.test("exportProject() ends with one sentence when a fault doesn't", async () => {
  const harmless: readonly FaultKind[] = ["skewed-clock", "redirect", "job", "job-of-jobs"];
  const kinds = (Object.keys(FAULTS) as FaultKind[])
    .filter((kind) => ["answer", "wire"].includes(FAULTS[kind]) && !harmless.includes(kind));
  const endsWithOne = async (kind: FaultKind) => {
    await using bench = await faultyBench({ rules: [{ on: "/uploads", faults: kind, ms: 10 }] });
    const hasty = {
      ...UPLOADS_ONLY,
      retry: { ...PATIENCE.retry, maxAttempts: 6 },
      stallTimeoutMs: 100,
      headersTimeoutMs: 100,
      jobTimeoutMs: 500,
    };
    const error = await bench.export(hasty).then(() => undefined, (error) => error);
    assert.ok(error instanceof SluiceError, String(error));
    const isRefused = REFUSALS.includes(kind) && !kind.startsWith("redirect");
    assert.match(error.message, ENDS[kind] ?? (isRefused ? REFUSED : GAVE_UP));
    assert.match(error.message, /^[^\n]+: [^\n]+\.$/);
    const files = await filesOf(bench.root);
    assert.ok(!files.some((file) => /canary|manifest\.json|\.tmp/.test(file)), files.join());
  };
  await each(kinds, (kind) => undisturbed(() => endsWithOne(kind))());
});

Deno.test("exportProject() gives up on a wait of a day, but not on a storm of refusals", async () => {
  const storm = Array.from({ length: 25 }, (_, i) => i + 4);
  const script = (faults: FaultKind, nth: number[], ms: number) => ({
    rules: [{ on: "api", faults, nth, ms }],
  });
  await using calm = await faultyBench(script("rate-limit", storm, 15));
  await assertComplete(calm, await calm.export({ assets: false }));
  await using endless = await faultyBench(script("rate-limit", [10], 86_400_000));
  await assert.rejects(
    endless.export(),
    /it asks to wait 86400 s, but Sluice waits for an answer no longer than 300 s in all; try again/,
  );
});
