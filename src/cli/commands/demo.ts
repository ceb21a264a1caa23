import { ASSETS } from "../../config/groups/assets.ts";
import { DESTINATION } from "../../config/groups/destination.ts";
import { OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { SNAPSHOT, TABLES } from "../../config/groups/snapshot.ts";
import { optionsOf } from "../../config/options.ts";
import type { ExitCode } from "../../error.ts";
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
    "a small magazine in three languages, exports that into ./sluice-demo, and shows the result. " +
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
  ),
  defaults: { to: "./sluice-demo" },
  flagsOnly: true,
  examples: [
    { about: "Export the sample project", line: "sluice demo" },
    { about: "See how articles look as CSV", line: "sluice demo --models article --format csv" },
  ],
  async run({ config, io, advise }: CommandContext): Promise<ExitCode> {
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
    if (config.json || config.quiet) return exitCode;
    io.stdout.write(
      [
        "",
        ...renderTree(report),
        "",
        ...await renderSample(config.to, report, io.signal),
        ...NEXT,
      ].map((line) => `${line}\n`).join(""),
    );
    return exitCode;
  },
};

const NEXT = [
  "",
  "Next, export a project of your own: in Project settings → API tokens, copy a token that may use",
  "the Content Management API, then",
  "",
  "  export DATOCMS_API_TOKEN=…",
  `  ${PROGRAM} plan      # what would be read, and the minimum time it takes`,
  `  ${PROGRAM} export    # to ./snapshots`,
];
