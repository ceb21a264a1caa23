import { concurrently } from "../../async/concurrently.ts";
import type { Page, Resource } from "../../content/resource.ts";
import { safeApiKey, safeName } from "../../text/safe_name.ts";
import { JSON_DATA } from "../../sink/encodings.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import type { ExportResource, ResourceName } from "../../source/datocms/resources.ts";
import type { ExportContext } from "../export_context.ts";
import type { ExportRun } from "../export_run.ts";
import { readListing } from "./read_listing.ts";

/** Everything that is one file, or one file for each resource. */
export async function exportSettings(
  { run, snapshot, checkpoints }: ExportContext,
  signal: AbortSignal,
): Promise<void> {
  const tasks = run.settings.map((resource) => async (signal: AbortSignal) => {
    const { name, layout } = resource;
    if (run.stop?.aborted) return;
    await checkpoints.once(
      layout === "settings" ? `settings/${name}.json` : `${name}/`,
      () => exportUnlessMissing(run, snapshot, resource, signal),
    );
    // Maybe an earlier run has done it: whoever counts listings counts this one, too.
    const outcome = run.resources[name];
    if (outcome === undefined) return;
    run.emit(
      "skipped" in outcome
        ? { type: "skipped", resource: name, message: outcome.skipped }
        : { type: "done", resource: name, ...outcome },
    );
  });
  await concurrently(tasks, run.concurrency, signal);
}

async function exportUnlessMissing(
  run: ExportRun,
  snapshot: SnapshotWriter,
  resource: ExportResource & { readonly name: ResourceName },
  signal: AbortSignal,
): Promise<void> {
  try {
    await exportSetting(run, snapshot, resource, signal);
  } catch (error) {
    // It may be another resource's, which ended this one.
    signal.throwIfAborted();
    const isMissing = error instanceof CmaError && (error.isForbidden || error.isAbsent);
    if (!isMissing) throw error;
    run.skip(resource.name, error.message);
  }
}

async function exportSetting(
  run: ExportRun,
  snapshot: SnapshotWriter,
  resource: ExportResource & { readonly name: ResourceName },
  signal: AbortSignal,
): Promise<void> {
  const { name, layout, fileKey = "id" } = resource;
  let bytes = 0;
  const taken = new Set<string>();
  const sink = layout === "settings"
    ? snapshot.sink({
      path: () => `settings/${name}.json`,
      encoding: JSON_DATA,
      maxEntries: Infinity,
      onBatch: ({ size }) => bytes += size,
    })
    : new WritableStream<Page<Resource>>({
      write: async (page) => {
        for (const data of page) {
          const path = `${name}/${distinct(fileName(data, fileKey), taken)}.json`;
          const { size } = await snapshot.putJson(path, { data });
          bytes += size;
        }
      },
    });
  await readListing(run, resource, sink, () => bytes, signal);
}

function fileName(resource: Resource, key: string): string {
  const name = resource.attributes?.[key];
  return typeof name === "string" && key === "api_key" ? safeApiKey(name) : safeName(resource.id);
}

/** Ids may differ in case only, and some file systems don't tell those apart. */
function distinct(name: string, taken: Set<string>): string {
  for (let n = 1;; n++) {
    const tried = n === 1 ? name : `${name}~${n}`;
    const folded = tried.toUpperCase().toLowerCase().normalize("NFC");
    if (taken.has(folded)) continue;
    taken.add(folded);
    return tried;
  }
}
