import assert from "node:assert/strict";
import fc from "fast-check";
import { assertKey } from "../../src/storage/storage.ts";
import {
  assetsPrefix,
  FREEZE,
  isAssetIndex,
  LOCK,
  modelPath,
  nextAssetIndex,
  recordsPath,
  SCHEDULE,
  SCHEDULE_FAILURES,
  SCHEDULE_TIMES,
  snapshotsPrefix,
  tablePath,
  uploadsPath,
} from "../../src/snapshot/layout.ts";
import { anyCharacter } from "../support/text.ts";

Deno.test("snapshotsPrefix() and assetsPrefix() tell projects and sandboxes apart", () => {
  assert.equal(snapshotsPrefix({ projectId: "205" }), "content/project_205");
  assert.equal(
    snapshotsPrefix({ projectId: "205", sandbox: "spring" }),
    "content/project_205/spring",
  );
  assert.equal(assetsPrefix("205"), "assets/project_205");
});

Deno.test("recordsPath(), uploadsPath() and tablePath() number their files", () => {
  assert.equal(
    recordsPath("article", "current", 0, "ndjson"),
    "records/article/current/batch_000.ndjson",
  );
  assert.equal(
    recordsPath("article", "published", 1234, "enterprise"),
    "records/article/published/batch_1234.json",
  );
  assert.equal(uploadsPath(12, "ndjson"), "uploads/batch_012.ndjson");
  assert.equal(
    tablePath("records/article", "current", 0, "ndjson"),
    "tables/records/article/version=current/part_000.ndjson",
  );
  assert.equal(tablePath("uploads", undefined, 7, "csv"), "tables/uploads/part_007.csv");
});

Deno.test("paths stay inside the snapshot, whatever names the API sends", () => {
  const hostile = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom("..", "../..", "/", "a/../../b", "", ".", "con", "a\\..\\b"),
  );
  fc.assert(fc.property(hostile, (name) => {
    const paths = [
      snapshotsPrefix({ projectId: name, sandbox: name }),
      assetsPrefix(name),
      modelPath(name),
      recordsPath(name, "current", 0, "ndjson"),
      tablePath(`records/${name}`, "current", 0, "ndjson"),
    ];
    const depths = paths.map((path) => assertKey(path).split("/").length);
    assert.deepEqual(depths, [3, 2, 2, 4, 5]);
  }));
});

Deno.test("nextAssetIndex() names the list that takes a list's place", () => {
  assert.equal(nextAssetIndex("assets.ndjson"), "assets_001.ndjson");
  assert.equal(nextAssetIndex("assets_001.ndjson"), "assets_002.ndjson");
  assert.equal(nextAssetIndex("assets_999.ndjson"), "assets_1000.ndjson");
  let index = "assets.ndjson";
  for (let i = 0; i < 1100; i++) {
    assert.ok(isAssetIndex(index), index);
    index = nextAssetIndex(index);
  }
  for (const other of ["assets_orphaned.ndjson", "assets_1.ndjson", "x/assets.ndjson", "assets"]) {
    assert.ok(!isAssetIndex(other), other);
  }
});

Deno.test("snapshotsPrefix() gives no sandbox the name of what lies beside it", () => {
  for (const sandbox of ["snapshot_1700000000", "SNAPSHOT_1", "lock.json", "Lock.json"]) {
    const name = snapshotsPrefix({ projectId: "1", sandbox }).split("/").at(-1)!;
    assert.match(name, /^%[0-9A-F]{2}/);
    assert.equal(decodeURIComponent(name), sandbox);
  }
});

Deno.test("snapshotsPrefix() of a sandbox is no note of the primary environment", () => {
  for (const note of [LOCK, FREEZE, SCHEDULE, SCHEDULE_FAILURES, SCHEDULE_TIMES]) {
    const prefix = snapshotsPrefix({ projectId: "1", sandbox: note });
    assert.notEqual(prefix, `${snapshotsPrefix({ projectId: "1" })}/${note}`);
  }
});
