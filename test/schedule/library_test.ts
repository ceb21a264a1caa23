import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../src/async/clock.ts";
import {
  runTicks,
  Schedule,
  type ScheduleOptions,
  type ScheduleStatus,
  statusHandler,
  type TickResult,
} from "../../src/schedule/mod.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";

Deno.test("The library has what it takes to run a schedule in one's own process", async () => {
  const project = generateProject({ records: 4, models: 1 });
  await using cma = startDemoCma({ project, rateLimit: false });
  const storage = new MemoryStorage();
  const options: ScheduleOptions = {
    exported: { apiToken: cma.apiToken, baseUrl: cma.url, storage, resume: true },
    every: "24h",
    ticks: "*/2 * * * *",
  };
  const schedule = new Schedule(options);
  await schedule.setEnabled(false);
  const end = new AbortController();
  const results: TickResult[] = [];
  await runTicks(schedule, {
    ticks: options.ticks,
    signal: end.signal,
    clock: {
      ...SYSTEM_CLOCK,
      delay: async () => {
        if (results.length === 1) return await schedule.setEnabled(true);
        end.abort();
      },
    },
    onTick: (result) => results.push(result),
  });
  assert.deepEqual(results.map(({ state }) => state), ["disabled", "complete"]);
  const response = await statusHandler(schedule)(new Request("http://localhost/status"));
  const status: ScheduleStatus = await response.json();
  assert.deepEqual([status.state, status.lastExport?.state], ["waiting", "complete"]);
  assert.equal(await assertSealedAreWhole(storage), 1);
});
