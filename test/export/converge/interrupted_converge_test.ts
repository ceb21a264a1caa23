import assert from "node:assert/strict";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { MemoryProject } from "../../../src/simulator/memory_project.ts";
import { itemTypeId } from "../../../src/simulator/schema_builder.ts";
import { Editor } from "../../support/editor.ts";
import { workbench } from "../../support/exported.ts";
import { readSnapshot } from "../../support/exported_snapshot.ts";
import { long } from "../../support/long.ts";
import { Oracle } from "../../support/oracle.ts";
import { contentOf } from "../../support/snapshot_content.ts";
import { CrashError, TracedStorage } from "../../support/traced_storage.ts";

const LOCK = "content/project_900001/lock.json";

/** What is done to a project, by an editor; who changed so far. */
type Edit = (project: MemoryProject, editor: Editor, changed: readonly string[]) => void;

/** What happens to what was being brought up to date, until the export goes on. */
const MEANWHILE: Readonly<Record<string, Edit>> = {
  "is deleted": (project, _editor, changed) => {
    const { items, uploads } = project.primary;
    for (const id of changed) {
      if (uploads.get(id)) project.deleteUpload(id);
      else if (items.get(id, "current")) items.delete(id);
    }
  },
  "isn't public any more": ({ primary: { items } }, _editor, changed) => {
    for (const id of changed) if (items.get(id, "published")) items.unpublish(id);
  },
  "changed again": (_project, editor) => {
    for (let i = 0; i < 12; i++) editor.do("update");
    for (let i = 0; i < 3; i++) editor.do("describe");
  },
};

/**
 * Exports while records and uploads change after they were read, dies before so many of the files are
 * written that bring that up to date, and goes on.
 *
 * @return Whether it was written to its end before.
 */
async function interrupted(
  at: number,
  { project: original, edit, meanwhile }: {
    readonly project: MemoryProject;
    readonly edit: Edit;
    readonly meanwhile: Edit;
  },
): Promise<boolean> {
  const project = memoryCopy(original);
  const editor = new Editor(project, { seed: 3 });
  const oracle = new Oracle(project);
  const changed = new Set<string>();
  project.watch(({ id }) => changed.add(id));
  const asked = new Set<string>();
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname, searchParams }) => {
      if (!searchParams.has("filter[fields][_updated_at][gt]") || asked.has(pathname)) return;
      asked.add(pathname);
      if (pathname === "/items") edit(project, editor, [...changed]);
      else for (let i = 0; i < 4; i++) editor.do("describe");
      return undefined;
    },
  });
  const compress = COMPRESSIONS[(at >> 1) % COMPRESSIONS.length];
  // Each checkpoint ends parts of tables: there are several.
  const options = {
    assets: false,
    checkpointMs: 0,
    concurrency: 1,
    resume: true,
    include: FEW,
    compress,
  };
  let written = 0;
  const traced: TracedStorage = new TracedStorage(bench.storage, {
    onCall: () => {
      const { method, key } = traced.calls.at(-1)!;
      const isUpload = key.includes("/uploads/");
      const isContent = isUpload || /\/(records|links|blocks)\//.test(key);
      const isAmended = isContent && asked.has(isUpload ? "/uploads" : "/items");
      if (method === "put" && isAmended) written++;
      if (written > at) throw new CrashError("The process was killed.");
    },
  });
  try {
    await bench.export({ ...options, storage: traced });
    return true;
  } catch (error) {
    if (!(error instanceof CrashError)) throw error;
  }
  await bench.storage.delete([LOCK]);
  meanwhile(project, editor, [...changed]);
  const report = await bench.export(options);
  await contentOf(bench.storage, report.snapshot);
  const snapshot = await readSnapshot(bench.storage, report.snapshot);
  assert.deepEqual(oracle.checkSnapshot(snapshot, { from: 0, to: oracle.now }), [], `at ${at}`);
  assert.ok(bench.events.some((event) => event.type === "start" && event.resumed));
  return false;
}

const COMPRESSIONS = ["zstd", "gzip", "none"] as const;
const FEW = ["records", "uploads"] as const;
/** After how many files a run dies; every other one for each change. */
const POINTS = [1, 3, 10, 19];
const SMALL = memoryCopy(generateProject({ records: 12, models: 2, uploads: 4 }));

for (const [i, [what, meanwhile]] of Object.entries(MEANWHILE).entries()) {
  Deno.test(`exportProject() that resumes has all or nothing of what it was bringing up to date and ${what}`, async () => {
    const edit: Edit = (_project, editor) => {
      for (let i = 0; i < 8; i++) editor.do("update");
      for (let i = 0; i < 3; i++) editor.do("publish");
    };
    for (const at of POINTS.filter((_, j) => (i + j) % 2 === 0 || long(1, 0) === 1)) {
      assert.ok(
        !await interrupted(at, { project: SMALL, edit, meanwhile }),
        `not so many as ${at}`,
      );
    }
  });
}

Deno.test("exportProject() that resumes finds the rows that it put next to those of other records", async () => {
  let time = Date.UTC(2026, 0, 1);
  const clock = () => new Date(time += 1234);
  const project = memoryCopy(generateProject({ records: 2, models: 2 }), { clock });
  const authors = Array.from({ length: 1200 }, (_, i) => {
    return project.primary.items.create(itemTypeId("author"), { name: `Author ${i}` }).id;
  });
  // More than are brought up to date at once, in each of the parts that the tables have.
  const edited = authors.filter((_, i) => i % 2 === 0);
  const edit: Edit = ({ primary: { items } }) => {
    for (const id of edited) items.update(id, { name: `${id} with a longer name` });
  };
  const meanwhile: Edit = ({ primary: { items } }) => {
    for (const id of edited.slice(-100)) items.delete(id);
  };
  // The first part has the rows of all by then, and the next one still has its own.
  assert.ok(!await interrupted(3, { project, edit, meanwhile }));
});
