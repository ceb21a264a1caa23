import assert from "node:assert/strict";
import { leastPolicy } from "../../src/doctor/s3_policy.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { exportProject } from "../../src/export/export.ts";
import { LockedError } from "../../src/snapshot/lock/export_lock.ts";
import { sourceOf } from "../support/exported.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { openBucket } from "./limited_bucket.ts";
import { RGW } from "./open_rgw.ts";

const endpoint = RGW;
if (endpoint !== undefined) {
  Deno.test("exportProject() to a real server with credentials that may not delete is complete each time", async () => {
    await using opened = await openBucket(endpoint);
    const [objects, bucket, doctor] = leastPolicy(opened);
    assert.ok(objects && bucket && doctor);
    const Action = ["s3:DeleteObject"];
    const denied = { ...objects, Sid: "Deny", Effect: "Deny", Action };
    await opened.grant([objects, bucket, doctor, denied]);
    await using cma = startDemoCma({
      project: generateProject({ records: 6, uploads: 2 }),
      rateLimit: false,
    });
    const run = () => exportProject({ ...sourceOf(cma), storage: opened.limited });
    for (let n = 1; n <= 3; n++) {
      const { status, manifest } = await run();
      assert.equal(status, "complete");
      assert.ok(manifest.warnings.some(({ code }) => code === "deletion_forbidden"));
      const besides = (await opened.keys()).filter((key) => !/\/snapshot_|\/assets\//.test(key));
      assert.deepEqual(besides.map((key) => key.replace(/^.*\//, "").replace(/7e57-.*/, "7e57")), [
        ".sluice-7e57",
        "latest.json",
        "lock.json",
      ]);
    }
    assert.equal(await assertSealedAreWhole(opened.limited), 3);
    // Of several that find the lock that is over, one takes it.
    const results = await Promise.allSettled([run(), run(), run()]);
    assert.ok(results.some(({ status }) => status === "fulfilled"));
    for (const result of results) {
      if (result.status === "rejected") assert.ok(result.reason instanceof LockedError);
    }
  });
}
