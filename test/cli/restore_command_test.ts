import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { exportProject } from "../../src/export/export.ts";
import { emptyProject } from "../../src/simulator/empty_project.ts";
import { memoryCopy } from "../../src/simulator/memory_copy.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { sourceOf } from "../support/exported.ts";
import { temporaryPath } from "../support/temporary.ts";
import { worked } from "../support/worked_project.ts";
import { fakeIo, type FakeIoOptions } from "./fake_io.ts";

const SOURCE = worked(4, 6);

/** The same project, in whose sandbox somebody changed a record since. */
const EDITED = memoryCopy(SOURCE);
{
  const resource = { id: "work", type: "environment", meta: { status: "ready", primary: false } };
  const work = EDITED.primary.fork(resource);
  EDITED.environments.set("work", work);
  const { items } = work;
  const { current } = items.records()[0]!;
  items.update(current.id, current.attributes, "2020-01-01T00:00:00Z");
}

/** A directory with a snapshot of a small project. */
async function snapshots(cma: DemoCma, assets?: false): Promise<string> {
  const root = await temporaryPath();
  using storage = new LocalStorage(root);
  await exportProject({ ...sourceOf(cma), storage, tables: false, assets });
  return root;
}

/** Runs the command. */
async function restore(
  cma: DemoCma,
  args: readonly string[],
  options: FakeIoOptions & {
    readonly typed?: string;
    readonly onIo?: (io: ReturnType<typeof fakeIo>) => void;
  } = {},
) {
  const io = fakeIo({
    ...options,
    env: { DATOCMS_API_TOKEN: cma.apiToken, DATOCMS_BASE_URL: cma.url, ...options.env },
  });
  options.onIo?.(io);
  const questions: string[] = [];
  const ask = options.typed === undefined ? undefined : (question: string) => {
    questions.push(question);
    return Promise.resolve(options.typed);
  };
  const exitCode = await runCli(["restore", ...args], { ...io, ask });
  return { exitCode, out: io.out(), err: io.err(), questions };
}

Deno.test("sluice restore shows, asks, restores, and says how it went", async (t) => {
  let onWrite = (_path: string) => {};
  await using cma = startDemoCma({
    project: SOURCE,
    rateLimit: false,
    jobMs: 0,
    onRequest: ({ method }, { pathname }) => void (method === "GET" || onWrite(pathname)),
  });
  const root = await snapshots(cma);
  const from = ["--from", root];
  try {
    await using empty = startDemoCma({ project: emptyProject(), rateLimit: false, jobMs: 0 });
    const other = [...from, "--other-project"];
    const plan = `${root}/plan.json`;
    let deleted: readonly string[] = [];
    await t.step("--dry-run and --plan-out write nothing to the project", async () => {
      const { exitCode, out, err } = await restore(empty, [...other, "--plan-out", plan]);
      assert.equal(exitCode, EXIT.complete, err);
      assert.match(out, /^Restore \S+\/\d+ into the project New project \(77001\)/);
      assert.match(out, /\n {2}create +\d+ models?\n/);
      assert.match(out, /\n {2}\d+ requests, at least [\d.]+ s\n/);
      const shown = await restore(empty, [...other, "--dry-run", "--json"]);
      const written = JSON.parse(await Deno.readTextFile(plan));
      assert.equal(JSON.parse(shown.out).digest, written.digest);
    });
    await t.step("nobody to ask, and the wrong text: exit code 2", async () => {
      for (const options of [{}, { typed: "yes" }]) {
        const { exitCode, err, questions } = await restore(empty, [...other, "--quiet"], options);
        assert.equal(exitCode, EXIT.usage);
        assert.match(err, /has to be confirmed by its name, "New project\/main".*\(--confirm\)/);
        assert.equal(questions.length, "typed" in options ? 1 : 0);
      }
    });
    await t.step("the wrong project, and a plan that is another one: exit code 2", async () => {
      const { exitCode, err } = await restore(empty, from);
      assert.equal(exitCode, EXIT.usage);
      assert.match(err, /of another one, "New project" \(77001\).*\(--other-project\)/);
      const changed = JSON.parse(await Deno.readTextFile(plan));
      const path = `${root}/other.json`;
      await Deno.writeTextFile(path, JSON.stringify({ ...changed, digest: "0".repeat(64) }));
      const refused = await restore(empty, [
        ...from,
        "--plan",
        path,
        "--confirm",
        "New project/main",
      ]);
      assert.equal(refused.exitCode, EXIT.usage);
      assert.match(refused.err, /isn't any more what .*other\.json says/);
      assert.deepEqual(empty.writes.writes, []);
    });
    await t.step(
      "a report that can't be written is refused before anything is written",
      async () => {
        const report = `${root}/nowhere/report.html`;
        const words = [...other, "--confirm", "New project/main", "--report", report];
        const { exitCode, err } = await restore(empty, words);
        assert.equal(exitCode, EXIT.usage, err);
        assert.match(err, /The file can't be written to .*nowhere/);
        assert.deepEqual(empty.writes.writes, []);
      },
    );
    await t.step("who wants all files is told how to do without", async () => {
      const bare = await snapshots(cma, false);
      try {
        const words = ["--from", bare, "--other-project", "--dry-run", "--missing-assets", "fail"];
        const { exitCode, err } = await restore(empty, words);
        assert.equal(exitCode, EXIT.usage, err);
        assert.match(err, /the files of all assets.*\(--missing-assets drop\)/);
      } finally {
        await Deno.remove(bare, { recursive: true });
      }
    });
    await t.step("what contradicts giving up is refused", async () => {
      for (const flags of [["--resume"], ["--dry-run"], ["--plan", plan], ["--plan-out", plan]]) {
        const { exitCode, err } = await restore(empty, [...other, "--abort", ...flags]);
        assert.equal(exitCode, EXIT.usage);
        assert.match(err, /--abort and --\S+ contradict each other/);
      }
    });
    await t.step("a plan that is confirmed is carried out, with a report", async () => {
      const report = `${root}/report.html`;
      const { exitCode, out, err } = await restore(empty, [
        ...from,
        "--plan",
        plan,
        "--report",
        report,
      ], { typed: "New project/main" });
      assert.equal(exitCode, EXIT.complete, err + out);
      assert.match(out, /\nRestored \S+\/\d+ into the project New project/);
      assert.match(out, /Compared with the snapshot: \d+ records?, no differences\./);
      const page = await Deno.readTextFile(report);
      assert.match(
        page,
        /^<!doctype html>[^]*<h1>Restored<\/h1>[^]*meta\.updated_at[^]*<\/html>\n$/,
      );
      assert.doesNotMatch(page, /<script|<link|src=/);
    });
    await t.step(
      "what editors work in is confirmed by its name before anything in it changes",
      async () => {
        await using living = startDemoCma({ project: EDITED, rateLimit: false, jobMs: 0 });
        const primary = `${EDITED.primary.site.attributes.name}/main`;
        const overwrite = ["--conflicts", "overwrite"];
        const cases = [
          { flags: ["--into", "primary"], asked: primary },
          { flags: ["--into", "main", ...overwrite], asked: primary },
          { flags: ["--into", "work", ...overwrite], asked: "work" },
          { flags: ["--into", "work", "--conflicts", "unless-edited"], asked: "work" },
        ];
        for (const { flags, asked } of cases) {
          for (const options of [{}, { typed: "yes" }]) {
            const words = [...from, ...flags, "--quiet"];
            const { exitCode, err, questions } = await restore(living, words, options);
            assert.equal(exitCode, EXIT.usage, err);
            assert.ok(err.includes(`has to be confirmed by its name, "${asked}"`), err);
            assert.equal(questions.length, "typed" in options ? 1 : 0);
          }
        }
        assert.deepEqual(living.writes.writes, []);
        const shown = await restore(living, [...from, "--into", "work"], { typed: "" });
        assert.equal(shown.exitCode, EXIT.complete, shown.err);
        assert.deepEqual(shown.questions, [], "what only adds needs no answer");
        assert.match(
          shown.out,
          /What stays as it is there, [^:]*\(1\):\n {2}item \S+ \S+, changed since/,
        );
        const given = [...from, "--into", "work", ...overwrite, "--confirm", "work", "--quiet"];
        const { exitCode, err } = await restore(living, given);
        assert.equal(exitCode, EXIT.complete, err);
        assert.ok(living.writes.done.every(({ environment }) => environment === "work"));
      },
    );
    await t.step("a new sandbox needs no answer; limits, and giving up", async () => {
      const { items } = SOURCE.primary;
      deleted = items.records().slice(0, 4).map(({ current }) => current.id);
      for (const id of deleted) items.delete(id);
      const rescue = [...from, "--into", "new:rescue", "--concurrency", "1", "--keep-extra"];
      const file = `${root}/rescue.json`;
      const written = await restore(cma, [...rescue, "--plan-out", file]);
      assert.equal(written.exitCode, EXIT.complete, written.err);
      const stopped = await restore(cma, [...from, "--plan", file, "--max-writes", "1"]);
      assert.equal(stopped.exitCode, EXIT.unfinished, stopped.err);
      const hint = / restore \S+ .*--into new:rescue --keep-extra.* --resume$/m;
      assert.match(stopped.err, hint, "with the options that the plan has");
      const aborted = await restore(cma, [...from, "--abort", "--json"]);
      assert.equal(aborted.exitCode, EXIT.complete, aborted.err);
      assert.equal(JSON.parse(aborted.out).destroyed, "rescue");
      const cancelled = await restore(cma, rescue, {
        onIo: (io) => {
          onWrite = (path) => void (path.startsWith("/items") && io.cancel());
        },
      });
      onWrite = () => {};
      assert.equal(cancelled.exitCode, EXIT.cancelled, cancelled.err);
      assert.match(cancelled.err, /Cancelling \(press Ctrl-C again to stop at once\)/);
      const before = cma.writes.done.length;
      const done = await restore(cma, [...from, "--resume", "--json", "--verify", "none"]);
      assert.equal(done.exitCode, EXIT.complete, done.err);
      assert.ok(cma.writes.done.length > before, "something was left to be written");
      const { status, target, verification } = JSON.parse(done.out);
      assert.deepEqual([status, target.environment, verification], ["restored", "rescue", null]);
    });
    await t.step("one record: from a file that has its id, and by a plan", async () => {
      const ids = `${root}/ids.txt`;
      await Deno.writeTextFile(ids, `${deleted[0]}\n`);
      const file = `${root}/part.json`;
      const words = [`--records=@${ids}`, "--with-links", "none", "--into", "new:part"];
      const planned = await restore(cma, [...from, ...words, "--plan-out", file, "--json"]);
      assert.equal(planned.exitCode, EXIT.complete, planned.err);
      const writes: { action: string; type: string; count: number }[] =
        JSON.parse(planned.out).writes;
      const made = writes.filter(({ action }) => action === "create");
      assert.deepEqual(made.map(({ type, count }) => [type, count]), [["item", 1]]);
      const { exitCode, out, err } = await restore(cma, [...from, "--plan", file, "--json"]);
      const { verification, losses } = JSON.parse(out);
      assert.deepEqual(verification.differences, []);
      assert.equal(exitCode, losses.length > 0 ? EXIT.partial : EXIT.complete, err);
      const wrong = await restore(cma, [...from, "--records", `@${root}/none.txt`]);
      assert.equal(wrong.exitCode, EXIT.usage);
      assert.match(wrong.err, /Expected ids of records in .*none\.txt for --records/);
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("--include names what of the project is made, and what has to be filled in by hand", async () => {
  const project = emptyProject();
  const webhook = {
    id: "711",
    type: "webhook",
    attributes: {
      name: "Bell",
      url: "https://bell.example/ring",
      headers: { "X-Key": "secret" },
      events: [{ entity_type: "item", event_types: ["publish"], filters: null }],
      enabled: true,
      custom_payload: null,
      http_basic_user: null,
      http_basic_password: null,
    },
  };
  project.primary.settings.set("/webhooks", [webhook]);
  await using cma = startDemoCma({ project, rateLimit: false, jobMs: 0 });
  const root = await snapshots(cma);
  project.primary.settings.set("/webhooks", []);
  const args = ["--from", root, "--into", "new:rescue"];
  const plan = `${root}/plan.json`;
  try {
    const wrong = await restore(cma, [...args, "--include", "users"]);
    assert.equal(wrong.exitCode, EXIT.usage);
    assert.match(wrong.err, /--include must be .*roles.*webhooks/);
    // What an export includes says nothing of a restore.
    const env = { SLUICE_INCLUDE: "webhooks", SLUICE_RESTORE_INCLUDE: "webhooks" };
    const without = await restore(cma, [...args, "--dry-run", "--json"], { env });
    assert.deepEqual(JSON.parse(without.out).included, [], without.err);
    const shown = await restore(cma, [...args, "--include", "webhooks", "--plan-out", plan]);
    assert.match(shown.out, /\n {2}create +1 webhook\n/, shown.err);
    assert.match(
      shown.out,
      /webhook Bell: made disabled; to be filled in by hand: headers\.X-Key\n/,
    );
    assert.deepEqual(project.primary.settings.get("/webhooks"), []);
    const done = await restore(cma, [...args, "--plan", plan]);
    assert.equal(done.exitCode, EXIT.complete, done.err);
    assert.match(
      done.out,
      /webhook Bell: made disabled; to be filled in by hand: headers\.X-Key\n/,
    );
    const list = project.primary.settings.get("/webhooks") as readonly unknown[];
    assert.equal(list.length, 1);
    const again = await restore(cma, [
      ...["--from", root, "--into", "rescue", "--include", "webhooks", "--report"],
      `${root}/report.html`,
    ]);
    assert.match(again.out, /webhook Bell: there already, and left as it is\n/, again.err);
    assert.match(await Deno.readTextFile(`${root}/report.html`), /Of the project \(1\)/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
