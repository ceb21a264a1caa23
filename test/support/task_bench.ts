import { sampleProject } from "../../src/demo/sample/sample_project.ts";
import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import { filesOf } from "./exported.ts";
import {
  denoDir,
  denoTask,
  startInTerminal,
  type Terminal,
  type TerminalOptions,
} from "./terminal.ts";
import { temporaryPath } from "./temporary.ts";

/** A served project that `deno task` exports in a pseudo-terminal, and what is left of it. */
export interface TaskBench extends AsyncDisposable {
  /** Serves the project. */
  readonly cma: DemoCma;
  /** The destination's path. */
  readonly to: string;
  /** The environment that the program needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts `deno task export` with some options. */
  start(args: readonly string[], options?: TaskOptions): Terminal;
  /** Forgets the requests, and empties the destination. */
  clear(): Promise<void>;
  /** Calls a function once the server has got so many requests from now on. */
  afterRequests(count: number, run: () => void): void;
  /** What an export that ended mustn't leave: locks, half files, notes, temporary copies. */
  leftovers(): Promise<string[]>;
}

/** How {@linkcode TaskBench.start} starts it. */
export interface TaskOptions extends TerminalOptions {
  /** Makes another command of that of `deno task export`. */
  readonly command?: ((task: string[]) => readonly string[]) | undefined;
}

/**
 * What exports put beside snapshots as long as they run, but not latest.json, which stays; and files that aren't
 * whole yet.
 */
const TEMPORARY = /(^|\/)\.sluice-|^content\/project_[^/]+\/(?!latest\.json$)[^/]+$/;

/**
 * Serves the sample project, slowly enough that an export can be met at any moment.
 *
 * @param options How it is served.
 */
export async function taskBench(options: Partial<DemoCmaOptions> = {}): Promise<TaskBench> {
  const to = await temporaryPath();
  const project = sampleProject();
  const environments = new Set(project.environments.keys());
  let left = Infinity;
  let then = () => {};
  const cma = startDemoCma({
    project,
    rateLimit: false,
    latencyMs: 40,
    ...options,
    onRequest: (request, url) => {
      if (--left === 0) then();
      return options.onRequest?.(request, url);
    },
  });
  const env = {
    DENO_DIR: denoDir(),
    DENO_NO_UPDATE_CHECK: "1",
    DATOCMS_API_TOKEN: cma.apiToken,
    DATOCMS_BASE_URL: cma.url,
    SLUICE_ASSET_HOST: cma.assetHost,
    SLUICE_TO: to,
  };
  return {
    cma,
    to,
    env,
    start(args, { command, ...options } = {}) {
      const task = denoTask("export", ...args);
      return startInTerminal(command?.(task) ?? task, {
        ...options,
        env: { ...env, ...options.env },
      });
    },
    async clear() {
      cma.log.clear();
      await Deno.remove(to, { recursive: true });
      await Deno.mkdir(to);
    },
    afterRequests(count, run) {
      left = count;
      then = run;
    },
    async leftovers() {
      return [
        ...(await filesOf(to)).filter((path) => TEMPORARY.test(path)),
        ...project.environments.keys().filter((id) => !environments.has(id)),
      ];
    },
    async [Symbol.asyncDispose]() {
      await cma.stop();
      await Deno.remove(to, { recursive: true });
    },
  };
}
