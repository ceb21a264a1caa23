import { ASSETS } from "../../config/groups/assets.ts";
import { DESTINATION } from "../../config/groups/destination.ts";
import { OUTPUT, TIMEOUT } from "../../config/groups/run.ts";
import { RECORD_SELECTION, RESOURCE_SELECTION } from "../../config/groups/selection.ts";
import { SNAPSHOT } from "../../config/groups/snapshot.ts";
import { optionsOf } from "../../config/options.ts";
import type { ExitCode } from "../../error.ts";
import type { Command, CommandContext } from "../command.ts";
import { useNoProxyHere } from "../ready_environment.ts";
import { renderTree } from "../report/tree.ts";

/** So many that the demo doesn't wait for them; the real limit is 60 in 3 seconds. */
const RATE_LIMIT = { limit: 1000, windowMs: 3000 };

/** `sluice demo` */
export const demoCommand: Command = {
  name: "demo",
  summary: "Export a sample project that is served on this machine; needs no account",
  description:
    "Starts a server on 127.0.0.1 that answers like DatoCMS's Content Management API with " +
    "a small magazine in three languages, exports that into ./sluice-demo, and shows what came out. " +
    "Environment variables and configuration files aren't looked at.",
  options: optionsOf(
    RECORD_SELECTION,
    RESOURCE_SELECTION,
    DESTINATION,
    ASSETS,
    SNAPSHOT,
    OUTPUT,
    TIMEOUT,
  ),
  defaults: { to: "./sluice-demo" },
  flagsOnly: true,
  examples: [
    { about: "Export the sample project", line: "sluice demo" },
    { about: "See how articles look as CSV", line: "sluice demo --models article --format csv" },
  ],
  async run({ config, io }: CommandContext): Promise<ExitCode> {
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
    const { report, exitCode } = await runExport({ ...config, baseUrl, apiToken, assetHost }, io);
    if (config.json) return exitCode;
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

/** What brought a user to this demo: the program, the installed bundle, or a task of the repository. */
const IS_TASK = !Deno.build.standalone && import.meta.url.endsWith(".ts");
const SLUICE = IS_TASK ? "deno task sluice" : "sluice";

const NEXT = [
  "",
  "Next, with a project of your own: copy an API token from Project settings → API tokens whose role",
  "may use the Content Management API, then",
  "",
  "  export DATOCMS_API_TOKEN=…",
  `  ${SLUICE} plan      # what would be read, and how long it takes at least`,
  `  ${SLUICE} export    # into ./snapshots`,
  ...(IS_TASK ? ["", "Where Deno isn't installed, npx --yes deno@2 task … does the same."] : []),
];
