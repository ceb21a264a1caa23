import assert from "node:assert/strict";
import type { ScheduleStatus } from "../../src/schedule/schedule_status.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { delay } from "../../src/async/delay.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { temporaryRoot } from "./ticking.ts";

/**
 * The real program with Deno's own cron, which ticks each minute at most: `deno task test:cron`. It exports a
 * project that takes more than one tick.
 */
const PROGRAM = new URL("../../tasks/cron.ts", import.meta.url);
const MOST_MS = 420_000;

/** Its more than 40 requests take more than ten seconds, at four a second. */
const project = generateProject({ records: 100, models: 10, blocksPerRecord: 2 });
const MAX_RPS = "4";
/** Less than that, but as much as a busy machine needs to begin. */
const TIME_BUDGET = "8500ms";

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Runs the program in a worker, until the storage has a snapshot that is sealed. */
async function untilSealed(storage: Storage, env: Record<string, string>): Promise<void> {
  await using cma = startDemoCma({ project, apiToken: "demo-t0ken-of-the-project" });
  const url = `http://127.0.0.1:${freePort()}`;
  const all: Record<string, string> = {
    DATOCMS_API_TOKEN: cma.apiToken,
    DATOCMS_BASE_URL: cma.url,
    SLUICE_ASSET_HOST: cma.assetHost,
    SLUICE_TO: storage.url,
    SLUICE_CRON: "* * * * *",
    SLUICE_TIME_BUDGET: TIME_BUDGET,
    SLUICE_MAX_RPS: MAX_RPS,
    DENO_SERVE_ADDRESS: `tcp:${new URL(url).host}`,
    ...env,
  };
  for (const [name, value] of Object.entries(all)) Deno.env.set(name, value);
  const worker = new Worker(PROGRAM, { type: "module" });
  try {
    const end = performance.now() + MOST_MS;
    const states = new Set<string>();
    let status: ScheduleStatus | undefined;
    while (!status?.lastExport) {
      assert.ok(performance.now() < end, `not sealed in time, but ${[...states].join(", ")}`);
      await delay(1000);
      status = await statusAt(url);
      if (status) states.add(`${status.lastTick?.state}`);
    }
    assert.equal(status.lastExport.state, "complete");
    assert.ok(states.has("unfinished"), "it took one tick only");
    assert.equal(await assertSealedAreWhole(storage), 1);
    assert.equal(await (await fetch(`${url}/healthz`)).text(), "ok\n");
    const text = await (await fetch(`${url}/status`)).text();
    assert.ok(!text.includes(cma.apiToken) && !text.includes(storage.url), text);
  } finally {
    worker.terminate();
    for (const name of Object.keys(all)) Deno.env.delete(name);
  }
}

/** What the program says, once it runs and has read the storage: a busy machine takes a while. */
async function statusAt(url: string): Promise<ScheduleStatus | undefined> {
  let response: Response;
  try {
    response = await fetch(`${url}/status`);
  } catch {
    return undefined;
  }
  if (response.status === 503) {
    assert.match(await response.text(), /The project or its snapshots can't be read/);
    return undefined;
  }
  assert.equal(response.status, 200, await response.clone().text());
  return await response.json();
}

// Each takes minutes: the disk's turn is when there is no S3 server.
if (RGW === undefined) {
  Deno.test("Deno.cron exports a project to disk over several ticks", async () => {
    await using root = await temporaryRoot();
    await untilSealed(new LocalStorage(root.path), {});
  });
} else {
  const endpoint = RGW;
  Deno.test("Deno.cron exports a project to S3 over several ticks", async () => {
    await using opened = await openRgw(endpoint);
    const env = {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: "us-east-1",
      DENO_DEPLOYMENT_ID: "test",
    };
    await untilSealed(opened.storage, env);
  });
}
