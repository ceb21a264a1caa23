import assert from "node:assert/strict";
import type { AssetOutcome } from "../../src/assets/asset_download.ts";
import { AssetTally } from "../../src/assets/asset_tally.ts";

function outcome(upload_id: string, more: Partial<AssetOutcome>): AssetOutcome {
  const key = `assets/project_1/${upload_id}.bin`;
  return { upload_id, key, size: null, md5: null, outcome: "failed", attempts: 5, ...more };
}

Deno.test("AssetTally counts assets, and names the first thousand that failed", () => {
  const tally = new AssetTally();
  const none = { count: 0, bytes: 0 };
  assert.deepEqual(tally.counts, {
    downloaded: none,
    kept: none,
    withdrawn: 0,
    notServed: 0,
    failed: 0,
    failures: [],
  });
  tally.add(outcome("a", { outcome: "downloaded", size: 5 }));
  tally.add(outcome("b", { outcome: "downloaded", size: 6 }));
  tally.add(outcome("c", { outcome: "kept", size: 7, attempts: 0 }));
  tally.add(outcome("d", { outcome: "withdrawn", attempts: 0 }));
  for (let i = 0; i < 1002; i++) tally.add(outcome(`f${i}`, { reason: "status 500" }));
  const { failures, ...counts } = tally.counts;
  assert.deepEqual(counts, {
    downloaded: { count: 2, bytes: 11 },
    kept: { count: 1, bytes: 7 },
    withdrawn: 1,
    notServed: 0,
    failed: 1002,
  });
  assert.equal(tally.failed, 1002);
  assert.equal(failures.length, 1000);
  assert.deepEqual(failures[999], {
    upload_id: "f999",
    key: "assets/project_1/f999.bin",
    reason: "status 500",
    attempts: 5,
  });
});

Deno.test("AssetTally continues from what was counted before, failures apart", () => {
  const before = new AssetTally();
  before.add(outcome("a", { outcome: "kept", size: 7 }));
  before.add(outcome("b", { reason: "status 500" }));
  const tally = new AssetTally(before.counts);
  tally.add(outcome("b", { outcome: "downloaded", size: 3 }));
  assert.deepEqual(tally.counts, {
    downloaded: { count: 1, bytes: 3 },
    kept: { count: 1, bytes: 7 },
    withdrawn: 0,
    notServed: 0,
    failed: 0,
    failures: [],
  });
  assert.equal(before.counts.failed, 1);
});
