import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { LITTLE } from "./bench.ts";
import { fakeIo } from "./fake_io.ts";
import { temporaryPath } from "../support/temporary.ts";

/** A server, a destination, and commands between them. */
async function bench(options: Partial<DemoCmaOptions>) {
  const to = await temporaryPath();
  const cma = startDemoCma({ project: sampleProject(), rateLimit: false, ...options });
  return {
    run: async (...args: string[]) => {
      const io = fakeIo({
        env: {
          DATOCMS_API_TOKEN: cma.apiToken,
          DATOCMS_BASE_URL: cma.url,
          SLUICE_ASSET_HOST: cma.assetHost,
          SLUICE_TO: to,
        },
      });
      const code = await runCli(args, io);
      return { code, out: io.out(), err: io.err() };
    },
    async [Symbol.asyncDispose]() {
      await cma[Symbol.asyncDispose]();
      await Deno.remove(to, { recursive: true });
    },
  };
}

/** Refuses one path with an error of the API's. */
function refusing(path: string, status: number, code: string): Partial<DemoCmaOptions> {
  const body = { data: [{ id: "1", type: "api_error", attributes: { code, details: {} } }] };
  return {
    onRequest: (_request, { pathname }) => {
      return pathname === path ? Response.json(body, { status }) : undefined;
    },
  };
}

Deno.test("export and plan end with 2 when no retry helps: a refused token, a project that may not be read, an environment that isn't there", async () => {
  const cases: [Partial<DemoCmaOptions>, string[], RegExp][] = [
    [refusing("/site", 401, "INVALID_AUTHORIZATION_HEADER"), [], /refused the API token \(401/],
    [refusing("/site", 403, "INSUFFICIENT_PERMISSIONS"), [], /may not GET \/site \(403/],
    [{}, ["--environment", "nowhere"], /no environment "nowhere"/],
  ];
  for (const [options, args, expected] of cases) {
    await using opened = await bench(options);
    for (const command of ["export", "plan"]) {
      const { code, err } = await opened.run(command, ...args);
      assert.equal(code, EXIT.usage, err);
      assert.match(err, expected);
    }
  }
});

Deno.test("export ends with 1 when another resource fails: a later try may help", async () => {
  await using opened = await bench(refusing("/items", 503, "SERVICE_UNAVAILABLE"));
  const { code, err } = await opened.run("export", "--timeout", "2s");
  assert.equal(code, EXIT.failed, err);
});

Deno.test("export tells failures that the snapshot before had, and --known-failures ok makes them no reason for 3", async () => {
  const missing = new Set(["/48213/1738479340-heron.png"]);
  await using opened = await bench({
    onRequest: (_request, { pathname }) => {
      return missing.has(pathname) ? new Response("gone", { status: 403 }) : undefined;
    },
  });
  const args = ["--include=uploads", "--no-tables"];
  const first = await opened.run("export", ...args, "--known-failures", "ok");
  assert.equal(first.code, EXIT.partial, first.out);
  const second = await opened.run("export", ...args);
  assert.equal(second.code, EXIT.partial, second.out);
  assert.match(second.err, /\nFailed: asset .*heron\.png after .*403\n/);
  assert.match(
    second.out,
    /\nFailures\n {2}- 1 reported above, and in manifest\.json \(1 as in snapshot_\d+ before\)\n/,
  );
  const third = await opened.run("export", ...args, "--known-failures", "ok", "--json");
  assert.equal(third.code, EXIT.complete, third.out);
  const { exitCode, failures, status } = JSON.parse(third.out);
  assert.equal(exitCode, EXIT.complete);
  assert.equal(status, "partial");
  assert.deepEqual(failures.map(({ code }: { code: string }) => code), ["asset_failed_known"]);
  // Another asset is another matter.
  missing.add("/48213/1738524063-heron.png");
  const fourth = await opened.run("export", ...args, "--known-failures", "ok");
  assert.equal(fourth.code, EXIT.complete, "its file is there from before");
  missing.clear();
  assert.equal((await opened.run("export", ...args)).code, EXIT.complete);
});

Deno.test("export --strict ends with 3 when a resource was left out because it may not be read", async () => {
  await using opened = await bench(refusing("/webhooks", 403, "INSUFFICIENT_PERMISSIONS"));
  assert.equal((await opened.run("export", ...LITTLE)).code, EXIT.complete);
  const { code, err } = await opened.run("export", ...LITTLE, "--strict", "--quiet");
  assert.equal(code, EXIT.partial);
  assert.match(err, /webhooks/i);
  assert.equal(
    (await opened.run("export", ...LITTLE, "--strict", "--exclude", "webhooks")).code,
    EXIT.complete,
  );
});
