import assert from "node:assert/strict";
import { liveSnapshot } from "../../src/tools/diff/live.ts";
import { exportProject } from "../../src/export/export.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { AMPLE } from "../support/cma.ts";
import { sourceOf } from "../support/exported.ts";

Deno.test("what a killed program has left of a live environment is removed, and nothing else", async () => {
  const within = await Deno.makeTempDir();
  const names = () => [...Deno.readDirSync(within)].map(({ name }) => name).sort();
  await using cma = startDemoCma({ project: emptyProject(), rateLimit: AMPLE });
  const live = () =>
    liveSnapshot(
      (storage) => exportProject({ ...sourceOf(cma), storage, assets: false, tables: false }),
      undefined,
      within,
    );
  try {
    await Deno.mkdir(`${within}/sluice-live-killed/snapshot`, { recursive: true });
    await Deno.writeTextFile(`${within}/sluice-live-killed/held`, "");
    await Deno.mkdir(`${within}/sluice-live-of-before`);
    await Deno.mkdir(`${within}/others`);
    await Deno.writeTextFile(`${within}/others/held`, "");
    {
      await using _first = await live();
      const [own] = names().filter((name) => !/others|of-before/.test(name));
      assert.deepEqual(names(), ["others", own!, "sluice-live-of-before"].sort());
      assert.notEqual(own, "sluice-live-killed");
      await using _second = await live();
      assert.ok(names().includes(own!), "it is held");
      assert.equal(names().length, 4);
    }
    assert.deepEqual(names(), ["others", "sluice-live-of-before"]);
  } finally {
    await Deno.remove(within, { recursive: true });
  }
});
