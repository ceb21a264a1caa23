import assert from "node:assert/strict";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { memoryCopy } from "../../../src/simulator/memory_copy.ts";
import type { ItemType } from "../../../src/content/resource.ts";
import { filesOf, workbench } from "../../support/exported.ts";
import { withStaging } from "../../support/with_staging.ts";

/** Exports a project whose schema changes as soon as it was read; the findings and what was told. */
async function exportedWhile(change: (model: ItemType) => void) {
  const project = memoryCopy(generateProject({ records: 8, models: 2 }));
  const model = project.primary.itemTypes.find(({ attributes }) => !attributes.modular_block)!;
  let reads = 0;
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname }) => {
      if (pathname === "/site" && ++reads === 2) change(model);
      return undefined;
    },
  });
  const { manifest } = await bench.export({ include: ["records"] });
  const told = bench.events.filter((event) => event.type === "finding");
  const of = ({ code, message }: { code: string; message: string }) => ({ code, message });
  assert.deepEqual(manifest.findings.map(of), told.map(of));
  return { key: model.attributes.api_key, findings: manifest.findings.map(of) };
}

Deno.test("exportProject() tells that the schema changed while it read the project", async () => {
  const { key, findings } = await exportedWhile(({ attributes }) => {
    Object.assign(attributes, { name: "Another name" });
  });
  assert.deepEqual(findings, [{
    code: "schema_changed",
    message:
      `The schema changed while the project was read (model ${key}): records may hold what ` +
      "the exported schema doesn't have, or the other way round; export again.",
  }]);
});

Deno.test("exportProject() doesn't take a new single record for a change of the schema", async () => {
  const { findings } = await exportedWhile((model) => {
    const relationships = model.relationships as Record<string, unknown>;
    relationships.singleton_item = { data: { type: "item", id: "42" } };
  });
  assert.deepEqual(findings, []);
});

Deno.test("exportProject() fails if another environment becomes the primary one meanwhile", async () => {
  const project = withStaging(generateProject({ records: 8, models: 2 }));
  await using bench = await workbench({
    project,
    onRequest: (_request, { pathname }) => {
      if (pathname === "/items") project.primaryEnvironment = "staging";
      return undefined;
    },
  });
  await assert.rejects(bench.export({ include: ["records"] }), {
    name: "CmaError",
    message:
      "Expected the primary environment to be main until the export's end, but now it is staging, so " +
      "parts of the snapshot may be of either: export again.",
  });
  assert.ok(!(await filesOf(bench.root)).some((path) => path.endsWith("canary.txt")));
  // What is named is read from there, whatever becomes of it.
  project.primaryEnvironment = "main";
  const { status } = await bench.export({ include: ["records"], environment: "staging" });
  assert.equal(status, "complete");
});
