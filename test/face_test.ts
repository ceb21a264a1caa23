import assert from "node:assert/strict";
import denoJson from "../deno.json" with { type: "json" };
import * as mod from "../mod.ts";
import { sampleProject } from "../src/demo/sample/sample_project.ts";
import { startDemoCma } from "../src/simulator/server.ts";
import * as tools from "../src/tools/mod.ts";
import { exportedNames } from "./support/exported_names.ts";
import { temporaryPath } from "./support/temporary.ts";

const ROOT = new URL("../", import.meta.url);
const ENTRIES = Object.entries(denoJson.exports);

/** An example in the documentation of what is exported. */
interface Example {
  readonly name: string;
  readonly code: string;
}

/** The documentation right before a name's declaration, also if a type of its own stands between. */
function documentationOf(name: string, source: string): string {
  const declared = new RegExp(
    `^export (?:async )?(?:abstract )?(?:class|function|const) ${name}\\b`,
    "m",
  ).exec(source);
  assert.ok(declared, `${name} isn't declared where it comes from`);
  const before = source.slice(0, declared.index);
  return before.slice(before.lastIndexOf("/**"));
}

/** The examples of everything that runs of the root's, or of another entry point's. */
async function examplesOf(entry: string, runs: object): Promise<Example[]> {
  const examples: Example[] = [];
  const names = await exportedNames(new URL(entry, ROOT));
  for (const name of Object.keys(runs)) {
    const text = documentationOf(name, await Deno.readTextFile(names.get(name)!));
    const blocks = [...text.matchAll(/```ts(?: no-eval)?\n(.*?)```/gs)];
    assert.ok(blocks.length > 0, `${name} has no example`);
    for (const [, code] of blocks) {
      examples.push({ name, code: code!.replaceAll(/^ *\* ?/gm, "").replaceAll("*\\/", "*/") });
    }
  }
  return examples;
}

Deno.test("The root exports by name what most programs need, and the subpaths the rest", async () => {
  const names = await exportedNames(new URL("mod.ts", ROOT));
  assert.ok(names.size >= 70 && names.size <= 100, `${names.size} names`);
  assert.deepEqual(ENTRIES.map(([name]) => name), [
    ".",
    "./storage",
    "./source",
    "./transform",
    "./snapshot",
    "./tools",
    "./restore",
    "./schedule",
    "./serve",
  ]);
  for (const [name, path] of ENTRIES) {
    const source = await Deno.readTextFile(new URL(path, ROOT));
    assert.doesNotMatch(source, /^export \*/m, `${name} exports by name`);
    const runs = Object.keys(await import(new URL(path, ROOT).href));
    const named = await exportedNames(new URL(path, ROOT));
    assert.deepEqual(runs.filter((run) => !named.has(run)), [], name);
  }
});

Deno.test("Each example of the root's and of the tools' runs as it is written", async (t) => {
  await using server = await startDemoCma({ project: sampleProject(), rateLimit: false });
  const directory = await temporaryPath();
  const failures: string[] = [];
  const { console: own } = globalThis;
  const { assert: asserted, log } = own;
  own.log = () => {};
  own.assert = (condition: boolean) => void (condition || failures.push("console.assert()"));
  try {
    const examples = [
      ...await examplesOf("mod.ts", mod),
      ...await examplesOf("src/tools/mod.ts", tools),
    ];
    for (const { name, code } of examples) {
      await t.step(name, async () => {
        // Only where it reads from and writes to is another place.
        const here = ENTRIES.reduce(
          (code, [entry, path]) =>
            code.replaceAll(
              `"${entry.replace(".", denoJson.name)}"`,
              JSON.stringify(new URL(path, ROOT).href),
            ),
          code,
        )
          .replaceAll(
            'apiToken: Deno.env.get("DATOCMS_API_TOKEN")!',
            `apiToken: ${JSON.stringify(server.apiToken)}, baseUrl: ${
              JSON.stringify(server.url)
            }, ` +
              `assetHost: ${JSON.stringify(server.url)}`,
          )
          .replaceAll(
            /"\.\/(\w+)"/g,
            (_, folder) => JSON.stringify(`${directory}/${folder}`),
          );
        assert.doesNotMatch(here, /from "@sluice|Deno\.env/, "it needs nothing else");
        await import(`data:application/typescript,${encodeURIComponent(here)}`);
        assert.deepEqual(failures.splice(0), []);
      });
    }
  } finally {
    Object.assign(own, { assert: asserted, log });
    await Deno.remove(directory, { recursive: true });
  }
});
