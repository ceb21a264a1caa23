import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import type { ExportNotes } from "../../src/snapshot/manifest.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { LOCK, MANIFEST, TABLE_SCHEMA } from "../../src/snapshot/layout.ts";
import { workbench } from "../support/exported.ts";
import { MemoryStorage } from "../support/memory_storage.ts";

const PREFIX = "content/project_900001";
const PROJECT = generateProject({ records: 60, models: 2, uploads: 2, assetBytes: 100 });

Deno.test("exportProject() calls beforeBegin with its lock held, before anything of a new snapshot is written", async () => {
  await using bench = await workbench({ project: PROJECT });
  const storage = new MemoryStorage();
  const reason = new Error("not now");
  const seen: string[][] = [];
  const beforeBegin = (signal: AbortSignal) => {
    assert.equal(signal.aborted, false);
    seen.push([...storage.objects.keys()]);
    return Promise.reject(reason);
  };
  await assert.rejects(bench.export({ storage, beforeBegin }), reason);
  assert.deepEqual(seen, [[`${PREFIX}/${LOCK}`]]);
  assert.equal(storage.objects.size, 0);
  assert.ok(!bench.events.some(({ type }) => type === "start"));
});

Deno.test("exportProject() doesn't call beforeBegin when it resumes a snapshot", async () => {
  await using bench = await workbench({ project: PROJECT });
  const stop = new AbortController();
  let calls = 0;
  const beforeBegin = () => Promise.resolve(void calls++);
  const onEvent = ({ type }: { readonly type: string }) => type === "page" && stop.abort();
  const first = { beforeBegin, onEvent, stop: stop.signal, concurrency: 1 };
  await assert.rejects(bench.export(first), { name: "UnfinishedError" });
  assert.equal(calls, 1);
  const { status } = await bench.export({ beforeBegin, resume: true });
  assert.deepEqual([status, calls], ["complete", 1]);
});

Deno.test("exportProject() hands what it noted to onNotes, also if it fails, and if it went on with another", async () => {
  const project = memoryCopy(PROJECT);
  const { page: items } = project.primary.items.list({
    version: "current",
    blocksToo: false,
    filters: [],
    orderBy: [],
    offset: 0,
    limit: 60,
  });
  const odd = items.find(({ attributes }) => Object.hasOwn(attributes, "extra"))!;
  project.primary.items.update(odd.id, { ...odd.attributes, extra: "{" });
  await using bench = await workbench({
    project,
    forbidden: ["/roles"],
    onRequest: (_request, { pathname }) => {
      return /\.\w+$/.test(pathname) ? new Response(null, { status: 404 }) : undefined;
    },
  });
  const noted = async (options: Partial<ExportOptions>) => {
    let read: (() => ExportNotes) | undefined;
    const onNotes = (given: () => ExportNotes) => read = given;
    const report = await bench.export({ checkpointMs: 0, ...options, onNotes }).catch(() =>
      undefined
    );
    return { report, notes: read!() };
  };
  const include = ["records", "uploads", "roles"] as const;
  const { report, notes } = await noted({ include });
  const { findings, warnings, failures } = report!.manifest;
  assert.deepEqual(notes, { findings, warnings, failures });
  assert.ok(warnings.some(({ code }) => code === "invalid_json"), JSON.stringify(warnings));
  assert.ok(failures.some(({ code }) => code === "resource_skipped"));
  assert.ok(failures.some(({ code }) => code === "asset_failed"), JSON.stringify(failures));
  for (const last of [TABLE_SCHEMA, MANIFEST]) {
    let isBroken = true;
    const storage = new MemoryStorage({
      beforePut: (key) => {
        if (isBroken && key.endsWith(`/${last}`)) throw new Error("full");
      },
    });
    const failed = await noted({ include, storage });
    assert.equal(failed.report, undefined);
    assert.deepEqual(sorted(failed.notes), sorted(notes));
    const stopped = await noted({ include, storage, resume: true, stop: AbortSignal.abort() });
    assert.equal(stopped.report, undefined);
    // Whoever stops before the tables are made may not know yet what those will be warned of.
    const texts = (all: ExportNotes) => all.warnings.map(({ message }) => message);
    assert.deepEqual(texts(stopped.notes).filter((text) => !texts(notes).includes(text)), []);
    assert.deepEqual(stopped.notes.failures.map(({ code }) => code), ["resource_skipped"]);
    isBroken = false;
    const resumed = await noted({ include, storage, resume: true });
    assert.equal(resumed.report?.status, "partial");
    const after = sorted(resumed.notes);
    const before = sorted(notes);
    assert.deepEqual([after.failures, after.warnings], [before.failures, before.warnings]);
  }
});

/** What was noted, in an order that doesn't depend on which asset failed first. */
function sorted({ findings, warnings, failures }: ExportNotes): ExportNotes {
  const byMessage = (notes: ExportNotes["warnings"]) =>
    notes.toSorted((a, b) => a.message < b.message ? -1 : 1);
  return {
    findings: byMessage(findings),
    warnings: byMessage(warnings),
    failures: byMessage(failures),
  };
}
