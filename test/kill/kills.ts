import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { S3Storage } from "../../src/storage/s3/s3_storage.ts";
import { openRgw, RGW } from "../s3/open_rgw.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { startExport } from "./program.ts";
import { chance, SEED } from "../support/seed.ts";

/**
 * The real program, interrupted and killed. Unlike the other tests, this takes the permission to run
 * programs: `deno task test:kill`. Most ends come at a request, however fast the machine is; the last ones come
 * when there is none left. With SLUICE_TEST_SEED it takes the same moments as an earlier run, as far as the
 * machine does.
 */
const KILLS = 10;
/** How many of them come at a request. */
const AT_REQUESTS = 7;
const LOCK = "content/project_900001/lock.json";

/** Tries exports to a storage. */
function killTest(
  name: string,
  open: () => Promise<AsyncDisposable & { readonly storage: LocalStorage | S3Storage }>,
): void {
  Deno.test(`sluice export to ${name} that is killed leaves nothing that looks complete, and nothing in the way (SLUICE_TEST_SEED=${SEED})`, async () => {
    await using opened = await open();
    const { storage } = opened;
    const project = generateProject({ records: 200, uploads: 40, assetBytes: 50_000 });
    let onRequest = () => {};
    await using cma = startDemoCma({
      project,
      rateLimit: false,
      onRequest: () => void onRequest(),
    });
    const seen = new Set<string>();
    /** How many requests an export takes, and how long it still runs after the last one (milliseconds). */
    const complete = async (): Promise<{ requests: number; tailMs: number }> => {
      let requests = 0;
      let last = 0;
      onRequest = () => {
        requests++;
        last = performance.now();
      };
      const { code, stderr } = await (await startExport(cma, storage.url)).end;
      assert.equal(code, EXIT.complete, stderr);
      return { requests, tailMs: performance.now() - last };
    };
    let usual = await complete();
    let sealed = 1;
    let broken = 0;
    assert.equal(await assertSealedAreWhole(storage, seen), sealed);
    for (let kill = 0; kill < KILLS; kill++) {
      const signal = kill % 2 === 0 ? "SIGINT" : "SIGKILL";
      const moment = kill + chance(kill);
      const reached = Promise.withResolvers<void>();
      const end = Math.min(Math.ceil(usual.requests * moment / AT_REQUESTS), usual.requests);
      let requests = 0;
      onRequest = () => {
        if (++requests >= end) reached.resolve();
      };
      const program = await startExport(cma, storage.url);
      await Promise.race([reached.promise, program.end]);
      const after = (moment - AT_REQUESTS) / (KILLS - AT_REQUESTS);
      if (after > 0) await delay(usual.tailMs * after);
      program.kill(signal);
      const ended = await program.end;
      const count = await assertSealedAreWhole(storage, seen);
      if (ended.code === EXIT.complete) {
        assert.equal(count, sealed + 1, `${signal} came too late`);
      } else {
        assert.equal(signal === "SIGINT" ? ended.code : ended.signal, endBy(signal), ended.stderr);
        // Between the seal and the end, only the lock is deleted.
        assert.ok(count === sealed || count === sealed + 1);
        broken++;
      }
      sealed = count;
      if (signal === "SIGINT") {
        // The next one to be killed shows that nothing is in the way.
        assert.equal(await storage.stat(LOCK), undefined);
        continue;
      }
      await expire(storage);
      usual = await complete();
      assert.equal(await assertSealedAreWhole(storage, seen), ++sealed);
    }
    assert.ok(broken >= KILLS / 2, `only ${broken} of ${KILLS} exports were still running`);
  });
}

/** What an export ends with after a signal: an exit code, or the signal. */
function endBy(signal: "SIGINT" | "SIGKILL"): number | string {
  return signal === "SIGINT" ? EXIT.cancelled : signal;
}

/** Lets what a killed program left expire, as if an hour had passed. */
async function expire(storage: LocalStorage | S3Storage): Promise<void> {
  // On S3 without conditional writes, who creates the lock first puts an object that expires, too.
  await storage.sweep("", { olderThan: new Date(Date.now() + 3_600_000) });
  if (await storage.stat(LOCK) === undefined) return;
  const lock = await new Response(await storage.get(LOCK)).json();
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const old = { ...lock, renewedAt: hourAgo, expiresAt: hourAgo };
  await storage.put(LOCK, new TextEncoder().encode(JSON.stringify(old)));
}

killTest("a local disk", async () => {
  const root = await Deno.makeTempDir({ prefix: "sluice-kill-" });
  return {
    storage: new LocalStorage(root),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
});

const endpoint = RGW;
if (endpoint !== undefined) killTest("a real S3 server", () => openRgw(endpoint));
