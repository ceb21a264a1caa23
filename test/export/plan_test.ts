import assert from "node:assert/strict";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { SourceOptions } from "../../src/export/options.ts";
import { planExport } from "../../src/export/plan.ts";
import { workbench } from "../support/exported.ts";

const PROJECTS = {
  sample: sampleProject(),
  generated: generateProject({ records: 1200, models: 4, uploads: 600 }),
};

const CHOICES: readonly Partial<SourceOptions>[] = [
  {},
  { published: false },
  { include: ["records"] },
  { exclude: ["records", "uploads"] },
];

for (const [name, project] of Object.entries(PROJECTS)) {
  Deno.test(`planExport() tells how many requests an export makes: the ${name} project`, async () => {
    await using bench = await workbench({ project });
    const { apiToken, url: baseUrl, log } = bench.cma;
    for (const options of CHOICES) {
      const plan = await planExport({ apiToken, baseUrl, ...options });
      const before = log.count.api;
      await bench.export({ assets: false, ...options });
      assert.equal(plan.requests, log.count.api - before, JSON.stringify(options));
    }
  });
}
