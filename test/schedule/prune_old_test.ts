import assert from "node:assert/strict";
import { TickLog } from "../../src/cli/progress/tick_log.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import type { JsonReport } from "../../src/report/json_report.ts";
import { prunedText } from "../../src/schedule/prune_old.ts";
import { openSchedule } from "../../src/schedule/open_schedule.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { putSmallSnapshot } from "../support/small_snapshot.ts";
import { scheduleOf, temporaryRoot } from "./ticking.ts";

const PROJECT = generateProject({ records: 3, models: 1, blocksPerRecord: 0, uploads: 1 });
const DAY = 86_400;

function serve() {
  return startDemoCma({ project: PROJECT, rateLimit: false });
}

/** A place with snapshots of earlier days, and one of another environment. */
async function place(days: readonly number[], storage = new MemoryStorage()) {
  const now = Math.floor(Date.now() / 1000);
  for (const day of days) await putSmallSnapshot(storage, "900001", now - day * DAY);
  await putSmallSnapshot(storage, "900001/staging", now - 900 * DAY);
  return { storage, nameOf: (day: number) => `900001/${now - day * DAY}` };
}

Deno.test("Schedule.tick() removes old snapshots after an export, and tells so in result, notification and log", async () => {
  await using cma = serve();
  const { storage, nameOf } = await place([2, 3, 40]);
  const sent: JsonReport[] = [];
  const schedule = scheduleOf(cma, storage, {
    prune: { keepWithin: "60h" },
    notify: (report) => {
      sent.push(report);
      return Promise.resolve({ sent: true, attempts: 1 });
    },
  });
  const result = await schedule.tick();
  assert.equal(result.state, "complete", result.message);
  assert.deepEqual(result.pruned?.remove.map(({ name }) => name), [3, 40].map(nameOf));
  assert.deepEqual(result.pruned.failed, []);
  assert.ok(result.pruned.freed > 0);
  assert.match(result.message, / is complete\. 2 old snapshots were removed\.$/);
  assert.deepEqual(sent.map(({ pruned }) => pruned), [result.pruned]);
  let log = "";
  new TickLog({ write: (text: string) => void (log += text) } as never, {
    logFormat: "text",
    quiet: false,
  }).write(result);
  assert.match(log, /complete: .* 2 old snapshots were removed\./);
  // The new one, that of the day before yesterday, and the other environment's.
  assert.equal(await assertSealedAreWhole(storage), 3);
  // Without an export nothing is removed.
  const waiting = await schedule.tick();
  assert.deepEqual([waiting.state, waiting.pruned], ["waiting", null]);
});

Deno.test("Schedule.tick() without a policy removes nothing, and its report is as it was", async () => {
  await using cma = serve();
  const { storage } = await place([3, 40]);
  const { state, pruned, report } = await scheduleOf(cma, storage).tick();
  assert.deepEqual([state, pruned], ["complete", null]);
  assert.ok(report !== null && !("pruned" in report));
  assert.equal(await assertSealedAreWhole(storage), 4);
});

Deno.test("Schedule.tick() whose old snapshots can't be removed is complete all the same, and says why", async () => {
  class Failing extends MemoryStorage {
    override async delete(keys: readonly string[]): Promise<void> {
      if (keys.some((key) => key.endsWith("/canary.txt"))) {
        throw new StorageError("Can't delete it, because the disk is gone.");
      }
      await super.delete(keys);
    }
  }
  await using cma = serve();
  const { storage } = await place([3, 40], new Failing());
  const result = await scheduleOf(cma, storage, { prune: { keepLast: 1 } }).tick();
  assert.equal(result.state, "complete", result.message);
  assert.deepEqual(result.pruned, {
    remove: [],
    failed: [],
    freed: 0,
    problem: "Can't delete it, because the disk is gone",
  });
  assert.match(result.message, /Not all old snapshots were removed: Can't delete it, because the /);
  assert.equal(await assertSealedAreWhole(storage), 4);
});

Deno.test("openSchedule() takes the policy from the variables that prune has", async () => {
  await using cma = serve();
  await using root = await temporaryRoot();
  const values: Record<string, string> = {
    DATOCMS_API_TOKEN: cma.apiToken,
    DATOCMS_BASE_URL: cma.url,
    SLUICE_ASSET_HOST: cma.assetHost,
    SLUICE_TO: root.path,
    SLUICE_KEEP_LAST: "1",
  };
  const env = (name: string) => values[name];
  using opened = openSchedule(resolveConfig({ env }), { env });
  const now = Math.floor(Date.now() / 1000);
  await putSmallSnapshot(opened.storage, "900001", now - 3 * DAY);
  const { state, pruned } = await opened.schedule.tick();
  assert.equal(state, "complete");
  assert.deepEqual(pruned?.remove.map(({ name }) => name), [`900001/${now - 3 * DAY}`]);
});

Deno.test("prunedText() says what was removed, what wasn't, and why", () => {
  const named = (id: string) => ({ id, name: `1/${id}` });
  const nothing = { remove: [], failed: [], freed: 0 };
  assert.equal(prunedText(nothing), "");
  assert.equal(
    prunedText({ ...nothing, remove: [{ ...named("7"), bytes: 5 }] }),
    " 1 old snapshot was removed.",
  );
  const failed = ["7", "8"].map((id) => ({ ...named(id), reason: "It is locked." }));
  assert.equal(
    prunedText({ ...nothing, failed }),
    " 2 old snapshots weren't removed: 1/7, because It is locked, ….",
  );
});
