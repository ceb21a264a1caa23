import { type DemoCma, type DemoCmaOptions, startDemoCma } from "../../src/simulator/server.ts";
import type { ExportEvent } from "../../src/export/events.ts";
import { exportProject, type ExportReport } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { PlainDirectory } from "./plain_directory.ts";
import { temporaryPath } from "./temporary.ts";

/** Retries that don't make a test wait. */
export const QUICK_RETRIES = { baseDelayMs: 1, maxDelayMs: 20 };

/** How a test reads a server. */
export function sourceOf(
  { apiToken, url, assetHost }: DemoCma,
): Pick<ExportOptions, "apiToken" | "baseUrl" | "assetHost" | "retry"> {
  return { apiToken, baseUrl: url, assetHost, retry: QUICK_RETRIES };
}

/** A server, a directory to export to, and what an export told. */
export interface Workbench extends AsyncDisposable {
  /** Serves the project. */
  readonly cma: DemoCma;
  /** The destination's path. */
  readonly root: string;
  /** The destination. */
  readonly storage: PlainDirectory;
  /** What exports told so far. */
  readonly events: ExportEvent[];
  /** Exports the project. */
  export(options?: Partial<ExportOptions>): Promise<ExportReport>;
}

/**
 * Starts a server and makes a directory, both of which go when it is disposed.
 *
 * @param options What is served; without a rate limit unless one is given.
 */
export async function workbench(options: DemoCmaOptions): Promise<Workbench> {
  const root = await temporaryPath();
  const cma = startDemoCma({ rateLimit: false, ...options });
  const storage = new PlainDirectory(root);
  const events: ExportEvent[] = [];
  return {
    cma,
    root,
    storage,
    events,
    export: (more) =>
      exportProject({
        ...sourceOf(cma),
        storage,
        onEvent: (event) => events.push(event),
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      await cma.stop();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Every file below a directory, relative to it, in order. */
export async function filesOf(directory: string, base: string = directory): Promise<string[]> {
  const files: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) files.push(...await filesOf(path, base));
    else files.push(path.slice(base.length + 1));
  }
  return files.sort();
}

/** The directory of a report's snapshot. */
export function directoryOf(report: ExportReport): string {
  return new URL(report.snapshot).pathname;
}

/** The entries of all files in a directory, NDJSON or Project Export's JSON; none if it isn't there. */
export async function entriesOf<T>(directory: string): Promise<T[]> {
  const entries: T[] = [];
  let files: string[] = [];
  try {
    files = await filesOf(directory);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const file of files) {
    const text = await Deno.readTextFile(`${directory}/${file}`);
    if (file.endsWith(".json")) entries.push(...(JSON.parse(text) as { data: T[] }).data);
    else entries.push(...text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as T));
  }
  return entries;
}
