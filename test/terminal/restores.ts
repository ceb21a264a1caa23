import assert from "node:assert/strict";
import { exportProject } from "../../src/export/export.ts";
import type { RestoreResult } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { leastRequests } from "../restore/frame.ts";
import { AMPLE } from "../support/cma.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { runMeasured } from "../support/measured_program.ts";
import { legal } from "../support/worked_project.ts";

/** How the program restored a project. */
interface MeasuredRestore {
  readonly result: RestoreResult;
  readonly peakMiB: number;
  /** The requests that it can't do without. */
  readonly least: number;
  /** From the first request that writes to the last one, in milliseconds. */
  readonly writingMs: number;
}

/** Exports a project of so many records, and lets the program restore it into an empty one. */
async function restored(
  records: number,
  served: Partial<DemoCmaOptions> = {},
): Promise<MeasuredRestore> {
  const root = await Deno.makeTempDir();
  try {
    const least = await snapshotOf(records, root);
    let writes: { first: number; last: number } | undefined;
    await using cma = startDemoCma({
      project: emptyProject(),
      rateLimit: AMPLE,
      jobMs: 5,
      onRequest: ({ method }) => {
        const last = performance.now();
        if (method !== "GET") writes = { first: writes?.first ?? last, last };
        return undefined;
      },
      ...served,
    });
    const { code, peakMiB, stdout, stderr } = await runMeasured("sluice", [
      ...["restore", "--from", root, "--other-project", "--confirm", "New project/main"],
      ...["--base-url", cma.url, "--json"],
    ], { DATOCMS_API_TOKEN: cma.apiToken });
    assert.equal(code, 0, `${stdout.slice(-3000)}${stderr.slice(-3000)}`);
    const result = JSON.parse(stdout) as RestoreResult;
    assert.equal(result.verification?.records, records);
    return { result, peakMiB, least: least(result), writingMs: writes!.last - writes!.first };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function snapshotOf(records: number, root: string): Promise<(of: RestoreResult) => number> {
  const generated = generateProject({
    records,
    uploads: Math.ceil(records / 40),
    assetBytes: 1000,
    seed: 1,
  });
  await using cma = startDemoCma({ project: legal(memoryCopy(generated)), rateLimit: AMPLE });
  using storage = new LocalStorage(root);
  await exportProject({ ...sourceOf(cma), storage, tables: false });
  return await leastRequests(storage);
}

/** Says what was measured, for docs/benchmarks.md. */
function tell(records: number, { result, peakMiB, least, writingMs }: MeasuredRestore): void {
  const sent = requestsOf(result);
  const told = [
    `${records} records`,
    `${sent} requests, ${(sent / least).toFixed(3)} times the ${least.toFixed()} of the formula`,
    `${peakMiB.toFixed()} MiB at most`,
    `writing took ${(writingMs / 1000).toFixed(1)} s, ${
      (writingMs / 50 / sent).toFixed(3)
    } times ` +
    "what they take at 20 a second",
  ];
  Deno.stderr.writeSync(new TextEncoder().encode(`${told.join("; ")}\n`));
}

function requestsOf({ requests: { reads, writes } }: RestoreResult): number {
  return reads + writes;
}

Deno.test("a restore keeps to its memory however many records there are, and sends hardly a request too many", async () => {
  const peaks: number[] = [];
  for (const records of [long(20_000, 100), long(40_000, 200)]) {
    const measured = await restored(records);
    tell(records, measured);
    const { result, least, peakMiB } = measured;
    // Jobs are asked for once; a small project's settings and menus count for more.
    const sent = requestsOf(result);
    assert.ok(sent <= 1.03 * least + long(0, 200), `${sent} for ${least}`);
    assert.ok(peakMiB <= 350, `${peakMiB} MiB`);
    peaks.push(peakMiB);
  }
  const [less, more] = peaks as [number, number];
  assert.ok(more - less <= 50, `${more - less} MiB more for twice as many records`);
});

Deno.test({
  name: "a restore at the API's pace takes hardly longer than its requests",
  // It takes its time.
  ignore: long(1, 0) === 0,
  async fn() {
    const measured = await restored(1500, {
      rateLimit: { limit: 60, windowMs: 3000 },
      latencyMs: 150,
      jobMs: 50,
    });
    tell(1500, measured);
    const { result, writingMs } = measured;
    assert.ok(writingMs <= 1.1 * requestsOf(result) / 20 * 1000, `${writingMs} ms`);
  },
});
