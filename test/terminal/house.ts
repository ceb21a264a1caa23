import assert from "node:assert/strict";
import { importGraph, readSources, waysTo } from "../support/house.ts";
import { denoDir } from "../support/terminal.ts";

/** The files of the repository in a program, as Deno reads its imports. */
async function filesOf(entry: string): Promise<string[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    env: { DENO_DIR: denoDir() },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const root = `file://${Deno.cwd()}/`;
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly modules: readonly { readonly specifier: string }[];
  };
  return modules.flatMap(({ specifier }) =>
    specifier.startsWith(root) ? [specifier.slice(root.length)] : []
  );
}

Deno.test("the imports that test/house_test.ts reads are those that Deno sees", async () => {
  const graph = importGraph(await readSources("src", "tasks", "mod.ts"));
  for (const entry of ["tasks/cli.ts", "tasks/cron.ts", "tasks/serve.ts", "mod.ts"]) {
    // What stands in for published packages is imported by their names.
    const seen = (await filesOf(entry)).filter((path) => !path.startsWith("src/std/"));
    const read = waysTo(graph, [entry], () => true).map((way) => way.split(" → ").at(-1)!);
    assert.deepEqual(read.sort(), seen.sort(), entry);
    assert.equal(seen.some((path) => path.startsWith("src/simulator/faults/")), false, entry);
  }
});
