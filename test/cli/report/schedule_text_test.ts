import assert from "node:assert/strict";
import { renderSchedule } from "../../../src/cli/report/schedule_text.ts";

Deno.test("renderSchedule() says how many ticks added nothing, and what to do", () => {
  const text = (stuckTicks: number) =>
    renderSchedule({
      state: "unfinished",
      every: "24h",
      lastExport: null,
      unfinished: { snapshot: "snapshot_1700000000", begunAt: "2023-11-14T22:13:20Z", stuckTicks },
      failures: null,
      lastDrill: null,
      nextExportAt: "2023-11-15T00:00:00Z",
      lastTick: null,
    }, "sluice schedule enable").split("\n").find((line) => line.startsWith("Unfinished"));
  const begun = "Unfinished         snapshot_1700000000, begun 2023-11-14T22:13:20Z";
  assert.equal(text(0), begun);
  const advice = "added nothing to it: allow more time (--time-budget)";
  assert.equal(text(1), `${begun}; the last tick ${advice}`);
  assert.equal(text(2), `${begun}; the last 2 ticks ${advice}`);
});
