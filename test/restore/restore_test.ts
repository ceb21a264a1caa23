import assert from "node:assert/strict";
import { EXIT, SluiceError } from "../../src/error.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { exportProject } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { applyRestore, planRestore, type RestoreResult } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { injectFaults } from "../../src/simulator/faults/inject_faults.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import type { DemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openFake } from "../s3/open_fake.ts";
import { copyOf } from "../support/damage.ts";
import { QUICK_RETRIES, sourceOf } from "../support/exported.ts";
import { RecordMaker } from "../support/made_records.ts";
import { long, seeds } from "../support/long.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { watchPublic } from "../support/restored_records.ts";
import { temporaryPath } from "../support/temporary.ts";
import { worked } from "../support/worked_project.ts";
import { exported, leastRequests, restoreOptions, sampleSnapshot, served } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

/** Restores into the empty project that a server has. */
async function restored(
  cma: DemoCma,
  storage: Storage,
  options: Partial<Parameters<typeof planRestore>[0]> = {},
): Promise<RestoreResult> {
  const reached = { ...restoreOptions(cma, new MemoryStorage()), storage, clock: IMPATIENT };
  await using plan = await planRestore({ ...reached, otherProject: true, ...options });
  return await applyRestore(plan);
}

function assertAsItWas({ status, verification }: RestoreResult, what: string): void {
  assert.deepEqual(verification?.differences, [], what);
  assert.equal(status, "restored", what);
  assert.ok(verification.records > 0, what);
}

Deno.test("a project comes back in an empty one, and again from there, with nothing else different", async (t) => {
  for (const seed of seeds(30, 1)) {
    await t.step(`seed ${seed}`, async () => {
      const source = worked(seed, long(60, 24));
      const first = await exported(source);
      const project = emptyProject({ id: "77001" });
      const wrong = watchPublic(project, source);
      await using cma = served(project);
      assertAsItWas(await restored(cma, first), `seed ${seed}`);
      assert.deepEqual(wrong, [], `public in seed ${seed}`);
      const second = new MemoryStorage();
      await exportProject({ ...sourceOf(cma), storage: second, tables: false });
      await using next = served(emptyProject({ id: "77002" }));
      assertAsItWas(await restored(next, second), `second generation of seed ${seed}`);
    });
  }
});

Deno.test("a dry run sends no write, and says what the run then does", async () => {
  const storage = await sampleSnapshot();
  await using cma = served(emptyProject());
  await using plan = await planRestore({ ...restoreOptions(cma, storage), otherProject: true });
  assert.deepEqual(cma.writes.writes, []);
  assert.equal(plan.confirmation, "New project/main");
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  // DatoCMS doesn't serve one of its files any more.
  const losses = result.losses.filter(({ code }) => code !== "schedule_left");
  assert.deepEqual(losses.map(({ code }) => code), ["asset_file_missing"]);
  assert.deepEqual([result.status, result.exitCode], ["lossy", EXIT.partial]);
  assert.deepEqual(result.planned, plan.writes);
  const made = (path: RegExp) => {
    return cma.writes.done.filter((write) => {
      return write.method === "POST" && path.test(write.path.split("?")[0]!);
    }).length;
  };
  const planned = (type: string) => {
    return plan.writes.filter((write) => write.action === "create" && write.type === type)
      .reduce((sum, { count }) => sum + count, 0);
  };
  assert.equal(made(/^\/items$/), planned("item"));
  assert.equal(made(/^\/item-types$/), planned("item_type"));
  assert.equal(made(/^\/item-types\/[^/]+\/fields$/), planned("field"));
  assert.equal(made(/^\/uploads$/), planned("upload"));
  assert.equal(made(/^\/upload-collections$/), planned("upload_collection"));
  const { reads, writes } = result.requests;
  assert.ok(
    Math.abs(plan.requests - reads - writes) <= 0.1 * plan.requests,
    `${plan.requests} were planned, ${reads} + ${writes} were sent`,
  );
});

Deno.test("a fork that was damaged becomes the snapshot again, and the primary environment isn't touched", async () => {
  const project = sampleProject();
  const storage = await exported(project);
  const { items } = project.primary;
  const articles = items.records().filter(({ current }) => current.attributes.title !== undefined);
  items.delete(articles[0]!.current.id);
  await using cma = served(project);
  await using plan = await planRestore({ ...restoreOptions(cma, storage), into: "new:rescue" });
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  const inPrimary = cma.writes.done.filter(({ environment }) => environment !== "rescue");
  assert.deepEqual(inPrimary, []);
  assert.ok(project.environments.get("rescue")!.items.get(articles[0]!.current.id, "current"));
});

/** What becomes of a write: it is done, but its answer is lost; or it is refused for now. */
const FAULTS = [
  ...["done-bad-gateway", "done-unavailable", "close", "truncated"] as const,
  ...["bad-gateway", "rate-limit-zero"] as const,
];

Deno.test("answers that get lost or are refused for a while lose nothing, and make nothing twice", async (t) => {
  for (const seed of seeds(30, 1)) {
    const source = worked(seed, 12);
    const storage = await exported(source);
    for (const fault of FAULTS.slice(0, long(FAULTS.length, 1))) {
      await t.step(`seed ${seed}, ${fault}`, async () => {
        const rules = ["POST", "PUT"].map((method) => ({
          on: "api",
          method,
          faults: [fault],
          probability: 0.2,
        }));
        const project = emptyProject();
        await using cma = served(project, {
          intercept: injectFaults({ rules, seed, mostInARow: 2 }),
        });
        // All records are made at one address, where one may meet many faults.
        const retry = { ...QUICK_RETRIES, maxAttempts: 30 };
        assertAsItWas(await restored(cma, storage, { retry }), `seed ${seed}, ${fault}`);
        assertNothingTwice(project, source);
        assert.ok(cma.log.requests.some((request) => request.fault === fault), "a fault came");
      });
    }
  }
});

Deno.test("a small image stands for an asset without a file, and what refers to it is kept", async () => {
  const extension = { extensions: ["txt"], transformable_image: false };
  const source = emptyProject({
    models: {
      page: {
        name: "Page",
        attributes: { draft_mode_active: true },
        fields: {
          file: { type: "file", validators: { required: {}, extension } },
          more: { type: "gallery" },
        },
      },
    },
  });
  const upload = source.addUpload({
    filename: "a.txt",
    bytes: new TextEncoder().encode("a"),
    mimeType: "text/plain",
  });
  const maker = new RecordMaker(source);
  const file = { upload_id: upload.id, alt: "A", title: null, custom_data: {}, focal_point: null };
  const id = maker.put("page", "page", { file, more: [file] }, true);
  maker.finish();
  const storage = await exported(source, { assets: false });
  const project = emptyProject({ id: "77003" });
  await using cma = served(project);
  const { losses, verification, status } = await restored(cma, storage, {
    missingAssets: "placeholder",
  });
  assert.deepEqual(losses.map(({ code }) => code), ["asset_placeholder"]);
  assert.deepEqual([status, verification?.differences], ["lossy", []]);
  const { attributes: { mime_type, size } } = project.primary.uploads.get(upload.id)!;
  assert.deepEqual([mime_type, size], ["image/png", 70]);
  const kept = project.primary.items.record(id)!;
  assert.equal(kept.current.meta?.status, "published");
  assert.deepEqual(kept.published?.attributes.file, file);
  // Who wants none gets a record that validators refuse, and is told so.
  await using other = served(emptyProject({ id: "77004" }));
  const dropped = await restored(other, storage);
  assert.deepEqual(dropped.losses.map(({ code }) => code), [
    "asset_file_missing",
    "asset_file_missing",
  ]);
  assert.deepEqual([dropped.status, dropped.verification?.differences], ["lossy", []]);
  // The restore that is resumed, or repeated, finds it there.
  await using again = await planRestore({
    ...restoreOptions(cma, storage),
    otherProject: true,
    missingAssets: "placeholder",
    resume: true,
  });
  assert.deepEqual(again.writes, []);
});

Deno.test("a restore that is stopped is resumed, with its journal and without", async () => {
  const source = worked(3, 12);
  const storage = await exported(source);
  for (const keepsJournal of [true, false]) {
    const project = emptyProject();
    const wrong = watchPublic(project, source);
    await using cma = served(project);
    const options = { ...restoreOptions(cma, storage), otherProject: true, concurrency: 2 };
    let runs = 0;
    for (let resume = false;; resume = true) {
      await using plan = await planRestore({ ...options, resume });
      runs++;
      try {
        assertAsItWas(await applyRestore(plan, { maxWrites: runs < 4 ? 10 : Infinity }), "");
        break;
      } catch (error) {
        assert.ok(error instanceof SluiceError && error.exitCode === EXIT.unfinished, `${error}`);
      }
      if (keepsJournal) continue;
      for (const key of storage.objects.keys()) {
        if (/\/restore_/.test(key)) storage.objects.delete(key);
      }
    }
    assert.equal(runs, 4);
    assert.deepEqual(wrong, []);
  }
});

/** A project has as many of each thing as the one that it was restored from. */
function assertNothingTwice(project: MemoryProject, source: MemoryProject): void {
  const counts = (
    { primary: { fields, fieldsets, items, itemTypes, uploads } }: MemoryProject,
  ) => ({
    models: itemTypes.length,
    fields: fields.length,
    fieldsets: fieldsets.length,
    records: items.records().length,
    uploads: uploads.uploads().length,
  });
  assert.deepEqual(counts(project), counts(source));
}

/** The snapshot as DatoCMS's own Project Export has it: without what only Sluice writes. */
async function asProjectExport(storage: MemoryStorage): Promise<MemoryStorage> {
  const copy = await copyOf(storage);
  const own =
    /\/(?:manifest\.json|export\.json|assets\.ndjson|settings\/.*|index\/.*|latest\.json)$/;
  for (const key of copy.objects.keys()) if (own.test(key)) copy.objects.delete(key);
  return copy;
}

Deno.test("snapshots of every form are restored: compressed, as DatoCMS writes them, on disk and in S3", async (t) => {
  const project = worked(2, 8);
  const of = (options: Partial<ExportOptions>) => exported(project, options);
  const into = async (storage: Storage): Promise<RestoreResult> => {
    await using cma = served(emptyProject());
    return await restored(cma, storage);
  };
  await t.step("compressed", async () => {
    assertAsItWas(await into(await of({ compress: "zstd" })), "compressed");
  });
  const enterprise = await of({ layout: "enterprise" });
  await t.step("the layout of DatoCMS", async () => assertAsItWas(await into(enterprise), ""));
  await t.step("DatoCMS's own Project Export", async () => {
    const result = await into(await asProjectExport(enterprise));
    // It tells of no collections, menus and filters.
    const types = new Set(result.verification?.differences.map(({ resource }) => resource));
    assert.deepEqual([...types], []);
  });
  await t.step("on disk", async () => {
    const root = await temporaryPath();
    await using cma = served(project);
    using storage = new LocalStorage(root);
    await exportProject({ ...sourceOf(cma), storage, tables: false });
    assertAsItWas(await into(storage), "disk");
    await Deno.remove(root, { recursive: true });
  });
  await t.step("in S3", async () => {
    await using opened = await openFake();
    await using cma = served(project);
    await exportProject({ ...sourceOf(cma), storage: opened.storage, tables: false });
    assertAsItWas(await into(opened.storage), "S3");
  });
});

Deno.test("a restore takes hardly more requests than there is to be written", async () => {
  const source = generateProject({ records: 60, uploads: 2, models: 4 });
  const storage = await exported(source);
  await using cma = served(emptyProject());
  const result = await restored(cma, storage);
  // What is made up links to drafts, too, which DatoCMS wouldn't publish.
  assert.deepEqual(result.verification?.differences, []);
  const least = (await leastRequests(storage))(result);
  const { reads, writes } = result.requests;
  // Jobs are asked for once; settings, menus and bulk operations of a small project count for more.
  assert.ok(reads + writes <= 1.03 * least + 140, `${reads} + ${writes} for ${least}`);
});
