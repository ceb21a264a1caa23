import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { shownAddress } from "../../src/text/printable.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import type { DemoCmaOptions } from "../../src/simulator/server.ts";
import { EXIT, SluiceError } from "../../src/error.ts";
import type { Manifest, ManifestNote, Tally } from "../../src/snapshot/manifest.ts";
import { apiError } from "../support/cma.ts";
import { until } from "../support/until.ts";
import { bench, filesBelow, LITTLE, TOKEN } from "./bench.ts";
import { FakeClock, fakeIo } from "./fake_io.ts";

const ESC = "\x1b";

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
    /^Exported Slackwater \(project 48213, environment main\) in \d+(\.\d)? s: complete\.$/,
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
  // Told once, while it ran.
  assert.match(io.err(), /\nWarning: Asset .* infected with .*\n/);
  assert.match(io.out(), /\nWarnings\n {2}- 1 reported above, and in manifest\.json\n/);
  const hint = lines.at(-2)!;
  assert.match(hint, /^Next: take a look: head -n 1 \/.*\.ndjson$/);
  const first = await Deno.readTextFile(hint.split("head -n 1 ")[1]!);
  assert.equal(JSON.parse(first.split("\n")[0]!).type, "item");
  assert.match(io.err(), /^Exporting Slackwater \(project 48213, environment main\) to \/.*\n/);
});

Deno.test("sluice export --since reuses what hasn't changed, and says so", async () => {
  await using bench_ = await bench();
  const few = ["export", "--no-assets", "--no-tables", "--models=article,lock"];
  const first = await bench_.run([...few, "--since=last", "--quiet"]);
  assert.equal(first.exitCode, EXIT.complete, first.io.err());
  const [latest] = (await filesBelow(bench_.to)).filter((path) => path.endsWith("/canary.txt"));
  const snapshot = latest!.slice(0, -"/canary.txt".length);
  const env = { SLUICE_SINCE: "last" };

  const json = await bench_.run([...few, "--json", "--log-format=json"], { env });
  const { reused, manifest } = JSON.parse(json.io.out());
  assert.equal(reused.snapshot, `file://${snapshot}`);
  assert.ok(reused.records > 0 && reused.requests > 0, json.io.out());
  assert.equal(manifest.sinceFull, 1);
  const log = json.io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
  const [since] = log.filter(({ type }) => type === "since");
  assert.deepEqual([since.snapshot, since.reason], [`file://${snapshot}`, null]);
  assert.equal(log.find(({ type }) => type === "reused").records, reused.records);

  const named = await bench_.run([
    ...few,
    `--since=${snapshot.slice(snapshot.lastIndexOf("_") + 1)}`,
  ]);
  const line =
    /^ {2}Reused {4}\d+ records with blocks and \d+ published versions of\s+\S+:\s+at least \d+ requests? saved$/m;
  assert.match(named.io.out(), line);
  const other = await bench_.run(["export", "--models=lock", "--no-assets", "--no-tables"], {
    env,
  });
  assert.match(
    other.io.err(),
    /^All records are read, because snapshot_\d+ can't be reused: it was exported with another models$/m,
  );

  // Once, whatever the variable says.
  const full = await bench_.run([...few, "--full", "--json", "--quiet"], { env });
  assert.equal(JSON.parse(full.io.out()).reused, null);
  const both = await bench_.run([...few, "--full", "--since=last"]);
  assert.equal(both.exitCode, EXIT.usage);
  assert.match(both.io.err(), /--since contradicts --full: leave one of them out/);
  const gone = await bench_.run([...few, "--since=1234567890"]);
  assert.equal(gone.exitCode, EXIT.failed);
  assert.match(gone.io.err(), /There is no snapshot "1234567890" in /);
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
    "--max-rps",
    "200",
  ]);
  assert.equal(exitCode, EXIT.complete);
  assert.equal(io.err(), "");
  const report = JSON.parse(io.out());
  const manifest = JSON.parse(
    await Deno.readTextFile(`${shownAddress(report.snapshot)}/manifest.json`),
  );
  const { objects, findings, warnings, failures, ...summary } = manifest;
  assert.ok(report.durationMs >= 0 && report.bytesRead > 10_000);
  assert.deepEqual(report, {
    exitCode: 0,
    snapshot: report.snapshot,
    project: { id: "48213", name: "Slackwater" },
    environment: "main",
    durationMs: report.durationMs,
    requests: bench_.cma.log.count.api,
    leastSeconds: (bench_.cma.log.count.api - 1) / 200,
    retries: 0,
    reused: null,
    assetRetries: 0,
    retried: [],
    bytesRead: report.bytesRead,
    status: "complete",
    error: null,
    manifest: summary,
    objects: {
      count: objects.length,
      bytes: objects.reduce((sum: number, { size }: { size: number }) => sum + size, 0),
    },
    deletion: null,
    findings,
    warnings,
    failures,
  });
  assert.deepEqual(Object.keys(summary.records), ["article"]);
});

Deno.test("sluice export tells how long its requests take at least", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["export", "--models=lock", "--include=records", "--max-rps=50"]);
  const least = (bench_.cma.log.count.api - 1) / 50;
  const told = `at least ${least.toFixed(1)} s under the API's rate limit\n`;
  assert.ok(io.out().includes(`kB, ${told}`), io.out());
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
  assert.match(io.out(), /^Exported Slackwater .*, but not all of it: see the failures\.\n/);
  assert.match(
    io.out(),
    /\nFailures\n {2}- \d+ reported above, and in manifest\.json\n/,
  );
  assert.match(
    io.out(),
    /\nNext: when the cause is fixed, retry just these assets: deno task -q sluice retry --base-url \S+ --to \/\S+ --asset-host \S+\n$/,
  );
  assert.match(io.err(), /\nFailed: asset assets\/.*\.png after 2 attempts: .* status 404\n/);
  // Where nobody is told while it runs, the summary names them.
  const json = await bench_.run([
    "export",
    "--include=uploads",
    "--no-tables",
    "--log-format=json",
  ]);
  assert.match(
    json.io.out(),
    /\nFailures\n {2}- Asset .*\.png \(upload .*\) couldn't be fetched: .* status 404, as in .*\.\n/,
  );
});

Deno.test("sluice export tells of all resources that it is refused in one line", async () => {
  await using bench_ = await bench({ forbidden: ["/roles", "/users", "/webhooks"] });
  // However long the refusals take to come, no time passes between them.
  const { io, exitCode } = await bench_.run(["export", ...LITTLE], { clock: new FakeClock() });
  assert.equal(exitCode, EXIT.complete);
  const lines = io.err().split("\n").filter((line) => /role|users|webhooks/.test(line));
  assert.equal(lines.length, 1, io.err());
  for (const name of ["roles", "users", "webhooks"]) assert.ok(lines[0]!.includes(name));
  assert.match(lines[0]!, /^Left out .*: The API token's role may not read them \(403 /);
  assert.match(io.out(), /\nWarnings\n {2}- 3 reported above, and in manifest\.json\n/);
});

Deno.test("sluice export --assets sync ends with 3 if there is more to delete than it may", async () => {
  const project = sampleProject();
  await using bench_ = await bench({ project });
  const args = ["export", "--include=uploads", "--no-tables"];
  await bench_.run(args);
  const [one, two] = project.primary.uploads.uploads();
  project.primary.uploads.delete(one!.id);
  project.primary.uploads.delete(two!.id);
  const kept = await bench_.run(args);
  assert.equal(kept.exitCode, EXIT.complete);
  assert.match(kept.io.out(), /\n {12}2 files \(.*\) no longer used by any\s+upload, kept\n/);
  const refused = await bench_.run([...args, "--assets=sync", "--max-delete=1"]);
  assert.equal(refused.exitCode, EXIT.partial);
  assert.match(refused.io.out(), /^Exported Slackwater .*: complete\.\n/);
  assert.match(
    refused.io.out(),
    /\n {2}Deleted {3}0 files \(0 B\); why not all of them is reported above\n/,
  );
  assert.match(refused.io.err(), /\nWarning: No asset file was deleted: .*--max-delete 2\.\n/);
  const deleted = await bench_.run([...args, "--assets=sync", "--max-delete=2"]);
  assert.equal(deleted.exitCode, EXIT.complete, deleted.io.err());
  assert.match(deleted.io.out(), /\n {2}Deleted {3}2 files \(.*\) no longer used by any upload\n/);
});

Deno.test("sluice export ends with 3 without a resource that was asked for by name", async () => {
  await using bench_ = await bench({ forbidden: ["/roles"] });
  const asked = await bench_.run(["export", "--include", "roles", "--json"]);
  assert.equal(asked.exitCode, EXIT.partial);
  const report = JSON.parse(asked.io.out());
  assert.deepEqual([report.status, report.exitCode, report.failures.length], ["partial", 3, 1]);
  assert.match(asked.io.err(), /\nLeft out roles: The API token's role may not /);
  const unasked = await bench_.run(["export", ...LITTLE]);
  assert.equal(unasked.exitCode, EXIT.complete);
  assert.match(unasked.io.out(), /\broles left\s+out\b/);
});

Deno.test("--quiet is silent when all is well", async () => {
  await using bench_ = await bench();
  for (
    const args of [
      ["export"],
      ["export", "--resume", ...LITTLE],
      ["schedule", "enable"],
      ["export", "--json", ...LITTLE],
    ]
  ) {
    const { io, exitCode } = await bench_.run([...args, "--quiet"]);
    assert.equal(exitCode, EXIT.complete, io.err());
    assert.equal(io.err(), "");
    if (args.includes("--json")) assert.equal(JSON.parse(io.out()).status, "complete");
    else assert.equal(io.out(), "");
  }
});

Deno.test("sluice export --quiet tells what it found, and nothing else", async () => {
  const project = sampleProject();
  const model = project.primary.itemTypes.find(({ attributes }) => !attributes.modular_block)!;
  await using bench_ = await bench({
    project,
    onRequest: (_, { pathname }) => {
      if (pathname === "/items") model.attributes.name = `Renamed ${crypto.randomUUID()}`;
      return undefined;
    },
  });
  const text = await bench_.run(["export", "--quiet", ...LITTLE]);
  assert.equal(text.exitCode, EXIT.complete, text.io.err());
  assert.equal(text.io.out(), "");
  assert.match(text.io.err(), /^Found: The schema changed while the project was read .*\n$/);
  const json = await bench_.run(["export", "--quiet", "--log-format=json", ...LITTLE]);
  const { type, code } = JSON.parse(json.io.err());
  assert.deepEqual([type, code], ["finding", "schema_changed"]);
});

Deno.test("sluice export --quiet isn't silent about what the snapshot lacks", async () => {
  await using bench_ = await bench({ forbidden: ["/roles", "/users"] });
  const args = ["export", "--quiet", "--no-assets", "--no-tables"];
  const { io, exitCode } = await bench_.run([...args, "--include=records,roles,users"]);
  assert.equal(exitCode, EXIT.partial);
  assert.match(
    io.err(),
    /^sluice: The snapshot at \/\S+ is complete but for 2 failures, such as: The API token's role may not GET \/(roles|users) .*\.\n$/,
  );
  const json = await bench_.run([...args, "--include=roles", "--log-format=json"]);
  const entry = JSON.parse(json.io.err());
  assert.equal(entry.type, "error");
  assert.equal(entry.exitCode, EXIT.partial);
  assert.match(entry.message, / is complete but for 1 failure: The API token's role /);
  const loud = await bench_.run(["export", "--include=roles"]);
  assert.doesNotMatch(loud.io.err(), /complete but for/);
});

Deno.test("sluice export tells in one sentence why it can't read the project", async () => {
  await using bench_ = await bench();
  const { io, exitCode } = await bench_.run(["export"], {
    env: { DATOCMS_API_TOKEN: "wrong-token-1" },
  });
  assert.equal(exitCode, EXIT.usage);
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
    /\nsluice: .* refused GET \/uploads \(422 BROKEN\)\.\nThe snapshot at \/.*\/snapshot_\d+ is incomplete\.\nTo resume it: deno task -q sluice export --resume --base-url \S+ --to \S+ --asset-host \S+\n$/,
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

Deno.test("sluice export --json names what it met, however it ends", async () => {
  let [uploads, err] = [0, ""];
  const onRequest: DemoCmaOptions["onRequest"] = async (_, { pathname }) => {
    if (pathname.endsWith(".svg")) {
      // What comes to its end too early has met less.
      await until(() => err.includes("Left out roles"), "the roles are left out");
      return new Response(null, { status: 404 });
    }
    const isFirst = pathname === "/uploads" && uploads++ === 0;
    return isFirst ? new Response(null, { status: 503 }) : undefined;
  };
  await using bench_ = await bench({ forbidden: ["/roles"], onRequest });
  const report = async (...more: string[]) => {
    [uploads, err] = [0, ""];
    const args = ["export", "--json", "--include=uploads,roles", ...more];
    const { io, exitCode } = await bench_.run(args, { onErr: (text) => err += text });
    const read = JSON.parse(io.out());
    assert.equal(read.exitCode, exitCode);
    return read;
  };
  const whole = await report();
  assert.equal(whole.status, "partial");
  const messages = (code: string, { failures }: { failures: ManifestNote[] }) => {
    return failures.flatMap((note) => note.code === code ? [note.message] : []);
  };
  const missing = new Set(messages("asset_failed", whole));
  assert.ok(missing.size > 0);
  const failed = await report("--max-failures=0");
  assert.deepEqual([failed.status, failed.manifest], ["failed", null]);
  assert.deepEqual(Object.keys(failed), Object.keys(whole));
  for (const [{ what, reason, attempt }, ...more] of [whole.retried, failed.retried]) {
    assert.match(what, /^GET \/uploads\?/);
    assert.deepEqual([reason, attempt], ["status 503", 1]);
    assert.equal(more.length, 0);
  }
  const skipped = messages("resource_skipped", failed);
  assert.equal(skipped.length, 1);
  assert.deepEqual(skipped, messages("resource_skipped", whole));
  // The snapshot before lacks the same.
  const met = messages("asset_failed_known", failed);
  assert.ok(met.length > 0);
  for (const message of met) {
    const plain = message.replace(/, as in snapshot_\d+ before\.$/, ".");
    assert.notEqual(plain, message);
    assert.ok(missing.has(plain), message);
  }
});

Deno.test("sluice export --json names what it met before its time was over", async () => {
  let [hangs, err] = [true, ""];
  const hang = new AbortController();
  const onRequest: DemoCmaOptions["onRequest"] = async ({ signal }, { pathname }) => {
    if (!hangs || pathname !== "/items") return undefined;
    await new Promise((resolve) => {
      for (const each of [hang.signal, signal]) each.addEventListener("abort", resolve);
    });
    return undefined;
  };
  await using bench_ = await bench({ forbidden: ["/roles"], onRequest });
  const args = ["export", "--json", "--models=lock", "--include=records,roles"];
  const report = async (...more: string[]) => {
    err = "";
    const { io } = await bench_.run([...args, ...more], { onErr: (text) => err += text });
    return JSON.parse(io.out());
  };
  const stopped = await report("--time-budget=1s");
  assert.equal(stopped.status, "unfinished");
  assert.match(err, /Left out roles/);
  assert.deepEqual(stopped.failures.map(({ code }: ManifestNote) => code), ["resource_skipped"]);
  const again = await report("--time-budget=1s", "--resume");
  assert.deepEqual([again.status, again.failures], ["unfinished", stopped.failures]);
  hangs = false;
  hang.abort();
  const whole = await report("--resume");
  assert.deepEqual([whole.status, whole.failures], ["partial", stopped.failures]);
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

Deno.test("Durations in a JSON log are whole milliseconds", async () => {
  let reads = 0;
  await using bench_ = await bench({
    onRequest: (_, { pathname }) =>
      pathname === "/uploads" && reads++ === 0 ? new Response(null, { status: 503 }) : undefined,
  });
  const { io } = await bench_.run(["export", "--log-format=json", "--verbose", ...LITTLE]);
  const entries = io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
  const durations = entries.flatMap(({ ms, waitMs }) => [ms, waitMs]).filter((ms) =>
    ms !== undefined && ms !== null
  );
  assert.ok(entries.some(({ type }) => type === "retry") && durations.length > 10);
  assert.deepEqual(durations.filter((ms) => !Number.isInteger(ms)), []);
});

Deno.test("sluice export tells how far tables are, and how much was written", async () => {
  await using bench_ = await bench();
  const args = ["export", "--log-format=json", "--verbose", "--no-assets", "--json"];
  const { io, exitCode } = await bench_.run(args);
  assert.equal(exitCode, EXIT.complete, io.err());
  const path = `${shownAddress(JSON.parse(io.out()).snapshot)}/manifest.json`;
  const manifest = JSON.parse(await Deno.readTextFile(path)) as Manifest;
  const entries = io.err().trimEnd().split("\n").map((line) => JSON.parse(line));
  const tables = entries.filter(({ type }) => type === "tables");
  const { count: rows } = manifest.resources.tables as Tally;
  const of = manifest.objects.reduce((sum, { path, count = 0 }) => {
    return /^(?:records|uploads)\//.test(path) ? sum + count : sum;
  }, 0);
  const shown = ({ rows, entries, of }: Record<string, unknown>) => ({ rows, entries, of });
  assert.deepEqual(shown(tables.at(0)), { rows: 0, entries: 0, of });
  assert.deepEqual(shown(tables.at(-1)), { rows, entries: of, of });
  assert.ok(tables.length > 3);
  const written = entries.filter(({ type }) => type === "written").at(-1);
  assert.deepEqual([written.objects, written.bytes], [
    manifest.objects.length,
    manifest.objects.reduce((sum, { size }) => sum + size, 0),
  ]);
});

Deno.test("sluice export says which option an asset of another host takes, and keeps that out of files", async () => {
  const assetHost = "http://localhost:9";
  await using bench_ = await bench({
    onRequest: (_, { pathname }) =>
      pathname.endsWith(".svg") ? Response.redirect(`${assetHost}/a.svg`) : undefined,
  });
  const { io, exitCode } = await bench_.run(["export", "--include=uploads", "--no-tables"]);
  assert.equal(exitCode, EXIT.partial);
  const reason = `if the project's assets are there, make ${assetHost} the asset host`;
  assert.ok(io.err().includes(`${reason} (--asset-host ${assetHost})\n`), io.err());
  assert.match(io.out(), /\nFailures\n {2}- \d+ reported above, and in manifest\.json\n/);
  const index = (await filesBelow(bench_.to)).find((path) => path.endsWith("/assets.ndjson"))!;
  const lines = (await Deno.readTextFile(index)).trimEnd().split("\n").map((l) => JSON.parse(l));
  const failed = lines.filter(({ outcome }) => outcome === "failed");
  assert.ok(failed.length > 0);
  for (const each of failed) {
    assert.ok(each.reason.endsWith(reason));
    assert.deepEqual([each.code, each.facts], [undefined, undefined]);
  }
});

Deno.test("sluice export in a terminal leaves no drawing behind", async () => {
  await using bench_ = await bench();
  const { io } = await bench_.run(["export", ...LITTLE], { isTerminal: true });
  assert.equal(io.err().split(ESC).at(-1), "[J");
  assert.ok(!io.out().includes(ESC));
});

Deno.test("sluice export --retry-failed tries failed assets again, and ends as an export does", async () => {
  const isDown = { asset: true };
  await using bench_ = await bench({
    onRequest: (_request, { pathname }) =>
      isDown.asset && pathname.endsWith(".svg") ? new Response(null, { status: 404 }) : undefined,
  });
  const args = ["export", "--include=uploads", "--no-tables"];
  const nothing = await bench_.run(["export", "--retry-failed"]);
  assert.equal(nothing.exitCode, EXIT.failed);
  assert.match(nothing.io.err(), /There is no complete snapshot with asset files at .*: export /);
  const first = await bench_.run(args);
  assert.equal(first.exitCode, EXIT.partial, first.io.err());
  const { url, assetHost } = bench_.cma;
  const program = "deno task -q sluice";
  const where = `--base-url ${url} --to ${bench_.to} --asset-host ${assetHost}`;
  assert.ok(first.io.out().endsWith(`: ${program} retry ${where}\n`));
  const ofMain = await bench_.run([...args, "--environment=main"]);
  assert.ok(
    ofMain.io.out().endsWith(
      `: ${program} retry --environment main ${where}\n`,
    ),
  );
  const again = await bench_.run(["export", "--retry-failed", "--json"]);
  assert.equal(again.exitCode, EXIT.partial);
  const { manifest, failures } = JSON.parse(again.io.out());
  assert.ok(manifest.assets.failed > 0);
  assert.equal(manifest.assets.failures.length, manifest.assets.failed);
  assert.equal(failures.length, manifest.assets.failed);
  const few = await bench_.run(["export", "--retry-failed", "--max-failures=0"]);
  assert.equal(few.exitCode, EXIT.failed);
  assert.match(few.io.err(), /no more than 0 may fail .* the snapshot still lacks them/);
  const stopped = await bench_.run([...args, "--max-failures=0", "--json"]);
  assert.equal(stopped.exitCode, EXIT.failed);
  assert.match(JSON.parse(stopped.io.out()).error, /its snapshot isn't complete/);
  isDown.asset = false;
  const last = await bench_.run(["export", "--retry-failed"]);
  assert.equal(last.exitCode, EXIT.complete, last.io.err());
  assert.match(
    last.io.out(),
    /^Retried the failed assets of Slackwater .* in .*: complete\.\n/,
  );
  assert.match(last.io.out(), /\n {2}Snapshot {2}\/.*\n/);
  // Nothing else was read.
  const rows = last.io.out().split("\n\n")[1]!.split("\n").map((line) => line.trim().split(" ")[0]);
  assert.deepEqual(rows, ["Snapshot", "Assets", "Requests"]);
  assert.match(last.io.out(), /\n {2}Assets {4}\d+ downloaded \(.*\), of those that had failed\n/);
  const none = await bench_.run(["export", "--retry-failed"]);
  assert.match(none.io.out(), /\n {2}Assets {4}none had failed\n/);
});

Deno.test("sluice export --freeze tells of its copy, and leaves none", async () => {
  const project = sampleProject();
  await using bench_ = await bench({ project, jobMs: 20 });
  const { io, exitCode } = await bench_.run(["export", "--freeze", ...LITTLE]);
  assert.equal(exitCode, EXIT.complete, io.err());
  assert.match(
    io.err(),
    /^Making a temporary copy of the environment, (sluice-freeze-\S+)\nReading from \1, .*\n(.*\n)*Deleted \1\n$/,
  );
  assert.match(io.out(), /^Exported Slackwater \(project 48213, environment main\) in /);
  assert.deepEqual([...project.environments.keys()], ["main", "spring-issue"]);
});

Deno.test("sluice export doesn't call a snapshot incomplete whose report can't be written", async () => {
  await using bench_ = await bench();
  const io = fakeIo({
    env: {
      DATOCMS_API_TOKEN: TOKEN,
      DATOCMS_BASE_URL: bench_.cma.url,
      SLUICE_TO: bench_.to,
    },
  });
  let writes = 0;
  const stdout = {
    write() {
      writes++;
      throw new SluiceError("No room for the result.");
    },
  };
  for (const args of [[], ["--json"]]) {
    writes = 0;
    assert.equal(await runCli(["export", ...LITTLE, ...args], { ...io, stdout }), EXIT.failed);
    assert.equal(writes, 1);
  }
  assert.match(io.err(), /\nsluice: No room for the result\.\n$/);
  assert.ok(!io.err().includes("incomplete"), io.err());
});

Deno.test("sluice export --freeze tells at the end that its copy couldn't be deleted, also if it is quiet", async () => {
  await using bench_ = await bench({
    onRequest: ({ method }) =>
      method === "DELETE" ? apiError(403, "INSUFFICIENT_PERMISSIONS") : undefined,
  });
  const args = ["export", "--freeze", "--quiet", ...LITTLE];
  const text = await bench_.run(args);
  assert.equal(text.exitCode, EXIT.complete, text.io.err());
  assert.equal(text.io.out(), "");
  assert.match(text.io.err(), /^Warning: The sandbox environment sluice-freeze-.*\n$/);
  const loud = await bench_.run(args.filter((arg) => arg !== "--quiet"));
  assert.match(loud.io.err(), /\nWarning: The sandbox environment sluice-freeze-/);
  assert.match(loud.io.out(), /\nWarnings\n {2}- \d+ reported above, and in manifest\.json\n/);
  const json = await bench_.run([...args, "--json"]);
  const warnings: { code: string }[] = JSON.parse(json.io.out()).warnings;
  assert.ok(warnings.some(({ code }) => code === "freeze_not_deleted"), json.io.out());
});
