import assert from "node:assert/strict";
import { generateProject } from "../../../src/simulator/generated/generated_project.ts";
import { workbench } from "../../support/exported.ts";
import { MemoryStorage } from "../../support/memory_storage.ts";

const LITTLE = { assets: false, tables: false, concurrency: 1 } as const;

Deno.test("exportProject() asks last for settings that were refused last time", async () => {
  const forbidden = ["/roles", "/webhooks"];
  const asked: string[] = [];
  await using bench = await workbench({
    project: generateProject({ records: 2, models: 1 }),
    forbidden,
    onRequest: (_request, { pathname }) => {
      asked.push(pathname);
      return undefined;
    },
  });
  const storage = new MemoryStorage();
  const settings = async () => {
    asked.length = 0;
    const { manifest } = await bench.export({
      ...LITTLE,
      storage,
      exclude: ["records", "uploads"],
    });
    assert.ok("skipped" in manifest.resources.roles!);
    const read = Object.keys(manifest.resources).map((name) => `/${name.replaceAll("_", "-")}`);
    return asked.filter((path, at) => read.includes(path) && asked.indexOf(path) === at);
  };
  const first = await settings();
  assert.ok(first.length > 10);
  assert.notDeepEqual(first.slice(-2).toSorted(), forbidden);
  const second = await settings();
  assert.deepEqual(second.slice(-2).toSorted(), forbidden);
  assert.deepEqual(second.toSorted(), first.toSorted());
  // A manifest that can't be read changes nothing.
  for (const key of storage.objects.keys()) {
    if (key.endsWith("/manifest.json")) await storage.put(key, new TextEncoder().encode("{"));
  }
  assert.deepEqual(await settings(), first);
});
