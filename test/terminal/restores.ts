import assert from "node:assert/strict";
import { EXIT } from "../../src/error.ts";
import { exportProject } from "../../src/export/export.ts";
import type { RestoreResult } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { leastRequests } from "../restore/frame.ts";
import { AMPLE } from "../support/cma.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { runMeasured } from "../support/measured_program.ts";

/** In as many requests the program has found out when the API's windows begin. */
const LEARNING = 300;

/** How the program restored a project. */
interface MeasuredRestore {
  readonly result: RestoreResult;
  readonly peakMiB: number;
  /** The requests that it can't do without. */
  readonly least: number;
  /** From the first request that writes to the last one, in milliseconds. */
  readonly writingMs: number;
  /** The same for requests that make records, once the API's windows are known, and how many there are. */
  readonly items: { readonly ms: number; readonly count: number };
}

/** Exports a project of so many records, and lets the program restore it into an empty one. */
async function restored(
  records: number,
  served: Partial<DemoCmaOptions> = {},
): Promise<MeasuredRestore> {
  const root = await Deno.makeTempDir();
  try {
    const least = await snapshotOf(records, root);
    await using cma = startDemoCma({
      project: emptyProject(),
      rateLimit: AMPLE,
      jobMs: 5,
      ...served,
    });
    const { code, peakMiB, stdout, stderr } = await runMeasured("sluice", [
      ...["restore", "--from", root, "--other-project", "--confirm", "New project/main"],
      ...["--base-url", cma.url, "--json"],
    ], { DATOCMS_API_TOKEN: cma.apiToken });
    // What is made up links to drafts, too, which DatoCMS doesn't publish: that is told as a loss.
    assert.equal(code, EXIT.partial, `${stdout.slice(-3000)}${stderr.slice(-3000)}`);
    const result = JSON.parse(stdout) as RestoreResult;
    const { verification } = result;
    assert.deepEqual([verification?.records, verification?.differences], [records, []]);
    const writes = cma.log.requests.filter(({ method }) => method !== "GET");
    const items = writes.filter(({ method, path }) => method === "POST" && path === "/items");
    return {
      result,
      peakMiB,
      least: least(result),
      writingMs: lasted(writes),
      items: { ms: lasted(items.slice(LEARNING)), count: items.slice(LEARNING).length },
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function lasted(requests: readonly { readonly startedAt: number }[]): number {
  return requests.length === 0 ? 0 : requests.at(-1)!.startedAt - requests[0]!.startedAt;
}

async function snapshotOf(records: number, root: string): Promise<(of: RestoreResult) => number> {
  const generated = generateProject({
    records,
    uploads: Math.ceil(records / 40),
    assetBytes: 1000,
    seed: 1,
  });
  await using cma = startDemoCma({ project: generated, rateLimit: AMPLE });
  using storage = new LocalStorage(root);
  await exportProject({ ...sourceOf(cma), storage, tables: false });
  return await leastRequests(storage);
}

/** Says what was measured, for docs/benchmarks.md. */
function tell(records: number, measured: MeasuredRestore): void {
  const { result, peakMiB, least, writingMs, items } = measured;
  const sent = requestsOf(result);
  const pace = (ms: number, count: number) => (ms / 50 / count).toFixed(3);
  const told = [
    `${records} records`,
    `${sent} requests, ${(sent / least).toFixed(3)} times the ${least.toFixed()} of the formula`,
    `${peakMiB.toFixed()} MiB at most`,
    `writing took ${(writingMs / 1000).toFixed(1)} s, ${pace(writingMs, sent)} times what they ` +
    "take at 20 a second",
    ...items.count === 0 ? [] : [`making records ${pace(items.ms, items.count)} times`],
  ];
  Deno.stderr.writeSync(new TextEncoder().encode(`${told.join("; ")}\n`));
}

function requestsOf({ requests: { reads, writes } }: RestoreResult): number {
  return reads + writes;
}

Deno.test("a restore keeps to its memory however many records there are, and sends hardly a request too many", async () => {
  const peaks: number[] = [];
  for (const records of [long(20_000, 30), long(40_000, 60)]) {
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
  assert.ok(more - less <= long(50, 200), `${more - less} MiB more for twice as many records`);
});

Deno.test({
  name: "a restore at the API's pace takes hardly longer than its requests",
  // It takes its time.
  ignore: long(1, 0) === 0,
  async fn() {
    const measured = await restored(4500, {
      rateLimit: { limit: 60, windowMs: 3000, windows: "aligned" },
      latencyMs: 150,
      jobMs: 50,
    });
    tell(4500, measured);
    const { items: { ms, count }, result, writingMs } = measured;
    assert.equal(count, 4500 - LEARNING);
    assert.ok(ms <= 1.1 * count / 20 * 1000, `${ms} ms`);
    // With models, which are made one after the other.
    assert.ok(writingMs <= 1.1 * requestsOf(result) / 20 * 1000, `${writingMs} ms in all`);
  },
});
