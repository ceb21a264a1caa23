import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { exportProject } from "../../src/export/export.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";
import { age } from "../s3/age.ts";
import { openFake } from "../s3/open_fake.ts";
import { SEED } from "../support/seed.ts";

Deno.test(`exportProject() with resume continues where nothing may be deleted, and names what it can't remove (SLUICE_TEST_SEED=${SEED})`, async () => {
  const project = generateProject({ records: long(60, 6), uploads: 2 });
  await using cma = startDemoCma({ project, rateLimit: false });
  const from = { ...sourceOf(cma), include: ["records", "uploads"] } as const;
  const kills = long(12, 1);
  for (let kill = 0; kill < kills; kill++) {
    await using opened = await openFake({ deletes: "none" });
    const { storage, fake } = opened;
    const whole = new TracedStorage(storage);
    await exportProject({ ...from, storage: whole, checkpointMs: 0 });
    const calls = whole.calls.length;
    // From the snapshot's beginning to its seal.
    const moment = (kill + draw(SEED, kill) / 2 ** 32) / kills;
    const crashAt = Math.floor(calls * (0.2 + 0.6 * moment));
    const dying = new TracedStorage(storage, { crashAt });
    await assert.rejects(
      exportProject({ ...from, storage: dying, checkpointMs: 0 }),
      CrashError,
    );
    age(fake, 125_000);
    await exportProject({ ...from, storage, resume: true });
    assert.ok(await assertSealedAreWhole(storage) >= 2);
    const { status, manifest, snapshot } = await exportProject({ ...from, storage });
    assert.equal(status, "complete");
    const prefix = `some/prefix/${snapshot.slice(storage.url.length + 1)}/`;
    const there = [...fake.objects.all.keys()].filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length)).sort();
    const listed = manifest.objects.map(({ path }) => path);
    const leftovers = manifest.leftovers ?? [];
    assert.deepEqual(there, [...listed, ...leftovers, "canary.txt", "manifest.json"].sort());
  }
});
