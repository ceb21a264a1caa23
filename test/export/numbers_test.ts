import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { runCli } from "../../src/cli/run_cli.ts";
import { generateProject } from "../../src/simulator/generated/generated_project.ts";
import type { DemoProject } from "../../src/simulator/project.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { EXIT, type ExitCode } from "../../src/error.ts";
import type { JsonReport } from "../../src/report/json_report.ts";
import type { AssetOutcome } from "../../src/assets/asset_download.ts";
import { type Manifest, manifestSchema, type Tally } from "../../src/snapshot/manifest.ts";
import { shownAddress } from "../../src/text/printable.ts";
import { formatBytes } from "../../src/cli/text/format.ts";
import { fakeIo } from "../cli/fake_io.ts";
import { temporaryRoot } from "../schedule/ticking.ts";
import { filesOf } from "../support/exported.ts";
import { long } from "../support/long.ts";

const PROJECTS: Readonly<Record<string, () => DemoProject>> = {
  "the sample project": sampleProject,
  "a generated project": () =>
    generateProject({ records: long(300, 60), uploads: long(40, 15), assetBytes: 300 }),
};

/** How often each is exported anew, to see the same numbers again. */
const TIMES: Readonly<Record<string, number>> = {
  "the sample project": 2,
  "a generated project": long(2, 1),
};

/** Runs a command as a user does who wants a report for programs. */
async function run(cma: DemoCma, root: string, args: readonly string[], expected: ExitCode) {
  cma.log.clear();
  const io = fakeIo({
    env: {
      DATOCMS_API_TOKEN: cma.apiToken,
      DATOCMS_BASE_URL: cma.url,
      SLUICE_ASSET_HOST: cma.assetHost,
      SLUICE_TO: root,
    },
  });
  const exitCode = await runCli([...args], io);
  assert.equal(exitCode, expected, io.err());
  return io.out();
}

/** A served project and a place to export it to. */
async function served(options: DemoCmaOptions) {
  const root = await temporaryRoot();
  const cma = startDemoCma({ rateLimit: false, ...options });
  return {
    cma,
    root: root.path,
    async report(args: readonly string[], expected: ExitCode = EXIT.complete): Promise<JsonReport> {
      return JSON.parse(await run(cma, root.path, [...args, "--json"], expected));
    },
    text: (args: readonly string[], expected: ExitCode = EXIT.complete) => {
      return run(cma, root.path, args, expected);
    },
    async [Symbol.asyncDispose]() {
      await cma.stop();
      await root[Symbol.asyncDispose]();
    },
  };
}

/** What a snapshot's files are: all that is counted is counted again from these. */
async function read(directory: string) {
  const files = new Map<string, Uint8Array>();
  for (const path of await filesOf(directory)) {
    files.set(path, await Deno.readFile(`${directory}/${path}`));
  }
  const textOf = (path: string) => new TextDecoder().decode(files.get(path));
  const linesOf = (path: string) => textOf(path).split("\n").filter(Boolean);
  const below = (prefix: string) => [...files.keys()].filter((path) => path.startsWith(prefix));
  const bytesOf = (paths: readonly string[]) => {
    return paths.reduce((sum, path) => sum + files.get(path)!.byteLength, 0);
  };
  const manifest: Manifest = manifestSchema.parse(JSON.parse(textOf("manifest.json")));
  return { files, textOf, linesOf, below, bytesOf, manifest };
}

type Snapshot = Awaited<ReturnType<typeof read>>;

/** A resource's tally, counted from the files. */
function recounted({ files, textOf, linesOf, below, bytesOf }: Snapshot, name: string): Tally {
  if (name === "site") return { count: 1, bytes: bytesOf(["site.json"]) };
  const settings = `settings/${name}.json`;
  if (files.has(settings)) {
    return { count: JSON.parse(textOf(settings)).data.length, bytes: bytesOf([settings]) };
  }
  const paths = below(`${name}/`).filter((path) => path !== "tables/schema.json");
  const isOneEach = paths.every((path) => path.endsWith(".json"));
  const count = isOneEach
    ? paths.length
    : paths.reduce((sum, path) => sum + linesOf(path).length, 0);
  return { count, bytes: bytesOf(paths) };
}

async function assertManifestCounts(snapshot: Snapshot, root: string): Promise<void> {
  const { manifest, files, linesOf, below, bytesOf } = snapshot;
  const told = new Map(manifest.objects.map((object) => [object.path, object]));
  const paths = [...files.keys()].filter((path) => !/^(manifest\.json|canary\.txt)$/.test(path));
  assert.deepEqual([...told.keys()].sort(), paths.sort());
  for (const [path, { size, sha256, count }] of told) {
    const bytes = files.get(path)!;
    assert.equal(size, bytes.byteLength, path);
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"), path);
    if (path.endsWith(".ndjson")) assert.equal(count, linesOf(path).length, path);
    else if (path.startsWith("settings/")) {
      assert.equal(count, JSON.parse(snapshot.textOf(path)).data.length, path);
    } else if (path.startsWith("index/")) {
      const records = Object.values(manifest.records);
      const tallies = path === "index/uploads.idx"
        ? [manifest.resources.uploads as Tally]
        : records.flatMap(({ current, published }) => [current, published]);
      assert.equal(count, tallies.reduce((sum, tally) => sum + (tally?.count ?? 0), 0), path);
    } else assert.equal(count, undefined, path);
  }

  for (const [name, tally] of Object.entries(manifest.resources)) {
    assert.deepEqual(tally, recounted(snapshot, name), name);
  }
  for (const name of ["site", "models", "uploads", "tables", "roles"]) {
    assert.ok(manifest.resources[name], name);
  }

  const folders = new Set(below("records/").map((path) => path.split("/")[1]!));
  for (const folder of folders) assert.ok(manifest.records[folder], folder);
  let records = 0;
  for (const [model, versions] of Object.entries(manifest.records)) {
    for (const version of ["current", "published"] as const) {
      const paths = below(`records/${model}/${version}/`);
      const count = paths.reduce((sum, path) => sum + linesOf(path).length, 0);
      assert.deepEqual(versions[version], { count, bytes: bytesOf(paths) }, `${model} ${version}`);
      records += count;
    }
  }
  assert.ok(records > 0);
  await assertAssetCounts(snapshot, root);
}

async function assertAssetCounts({ manifest, linesOf }: Snapshot, root: string): Promise<void> {
  const { assets } = manifest;
  assert.ok(assets);
  const lines = linesOf(assets.index).map((line) => JSON.parse(line) as AssetOutcome);
  const having = (outcome: AssetOutcome["outcome"]) => {
    return lines.filter((line) => line.outcome === outcome);
  };
  const uploads = manifest.resources["uploads"] as Tally;
  assert.equal(lines.length, uploads.count);
  for (const outcome of ["downloaded", "kept"] as const) {
    let bytes = 0;
    for (const { key, size } of having(outcome)) {
      const file = await Deno.stat(`${root}/${key}`);
      assert.equal(file.size, size, key);
      bytes += file.size;
    }
    assert.deepEqual(assets[outcome], { count: having(outcome).length, bytes }, outcome);
  }
  assert.equal(assets.withdrawn, having("withdrawn").length);
  assert.equal(assets.notServed, having("not_served").length);
  assert.equal(assets.failed, having("failed").length);
  assert.equal(assets.failures?.length, assets.failed);
  const orphans = linesOf("assets_orphaned.ndjson");
  assert.equal(assets.orphaned?.count, orphans.length);
  const there = (await filesOf(`${root}/${assets.prefix}`)).length;
  assert.equal(there, assets.downloaded.count + assets.kept.count + orphans.length);
}

/** What the report says beside the manifest. */
function assertReportCounts(report: JsonReport, snapshot: Snapshot, cma: DemoCma): void {
  const { objects, findings, warnings, failures, ...rest } = snapshot.manifest;
  assert.deepEqual(report.manifest, JSON.parse(JSON.stringify(rest)));
  assert.deepEqual(
    [report.findings, report.warnings, report.failures],
    [findings, warnings, failures],
  );
  const paths = objects.map(({ path }) => path);
  assert.deepEqual(report.objects, { count: paths.length, bytes: snapshot.bytesOf(paths) });
  assert.equal(report.requests, cma.log.count.api);
  const isAsset = ({ what }: { readonly what: string }) => what.startsWith("asset ");
  assert.equal(report.assetRetries, report.retried.filter(isAsset).length);
  assert.equal(report.retries, report.retried.length - report.assetRetries);
}

/** What has to be the same in every export of the same project. */
function numbersOf({ manifest }: Snapshot) {
  const { resources, records, assets, objects } = manifest;
  const sizes = objects.map(({ path, size, count }) => [path, size, count]);
  return JSON.parse(JSON.stringify({ resources, records, assets, sizes }));
}

for (const [name, project] of Object.entries(PROJECTS)) {
  Deno.test(`every number of an export of ${name} is what its files and the server count, each time`, async () => {
    const seen: unknown[] = [];
    for (let time = 0; time < TIMES[name]!; time++) {
      await using made = await served({ project: project() });
      const first = await made.report(["export"]);
      const snapshot = await read(shownAddress(first.snapshot!));
      await assertManifestCounts(snapshot, made.root);
      assertReportCounts(first, snapshot, made.cma);
      assert.deepEqual([first.retries, first.assetRetries], [0, 0]);
      seen.push(numbersOf(snapshot));

      // What the first one has fetched is kept.
      const second = await made.report(["export"]);
      const next = await read(shownAddress(second.snapshot!));
      await assertManifestCounts(next, made.root);
      assertReportCounts(second, next, made.cma);
      const asked = made.cma.log.requests.filter(({ kind }) => kind === "asset");
      const files = new Set(asked.map(({ path }) => path.split("?")[0]));
      const { downloaded, kept, withdrawn } = next.manifest.assets!;
      assert.equal(files.size, downloaded.count + withdrawn);
      assert.ok(kept.count > 0);
      assert.deepEqual(
        { count: downloaded.count + kept.count, bytes: downloaded.bytes + kept.bytes },
        snapshot.manifest.assets?.downloaded,
      );
      assert.deepEqual(next.manifest.resources, snapshot.manifest.resources);
      assert.deepEqual(next.manifest.records, snapshot.manifest.records);

      const status = JSON.parse(await made.text(["schedule", "status", "--json"]));
      const { endedAt, startedAt } = next.manifest;
      assert.equal(status.lastExport.snapshot, second.snapshot!.split("/").at(-1));
      assert.equal(status.lastExport.endedAt, endedAt);
      const begun = Number(status.lastExport.snapshot.slice("snapshot_".length)) * 1000;
      assert.equal(Date.parse(status.lastExport.begunAt), begun);
      assert.ok(Math.abs(begun - Date.parse(startedAt)) < 5000);
      assert.deepEqual([status.failures, status.unfinished], [null, null]);
    }
    for (const again of seen.slice(1)) assert.deepEqual(again, seen[0]);
  });
}

Deno.test("requests and files that are tried again are counted apart, and of failed ones that are retried only these are told", async () => {
  const broken = { api: 2, unready: 3, missing: true };
  await using made = await served({
    project: generateProject({ records: 40, uploads: 10, assetBytes: 300 }),
    onRequest: (_request, { pathname }) => {
      const isAsset = /^\/\d+\//.test(pathname);
      if (isAsset && broken.missing && /[02468]-/.test(pathname)) {
        return new Response(null, { status: 404 });
      }
      const isBroken = isAsset ? broken.unready-- > 0 : pathname === "/items" && broken.api-- > 0;
      return isBroken ? new Response(null, { status: 503 }) : undefined;
    },
  });
  const first = await made.report(["export"], EXIT.partial);
  const directory = shownAddress(first.snapshot!);
  const snapshot = await read(directory);
  await assertManifestCounts(snapshot, made.root);
  assertReportCounts(first, snapshot, made.cma);
  assert.deepEqual([first.retries, first.assetRetries], [2, 3]);
  assert.equal(snapshot.manifest.assets?.failed, 5);

  // It is the same snapshot, but for what failed.
  broken.missing = false;
  broken.unready = 1;
  const text = await made.text(["export", "--retry-failed"]);
  const requests = made.cma.log.count.api;
  assert.match(text, new RegExp(`\\n {2}Requests {2}${requests}, [^,]*\\n`));
  assert.doesNotMatch(text, /Records|Models|Uploads|Tables|Files/);
  const whole = await read(directory);
  await assertManifestCounts(whole, made.root);
  assert.equal(whole.manifest.assets?.failed, 0);
  assert.equal(whole.manifest.assets.downloaded.count, 10);
  const bytes = whole.manifest.assets.downloaded.bytes - snapshot.manifest.assets.downloaded.bytes;
  const told = `\n  Assets    5 downloaded (${
    formatBytes(bytes)
  }), 1 retry, of those that had failed\n`;
  assert.ok(text.includes(told), text);

  // Nothing is left to be done.
  const none = await made.report(["export", "--retry-failed"]);
  assertReportCounts(none, await read(directory), made.cma);
  assert.equal(made.cma.log.count.asset, 0);
});
