import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { MOST_IN_FLIGHT } from "../../src/http/request_gate.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { findSnapshots } from "../../src/snapshot/find_snapshots.ts";
import { contentOf } from "../support/snapshot_content.ts";
import { chance, SEED } from "../support/seed.ts";

/**
 * An export that is killed again and again, and goes on each time. With SLUICE_TEST_SEED it is killed after
 * as many requests as in an earlier run; SLUICE_TEST_KILLS says how often.
 */
const KILLS = Number(Deno.env.get("SLUICE_TEST_KILLS") ?? 100);
/** Requests between two kills, about: more than a kill may cost, so that one which saves nothing is seen. */
const APART = 64;
/** What a kill may cost (requests): what is asked for at each start, and what was in flight. */
const MOST_AGAIN = 12 + MOST_IN_FLIGHT;
const PROGRAM = new URL("./resuming_export.ts", import.meta.url).pathname;
const OPTIONS = { concurrency: 3, checkpointMs: 60, tables: false };

Deno.test(`exportProject() with resume that is killed ${KILLS} times ends with the same snapshot, and reads little twice (SLUICE_TEST_SEED=${SEED})`, async () => {
  const project = memoryCopy(generateProject({
    // A third of the requests are for thirty records each, the others for a file.
    records: Math.round(KILLS * APART / 3) * 30,
    models: 1,
    locales: ["en"],
    blocksPerRecord: 1,
    uploads: Math.round(KILLS * APART * 2 / 3),
    assetBytes: 200,
  }));
  let onRequest: () => void = () => {};
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    onRequest: () => void onRequest(),
  });
  await using whole = await directory();
  await using killed = await directory();
  const requests = () => cma.log.count.api + cma.log.count.asset;

  let begun = performance.now();
  assert.ok((await spawn(cma, whole.root).status).success);
  const usual = { requests: requests(), ms: performance.now() - begun };

  // The sum is that of an undisturbed export: as each kill costs something, none comes after the end.
  const shares = Array.from({ length: KILLS }, (_, kill) => chance(kill));
  const sum = shares.reduce((a, b) => a + b, 0);
  cma.log.clear();
  begun = performance.now();
  for (const [kill, share] of shares.entries()) {
    const child = spawn(cma, killed.root);
    const end = requests() + Math.max(1, Math.round(usual.requests * share / sum));
    onRequest = () => {
      if (requests() < end) return;
      onRequest = () => {};
      child.kill("SIGKILL");
    };
    const { signal, success } = await child.status;
    assert.equal(signal, "SIGKILL", `${success ? "was complete" : "failed"} before kill ${kill}`);
  }
  onRequest = () => {};
  assert.ok((await spawn(cma, killed.root).status).success);
  const spent = requests();

  assert.deepEqual(await contentIn(killed.root), await contentIn(whole.root));
  const again = (spent - usual.requests) / KILLS;
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  // deno-lint-ignore no-console -- the figures are what this is run for
  console.log(
    `${KILLS} kills: ${spent} requests in ${seconds(performance.now() - begun)} s; undisturbed: ` +
      `${usual.requests} in ${seconds(usual.ms)} s; ${again.toFixed(1)} more for each`,
  );
  assert.ok(again <= MOST_AGAIN, `${again} requests more for each kill`);
});

/** Starts an export to a directory as a process of its own. */
function spawn(cma: DemoCma, root: string): Deno.ChildProcess {
  const config = { ...OPTIONS, url: cma.url, apiToken: cma.apiToken, root };
  const allowed = ["--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--allow-env"];
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      ...allowed,
      "--allow-sys=hostname,statfs",
      PROGRAM,
      JSON.stringify(config),
    ],
    stdin: "null",
    stdout: "null",
  }).spawn();
}

/** What the only snapshot says: one that was begun anew would be another one. */
async function contentIn(root: string): Promise<unknown> {
  const storage = new LocalStorage(root);
  const place = "content/project_900001";
  const { snapshots } = await findSnapshots(storage, place, AbortSignal.timeout(60_000));
  assert.equal(snapshots.length, 1);
  return await contentOf(storage, `${storage.url}/${snapshots[0]}`);
}

async function directory(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await Deno.makeTempDir({ prefix: "sluice-kill-" });
  return { root, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}
