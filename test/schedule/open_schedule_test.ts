import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../src/async/clock.ts";
import { createHmac } from "node:crypto";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { openSchedule } from "../../src/schedule/open_schedule.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import { startDemoCma } from "../../src/simulator/server.ts";
import { EXIT } from "../../src/error.ts";
import { json, TOKEN } from "../support/cma.ts";
import { serveHttp } from "../support/http_server.ts";
import { until } from "../support/until.ts";
import { temporaryRoot } from "./ticking.ts";

function open(variables: Record<string, string>) {
  const env = (name: string) => variables[name];
  return openSchedule(resolveConfig({ env }), { env });
}

Deno.test("openSchedule() refuses what can't be had, in a sentence", () => {
  const base = { DATOCMS_API_TOKEN: TOKEN };
  const refusals: [Record<string, string>, RegExp][] = [
    [
      { SLUICE_PRUNE: "30d" },
      /^SLUICE_PRUNE is set, which says nothing: say which .* with SLUICE_KEEP_WITHIN, /,
    ],
    [{ DENO_DEPLOYMENT_ID: "abc" }, /^Deno Deploy keeps no files, so that SLUICE_TO must be s3:/],
    [{ DENO_DEPLOY: "1", SLUICE_TO: "file:///tmp/x" }, /^Deno Deploy keeps no files/],
    [
      { SLUICE_FREEZE: "true", SLUICE_TIME_BUDGET: "50s" },
      /^A frozen export can't have a time budget: /,
    ],
    [{ SLUICE_EVERY: "often" }, /^SLUICE_EVERY must be a time with units .* but is "often"/],
    [{ SLUICE_CRON: "@daily" }, /^SLUICE_CRON must be a cron expression of five fields/],
    [
      { SLUICE_NOTIFY_URL: "ftp://hook-t0ken" },
      /^SLUICE_NOTIFY_URL must be an http or https URL, but isn't\.$/,
    ],
  ];
  for (const [variables, message] of refusals) {
    assert.throws(() => open({ ...base, ...variables }), { message, exitCode: EXIT.usage });
  }
  assert.throws(() => open({}), { message: /^An API token is needed/, exitCode: EXIT.usage });
  using _s3 = open({ ...base, DENO_DEPLOY: "1", SLUICE_TO: "s3://backups/datocms" });
});

Deno.test("openSchedule() sends the report of each export that ended, signed and without secrets", async () => {
  const secret = "s1gning-s3cret";
  const got: { text: string; signature: string | null }[] = [];
  await using hook = serveHttp(async (request, _url, count) => {
    // Taken only when it is tried again.
    if (count === 1) return new Response(null, { status: 503 });
    const signature = request.headers.get("x-sluice-signature");
    got.push({ text: await request.text(), signature });
    return new Response("ok");
  });
  let [isBroken, skipped] = [false, false];
  await using cma = startDemoCma({
    project: generateProject({ records: 4, models: 1 }),
    apiToken: TOKEN,
    rateLimit: false,
    forbidden: ["/roles"],
    // A server that says what it was told.
    onRequest: async ({ headers }, { pathname }) => {
      if (!isBroken || pathname !== "/uploads") return undefined;
      await until(() => skipped, "the roles are left out");
      const told = headers.get("authorization");
      return json({ data: [{ attributes: { code: `WRONG ${told}`, details: told } }] }, {
        status: 422,
      });
    },
  });
  await using root = await temporaryRoot();
  const start = Date.now();
  let days = 0;
  const env = (name: string) =>
    ({
      DATOCMS_API_TOKEN: TOKEN,
      DATOCMS_BASE_URL: cma.url,
      SLUICE_ASSET_HOST: cma.assetHost,
      SLUICE_TO: root.path,
      SLUICE_NOTIFY_URL: `${hook.url}/hook-t0ken-in-the-path`,
      SLUICE_NOTIFY_SECRET: secret,
      SLUICE_TIME_BUDGET: "20s",
    })[name];
  using opened = openSchedule(resolveConfig({ env }), {
    env,
    clock: { ...SYSTEM_CLOCK, now: () => start + days * 86_400_000 },
    onEvent: ({ type }) => skipped ||= type === "skipped",
  });
  const first = await opened.schedule.tick();
  assert.equal(first.state, "complete", first.message);
  assert.deepEqual(first.notified, { sent: true, attempts: 2 });
  // Nothing is due, so that nothing is told.
  assert.equal((await opened.schedule.tick()).notified, null);
  days = 2;
  [isBroken, skipped] = [true, false];
  const second = await opened.schedule.tick();
  assert.equal(second.state, "failed");
  assert.equal(got.length, 2);
  const [complete, failed] = got.map(({ text }) => JSON.parse(text));
  assert.equal(complete.status, "complete");
  assert.equal(complete.snapshot, first.report!.snapshot);
  assert.equal(complete.manifest.project.id, "900001");
  assert.equal(failed.status, "failed");
  assert.equal(failed.exitCode, EXIT.failed);
  assert.deepEqual(Object.keys(failed), Object.keys(complete));
  assert.equal(failed.warnings[0].code, "resource_skipped");
  assert.deepEqual(failed.warnings[0], complete.warnings[0]);
  for (const { text, signature } of got) {
    assert.equal(signature, `sha256=${createHmac("sha256", secret).update(text).digest("hex")}`);
    for (const hidden of [TOKEN, secret, "hook-t0ken"]) assert.ok(!text.includes(hidden), text);
  }
  assert.ok(!JSON.stringify([first, second]).includes(TOKEN));
});

Deno.test("openSchedule() isn't kept from exporting by notifications that nobody takes", async () => {
  await using cma = startDemoCma({
    project: generateProject({ records: 2, models: 1 }),
    apiToken: TOKEN,
    rateLimit: false,
  });
  await using hook = serveHttp(() => new Response("no", { status: 403 }));
  await using root = await temporaryRoot();
  using opened = open({
    DATOCMS_API_TOKEN: TOKEN,
    DATOCMS_BASE_URL: cma.url,
    SLUICE_TO: root.path,
    SLUICE_NOTIFY_URL: hook.url,
  });
  const { state, notified } = await opened.schedule.tick();
  assert.equal(state, "complete");
  assert.equal(notified?.problem, "its server answered 403");
});
