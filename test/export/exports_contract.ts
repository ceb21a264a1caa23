import assert from "node:assert/strict";
import { delay } from "../../src/async/delay.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { exportProject, type ExportReport } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { LockedError, LostLockError } from "../../src/snapshot/lock/lock_errors.ts";
import { collect } from "../storage/bodies.ts";
import { QUICK_RETRIES } from "../support/exported.ts";
import { expireLock } from "../support/expire_lock.ts";
import { assertSealedAreWhole } from "../support/sealed_snapshots.ts";
import { CrashError, TracedStorage } from "../support/traced_storage.ts";
import { undisturbed } from "../support/undisturbed.ts";
import { chance } from "../support/seed.ts";

/** How {@linkcode exportsContract} tries a storage. */
export interface ExportsContractOptions {
  /** Opens an empty storage. */
  readonly open: () => Promise<AsyncDisposable & { readonly storage: Storage }>;
  /** How many assets are exported twice. */
  readonly assets: number;
  /** How often an export is killed, and how often cancelled. */
  readonly kills: number;
  /** Makes an object look an hour older; without it, tests wait. */
  readonly age?: (storage: Storage, key: string) => Promise<void> | void;
}

const LOCK = "content/project_900001/lock.json";
const LATEST = "content/project_900001/latest.json";

/**
 * What holds for exports to any storage.
 *
 * @param name The storage's name.
 * @param contract How it is tried.
 */
export function exportsContract(
  name: string,
  options: ExportsContractOptions,
): void {
  const { open, assets, kills, age } = options;
  // A lock that runs out while the test waits runs out as well if the server doesn't answer in time.
  const killed = age === undefined ? undisturbed : (test: () => Promise<void>) => test;
  Deno.test(`exportProject() to ${name} writes nothing twice but the snapshot`, async () => {
    await using opened = await open();
    await using cma = serve(assets, 300);
    const run = async () => {
      cma.log.clear();
      const storage = new TracedStorage(opened.storage);
      const report = await exportOf(cma, { storage });
      return { report, storage, fetched: cma.log.count.asset };
    };
    const first = await run();
    assert.equal(first.fetched, assets);
    assert.equal(first.report.manifest.assets?.downloaded.count, assets);
    const { report, storage, fetched } = await run();
    assert.equal(fetched, 0);
    assert.equal(report.manifest.assets?.kept.count, assets);
    assert.equal(
      report.manifest.assets?.kept.bytes,
      first.report.manifest.assets?.downloaded.bytes,
    );
    const snapshot = report.snapshot.slice(storage.url.length + 1);
    const others = storage.keys("put").filter((key) => !key.startsWith(`${snapshot}/`));
    // Both exports may want the folder of the same second.
    const isKnown = (key: string) => [LOCK, LATEST].includes(key) || key.endsWith("/export.json");
    assert.deepEqual(others.filter((key) => !isKnown(key)), []);
    // A checkpoint is written in place of the one before.
    const isLasting = (key: string) => key !== LOCK && !key.includes("/resume/");
    const written = storage.keys("put").filter(isLasting);
    assert.equal(written.length, new Set(written).size);
    // One listing of assets, one of the snapshot before it is sealed, and no look at any single asset.
    assert.deepEqual(storage.keys("list"), ["assets/project_900001/", `${snapshot}/`]);
    for (const method of ["get", "stat", "delete"] as const) {
      const looked = storage.keys(method).filter((key) => key.startsWith("assets/"));
      assert.deepEqual(looked, []);
    }
    assert.equal(await assertSealedAreWhole(opened.storage), 2);
  });

  Deno.test(
    `exportProject() to ${name} that is killed leaves nothing that looks complete, and nothing in the way`,
    killed(async () => {
      await using opened = await open();
      await using cma = serve(25, 12);
      const whole = new TracedStorage(opened.storage);
      await exportOf(cma, { storage: whole });
      const seen = new Set<string>();
      let sealed = 1;
      for (let i = 0; i < kills; i++) {
        const crashAt = 2 + Math.floor((i + chance(i)) * (whole.calls.length - 2) / kills);
        const dying = new TracedStorage(opened.storage, { crashAt });
        const lockTtlMs = age === undefined ? 4000 : undefined;
        try {
          await exportOf(cma, { storage: dying, lockTtlMs });
          // Only the lock was still to be deleted.
          sealed++;
        } catch (error) {
          // The lock's renewal may meet the end first.
          const end = error instanceof LostLockError ? error.cause : error;
          assert.ok(end instanceof CrashError, `killed at call ${crashAt}: ${error}`);
        }
        const count = await assertSealedAreWhole(opened.storage, seen);
        assert.ok(count === sealed || count === sealed + 1, `killed at call ${crashAt}`);
        if (age !== undefined) await expireLock(opened.storage, LOCK, age);
        await exportOnceFree(cma, { storage: opened.storage });
        sealed = count + 1;
        assert.equal(await assertSealedAreWhole(opened.storage, seen), sealed);
      }
      const keys = (await collect(opened.storage.list(""))).flat().map(({ key }) => key);
      assert.deepEqual(keys.filter((key) => key.includes("lock.json")), []);
    }),
  );

  Deno.test(`exportProject() to ${name} that is cancelled leaves nothing that looks complete, and no lock`, async () => {
    await using opened = await open();
    await using cma = serve(25, 12);
    const whole = new TracedStorage(opened.storage);
    await exportOf(cma, { storage: whole });
    const seen = new Set<string>();
    let sealed = 1;
    for (let i = 0; i < kills; i++) {
      const cancelAt = 1 + Math.floor((i + chance(i)) * (whole.calls.length - 1) / kills);
      const cancel = new AbortController();
      const reason = new DOMException("Stop.", "AbortError");
      const storage = new TracedStorage(opened.storage, {
        onCall: (count) => count === cancelAt && cancel.abort(reason),
      });
      try {
        await exportOf(cma, { storage, signal: cancel.signal });
        sealed++;
      } catch (error) {
        assert.equal(error, reason, `cancelled at call ${cancelAt}`);
      }
      assert.equal(await assertSealedAreWhole(opened.storage, seen), sealed);
      assert.equal(await opened.storage.stat(LOCK), undefined);
    }
    await exportOf(cma, { storage: opened.storage });
    assert.equal(await assertSealedAreWhole(opened.storage), sealed + 1);
  });

  Deno.test(`exportProject() to ${name} that is cancelled after the seal is complete`, async () => {
    await using opened = await open();
    await using cma = serve(3, 12);
    const cancel = new AbortController();
    const storage: TracedStorage = new TracedStorage(opened.storage, {
      onCall: () => {
        const call = storage.calls.at(-1);
        if (call?.method === "delete" && call.key.includes("/resume/")) cancel.abort();
      },
    });
    const { status } = await exportOf(cma, { storage, signal: cancel.signal });
    assert.ok(cancel.signal.aborted);
    assert.equal(status, "complete");
    assert.equal(await assertSealedAreWhole(opened.storage), 1);
    assert.equal(await opened.storage.stat(LOCK), undefined);
  });

  Deno.test(`exportProject() to ${name} refuses a second export at the same time`, async () => {
    await using opened = await open();
    await using cma = serve(0, 12);
    const { storage } = opened;
    const held = Promise.withResolvers<void>();
    let second: Promise<unknown> = Promise.resolve();
    const first = exportOf(cma, {
      storage,
      onEvent: ({ type }) => {
        if (type !== "start") return;
        second = assert.rejects(exportOf(cma, { storage }), (error) => {
          assert.ok(error instanceof LockedError);
          assert.equal(error.exitCode, 1);
          assert.equal(error.holder?.pid, Deno.pid);
          return true;
        });
        second.finally(held.resolve).catch(held.reject);
      },
    });
    await held.promise;
    await Promise.all([first, second]);
    await exportOf(cma, { storage });
    assert.equal(await assertSealedAreWhole(storage), 2);
  });
}

function serve(uploads: number, records: number) {
  const project = generateProject({ records, uploads, assetBytes: 3000, models: 2 });
  return startDemoCma({ project, rateLimit: false });
}

async function exportOf(
  cma: ReturnType<typeof serve>,
  options: Partial<ExportOptions> & Pick<ExportOptions, "storage">,
): Promise<ExportReport> {
  return await exportProject({
    apiToken: cma.apiToken,
    baseUrl: cma.url,
    assetHost: cma.assetHost,
    retry: QUICK_RETRIES,
    include: ["records", "uploads"],
    tables: false,
    ...options,
  });
}

/** Exports, once the lock of the export that was killed has expired. */
async function exportOnceFree(
  cma: ReturnType<typeof serve>,
  options: Pick<ExportOptions, "storage">,
): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      return void await exportOf(cma, options);
    } catch (error) {
      if (!(error instanceof LockedError) || performance.now() > end) throw error;
      await delay(20);
    }
  }
}
