import assert from "node:assert/strict";
import { exportProject } from "../../src/export/export.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { AMPLE } from "../support/cma.ts";
import { sourceOf } from "../support/exported.ts";
import { watchPublic } from "../support/restored_records.ts";
import { worked } from "../support/worked_project.ts";
import { SEED } from "../support/seed.ts";

/**
 * A restore that is killed again and again, and resumed each time, with its journal and without. With
 * SLUICE_TEST_SEED it is killed after as many writes as in an earlier run; SLUICE_TEST_KILLS says how often.
 */
const KILLS = Number(Deno.env.get("SLUICE_TEST_KILLS") ?? 100);
const ROOT = new URL("../../", import.meta.url).pathname;

for (const keepsJournal of [true, false]) {
  const how = keepsJournal ? "with" : "without";
  Deno.test(`sluice restore that is killed ${KILLS / 2} times ends as if it weren't, ${how} its journal (SLUICE_TEST_SEED=${SEED})`, async () => {
    const source = worked(SEED % 1000, KILLS);
    const project = emptyProject();
    const wrong = watchPublic(project, source);
    const root = await Deno.makeTempDir();
    let onWrite: () => void = () => {};
    try {
      {
        await using cma = startDemoCma({ project: source, rateLimit: AMPLE });
        using storage = new LocalStorage(root);
        await exportProject({ ...sourceOf(cma), storage, tables: false });
      }
      await using cma = startDemoCma({
        project,
        rateLimit: AMPLE,
        jobMs: 5,
        onRequest: ({ method }) => void (method === "GET" || onWrite()),
      });
      await Deno.mkdir(`${root}/tmp`);
      let killed = 0;
      for (let kill = 0; kill < KILLS / 2; kill++) {
        const child = spawn(cma, root, kill === 0 ? [] : ["--resume"]);
        // Later kills come later, as what is there isn't written again.
        let left = 1 + draw(SEED, kill) % 12;
        onWrite = () => {
          if (--left > 0) return;
          onWrite = () => {};
          child.kill("SIGKILL");
        };
        const { code, signal, stderr } = await child.output();
        if (signal === null) {
          assert.equal(code, 0, new TextDecoder().decode(stderr));
          break;
        }
        killed++;
        if (!keepsJournal) await removeJournals(root);
      }
      onWrite = () => {};
      assert.ok(killed >= Math.min(10, KILLS / 4), `only ${killed} kills`);
      const last = await spawn(cma, root, ["--resume", "--json"]).output();
      const text = new TextDecoder().decode(last.stdout) + new TextDecoder().decode(last.stderr);
      // The last one may have been over already, so that nothing is left to be resumed.
      assert.equal(last.code, 0, text);
      assert.deepEqual(wrong, [], "public too early");
      const left = [...Deno.readDirSync(`${root}/tmp`)].map(({ name }) => name);
      assert.deepEqual(left.filter((name) => name.startsWith("sluice-live-")), []);
      assert.equal(
        project.primary.items.records().length,
        source.primary.items.records().length,
      );
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

async function removeJournals(root: string): Promise<void> {
  for (const { name } of Deno.readDirSync(`${root}/content`)) {
    for (const { name: folder } of Deno.readDirSync(`${root}/content/${name}`)) {
      if (!/^restore_/.test(folder)) continue;
      await Deno.remove(`${root}/content/${name}/${folder}`, { recursive: true });
    }
  }
}

/** Starts the real program. */
function spawn(cma: DemoCma, root: string, args: readonly string[]): {
  readonly kill: (signal: Deno.Signal) => void;
  readonly output: () => Promise<Deno.CommandOutput>;
} {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "-A",
      `${ROOT}tasks/cli.ts`,
      "restore",
      "--from",
      root,
      "--other-project",
      "--confirm",
      "New project/main",
      ...args,
    ],
    env: { DATOCMS_API_TOKEN: cma.apiToken, DATOCMS_BASE_URL: cma.url, TMPDIR: `${root}/tmp` },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { kill: (signal) => child.kill(signal), output: () => child.output() };
}
