/**
 * DatoCMS's own command line, as it is published, on a served snapshot: it reads its schema, environments and records.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openSnapshot } from "../../src/tools/open.ts";
import { exportedToMemory, serveSnapshots } from "../support/served.ts";

const TOOLS = Deno.env.get("SLUICE_TEST_TOOLS");

Deno.test({
  name: "DatoCMS's command line reads a served snapshot",
  // Who runs the tests may not have it; where all has to pass, it is there.
  ignore: TOOLS === undefined && Deno.env.get("SLUICE_TEST_CI") !== "true",
  async fn() {
    const storage = await exportedToMemory({ tables: false });
    const snapshot = await openSnapshot(storage, "latest");
    const [project] = snapshot.name.split("/");
    await using served = serveSnapshots(storage);
    const directory = await Deno.makeTempDir({ prefix: "sluice-datocms-" });
    const run = async (...args: string[]): Promise<string> => {
      const { success, stdout, stderr } = await new Deno.Command("node", {
        args: [
          `${TOOLS}/datocms/node_modules/datocms/bin/run`,
          ...args,
          `--api-token=${served.tokens.admin}`,
          `--base-url=${served.url}/cma/${project}`,
        ],
        cwd: directory,
        env: { HOME: directory, CI: "true" },
      }).output();
      const decoder = new TextDecoder();
      const output = decoder.decode(stdout);
      assert.ok(success, `${args.join(" ")}\n${output}${decoder.decode(stderr)}`);
      return output;
    };
    try {
      await run("schema:generate", "schema.ts");
      const types = await Deno.readTextFile(`${directory}/schema.ts`);
      const { models, itemTypes } = await snapshot.schema();
      for (const { id } of itemTypes) assert.ok(types.includes(id), id);

      assert.ok((await run("schema:inspect", "article")).includes("api_key: article"));
      assert.ok((await run("environments:list")).includes("main"));

      const author = models.find(({ attributes }) => attributes.api_key === "author")!;
      const params = JSON.stringify({ filter: { type: author.id } });
      const listed = JSON.parse(await run("cma:call", "items", "list", "--params", params));
      assert.ok(listed.length > 0);
      for (const { id, name } of listed) {
        assert.equal(name, (await snapshot.record(id))?.current?.attributes.name);
      }
      assert.deepEqual(served.errors, []);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
