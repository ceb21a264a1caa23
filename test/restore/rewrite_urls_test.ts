import assert from "node:assert/strict";
import { renderRestorePage } from "../../src/cli/report/restore_html.ts";
import { renderRestorePlan, renderRestoreResult } from "../../src/cli/report/restore_text.ts";
import { applyRestore, planRestore, type RestoreOptions } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { RecordMaker } from "../support/made_records.ts";
import { MemoryStorage } from "../support/memory_storage.ts";
import { exported, restoreOptions, served } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

const PAGE = entityId("page");

/** A page whose texts hold the addresses of files, and of one that is nobody's. */
function source() {
  const models = {
    page: {
      name: "Page",
      attributes: { draft_mode_active: true },
      fields: {
        title: { type: "string" },
        text: { type: "text", localized: true },
        data: { type: "json" },
      },
    },
  };
  const project = emptyProject({ id: "48213", locales: ["en"], models });
  const [a, b] = ["a", "b"].map((name) => {
    const bytes = new TextEncoder().encode(name);
    const upload = project.addUpload({ filename: `${name}.txt`, bytes, mimeType: "text/plain" });
    return upload.attributes.url;
  }) as [string, string];
  const maker = new RecordMaker(project);
  const content = {
    title: `Plain http://${a.slice(8)}`,
    text: {
      en: `![a](${a}?w=100&h=50) and ${b}. Not ${b}.bak, nor ${a.replace("a.txt", "c.txt")}`,
    },
    data: JSON.stringify({ file: b, more: [a] }),
  };
  maker.put("page", "page", { ...content, title: "Newer" }, content);
  maker.finish();
  return { project, a, b, content };
}

async function restored(
  target: MemoryProject,
  storage: MemoryStorage,
  more: Partial<RestoreOptions>,
) {
  await using cma = served(target);
  const options = {
    ...restoreOptions(cma, storage),
    clock: IMPATIENT,
    otherProject: true,
    ...more,
  };
  await using plan = await planRestore(options);
  return { plan, result: await applyRestore(plan) };
}

Deno.test("old addresses of uploads in texts are told, and with --rewrite-urls they become the new ones", async () => {
  const { project, a, b, content } = source();
  const storage = await exported(project);
  {
    const target = emptyProject({ id: "77001" });
    const { plan, result } = await restored(target, storage, {});
    assert.deepEqual(result.verification?.differences, []);
    assert.deepEqual([plan.newUrls?.count, plan.newUrls?.urls], [2, []]);
    const { newUrls } = result;
    const urls = target.primary.uploads.uploads().map(({ id, attributes }) => [id, attributes.url]);
    assert.deepEqual(new Map(newUrls!.urls.map((one) => [one.id, one.new])), new Map(urls as []));
    assert.deepEqual(new Set(newUrls!.urls.map((one) => one.old)), new Set([a, b]));
    assert.deepEqual(newUrls!.mentions, [
      { type: "item", id: PAGE, name: "page", field: "text", found: [a, b] },
      { type: "item", id: PAGE, name: "page", field: "data", found: [b, a] },
    ]);
    const { text } = target.primary.items.get(PAGE, "published")!.attributes;
    assert.deepEqual(text, content.text);
    assert.match(renderRestorePlan(plan), /2 uploads have another address than in the snapshot/);
    assert.match(
      renderRestoreResult(result),
      /which aren't changed \(2\):\n {2}item page .* text: /,
    );
    assert.match(renderRestorePage(result), /Old addresses in texts \(2\)/);
  }
  const target = emptyProject({ id: "77001" });
  const reached = { rewriteUrls: true, journal: new MemoryStorage() };
  // It is stopped once the files are there.
  await using cma = served(target);
  const options = {
    ...restoreOptions(cma, storage),
    clock: IMPATIENT,
    otherProject: true,
    ...reached,
  };
  {
    await using plan = await planRestore(options);
    const all = plan.writes.findIndex(({ type }) => type === "item");
    const before = plan.writes.slice(0, all).reduce((sum, { requests }) => sum + requests, 0);
    await assert.rejects(applyRestore(plan, { maxWrites: Math.min(before, 9) }), /can be resumed/);
  }
  await using plan = await planRestore({ ...options, rewriteUrls: undefined, resume: true });
  const result = await applyRestore(plan);
  assert.deepEqual(result.verification?.differences, []);
  const next = new Map(result.newUrls!.urls.map((one) => [one.old, one.new]));
  const [x, y] = [next.get(a)!, next.get(b)!];
  const { attributes } = target.primary.items.get(PAGE, "published")!;
  assert.equal(attributes.title, `Plain http://${x.slice(8)}`);
  assert.deepEqual(attributes.text, {
    en: `![a](${x}?w=100&h=50) and ${y}. Not ${b}.bak, nor ${a.replace("a.txt", "c.txt")}`,
  });
  assert.deepEqual(JSON.parse(attributes.data as string), { file: y, more: [x] });
  assert.equal(target.primary.items.get(PAGE, "current")!.attributes.title, "Newer");
});
