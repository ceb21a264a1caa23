import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/demo/server.ts";
import { EXIT, type ExitCode } from "../../src/error.ts";
import { shownAddress } from "../../src/cli/text/address.ts";
import { type FakeIo, fakeIo, type FakeIoOptions } from "./fake_io.ts";

const TOKEN = "0123456789abcdef0123456789abcd";
const ESC = "\x1b";
/** As little as there is: each file that is written takes its time. */
const LITTLE = ["--models=lock", "--no-assets", "--no-tables"];
const RATE_LIMIT = { limit: 1000, windowMs: 3000 };

/** A served project and a directory to export it to. */
interface Bench extends AsyncDisposable {
  readonly cma: DemoCma;
  readonly to: string;
  /** Runs the command line with what it needs to reach the server. */
  run(args: string[], options?: FakeIoOptions): Promise<{ io: FakeIo; exitCode: ExitCode }>;
}

async function bench(options: Partial<DemoCmaOptions> = {}): Promise<Bench> {
  const to = await Deno.makeTempDir();
  const cma = startDemoCma({
    project: sampleProject(),
    apiToken: TOKEN,
    rateLimit: RATE_LIMIT,
    ...options,
  });
  return {
    cma,
    to,
    async run(args, { env = {}, ...options } = {}) {
      const DATOCMS_BASE_URL = cma.url;
      const io = fakeIo({
        ...options,
        env: {
          DATOCMS_API_TOKEN: TOKEN,
          DATOCMS_BASE_URL,
          SLUICE_ASSET_HOST: cma.assetHost,
          SLUICE_TO: to,
          ...env,
        },
      });
      const exitCode = await runCli(args, io);
      for (const text of [io.out(), io.err()]) assert.ok(!text.includes(TOKEN), text);
      return { io, exitCode };
    },
    async [Symbol.asyncDispose]() {
      await cma.stop();
      await Deno.remove(to, { recursive: true });
    },
  };
}

/** The paths of all files below a directory. */
async function filesBelow(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    paths.push(...(isDirectory ? await filesBelow(path) : [path]));
  }
  return paths;
}

Deno.test("sluice export writes a snapshot, and tells what is in it", async () => {
  await using bench_ = await bench();
  const { io, exitCode } = await bench_.run(["export"]);
  assert.equal(exitCode, EXIT.complete, io.err());
  const files = await filesBelow(bench_.to);
  const canary = files.find((path) => path.endsWith("/canary.txt"))!;
  const snapshot = canary.slice(0, -"/canary.txt".length);
  const own = files.filter((path) => path.startsWith(`${snapshot}/`));
  const assets = files.filter((path) => path.startsWith(`${bench_.to}/assets/`));
  const lines = io.out().split("\n");
  assert.match(
    lines[0]!,
    /^Exported Slackwater \(project 48213, environment main\) in \d\.\d s: complete\.$/,
  );
  assert.ok(lines.includes(`  Snapshot  ${snapshot}`));
  assert.ok(
    lines.some((line) =>
      /^ {2}Records {3}38 current and 33 published in 7 models, \d+ kB$/.test(line)
    ),
  );
  assert.ok(lines.some((line) => line.startsWith("            article 10/8, glossary_term 7/6, ")));
  assert.ok(lines.some((line) => line.startsWith(`  Assets    ${assets.length} downloaded (`)));
  assert.ok(
    lines.some((line) => line.startsWith(`  Files     ${own.length} files in the snapshot, `)),
  );
  assert.ok(
    lines.some((line) => line.startsWith(`  Requests  ${bench_.cma.log.count.api}, `)),
    io.out(),
  );
  assert.match(io.out(), /\nWarnings\n {2}- Asset .* infected with .*\n/);
  const hint = lines.at(-2)!;
  assert.match(hint, /^Next: look into it: head -n 1 \/.*\.ndjson$/);
  const first = await Deno.readTextFile(hint.split("head -n 1 ")[1]!);
  assert.equal(JSON.parse(first.split("\n")[0]!).type, "item");
  assert.match(io.err(), /^Exporting Slackwater \(project 48213, environment main\) to \/.*\n/);
});

Deno.test("sluice export --json writes a report for programs", async () => {
  await using bench_ = await bench();
  const { io, exitCode } = await bench_.run([
    "export",
    "--json",
    "--quiet",
    "--models",
    "article",
    "--no-tables",
  ]);
  assert.equal(exitCode, EXIT.complete);
  assert.equal(io.err(), "");
  const report = JSON.parse(io.out());
  const manifest = JSON.parse(
    await Deno.readTextFile(`${shownAddress(report.snapshot)}/manifest.json`),
  );
  const { objects, warnings, failures, ...summary } = manifest;
  assert.ok(report.durationMs >= 0 && report.bytesRead > 10_000);
  assert.deepEqual(report, {
    exitCode: 0,
    snapshot: report.snapshot,
    project: { id: "48213", name: "Slackwater" },
    environment: "main",
    durationMs: report.durationMs,
    requests: bench_.cma.log.count.api,
    retries: 0,
    bytesRead: report.bytesRead,
    status: "complete",
    error: null,
    manifest: summary,
    objects: {
      count: objects.length,
      bytes: objects.reduce((sum: number, { size }: { size: number }) => sum + size, 0),
    },
    warnings,
    failures,
  });
  assert.deepEqual(Object.keys(summary.records), ["article"]);
});

Deno.test("sluice export hands its options on", async () => {
  await using bench_ = await bench();
  const { io, exitCode } = await bench_.run([
    "export",
    "-e",
    "spring-issue",
    "--exclude-models=article",
    "--include=records,uploads",
    "--no-published",
    "--no-assets",
    "--tables-only",
    "--format=csv",
    "--locales=en",
    "--structured-text=markdown",
    "--json",
  ]);
  assert.equal(exitCode, EXIT.complete, io.err());
  const { manifest } = JSON.parse(io.out());
  assert.deepEqual(manifest.environment, { id: "spring-issue", primary: false });
  assert.deepEqual(manifest.options, {
    environment: "spring-issue",
    excludeModels: ["article"],
    include: ["records", "uploads"],
    published: false,
    assets: false,
    layout: "ndjson",
    tables: "only",
    format: "csv",
    structuredText: "markdown",
    locales: ["en"],
  });
});

Deno.test("sluice export ends with 3 if an asset is missing, and says which", async () => {
  await using bench_ = await bench({
    onRequest: (_, { pathname }) => {
      return pathname.endsWith(".png") ? new Response("gone", { status: 404 }) : undefined;
    },
  });
  const { io, exitCode } = await bench_.run(["export"]);
  assert.equal(exitCode, EXIT.partial);
  assert.match(io.out(), /^Exported Slackwater .*, but not all of it: see the failures below\.\n/);
  assert.match(
    io.out(),
    /\nFailures\n {2}- Asset .*\.png \(upload .*\) couldn't be fetched: .* status 404\.\n/,
  );
  assert.match(
    io.out(),
    /\nNext: see to the failures, then export again; assets that are there are kept\.\n$/,
  );
  assert.match(io.err(), /\nFailed: asset assets\/.*\.png after 1 attempt: .* status 404\n/);
});

Deno.test("sluice export ends with 3 without a resource that was asked for by name", async () => {
  await using bench_ = await bench({ forbidden: ["/roles"] });
  const asked = await bench_.run(["export", "--include", "roles", "--json", ...LITTLE]);
  assert.equal(asked.exitCode, EXIT.partial);
  const report = JSON.parse(asked.io.out());
  assert.deepEqual([report.status, report.exitCode, report.failures.length], ["partial", 3, 1]);
  assert.match(asked.io.err(), /\nLeft out roles: The API token's role may not /);
  const unasked = await bench_.run(["export", ...LITTLE]);
  assert.equal(unasked.exitCode, EXIT.complete);
  assert.match(unasked.io.out(), /\broles left\s+out\b/);
});

Deno.test("sluice export tells in one sentence why it can't read the project", async () => {
  await using bench_ = await bench();
  const { io, exitCode } = await bench_.run(["export"], {
    env: { DATOCMS_API_TOKEN: "wrong-token-1" },
  });
  assert.equal(exitCode, EXIT.failed);
  assert.equal(io.out(), "");
  assert.match(
    io.err(),
    /^sluice: 127\.0\.0\.1:\d+ refused the API token \(401 .*\): copy one .*\.\n$/,
  );
  const unknown = await bench_.run(["export", "--models", "articel"]);
  assert.equal(unknown.exitCode, EXIT.usage);
  assert.equal(
    unknown.io.err(),
    'sluice: The project has no model "articel": did you mean "article"?\n',
  );
});

Deno.test("sluice export tells where an unfinished snapshot is when it fails", async () => {
  const onRequest: DemoCmaOptions["onRequest"] = (_, { pathname }) => {
    if (pathname !== "/uploads") return undefined;
    const error = { id: "x", type: "api_error", attributes: { code: "BROKEN", details: {} } };
    return Response.json({ data: [error] }, { status: 422 });
  };
  await using bench_ = await bench({ onRequest });
  const text = await bench_.run(["export"]);
  assert.equal(text.exitCode, EXIT.failed);
  assert.equal(text.io.out(), "");
  assert.match(
    text.io.err(),
    /\nWhat was written is in \/.*\/snapshot_\d+, incomplete\.\nsluice: .* refused GET \/uploads \(422 BROKEN\)\.\n$/,
  );
  const json = await bench_.run(["export", "--json", "--log-format", "json"]);
  const report = JSON.parse(json.io.out());
  assert.deepEqual([report.status, report.exitCode, report.manifest], ["failed", 1, null]);
  assert.match(report.snapshot, /^file:\/\/\/.*snapshot_\d+$/);
  const entries = json.io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(entries[0].type, "start");
  assert.deepEqual(entries.at(-1), {
    time: entries.at(-1).time,
    type: "error",
    message: report.error,
    exitCode: 1,
  });
  const files = await filesBelow(bench_.to);
  assert.ok(!files.some((path) => path.endsWith("canary.txt")));
});

Deno.test("sluice export keeps the token to itself, whatever the server says", async () => {
  let first = true;
  await using bench_ = await bench({
    onRequest: (request, { pathname }) => {
      if (pathname !== "/roles") return undefined;
      const told = request.headers.get("authorization");
      if (first) {
        first = false;
        const error = { type: "api_error", attributes: { code: told, transient: true } };
        return Response.json({ data: [error] }, { status: 503 });
      }
      const error = { type: "api_error", attributes: { code: "NO", details: { told } } };
      return Response.json({ data: [error] }, { status: 422 });
    },
  });
  for (const format of ["text", "json"]) {
    first = true;
    const { io, exitCode } = await bench_.run([
      "export",
      "--json",
      "--verbose",
      "--log-format",
      format,
      ...LITTLE,
    ]);
    assert.equal(exitCode, EXIT.failed);
    assert.match(io.err(), /status 503 .*\[(redacted|token)\]/);
    assert.match(JSON.parse(io.out()).error, /Bearer \[(redacted|token)\]/);
  }
  first = true;
  const asFlag = await bench_.run(["export", `--api-token=${TOKEN}`, ...LITTLE], {
    env: { DATOCMS_API_TOKEN: "" },
  });
  assert.match(asFlag.io.err(), /Bearer \[(redacted|token)\]/);
});

Deno.test("sluice export keeps the token to itself, even if the project is called like it", async () => {
  const project = sampleProject();
  Object.assign(project.primary.site.attributes, { name: `My ${TOKEN} project` });
  await using bench_ = await bench({ project });
  for (
    const args of [["export", "--verbose", ...LITTLE], [
      "export",
      "--json",
      "--log-format=json",
      ...LITTLE,
    ], ["plan"]]
  ) {
    const { io, exitCode } = await bench_.run(args);
    assert.equal(exitCode, EXIT.complete);
    assert.match(io.out(), /My \[redacted\] project/);
    if (args[0] === "export") assert.match(io.err(), /My \[redacted\] project/);
  }
});

Deno.test("sluice export --verbose tells of each request", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["export", "--verbose", "--include=records", "--models=lock"]);
  const requests = io.err().match(
    /^GET \/.*: 200 in \d+ ms, .*B, \d+ requests left in this window$/gm,
  );
  assert.equal(requests?.length, bench_.cma.log.count.api);
  assert.match(io.err(), /\nRead lock \(published\): 4, /);
});

Deno.test("sluice export in a terminal leaves no drawing behind", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["export", ...LITTLE], { isTerminal: true });
  assert.equal(io.err().split(ESC).at(-1), "[J");
  assert.ok(!io.out().includes(ESC));
});

Deno.test("sluice export stops when it is told to, and says what is done", async () => {
  await using bench_ = await bench({ latencyMs: 300 });
  const canceller: { cancel?: () => void } = {};
  const io = fakeIo({
    env: { DATOCMS_API_TOKEN: TOKEN, DATOCMS_BASE_URL: bench_.cma.url, SLUICE_TO: bench_.to },
    onErr: (text) => text.startsWith("Exporting ") && canceller.cancel!(),
  });
  let cancelledAt = Infinity;
  canceller.cancel = () => {
    cancelledAt = performance.now();
    io.cancel();
  };
  assert.equal(await runCli(["export", "--json"], io), EXIT.cancelled);
  assert.ok(performance.now() - cancelledAt < 1000);
  assert.match(
    io.err(),
    /\nCancelling \(press Ctrl-C again to stop at once\)\nsluice: Cancelled after \d\.\d s with \d+ records? and \d+ assets? done: the snapshot at \/.*\/snapshot_\d+ is incomplete, so export again for a complete one \(assets that are there are kept\)\.\n$/,
  );
  const report = JSON.parse(io.out());
  assert.deepEqual([report.status, report.exitCode], ["cancelled", 130]);
  assert.ok(!(await filesBelow(bench_.to)).some((path) => path.endsWith("canary.txt")));
});

Deno.test("sluice export that is stopped before it began has written nothing", async () => {
  await using bench_ = await bench({ latencyMs: 300 });
  const io = fakeIo({
    env: { DATOCMS_API_TOKEN: TOKEN, DATOCMS_BASE_URL: bench_.cma.url, SLUICE_TO: bench_.to },
  });
  io.cancel();
  assert.equal(await runCli(["export"], io), EXIT.cancelled);
  assert.match(io.err(), /^sluice: Cancelled after \d\.\d s: nothing was written\.\n$/);
  assert.deepEqual(await filesBelow(bench_.to), []);
});

Deno.test("sluice plan tells what would be read, and writes nothing", async () => {
  await using bench_ = await bench();
  for (
    const args of [["plan", "--exclude", "roles"], ["export", "--dry-run", "--exclude", "roles"]]
  ) {
    const { io, exitCode } = await bench_.run(args);
    assert.equal(exitCode, EXIT.complete, io.err());
    assert.match(
      io.out(),
      /^Slackwater \(project 48213, environment main\) in en, it, pt-BR\n\nModel {10}Current {2}Published {2}Requests\narticle {13}10 {10}8 {9}2\n(.*\n){6}7 models {12}38 {9}33 {8}\d+\n\nUploads: 13\nOther resources: workflows, plugins,/,
    );
    assert.doesNotMatch(io.out(), /roles/);
    assert.match(
      io.out(),
      /\n\d+ requests, all of which fit in one window of the rate limit; asset files\s+come\s+on\s+top\.\nNothing was written\.\n$/,
    );
  }
  assert.deepEqual(await filesBelow(bench_.to), []);
});

Deno.test("sluice plan --json writes the plan for programs", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["plan", "--models", "lock", "--no-published", "--json"]);
  const plan = JSON.parse(io.out());
  assert.deepEqual(plan.models, [{ model: "lock", current: 5, published: null, requests: 1 }]);
  assert.deepEqual(plan.project, { id: "48213", name: "Slackwater" });
});

Deno.test("sluice plan stops when it is told to", async () => {
  await using bench_ = await bench({ latencyMs: 300 });
  const io = fakeIo({ env: { DATOCMS_API_TOKEN: TOKEN, DATOCMS_BASE_URL: bench_.cma.url } });
  const running = runCli(["plan"], io);
  io.cancel();
  assert.equal(await running, EXIT.cancelled);
  assert.equal(io.err(), "sluice: Cancelled.\n");
});
