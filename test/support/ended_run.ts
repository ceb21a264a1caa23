import type { DemoCma } from "../../src/simulator/server.ts";
import { exportProject, type ExportReport } from "../../src/export/export.ts";
import type { ExportOptions } from "../../src/export/options.ts";
import { type Storage, StorageError } from "../../src/storage/storage.ts";
import { UnfinishedError } from "../../src/export/unfinished.ts";
import { sourceOf } from "./exported.ts";
import { CrashError, TracedStorage } from "./traced_storage.ts";

const LOCK = "content/project_900001/lock.json";

/**
 * Exports to a storage.
 *
 * @param cma Serves the project.
 * @param storage Where to.
 * @param options How else.
 */
export function run(
  cma: DemoCma,
  storage: Storage,
  options: Partial<ExportOptions> = {},
): Promise<ExportReport> {
  return exportProject({ ...sourceOf(cma), storage, ...options });
}

/** Ways in which an export ends before its end. */
export type End =
  | { readonly by: "crash" | "one failure" | "abort"; readonly call: number }
  | { readonly by: "request" | "budget"; readonly at: number };

/**
 * Exports, and ends that.
 *
 * @param cma Serves a made-up project.
 * @param storage Where to.
 * @param end When and how it ends.
 * @param options How else.
 * @return What it told if it came to its end before, else `undefined`.
 */
export async function endedRun(
  cma: DemoCma,
  storage: Storage,
  end: End,
  options: Partial<ExportOptions>,
): Promise<ExportReport | undefined> {
  const abort = new AbortController();
  const stop = new Error("Stopped by the test");
  const traced: TracedStorage = new TracedStorage(storage, {
    crashAt: end.by === "crash" ? end.call : undefined,
    onCall: (count) => {
      if (!("call" in end) || count !== end.call) return;
      if (end.by === "abort") abort.abort(stop);
      const { method, key } = traced.calls.at(-1)!;
      // A snapshot that is sealed by then is complete, and the next export tidies it up.
      const isTidying = method === "delete" && key.includes("/resume/");
      if (end.by === "one failure" && !isTidying) {
        throw new StorageError("The disk was full for a moment.");
      }
    },
  });
  let requests = 0;
  try {
    return await run(cma, traced, {
      resume: true,
      ...options,
      signal: abort.signal,
      timeBudgetMs: end.by === "budget" ? end.at : undefined,
      onEvent: (event) => {
        options.onEvent?.(event);
        if (end.by === "request" && event.type === "request" && ++requests === end.at) {
          abort.abort(stop);
        }
      },
    });
  } catch (error) {
    const isMeant = error === stop || error instanceof CrashError ||
      error instanceof StorageError || error instanceof UnfinishedError;
    if (!isMeant) throw error;
    return undefined;
  } finally {
    // What was killed leaves it, and here nobody waits for it to expire.
    await storage.delete([LOCK]);
  }
}
