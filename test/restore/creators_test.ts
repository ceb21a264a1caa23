import assert from "node:assert/strict";
import { creatorsOf } from "../../src/cli/restore_creators.ts";
import type { Resource } from "../../src/content/resource.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { CreatorChoice } from "../../src/restore/creators.ts";
import { applyRestore, planRestore } from "../../src/restore/mod.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import type { MemoryProject } from "../../src/simulator/memory_project.ts";
import { RecordMaker } from "../support/made_records.ts";
import { temporaryPath } from "../support/temporary.ts";
import { exported, restoreOptions, served } from "./frame.ts";
import { IMPATIENT } from "./restoring.ts";

const [ACCOUNT, TOKEN, EDITOR] = ["52759", "80001", "901"];

/** A project with a record of its account, and a file of an API token. */
function source(): MemoryProject {
  const models = { page: { name: "Page", fields: { title: { type: "string" } } } };
  const project = emptyProject({ id: "48213", models });
  const bytes = new TextEncoder().encode("a");
  const upload = project.addUpload({ filename: "a.txt", bytes, mimeType: "text/plain" });
  const creator = { data: { id: TOKEN!, type: "access_token" } };
  project.primary.uploads.update(upload.id, {}, { creator });
  const maker = new RecordMaker(project);
  maker.put("page", "page", { title: "A" }, true);
  maker.finish();
  return project;
}

/** An empty project in which somebody works who isn't known elsewhere; the snapshot's account may be. */
function target(knowsAccount = false): MemoryProject {
  const project = emptyProject({ id: "77001" });
  const { primary } = project;
  const email = "editor@slackwater.example";
  primary.settings.set("/users", [{ id: EDITOR!, type: "user", attributes: { email } }]);
  if (!knowsAccount) {
    const { site } = primary;
    primary.setSite({
      ...site,
      relationships: { ...site.relationships, account: { data: { type: "account", id: "1" } } },
    });
  }
  return project;
}

Deno.test("creators are whoever restores, as they were, or those that a map names; who can't be is told once", async () => {
  const storage = await exported(source());
  const by = { type: "access_token", id: TOKEN };
  const account = { type: "account", id: ACCOUNT };
  const editor = { type: "user", id: EDITOR! } as const;
  const cases: [CreatorChoice | undefined, boolean, object, object, string[]][] = [
    // What is chosen, whether the target knows the account, who made the records, and the uploads, and who is lost.
    [undefined, true, by, by, []],
    ["keep", true, account, by, []],
    ["keep", false, by, by, [ACCOUNT!]],
    [{ [ACCOUNT!]: editor, [TOKEN!]: editor }, false, editor, editor, []],
    [{ [TOKEN!]: editor }, true, by, editor, [ACCOUNT!]],
  ];
  for (const [creators, knows, ofRecords, ofUploads, lost] of cases) {
    const project = target(knows);
    await using cma = served(project);
    const options = { ...restoreOptions(cma, storage), clock: IMPATIENT, otherProject: true };
    await using plan = await planRestore({ ...options, creators });
    const { verification, losses } = await applyRestore(plan);
    assert.deepEqual(verification?.differences, []);
    assert.deepEqual(
      losses.map(({ code, id }) => [code, id]),
      lost.map((id) => ["creator_unknown", id]),
    );
    const { items, uploads } = project.primary;
    for (const { current } of items.records()) assert.deepEqual(creatorOf(current), ofRecords);
    for (const upload of uploads.uploads()) assert.deepEqual(creatorOf(upload), ofUploads);
  }
});

function creatorOf({ relationships }: Resource): unknown {
  return relationships?.creator?.data;
}

Deno.test("a file says who takes whose place; what doesn't is refused in a sentence", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryPath();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const path = `${folder}/map.json`;
  await Deno.writeTextFile(path, JSON.stringify({ 52759: { type: "user", id: "901" } }));
  assert.deepEqual(await creatorsOf(`@${path}`), { 52759: { type: "user", id: "901" } });
  assert.equal(await creatorsOf("keep"), "keep");
  for (
    const [text, why] of [
      ["{", /JSON object in .*map\.json for --creators .*, but: .*JSON/],
      ["[]", /but: .*record|object/i],
      ['{"1":{"type":"robot","id":"2"}}', /but: at 1\.type: /],
      ['{"1":{"type":"user"}}', /but: at 1\.id: /],
    ] as const
  ) {
    await Deno.writeTextFile(path, text);
    await assert.rejects(creatorsOf(`@${path}`), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.match(error.message, why);
      assert.equal(error.exitCode, EXIT.usage);
      return true;
    });
  }
});
