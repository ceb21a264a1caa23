import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { findSnapshots } from "../../src/snapshot/find_snapshots.ts";
import { type Manifest, manifestSchema } from "../../src/snapshot/manifest.ts";
import { startExport } from "../kill/program.ts";
import { long } from "../support/long.ts";
import { contentOf } from "../support/snapshot_content.ts";
import { SEED } from "../support/seed.ts";

/** With SLUICE_TEST_SEED it is killed after the same times as in an earlier run. */
const KILLS = long(12, 1);
/** What all kills together may cost: so many times the requests of an export that nothing disturbs. */
const MOST_TIMES = 1.5;
/** Kills are so far apart (milliseconds), but a process runs for a while, however slowly it starts. */
const APART = { least: 2000, most: long(4000, 2200), running: 1700 };

Deno.test(`sluice export --resume that is killed ${KILLS} times, 2 to 4 seconds apart, ends with the same files, and reads little twice (SLUICE_TEST_SEED=${SEED})`, async () => {
  // The first half of the records has blocks, and takes a request for every 30 of them.
  const project = generateProject({
    records: long(20_000, 2000),
    models: 2,
    uploads: long(100, 20),
  });
  await using cma = startDemoCma({ project });
  await using whole = await directory();
  await using killed = await directory();
  const requests = () => cma.log.count.api + cma.log.count.asset;
  const complete = async (storage: LocalStorage) => {
    const { code, stderr } = await (await startExport(cma, storage.url, ["--resume"])).end;
    assert.equal(code, EXIT.complete, stderr);
  };
  await complete(whole.storage);
  const usual = requests();
  assert.ok(usual >= long(700, 100), `only ${usual} requests`);

  cma.log.clear();
  for (let kill = 0; kill < KILLS; kill++) {
    const { least, most, running } = APART;
    const end = performance.now() + least + (most - least) * draw(SEED, kill) / 2 ** 32;
    const program = await startExport(cma, killed.storage.url, ["--resume"]);
    await delay(Math.max(running, end - performance.now()));
    program.kill("SIGKILL");
    const { signal, stderr } = await program.end;
    assert.equal(signal, "SIGKILL", `it ended before kill ${kill}: ${stderr}`);
  }
  await complete(killed.storage);
  const times = requests() / usual;
  // deno-lint-ignore no-console -- the figures are what this is run for
  console.log(`${KILLS} kills: ${times.toFixed(3)} times the ${usual} requests of one export`);
  assert.ok(times <= MOST_TIMES, `${times} times the requests`);

  const [before, after] = [await onlySnapshot(whole.storage), await onlySnapshot(killed.storage)];
  assert.deepEqual(
    await contentOf(killed.storage, `${killed.storage.url}/${after.prefix}`),
    await contentOf(whole.storage, `${whole.storage.url}/${before.prefix}`),
  );
  assert.deepEqual(borders(after.manifest), borders(before.manifest));
});

/** The files whose borders depend on nothing but what is in them. */
function borders({ objects }: Manifest): unknown[] {
  return objects.filter(({ path }) => /^(records|uploads|tables)\//.test(path));
}

/** The only snapshot: one that was begun anew would be another one. */
async function onlySnapshot(storage: LocalStorage) {
  const place = "content/project_900001";
  const { snapshots } = await findSnapshots(storage, place, AbortSignal.timeout(60_000));
  assert.equal(snapshots.length, 1);
  const prefix = snapshots[0]!;
  const manifest = await new Response(await storage.get(`${prefix}/manifest.json`)).json();
  return { prefix, manifest: manifestSchema.parse(manifest) };
}

async function directory(): Promise<AsyncDisposable & { readonly storage: LocalStorage }> {
  const root = await Deno.makeTempDir({ prefix: "sluice-kill-" });
  return {
    storage: new LocalStorage(root),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}
