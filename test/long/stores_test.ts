import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { exportProject } from "../../src/export/export.ts";
import { age } from "../s3/age.ts";
import type { FakeS3Options } from "../s3/fake_s3.ts";
import { FakeS3Error } from "../s3/fake_s3_objects.ts";
import { openFake } from "../s3/open_fake.ts";
import { sourceOf } from "../support/exported.ts";
import { long } from "../support/long.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";

/** A store that doesn't delete as AWS does. */
interface Store extends FakeS3Options {
  /** What stays beside the snapshots and the assets, but doesn't get more. */
  readonly stays: readonly RegExp[];
}

const TRIAL = /\/\.sluice-7e57-[0-9a-f-]{36}\.tmp$/;
const LOCK = /\/lock\.json$/;

const STORES: Readonly<Record<string, Store>> = {
  "answers 501 to batches": { deletes: new FakeS3Error(501, "NotImplemented"), stays: [] },
  "refuses checksums": { refusesChecksums: true, stays: [] },
  "forbids deletion, and has no MD5s": { deletes: "none", etags: "random", stays: [TRIAL, LOCK] },
  "forbids deletion": { deletes: "none", stays: [TRIAL, LOCK] },
  "answers 405 to batches": { deletes: new FakeS3Error(405, "MethodNotAllowed"), stays: [] },
  "answers 400 to batches": { deletes: new FakeS3Error(400, "InvalidRequest"), stays: [] },
  "answers 403 to batches": { deletes: new FakeS3Error(403, "AccessDenied"), stays: [] },
  "has no MD5s for ETags": { etags: "random", stays: [] },
};

/** As little as there is to write, and to put aside meanwhile. */
const LITTLE = { include: ["records", "uploads"], tables: false } as const;

/** Two minutes, after which a lock that nobody renews has expired, and a bit. */
const GAP = 125_000;

Deno.test("Exports in a row, at once and 125 s apart, are complete on stores that delete nothing, or one by one", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 6, uploads: 2 }),
    rateLimit: false,
  });
  const stores = Object.entries(STORES).slice(0, long(8, 3));
  const rows = stores.map(([name, store]) => exportInARow(name, store, cma));
  for (const result of await Promise.allSettled(rows)) {
    if (result.status === "rejected") throw result.reason;
  }
});

async function exportInARow(name: string, { stays, ...options }: Store, cma: DemoCma) {
  await using opened = await openFake(options);
  const { fake, storage } = opened;
  for (const gap of [0, 0, GAP]) {
    if (long(1, 0)) await delay(gap);
    else age(fake, gap);
    const { status, manifest } = await exportProject({ ...sourceOf(cma), ...LITTLE, storage });
    assert.equal(status, "complete", name);
    const codes = manifest.warnings.map(({ code }) => code);
    assert.equal(codes.includes("deletion_forbidden"), options.deletes === "none", name);
    const besides = [...fake.objects.all.keys()]
      .filter((key) => !/\/snapshot_|\/assets\/|\/latest\.json$/.test(key)).sort();
    assert.equal(besides.length, stays.length, `${name}: ${besides.join(", ")}`);
    stays.forEach((pattern, i) => assert.match(besides[i]!, pattern, name));
  }
  assert.equal(await assertSealedAreWhole(storage), 3, name);
}
