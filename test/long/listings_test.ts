import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import type { Resource, Version } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { draw, pick } from "../../src/simulator/generated/random.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { itemTypeId } from "../../src/simulator/schema_builder.ts";
import { type FaultKind, type FaultPlan, FAULTS } from "../../src/simulator/faults/fault_plan.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { ExportReport } from "../../src/export/export.ts";
import { fakeIo } from "../cli/fake_io.ts";
import { directoryOf, entriesOf, workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { SEED } from "../support/seed.ts";

const VERSIONS: readonly Version[] = ["current", "published"];

const LIES = (Object.keys(FAULTS) as FaultKind[]).filter((kind) => FAULTS[kind] === "listing");

/** All that these lies take is got in other ways, also if every answer lies. */
const MENDED_ALWAYS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "total-too-small",
  "total-zero",
  "total-shrinking",
  "wrong-order",
  "short-page",
  "repeated-page",
  "one-record",
]);
/** If every answer lies like this, nothing proves that all came. */
const NEVER_MENDED: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "total-too-big",
  "total-absent",
  "total-growing",
  "empty-page",
  "duplicates",
  "one-page",
  "published-missing",
  "published-of-others",
]);
/** All that these lies take is got in other ways if one answer lies. */
const MENDED_ONCE: ReadonlySet<FaultKind> = new Set<FaultKind>([
  ...MENDED_ALWAYS,
  "empty-page",
  "page-with-gap",
  "duplicates",
  "one-page",
  "published-of-others",
]);

/** A project, and what there is in it. */
interface World {
  readonly project: MemoryProject;
  /** The ids of what there is, by folder. */
  readonly truth: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Pages of authors hold 500, those of the other models 30. */
function makeWorld(
  { records, models, uploads, authors }: {
    records: number;
    models: number;
    uploads: number;
    authors: number;
  },
): World {
  const project = memoryCopy(generateProject({ records, models, uploads, blocksPerRecord: 1 }));
  const environment = project.primary;
  for (let n = 0; n < authors; n++) {
    const { id } = environment.items.create(itemTypeId("author"), { name: `Author ${n}` });
    if (n % 5 !== 0) environment.items.publish(id);
  }
  const orderBy = [{ column: "_created_at", direction: "ASC" as const }];
  const everything = { filters: [], orderBy, offset: 0, limit: 10_000 };
  const truth = new Map([["uploads", idsOf(environment.uploads.list(everything).page)]]);
  for (const { id, attributes } of environment.itemTypes) {
    if (attributes.modular_block) continue;
    for (const version of VERSIONS) {
      const query = { ...everything, typeIds: [id], version, blocksToo: false };
      const ids = idsOf(environment.items.list(query).page);
      truth.set(`records/${attributes.api_key}/${version}`, ids);
    }
  }
  return { project, truth };
}

function idsOf(resources: Iterable<Resource>): ReadonlySet<string> {
  return new Set(Array.from(resources, ({ id }) => id));
}

const WORLD = makeWorld({
  records: long(1000, 70),
  models: long(4, 2),
  uploads: long(1100, 20),
  authors: long(1100, 470),
});
/** For what takes a request for each record. */
const SMALL_WORLD = makeWorld({ records: 60, models: 4, uploads: 20, authors: 10 });

/** What of the project a snapshot doesn't hold, and whether it holds anything that the project doesn't, or twice. */
async function compared(
  directory: string,
  { truth }: World,
): Promise<{ missing: number; strange: number }> {
  let [missing, strange] = [0, 0];
  for (const [path, expected] of truth) {
    const found = await entriesOf<Resource>(`${directory}/${path}`);
    const ids = new Set(found.map(({ id }) => id));
    missing += expected.difference(ids).size;
    strange += ids.difference(expected).size + found.length - ids.size;
  }
  return { missing, strange };
}

/** How many answers lied. */
let met = 0;

/** Exports from an API that lies; it is asked a bounded number of times. */
async function exported(
  faults: FaultPlan,
  world: World = WORLD,
): Promise<ExportReport | undefined> {
  // A limit that is never reached: the one that is assumed until the API tells takes seconds.
  const rateLimit = { limit: 100_000, windowMs: 1000 };
  await using bench = await workbench({
    project: world.project,
    intercept: injectFaults(faults),
    rateLimit,
  });
  let report: ExportReport | undefined;
  try {
    report = await bench.export({
      assets: false,
      tables: false,
      include: ["records", "uploads"],
      retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 },
    });
  } catch (error) {
    assert.ok(error instanceof SluiceError, String(error));
    return undefined;
  } finally {
    met += bench.cma.log.requests.filter(({ fault }) => fault !== undefined).length;
    assert.ok(bench.cma.log.count.api < 30_000, `${bench.cma.log.count.api} requests`);
  }
  const { missing, strange } = await compared(directoryOf(report), world);
  if (report.status === "complete") {
    assert.deepEqual({ missing, strange }, { missing: 0, strange: 0 });
  } else assert.ok(report.manifest.failures.length > 0);
  return report;
}

for (const kind of LIES) {
  Deno.test(`exportProject() gets all records, or says that it didn't, from an API with this fault: ${kind}`, async (t) => {
    met = 0;
    await t.step("always", async () => {
      const world = kind === "one-record" ? [WORLD, SMALL_WORLD][long(0, 1)] : WORLD;
      const report = await exported({ rules: [{ on: "*", faults: kind }] }, world);
      if (MENDED_ALWAYS.has(kind)) assert.equal(report?.status, "complete");
      if (NEVER_MENDED.has(kind)) assert.notEqual(report?.status, "complete");
    });
    await t.step("once", async () => {
      for (const path of ["/items", "/uploads"].slice(0, long(2, 1))) {
        if (kind.startsWith("published-") && path === "/uploads") continue;
        for (let nth = 1; nth <= long(24, 1); nth += 3) {
          const on = { on: path, faults: kind, nth: [path === "/items" ? nth : 1 + nth % 2] };
          const report = await exported({ rules: [on] });
          if (MENDED_ONCE.has(kind)) assert.equal(report?.status, "complete", JSON.stringify(on));
        }
      }
    });
    assert.ok(met > long(20, 3), `${met} answers lied`);
  });
}

Deno.test(`exportProject() gets all records, or says that it didn't, from an API with several of these faults (SLUICE_TEST_SEED=${SEED})`, async () => {
  const ends: Record<string, number> = {};
  for (let run = 0; run < long(120, 3); run++) {
    const faults = [0, 1, 2].map((n) => pick(LIES, draw(SEED, run, n)));
    const probability = [0.02, 0.1, 0.5][run % 3]!;
    const plan = { rules: [{ on: "*", faults, probability }], seed: SEED + run };
    try {
      const end = (await exported(plan))?.status ?? "failed";
      ends[end] = (ends[end] ?? 0) + 1;
    } catch (error) {
      throw new Error(`With ${JSON.stringify(plan)}: ${error}`, { cause: error });
    }
  }
  assert.ok((ends.complete ?? 0) < long(120, 4), "nothing went wrong");
});

Deno.test("sluice export ends with 3, and says how many are missing, if a listing stays short", async () => {
  const { project, truth } = WORLD;
  await using bench = await workbench({
    project,
    intercept: injectFaults({ rules: [{ on: "/uploads", faults: "total-too-big" }] }),
  });
  const { url, apiToken } = bench.cma;
  const io = fakeIo({
    env: { DATOCMS_BASE_URL: url, DATOCMS_API_TOKEN: apiToken, SLUICE_TO: bench.root },
  });
  const exitCode = await runCli([
    "export",
    "--no-assets",
    "--no-tables",
    "--include",
    "uploads",
    "--json",
  ], io);
  assert.equal(exitCode, EXIT.partial, io.err());
  const { status, failures } = JSON.parse(io.out());
  assert.equal(status, "partial");
  const sent = truth.get("uploads")!.size;
  const message = `The API announced ${sent + 50} uploads, and sent ${sent}.`;
  assert.deepEqual(failures, [{ code: "listing_short", message }]);
  assert.ok(io.err().includes(message), io.err());
});
