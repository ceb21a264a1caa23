import assert from "node:assert/strict";
import { runCli } from "../../src/cli/run_cli.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import type { ExitCode } from "../../src/error.ts";
import { type FakeIo, fakeIo, type FakeIoOptions } from "./fake_io.ts";
import { temporaryPath } from "../support/temporary.ts";

export const TOKEN = "0123456789abcdef0123456789abcd";
/** As little as there is: each file that is written takes its time. */
export const LITTLE = ["--models=lock", "--no-assets", "--no-tables"];
const RATE_LIMIT = { limit: 1000, windowMs: 3000 };

/** A served project and a directory to export it to. */
export interface Bench extends AsyncDisposable {
  readonly cma: DemoCma;
  readonly to: string;
  /** Runs the command line with what it needs to reach the server. */
  run(args: string[], options?: FakeIoOptions): Promise<{ io: FakeIo; exitCode: ExitCode }>;
}

/** Serves a project, and makes a directory. */
export async function bench(options: Partial<DemoCmaOptions> = {}): Promise<Bench> {
  const to = await temporaryPath();
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
export async function filesBelow(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    paths.push(...(isDirectory ? await filesBelow(path) : [path]));
  }
  return paths;
}
