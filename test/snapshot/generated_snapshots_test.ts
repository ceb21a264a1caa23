import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { openSnapshot, verifySnapshot } from "../../src/tools/mod.ts";
import { writeSnapshots } from "../../tasks/generated_snapshots.ts";
import { withSmallRecords } from "../../tasks/small_records.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

Deno.test("snapshots of generated projects are intact, and have all records and uploads", async () => {
  const storage = new MemoryStorage();
  const project = withSmallRecords(generateProject({
    records: 1_002,
    models: 2,
    uploads: 3,
    blocksPerRecord: 1,
    locales: ["en"],
    assetBytes: 50,
  }));
  await writeSnapshots(storage, project, [
    { startedAt: new Date(1_700_000_000_000), compress: "zstd" },
    { startedAt: new Date(1_700_086_400_000), compress: "none" },
  ], new AbortController().signal);
  for (const id of ["1700000000", "1700086400"]) {
    const { problems } = await verifySnapshot(storage, id, { level: "references" });
    assert.deepEqual(problems, []);
    const { manifest } = await openSnapshot(storage, id);
    const current = Object.values(manifest!.records).map((tallies) => tallies.current?.count);
    assert.deepEqual(current, [501, 501]);
    assert.equal(manifest!.assets?.downloaded.count, 3);
  }
});
