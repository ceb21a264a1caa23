import assert from "node:assert/strict";
import { modelKey } from "../../../src/simulator/generated/schema.ts";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import type { ExportEvent } from "../../../src/export/events.ts";
import type { ExportOptions } from "../../../src/export/options.ts";
import { UnfinishedError } from "../../../src/export/unfinished.ts";
import { type EditMix, Editor } from "../../support/editor.ts";
import { type Workbench, workbench } from "../../support/exported.ts";
import { long } from "../../support/long.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";
import { contentOf } from "../../support/snapshot_content.ts";
import { CrashError, TracedStorage } from "../../support/traced_storage.ts";

const MINUTE = 60_000;

const SHAPES: Readonly<Record<string, Partial<ExportOptions>>> = {
  "only tables": { tables: "only" },
  "only tables, as CSV": { tables: "only", format: "csv" },
  "only tables of one locale": { tables: "only", locales: ["it"] },
  "tables and records": { tables: true },
};

const made = memoryCopy(
  generateProject({
    records: long(120, 60),
    uploads: long(20, 10),
    blocksPerRecord: 2,
    locales: ["en", "it"],
  }),
);

for (const [nth, [what, shape]] of Object.entries(SHAPES).entries()) {
  Deno.test(`exportProject() of ${what} counts what it holds while editors work`, async () => {
    const mixes: Partial<EditMix>[] = [
      { swap: 30, create: 20, publish: 20, unpublish: 20 },
      { redate: 60 },
    ];
    for (const [i, mix] of mixes.entries()) {
      // In short, one kind of changes for each shape, in turn.
      if (i !== nth % mixes.length && long(1, 0) === 0) continue;
      const project = memoryCopy(made);
      const editor = new Editor(project, { seed: i + 1, mix, purge: 10 });
      await using bench = await workbench({
        project,
        onRequest: editor.hook(6),
        rateLimit: { limit: 100_000, windowMs: 1000 },
      });
      const storage = new MemoryStorage();
      const { snapshot } = await bench.export({ storage, assets: false, ...shape });
      // It compares the manifest with the files.
      await contentOf(storage, snapshot);
      const amended = bench.events.map((event) => event.type === "converged" ? event.count : 0);
      assert.ok(amended.reduce((a, b) => a + b) > 10, "records were brought up to date");
    }
  });

  Deno.test(`exportProject() of ${what} that resumes counts what an earlier run has brought up to date`, async () => {
    const start = Date.now();
    let minutes = 0;
    const project = memoryCopy(made, { clock: () => new Date(start + minutes * MINUTE) });
    await using bench = await workbench({ project });
    const options: Partial<ExportOptions> = {
      assets: false,
      include: ["records", "uploads"],
      resume: true,
      checkpointMs: 0,
      ...shape,
    };
    await stoppedAfterListings(bench, options);
    edit(project);
    minutes++;
    const passes = await convergedBeforeCrash(bench, options);
    assert.equal(passes, 3, "records and uploads, and the record that was only unpublished");
    // What changed is too long ago now to be found again.
    minutes++;
    const before = bench.events.length;
    const { snapshot } = await bench.export(options);
    const last = bench.events.slice(before);
    assert.ok(last.some((event) => event.type === "start" && event.resumed));
    assert.ok(!last.some(({ type }) => type === "converged"));
    await contentOf(bench.storage, snapshot);
  });
}

/** Exports up to where all listings are read. */
async function stoppedAfterListings(
  bench: Workbench,
  options: Partial<ExportOptions>,
): Promise<void> {
  const stop = new AbortController();
  let left = 0;
  const onEvent = (event: ExportEvent) => {
    if (event.type === "start") left = event.listings;
    if (event.type === "done" && --left === 0) stop.abort();
  };
  const stopped = bench.export({ ...options, stop: stop.signal, onEvent });
  await assert.rejects(stopped, UnfinishedError);
}

/** Exports up to where the manifest would be written; tells how often something was brought up to date. */
async function convergedBeforeCrash(
  bench: Workbench,
  options: Partial<ExportOptions>,
): Promise<number> {
  let isOver = false;
  let converged = 0;
  const storage: TracedStorage = new TracedStorage(bench.storage, {
    onCall: () => {
      isOver ||= storage.calls.at(-1)!.key.endsWith("/manifest.json");
      if (isOver) throw new CrashError("Killed by the test");
    },
  });
  const onEvent = ({ type }: ExportEvent) => {
    if (type === "converged") converged++;
  };
  await assert.rejects(bench.export({ ...options, storage, onEvent }), CrashError);
  await bench.storage.delete(["content/project_900001/lock.json"]);
  return converged;
}

/** Makes records and uploads come, go and change. */
function edit(project: MemoryProject): void {
  const { items } = project.primary;
  const [first, second, third] = items.records().filter(({ published }) => published);
  const { attributes, relationships } = first!.current;
  for (let i = 0; i < 3; i++) {
    const { id } = items.create(relationships.item_type.data.id, attributes);
    if (i > 0) items.publish(id);
    const bytes = new TextEncoder().encode(`file ${i}`);
    project.addUpload({ filename: `new-${i}.txt`, bytes, mimeType: "text/plain" });
  }
  items.unpublish(second!.current.id);
  items.update(third!.current.id, {});
}

Deno.test("exportProject() replaces records whose model's name means something to a file system", async () => {
  const project = memoryCopy(generateProject({ records: 20, models: 1, uploads: 0 }));
  const model = project.primary.itemTypes.find(({ attributes }) => !attributes.modular_block)!;
  Object.assign(model.attributes, { api_key: "con" });
  let isEdited = false;
  await using bench = await workbench({ project });
  const { manifest, snapshot } = await bench.export({
    assets: false,
    include: ["records"],
    onEvent: (event) => {
      if (event.type !== "done" || isEdited) return;
      isEdited = true;
      const { items } = project.primary;
      items.update(items.records()[0]!.current.id, {});
    },
  });
  assert.equal(manifest.records.con?.current?.count, 20);
  const { listings } = await contentOf(bench.storage, snapshot);
  assert.equal(listings["records/%63on/current"]?.length, 20);
});

Deno.test("exportProject() of only tables has a record once whose date of creation was changed", async () => {
  const project = memoryCopy(
    generateProject({ records: 100, models: 1, blocksPerRecord: 1, uploads: 0 }),
  );
  const { items } = project.primary;
  const [first, last] = [items.records()[0]!.current, items.records().at(-1)!.current];
  const { id } = first;
  let isEdited = false;
  await using bench = await workbench({ project });
  // Each page is a part of its own: it is looked for where it would be by its new date.
  const { snapshot } = await bench.export({
    tables: "only",
    assets: false,
    include: ["records"],
    checkpointMs: 0,
    concurrency: 1,
    onEvent: (event) => {
      if (event.type !== "done" || isEdited) return;
      isEdited = true;
      items.update(id, {}, String(last.meta!.created_at));
    },
  });
  const { tables } = await contentOf(bench.storage, snapshot);
  const rows = tables[`tables/records/${modelKey(0)}/version=current`]!;
  const own = rows.filter((row) => (JSON.parse(row) as { readonly id: string }).id === id);
  const locales = own.map((row) => (JSON.parse(row) as { readonly _locale: string })._locale);
  assert.equal(new Set(locales).size, own.length);
  assert.ok(own[0]!.includes(String(last.meta!.created_at)));
});
