import assert from "node:assert/strict";
import { exportProject } from "../../src/export/export.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { littleProject } from "../restore/frame.ts";
import { AMPLE } from "../support/cma.ts";
import { sourceOf } from "../support/exported.ts";
import { SEED } from "../support/seed.ts";

/**
 * Drills that are killed, each followed by another one. With SLUICE_TEST_SEED they are killed after as many writes as
 * in an earlier run; SLUICE_TEST_KILLS says how often.
 */
const KILLS = Math.ceil(Number(Deno.env.get("SLUICE_TEST_KILLS") ?? 100) / 20);
const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test(`sluice drill that is killed ${KILLS} times leaves nothing after the next one (SLUICE_TEST_SEED=${SEED})`, async () => {
  const project = littleProject();
  const root = await Deno.makeTempDir();
  let onWrite: () => void = () => {};
  try {
    await using cma = startDemoCma({
      project,
      rateLimit: AMPLE,
      jobMs: 5,
      onRequest: ({ method }) => void (method === "GET" || onWrite()),
    });
    {
      using storage = new LocalStorage(root);
      await exportProject({ ...sourceOf(cma), storage, tables: false });
    }
    const drill = (...args: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-check", "-A", `${ROOT}tasks/cli.ts`, "drill", "--from", root],
          ...["--full", "--assets", "1", ...args],
        ],
        env: { DATOCMS_API_TOKEN: cma.apiToken, DATOCMS_BASE_URL: cma.url },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    const count = project.primary.items.records().length;
    for (let kill = 0; kill < KILLS; kill++) {
      // From the request that makes the environment on; the first one once it is there for sure.
      let left = kill === 0 ? 3 : 1 + draw(SEED, kill) % 8;
      const child = drill();
      onWrite = () => {
        if (--left > 0) return;
        onWrite = () => {};
        child.kill("SIGKILL");
      };
      const { signal, code, stderr } = await child.output();
      onWrite = () => {};
      assert.equal(signal, "SIGKILL", `${code} ${new TextDecoder().decode(stderr)}`);
      const names = [...project.environments.keys()];
      assert.ok(kill === 0 ? names.length === 2 : names.length <= 2, names.join());
    }
    const before = [...project.environments.keys()].filter((id) => id !== "main");
    const last = await drill("--json").output();
    const text = new TextDecoder().decode(last.stdout) + new TextDecoder().decode(last.stderr);
    assert.equal(last.code, 0, text);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(last.stdout)).removed, before);
    assert.deepEqual([...project.environments.keys()], ["main"]);
    assert.equal(project.primary.items.records().length, count);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
