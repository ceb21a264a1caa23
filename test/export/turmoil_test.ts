import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { ExportReport } from "../../src/export/export.ts";
import { openFake } from "../s3/open_fake.ts";
import { CLOCKS } from "../support/clocks.ts";
import { Editor } from "../support/editor.ts";
import { type End, endedRun } from "../support/ended_run.ts";
import { workbench } from "../support/exported.ts";
import { readSnapshot } from "../support/exported_snapshot.ts";
import { Oracle, told } from "../support/oracle.ts";
import { contentOf } from "../support/snapshot_content.ts";

const PROJECT = memoryCopy(generateProject({ records: 40, uploads: 12, blocksPerRecord: 2 }));

/** How the runs before the last one end, how the snapshot is written, and where to; by seed. */
const TURMOILS: readonly {
  readonly clock: keyof typeof CLOCKS;
  readonly ends: readonly End[];
  readonly options: Partial<ExportOptions>;
  readonly isS3?: boolean;
}[] = [
  {
    clock: "the same clock",
    ends: [{ by: "crash", call: 70 }, { by: "crash", call: 120 }],
    options: { checkpointMs: 0, concurrency: 3 },
  },
  {
    clock: "a clock that is an hour slow",
    ends: [{ by: "request", at: 40 }, { by: "one failure", call: 60 }, { by: "budget", at: 300 }],
    options: { checkpointMs: 0, concurrency: 6, layout: "enterprise" },
  },
  {
    clock: "a clock that is an hour fast",
    ends: [{ by: "crash", call: 90 }, { by: "abort", call: 60 }, { by: "crash", call: 90 }],
    options: { checkpointMs: 20, concurrency: 2 },
    isS3: true,
  },
  {
    clock: "a clock that stands still",
    ends: [{ by: "one failure", call: 100 }, { by: "request", at: 60 }],
    options: { checkpointMs: 0, concurrency: 8, layout: "enterprise" },
  },
];

for (const [seed, { clock, ends, options, isS3 = false }] of TURMOILS.entries()) {
  Deno.test(`exportProject() keeps its word while editors work, the API fails and runs end, seed ${seed}, ${clock}`, async () => {
    const project = memoryCopy(PROJECT, { clock: CLOCKS[clock] });
    const oracle = new Oracle(project);
    const editor = new Editor(project, { seed, purge: 5 });
    await using bench = await workbench({
      project,
      onRequest: editor.hook(3),
      intercept: injectFaults({
        rules: [{
          on: "api",
          faults: ["internal-error", "rate-limit-zero", "html", "truncated", "close", "redirect"],
          probability: 0.15,
        }],
        seed,
        mostInARow: 2,
      }),
    });
    await using fake = isS3 ? await openFake() : undefined;
    const storage = fake?.storage ?? bench.storage;
    editor.edit(30);
    let from = 0;
    let resumed = 0;
    const all: Partial<ExportOptions> = {
      ...options,
      assets: false,
      resume: true,
      onEvent: (event) => {
        if (event.type !== "start") return;
        if (event.resumed) resumed++;
        else from = oracle.now;
      },
    };
    let report: ExportReport | undefined;
    for (const end of ends) {
      report ??= await endedRun(bench.cma, storage, end, all);
      if (!report) editor.edit(15);
    }
    report ??= await bench.export({ ...all, storage });
    // Its counts and checksums are those of its files.
    await contentOf(storage, report.snapshot);
    const span = { from, to: oracle.now };
    const snapshot = await readSnapshot(storage, report.snapshot);
    const violations = oracle.checkSnapshot(snapshot, span);
    assert.equal(violations.length, 0, told(violations));
    assert.ok(resumed > 0);
    assert.ok(bench.cma.log.requests.some(({ fault }) => fault !== undefined));
    const { came, went } = oracle.moves("current", span);
    assert.ok(came > 2 && went > 2, `${came} came, ${went} went`);
  });
}
