import { concurrently } from "../../async/concurrently.ts";
import type { Page, Resource } from "../../content/resource.ts";
import { JSON_DATA } from "../../sink/encodings.ts";
import { fanOut } from "../../sink/fan_out.ts";
import { latestSealed } from "../../snapshot/latest.ts";
import { type SnapshotPlace, snapshotsPrefix } from "../../snapshot/layout.ts";
import { readManifest } from "../../snapshot/read_manifest.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { listingPages } from "../../source/datocms/listing.ts";
import { redactSecrets } from "../../source/datocms/redact.ts";
import type { ResourceName } from "../../source/datocms/resources.ts";
import { StorageError } from "../../storage/storage.ts";
import { safeApiKey, safeName } from "../../text/safe_name.ts";
import type { Secrets } from "../../text/secrets/secrets.ts";
import type { Emit } from "../events.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { Journal } from "../journal.ts";
import type { Listings } from "../listings.ts";
import type { Checkpoints } from "../resume/checkpoints.ts";
import type { Selection, SettingResource } from "../selection.ts";
import type { Tallies } from "../tallies.ts";

/** What {@linkcode exportSettings} uses. */
export interface SettingsParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Which resources are exported. */
  readonly selection: Selection;
  /** The name of the environment that is read, if that is a temporary copy. */
  readonly copy: string | undefined;
  /** How listings are read. */
  readonly listings: Listings;
  /** Where they are written. */
  readonly snapshot: Pick<SnapshotWriter, "putJson" | "sink">;
  /** Which project and environment they are of. */
  readonly place: SnapshotPlace;
  /** Where earlier snapshots are. */
  readonly settings: Pick<ExportSettings, "storage">;
  /** Where they are counted. */
  readonly tallies: Tallies;
  /** Where it is noted what is left out. */
  readonly journal: Journal;
  /** Which of them are done. */
  readonly checkpoints: Pick<Checkpoints, "once">;
  /** Keeps secrets out of why something is left out. */
  readonly redaction: Pick<Secrets, "redact">;
  /** Called with what happens. */
  readonly emit: Emit;
  /** The most resources at a time. */
  readonly concurrency: number;
  /** No other resource is begun once it is aborted. */
  readonly stop: AbortSignal | undefined;
}

/**
 * Exports everything that is one file, or one file for each resource: what the newest snapshot lacks, because
 * it was refused, is asked for last, so that it takes nothing from what can be had.
 *
 * @param parts What is read, and where it goes.
 * @param signal Ends it.
 * @throws {CmaError} If a resource can't be read, but for those that may not be read or that the plan lacks.
 * @throws {StorageError} If it can't be written.
 */
export async function exportSettings(parts: SettingsParts, signal: AbortSignal): Promise<void> {
  const { selection, tallies, checkpoints, emit, concurrency, stop } = parts;
  const refused = await refusedBefore(parts, signal);
  const isLast = ({ name }: SettingResource) => Number(refused.has(name));
  const inOrder = selection.settings.toSorted((a, b) => isLast(a) - isLast(b));
  const tasks = inOrder.map((resource) => async (signal: AbortSignal) => {
    const { name, layout } = resource;
    if (stop?.aborted) return;
    await checkpoints.once(
      layout === "settings" ? `settings/${name}.json` : `${name}/`,
      () => exportUnlessMissing(parts, resource, signal),
    );
    // Maybe an earlier run has done it: whoever counts listings counts this one, too.
    const outcome = tallies.counts.resources[name];
    if (outcome === undefined) return;
    emit(
      "skipped" in outcome
        ? { type: "skipped", resource: name, message: outcome.skipped }
        : { type: "done", resource: name, ...outcome },
    );
  });
  await concurrently(tasks, concurrency, signal);
}

/** The names of what the newest sealed snapshot lacks. It saves time only: nothing depends on it. */
async function refusedBefore(
  { place, settings: { storage } }: SettingsParts,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const prefix = snapshotsPrefix(place);
  try {
    const newest = await latestSealed(storage, prefix, signal);
    if (newest === undefined) return new Set();
    const { resources } = await readManifest(storage, `${prefix}/snapshot_${newest}`, signal);
    const refused = Object.entries(resources).filter(([, counted]) => "skipped" in counted);
    return new Set(refused.map(([name]) => name));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StorageError || error instanceof SyntaxError) return new Set();
    throw error;
  }
}

async function exportUnlessMissing(
  parts: SettingsParts,
  resource: SettingResource,
  signal: AbortSignal,
): Promise<void> {
  try {
    await exportSetting(parts, resource, signal);
  } catch (error) {
    // It may be another resource's, which ended this one.
    signal.throwIfAborted();
    const isMissing = error instanceof CmaError && (error.isForbidden || error.isAbsent);
    if (!isMissing) throw error;
    skipResource(parts, resource.name, error.message);
  }
}

/**
 * Leaves out a resource that can't be read: it is missing if it was asked for by name, else that is a warning.
 *
 * @param parts Where it is counted and noted.
 * @param name The resource's name.
 * @param message Why.
 */
export function skipResource(
  { selection, tallies, journal, redaction }: Pick<
    SettingsParts,
    "selection" | "tallies" | "journal" | "redaction"
  >,
  name: ResourceName,
  message: string,
): void {
  tallies.skipResource(name, redaction.redact(message));
  if (selection.names(name)) journal.addFailure("resource_skipped", message);
  else journal.addWarning("resource_skipped", message, false);
}

async function exportSetting(
  parts: SettingsParts,
  resource: SettingResource,
  signal: AbortSignal,
): Promise<void> {
  const { snapshot, tallies } = parts;
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
  const count = await readListing(parts, resource, sink, signal);
  tallies.setResource(name, { count, bytes });
}

/** Reads a listing to its end, without secrets and without the temporary copy that is read. */
async function readListing(
  { client, copy, listings, emit }: SettingsParts,
  resource: SettingResource,
  sink: WritableStream<Page<Resource>>,
  signal: AbortSignal,
): Promise<number> {
  const { name, secrets = [] } = resource;
  let count = 0;
  let total = 0;
  // A temporary copy is no part of the project: it is gone when the export ends.
  const hidden = name === "environments" ? copy : undefined;
  const listing = listings.options(signal, { resource: name }, name.replaceAll("_", " "));
  const shown = new TransformStream<Page<Resource>, Page<Resource>>({
    transform: (page, controller) => {
      const kept = page.filter(({ id }) => id !== hidden);
      total -= page.length - kept.length;
      if (hidden !== undefined) listing.onTotal?.(total);
      controller.enqueue(kept.map((each) => redactSecrets(each, secrets)));
    },
  });
  const progress = new WritableStream<Page<Resource>>({
    write: ({ length }) => {
      count += length;
      emit({ type: "page", resource: name, count: length });
    },
  });
  const onTotal = (latest: number) => {
    total = latest;
    if (hidden === undefined) listing.onTotal?.(latest);
  };
  // It is short, and nothing tells where to continue in it: it is read whole, or not begun.
  await listingPages(client, resource, { ...listing, stop: undefined, onTotal })
    .pipeThrough(shown)
    .pipeTo(fanOut([sink, progress]), { signal });
  return count;
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
