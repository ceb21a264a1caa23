import { ASSETS } from "../../config/groups/assets.ts";
import { DESTINATION } from "../../config/groups/destination.ts";
import { OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { SNAPSHOT, TABLES } from "../../config/groups/snapshot.ts";
import { SERVE_TOO } from "../../config/groups/serving.ts";
import { optionsOf } from "../../config/options.ts";
import { toExportOptions, toStorageOptions } from "../../config/library_options.ts";
import type { Config } from "../../config/options.ts";
import { EXIT, type ExitCode } from "../../error.ts";
import type { ExportReport } from "../../export/export.ts";
import { LocalStorage } from "../../storage/local/local_storage.ts";
import { openStorage } from "../../storage/open_storage.ts";
import type { Storage } from "../../storage/storage.ts";
import { type FoundSnapshot, snapshotIn } from "../../snapshot/find_snapshot.ts";
import { secondsOf } from "../../snapshot/find_snapshots.ts";
import { printable, shellWord } from "../../text/printable.ts";
import type { Change } from "../../tools/diff.ts";
import { counted } from "../text/format.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../command_hint.ts";
import { useNoProxyHere } from "../ready_environment.ts";
import { renderTree } from "../report/tree.ts";

/** A limit so high that the demo doesn't wait for it; the real limit is 60 in 3 seconds. */
const RATE_LIMIT = { limit: 1000, windowMs: 3000 };

/** `sluice demo` */
export const demoCommand: Command = {
  name: "demo",
  summary: "Export a sample project that is served on this machine; needs no account",
  description:
    "Starts a server on 127.0.0.1 that answers like DatoCMS's Content Management API with " +
    "a small magazine in three languages, exports that into ./sluice-demo, verifies it, and shows the " +
    "result and what can be done with it, such as to compare it with a sandbox environment, or to restore it. " +
    "Environment variables and configuration files are ignored.",
  options: optionsOf(
    RECORD_SELECTION,
    RESOURCE_SELECTION,
    DESTINATION,
    ASSETS,
    SNAPSHOT,
    TABLES,
    OUTPUT,
    TIMEOUT,
    SERVE_TOO,
  ),
  optionHelp: {
    serve:
      "Then serve the snapshots on this machine, print the address and a token, and end with Ctrl-C.",
  },
  defaults: { to: "./sluice-demo" },
  flagsOnly: true,
  examples: [
    { about: "Export the sample project", line: "sluice demo" },
    { about: "See how articles look as CSV", line: "sluice demo --models article --format csv" },
    { about: "Look at the snapshots over HTTP", line: "sluice demo --serve" },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const { config, io, advise } = context;
    const { sampleProject } = await import("../../demo/sample/sample_project.ts");
    const { startDemoCma } = await import("../../simulator/server.ts");
    const { runExport } = await import("../run_export.ts");
    const { renderSample } = await import("../report/sample_lines.ts");
    useNoProxyHere(Deno.env);
    await using cma = startDemoCma({
      project: sampleProject(),
      apiToken: crypto.randomUUID(),
      rateLimit: RATE_LIMIT,
    });
    const { url: baseUrl, apiToken, assetHost } = cma;
    const served = { ...config, baseUrl, apiToken, assetHost };
    const { report, exitCode } = await runExport({ config: served, io, advise });
    const lines = await lookInto(served, report, io);
    if (lines === undefined) return EXIT.failed;
    if (!config.json && !config.quiet) {
      io.stdout.write(
        [
          "",
          ...renderTree(report),
          "",
          ...await renderSample(config.to, report, io.signal),
          ...lines,
          ...NEXT,
          ...config.serve ? [""] : [],
        ].map((line) => `${line}\n`).join(""),
      );
    }
    if (!config.serve) return exitCode;
    const { serve } = await import("./serve.ts");
    return await serve({
      ...context,
      config: { ...config, from: config.to, listen: "127.0.0.1:0" },
    });
  },
};

/** The project's sandbox environment, which has a record more. */
const SANDBOX = "spring-issue";

/** Lines of what a snapshot holds that are shown. */
const SHOWN = 9;

/**
 * Verifies the snapshot, and shows what else can be done with it, in few lines.
 *
 * @return The lines; `undefined` if the snapshot is damaged, which is told.
 */
async function lookInto(
  config: Config,
  report: ExportReport,
  { signal, stdout, columns, secrets }: CommandContext["io"],
): Promise<string[] | undefined> {
  const { verifySnapshot } = await import("../../tools/verify.ts");
  const { renderVerification } = await import("../report/verification_text.ts");
  using storage = openStorage(config.to, toStorageOptions(config));
  const own = foundAt(report, undefined);
  const verified = await verifySnapshot(storage, own, { level: "references", signal });
  const verification = renderVerification(verified);
  if (verified.status === "damaged") {
    stdout.write(verification);
    return undefined;
  }
  if (config.json || config.quiet) return [];
  const { exportProject } = await import("../../export/export.ts");
  const { listPage } = await import("../../tools/list.ts");
  const { showSnapshot } = await import("../../tools/show.ts");
  const { diffSnapshots } = await import("../../tools/diff.ts");
  const { renderSnapshots } = await import("../report/snapshots_text.ts");
  const { renderSnapshot } = await import("../report/snapshot_text.ts");
  const options = { ...toExportOptions(config), secrets: secrets?.known, storage, signal };
  const other = foundAt(await exportProject({ ...options, environment: SANDBOX }), SANDBOX);
  const list = await listPage(storage, { limit: 5, signal });
  const from = `--from ${shellWord(config.to)}`;
  const width = Math.min(columns(), 100);
  const hints = { isFiltered: false, more: `${PROGRAM} list ${from}`, first: "" };
  const shown = await showSnapshot(storage, own.name, { signal });
  const about = renderSnapshot(shown, { columns: width, next: "" }).split("\n").slice(0, SHOWN);
  const changes: string[] = [];
  if (!config.tablesOnly) {
    const sides = [own, other].map((snapshot) => ({ storage, snapshot }));
    for await (const page of diffSnapshots(sides[0]!, sides[1]!, { signal })) {
      changes.push(...page.map(changeLine));
    }
  }
  const restored = await restoreIt(storage, own, report, signal);
  if (restored === undefined) return undefined;
  return [
    "",
    `${PROGRAM} verify ${from} --level references`,
    `  ${verification.trimEnd()}`,
    `${PROGRAM} list ${from}`,
    ...renderSnapshots(list, { from: config.to, columns: width - 2, ...hints }).trimEnd()
      .split("\n").map(indented),
    `${PROGRAM} show ${own.name} ${from}`,
    ...about.map(indented),
    ...(config.tablesOnly ? [] : [
      `What ${SANDBOX} has that ${own.name} hasn't:`,
      ...changes.slice(0, SHOWN).map(indented),
    ]),
    ...restored,
  ];
}

/**
 * Restores the snapshot into an empty project, which is served as well.
 *
 * @return A line that says so, none if the snapshot isn't the whole project; `undefined` if it isn't there as it was.
 */
async function restoreIt(
  storage: Storage,
  snapshot: FoundSnapshot,
  { manifest }: ExportReport,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const { lackOf } = await import("../../restore/preflight.ts");
  if (lackOf(manifest).length > 0 || manifest.assets === undefined) return [];
  const { applyRestore, planRestore } = await import("../../restore/mod.ts");
  const { startDemoCma } = await import("../../simulator/server.ts");
  const { emptyProject } = await import("../../simulator/empty_project.ts");
  await using empty = startDemoCma({
    project: emptyProject(),
    apiToken: crypto.randomUUID(),
    rateLimit: RATE_LIMIT,
  });
  const { url: baseUrl, apiToken } = empty;
  // The demo may write nowhere else than where its snapshots are, and to the working directory.
  const temporaryIn = storage instanceof LocalStorage ? storage.root : ".";
  const reached = { baseUrl, apiToken, storage, snapshot, temporaryIn, signal };
  await using plan = await planRestore({ ...reached, otherProject: true });
  const { verification } = await applyRestore(plan);
  const count = (verification?.differences.length ?? 1) + (verification?.more ?? 0);
  if (count > 0) return undefined;
  return [
    `Restored into an empty project on this machine, and compared: ${
      counted(verification!.records, "record")
    }, no differences.`,
  ];
}

function indented(line: string): string {
  return line === "" ? "" : `  ${line}`;
}

/** The snapshot that an export has made. */
function foundAt(
  { snapshot, manifest: { project: { id: project } } }: ExportReport,
  environment: string | undefined,
): FoundSnapshot {
  const prefix = snapshot.slice(snapshot.lastIndexOf("/content/project_") + 1);
  const folder = prefix.slice(0, prefix.lastIndexOf("/"));
  return snapshotIn({ project, environment, prefix: folder }, secondsOf(prefix));
}

function changeLine(change: Change): string {
  const name = change.kind === "record"
    ? `${change.model} ${change.id}: ${change.title ?? ""}`
    : change.kind === "asset"
    ? `${change.filename ?? change.id}`
    : `${change.type} ${change.name}`;
  return `${change.change} ${change.kind} ${printable(name, 100)}`;
}

const NEXT = [
  "",
  "Next, export a project of your own: in Project settings → API tokens, copy a token that may use",
  "the Content Management API, then",
  "",
  "  export DATOCMS_API_TOKEN=…",
  `  ${PROGRAM} plan      # what would be read, and the minimum time it takes`,
  `  ${PROGRAM} export    # to ./snapshots`,
];
