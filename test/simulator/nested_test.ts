import assert from "node:assert/strict";
import fc from "fast-check";
import type { Item, Json, JsonObject } from "../../src/content/resource.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { list, start } from "./cma_request.ts";

/** Ids in place of blocks, found by their looks alone: nothing else has an `item_type` relationship. */
function withIds(value: Json, blocks: string[]): Json {
  if (Array.isArray(value)) return value.map((one) => withIds(one, blocks));
  if (typeof value !== "object" || value === null) return value;
  if (value.type === "item" && typeof value.relationships === "object") {
    collect(value, blocks);
    return value.id!;
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withIds(one, blocks)]));
}

function collect(block: JsonObject, blocks: string[]): void {
  blocks.push(String(block.id));
  withIds(block.attributes!, blocks);
}

/** Every page of a listing. */
async function* pages(cma: Parameters<typeof list>[0], query: string, limit: number) {
  let offset = 0;
  while (true) {
    const page = await list(cma, `/items?${query}&page[limit]=${limit}&page[offset]=${offset}`);
    yield page.data;
    offset += limit;
    if (offset >= page.total) return;
  }
}

async function checkModes(project: DemoProject, version: string): Promise<number> {
  await using cma = start({ project });
  const models = project.environments.get(project.primaryEnvironment)!.itemTypes;
  const keys = (block: boolean) =>
    models.filter((one) => one.attributes.modular_block === block)
      .map((one) => one.attributes.api_key).join(",");
  const query = `filter[type]=${keys(false)}&version=${version}`;
  const nested: Item[] = [];
  const regular: Item[] = [];
  for await (const page of pages(cma, `${query}&nested=true`, 30)) nested.push(...page);
  for await (const page of pages(cma, query, 500)) regular.push(...page);

  const blocks: string[] = [];
  const expected = nested.map((item) => ({
    ...item,
    attributes: withIds(item.attributes, blocks),
  }));
  assert.deepEqual(regular, expected);

  const listed: string[] = [];
  for await (const page of pages(cma, `filter[type]=${keys(true)}&version=${version}`, 500)) {
    listed.push(...page.map((one) => one.id));
  }
  assert.deepEqual(listed.sort(), blocks.sort());
  return blocks.length;
}

Deno.test("GET /items in regular mode is nested mode with ids in place of blocks", async () => {
  assert.ok(await checkModes(sampleProject(), "current") > 30);
  assert.ok(await checkModes(sampleProject(), "published") > 25);
});

Deno.test("GET /items in both modes agrees on generated projects of any shape", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        records: fc.integer({ min: 0, max: 60 }),
        models: fc.integer({ min: 1, max: 6 }),
        blocksPerRecord: fc.integer({ min: 0, max: 25 }),
        locales: fc.uniqueArray(fc.constantFrom("en", "it", "pt-BR", "de"), { minLength: 1 }),
        uploads: fc.integer({ min: 0, max: 3 }),
        seed: fc.integer({ min: 0, max: 1_000_000 }),
      }),
      fc.constantFrom("current", "published"),
      async (options, version) => {
        await checkModes(generateProject(options), version);
      },
    ),
    { numRuns: 25 },
  );
});
