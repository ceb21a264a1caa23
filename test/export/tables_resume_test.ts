import assert from "node:assert/strict";
import type { ExportReport } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { workbench } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { contentOf } from "../support/snapshot_content.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";

const LOCK = "content/project_900001/lock.json";
const OPTIONS: Partial<ExportOptions> = {
  assets: false,
  include: ["records", "uploads"],
  checkpointMs: 0,
  resume: true,
};
/** How far each run comes. */
const CHECKPOINTS = long(3, 2);
const SHAPES: Readonly<Record<string, Partial<ExportOptions>>> = {
  "indexes without tables": { tables: false },
  "tables": { format: "parquet" },
  "only tables": { tables: "only" },
  "only tables, as CSV of the enterprise layout": {
    tables: "only",
    format: "csv",
    layout: "enterprise",
  },
};

/** All that a snapshot's manifest lists, but for what tells when it was written. */
function objectsOf({ manifest }: ExportReport): unknown[] {
  return manifest.objects.filter(({ path }) => path !== "export.json");
}

async function keysIn(storage: Storage): Promise<string[]> {
  return (await Array.fromAsync(storage.list(""))).flat().map(({ key }) => key);
}

for (const [what, shape] of Object.entries(SHAPES)) {
  Deno.test(`exportProject() of ${what} that is stopped or killed while it makes them resumes in their midst`, async () => {
    const project = memoryCopy(
      generateProject({ records: long(500, 260), models: 2, uploads: 20 }),
    );
    await using bench = await workbench({ project });
    const whole = new MemoryStorage();
    const expected = await bench.export({ ...OPTIONS, ...shape, storage: whole });

    const { storage } = bench;
    let report: ExportReport | undefined;
    let runs = 0;
    let told: { rows: number; entries: number; of: number | null }[] = [];
    while (report === undefined) {
      assert.ok(++runs < 40, "it comes forward");
      const stop = new AbortController();
      const isKilled = runs % 2 === 0;
      let isMaking = false;
      let checkpoints = 0;
      told = [];
      const traced: TracedStorage = new TracedStorage(storage, {
        onCall: () => {
          const { method, key } = traced.calls.at(-1)!;
          isMaking ||= method === "get" && key.includes("/batch_");
          if (isKilled && checkpoints >= CHECKPOINTS) throw new CrashError("Killed by the test");
        },
      });
      const before = bench.cma.log.requests.length;
      try {
        report = await bench.export({
          ...OPTIONS,
          ...shape,
          storage: traced,
          stop: stop.signal,
          onEvent: (event) => {
            if (event.type === "tables") told.push(event);
            if (event.type !== "checkpoint" || !isMaking) return;
            if (++checkpoints === CHECKPOINTS && !isKilled) stop.abort();
          },
        });
      } catch (error) {
        assert.ok(error instanceof UnfinishedError || error instanceof CrashError, String(error));
        if (error instanceof CrashError) await storage.delete([LOCK]);
        const isAside = (await keysIn(storage)).some((key) => key.includes("/resume/records/"));
        assert.equal(isAside, shape.tables === "only");
      }
      if (runs > 1) {
        // The records aren't listed again, nor is anything looked for that changed since.
        const asked = bench.cma.log.requests.slice(before).map(({ path }) => path);
        assert.deepEqual(asked.filter((path) => /^\/(items|uploads)\b/.test(path)), []);
      }
    }
    assert.ok(runs > 4, `${runs} runs`);
    // Those that watch the last run see what was made before it, too.
    if (shape.tables !== false) {
      const [first, last] = [told.at(0)!, told.at(-1)!];
      assert.ok(first.rows > 0 && first.entries > 0);
      assert.equal(last.rows, (report.manifest.resources.tables as { count: number }).count);
      assert.equal(last.entries, last.of);
    }
    assert.ok(report.manifest.objects.some(({ path }) => path.endsWith(".idx")));
    assert.deepEqual(objectsOf(report), objectsOf(expected));
    assert.deepEqual(
      await contentOf(storage, report.snapshot),
      await contentOf(whole, expected.snapshot),
    );
    assert.ok(!(await keysIn(storage)).some((key) => key.includes("/resume/")));
  });
}

Deno.test("exportProject() makes tables of what was brought up to date, not of what changes once they are begun", async () => {
  const project = memoryCopy(generateProject({ records: 60, models: 2, uploads: 2 }));
  const { items } = project.primary;
  const { id } = items.records()[0]!.current;
  await using bench = await workbench({ project });
  const { storage } = bench;
  const stop = new AbortController();
  const traced: TracedStorage = new TracedStorage(storage, {
    onCall: () => {
      const { method, key } = traced.calls.at(-1)!;
      if (method === "get" && key.includes("/uploads/batch_")) stop.abort();
    },
  });
  const options = { ...OPTIONS, storage: traced, stop: stop.signal };
  await assert.rejects(bench.export(options), UnfinishedError);
  items.update(id, { title: "Changed too late" });
  const report = await bench.export({ ...OPTIONS, storage });
  const { listings, tables } = await contentOf(storage, report.snapshot);
  for (const text of [JSON.stringify(listings), JSON.stringify(tables)]) {
    assert.ok(text.includes(id));
    assert.ok(!text.includes("Changed too late"));
  }
});
