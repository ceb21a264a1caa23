import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { EXIT } from "../../src/error.ts";
import { exportProject } from "../../src/export/export.ts";
import type { DrillResult } from "../../src/restore/mod.ts";
import { type DemoCma, startDemoCma } from "../../src/simulator/server.ts";
import { LocalStorage } from "../../src/storage/local/local_storage.ts";
import { littleProject } from "../restore/frame.ts";
import { sourceOf } from "../support/exported.ts";
import { temporaryPath } from "../support/temporary.ts";
import { fakeIo, type FakeIoOptions } from "./fake_io.ts";

async function drill(cma: DemoCma, args: readonly string[], options: FakeIoOptions = {}) {
  const io = fakeIo({
    ...options,
    env: { DATOCMS_API_TOKEN: cma.apiToken, DATOCMS_BASE_URL: cma.url, ...options.env },
  });
  const exitCode = await runCli(["drill", ...args], io);
  return { exitCode, out: io.out(), err: io.err() };
}

Deno.test("sluice drill says how it went, what was measured, and tells whoever is to know", async (t) => {
  const project = littleProject();
  const told: { readonly body: string; readonly signature: string | null }[] = [];
  await using hook = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const signature = request.headers.get("X-Sluice-Signature");
      told.push({ body: await request.text(), signature });
      return new Response("ok");
    },
  );
  let isRefusing = false;
  await using cma = startDemoCma({
    project,
    rateLimit: false,
    jobMs: 0,
    onRequest: ({ method }, { pathname }) =>
      isRefusing && method === "POST" && pathname === "/items"
        ? Response.json({ data: [] }, { status: 403 })
        : undefined,
  });
  const root = await temporaryPath();
  const from = ["--from", root];
  try {
    using storage = new LocalStorage(root);
    await exportProject({ ...sourceOf(cma), storage, tables: false });
    await t.step("a sample, with a report and a notification", async () => {
      const url = `http://127.0.0.1:${hook.addr.port}/hook`;
      const { exitCode, out, err } = await drill(cma, [
        ...[...from, "--sample", "3", "--assets=1", "--seed", "one"],
        ...["--report", `${root}/drill.html`],
      ], { env: { SLUICE_NOTIFY_URL: url, SLUICE_NOTIFY_SECRET: "geheim" } });
      assert.equal(exitCode, EXIT.complete, err);
      assert.match(out, /^Passed: a drill of \d+\/\d+/);
      assert.match(out, /a sample only: 3 records of \d+, chosen at random \(seed one\), \d+ with/);
      assert.match(out, /Time to restore +.*, measured for the sample; all takes longer/);
      assert.match(out, /Age of snapshot .* \(RPO\)/);
      assert.match(out, /Files +1 file sent as new uploads .*, all as they were/);
      assert.match(out, /The environment sluice-drill-\d{8}-\d{6} was destroyed\./);
      assert.match(await Deno.readTextFile(`${root}/drill.html`), /<h1>.*Drill passed/s);
      const [{ body, signature }] = told as [typeof told[number]];
      assert.deepEqual([JSON.parse(body).type, JSON.parse(body).status], ["drill", "passed"]);
      assert.match(signature!, /^sha256=[0-9a-f]{64}$/);
    });
    await t.step("JSON, and what went wrong", async () => {
      isRefusing = true;
      const { exitCode, out } = await drill(cma, [...from, "--json", "--keep=never", "--full"]);
      isRefusing = false;
      assert.equal(exitCode, EXIT.failed);
      const result: DrillResult = JSON.parse(out);
      assert.equal(result.status, "failed");
      assert.equal(result.scope.kind, "full");
      assert.match(result.problems[0]!, /403/);
    });
    await t.step("refusals name flags", async () => {
      const url = `http://127.0.0.1:${hook.addr.port}/hook`;
      const env = { SLUICE_NOTIFY_URL: url };
      const { exitCode, err } = await drill(cma, [...from, "--max-requests", "10"], { env });
      assert.equal(JSON.parse(told.at(-1)!.body).status, "refused");
      assert.equal(exitCode, EXIT.usage);
      assert.match(err, /allow more \(--sample, --max-requests\)\./);
      const wrong = await drill(cma, [...from, "--sample", "5%"]);
      assert.equal(wrong.exitCode, EXIT.usage);
      assert.match(wrong.err, /--sample must be a whole number of at least 1/);
    });
    assert.deepEqual([...project.environments.keys()], ["main"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
