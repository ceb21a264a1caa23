import type { Page, Upload } from "../content/resource.ts";
import { SluiceError } from "../error.ts";
import { type ExportReport, reportOf } from "./report.ts";
import { type ExportSettings, resolveExportOptions } from "./export_settings.ts";
import type { ExportOptions } from "./options.ts";
import type { AssetOutcome } from "../assets/asset_download.ts";
import { syncAssets } from "../assets/asset_sync.ts";
import { NDJSON } from "../sink/encodings.ts";
import { deleteIfAllowed } from "../storage/delete_if_allowed.ts";
import type { ObjectInfo, Storage } from "../storage/storage.ts";
import { AssetNames } from "../assets/asset_names.ts";
import { AssetTally } from "../assets/asset_tally.ts";
import type { ExportLock } from "../snapshot/lock/export_lock.ts";
import {
  findSnapshots,
  newestWithAssets,
  type SnapshotWithAssets,
} from "../snapshot/find_snapshots.ts";
import { isListWhole } from "../snapshot/is_list_whole.ts";
import {
  CANARY,
  isAssetIndex,
  MANIFEST,
  nextAssetIndex,
  snapshotsPrefix,
} from "../snapshot/layout.ts";
import { ASSET_FAILURE, KNOWN_ASSET_FAILURE, statusOf } from "../snapshot/manifest.ts";
import { noteLatest } from "../snapshot/latest.ts";
import { readBatch } from "../snapshot/read_batch.ts";
import { resealSnapshot } from "../snapshot/seal.ts";
import { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { assetDomain } from "../source/datocms/asset_domain.ts";
import { assetClient, fetchAsset } from "../source/datocms/asset_fetch.ts";
import { UPLOADS_AT_A_TIME, uploadsById } from "../source/datocms/uploads_by_id.ts";
import { ASSET_TABLE, assetParts, renewAssetTable } from "./assets/asset_table.ts";
import { assertFewFailures, indexEntry, noteAsset } from "./assets/asset_outcomes.ts";
import { begin, type LockedSettings, underLock } from "./begin.ts";
import type { Emit } from "./events.ts";
import { Journal } from "./journal.ts";
import type { OpenProject } from "./open_project.ts";
import { mayHideUploads } from "../source/datocms/restrictions.ts";
import type { ProjectSchema } from "../source/datocms/schema.ts";
import { printable, shownAddress } from "../text/printable.ts";
import { type Guarded, guarded } from "./guarded.ts";

/**
 * Options of {@linkcode retryFailedAssets}: which project and environment, how it is read, and where its
 * snapshots are.
 */
export type RetryFailedOptions = Pick<
  ExportOptions,
  | "apiToken"
  | "environment"
  | "baseUrl"
  | "assetHost"
  | "concurrency"
  | "retry"
  | "headersTimeoutMs"
  | "stallTimeoutMs"
  | "storage"
  | "allowPublic"
  | "lockTtlMs"
  | "maxFailures"
  | "signal"
  | "onEvent"
  | "onNotes"
>;

/**
 * Tries again the assets that failed in the newest complete snapshot of a project and environment, and
 * updates its list of assets and its manifest. Nothing else of the snapshot is read or written, and it is
 * complete all the while. An asset whose upload was deleted or got another file since isn't a failure any
 * more: what the snapshot describes can't be had.
 *
 * @param options Which project, and where its snapshots are.
 * @return The snapshot's report, as if it had just been written.
 * @throws {LockedError} If an export of the same project and environment writes to the same place.
 * @throws {SluiceError} If there is no complete snapshot with asset files, or if more assets failed again
 * than `maxFailures`; the manifest is updated then, too.
 * @throws The signal's reason, if it was cancelled. Files that were fetched stay.
 *
 * @example
 * ```ts no-eval
 * import { LocalStorage, retryFailedAssets } from "@sluice/datocms";
 *
 * const report = await retryFailedAssets({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 * });
 * console.log(report.manifest.assets?.failed, "still fail");
 * ```
 */
export async function retryFailedAssets(options: RetryFailedOptions): Promise<ExportReport> {
  return await guarded(resolveExportOptions(options), retryWithin);
}

/** What a retry is made of. */
interface RetryParts extends Pick<OpenProject, "client" | "project"> {
  readonly settings: LockedSettings;
  readonly lock: Pick<ExportLock, "confirm">;
  readonly journal: Journal;
  readonly emit: Emit;
}

async function retryWithin(settings: Guarded<ExportSettings>): Promise<ExportReport> {
  const { redaction, onEvent, onNotes } = settings;
  const emit: Emit = (event) => onEvent?.(event);
  const journal = new Journal({ redaction, emit });
  const { client, project, place } = await begin(settings);
  return await underLock(place, settings, async (locked, lock) => {
    const { storage, signal } = locked;
    const where = snapshotsPrefix(place);
    const { snapshots } = await findSnapshots(storage, where, signal);
    const found = await newest(storage, snapshots, signal);
    if (found === undefined) {
      throw new SluiceError(
        `There is no complete snapshot with asset files at ${
          shownAddress(`${storage.url}/${where}`)
        }, whose failed assets ` +
          "could be tried again: export the project first.",
      );
    }
    onNotes?.(() => journal.notes);
    return await retryIn(found, { client, project, settings: locked, lock, journal, emit });
  });
}

async function newest(
  storage: Storage,
  snapshots: readonly string[],
  signal: AbortSignal,
): Promise<SnapshotWithAssets | undefined> {
  try {
    return await newestWithAssets(storage, snapshots, signal);
  } catch (error) {
    throw error instanceof SyntaxError ? unreadable(error.message) : error;
  }
}

/** Tries again what failed in a snapshot. */
async function retryIn(
  found: SnapshotWithAssets,
  parts: RetryParts,
): Promise<ExportReport> {
  const { settings: { storage, signal, maxFailures }, lock, journal, emit } = parts;
  const { prefix, manifest } = found;
  const { project, environment, assets } = manifest;
  assertSameEnvironment(found, parts.project, storage);
  const snapshot = `${storage.url}/${prefix}`;
  emit({
    type: "start",
    project,
    environment: environment.id,
    snapshot,
    listings: 0,
    resumed: true,
  });
  // Whoever began to write something there before can't end that any more.
  await storage.clear?.(`${prefix}/`, { signal });
  await removeStale(found, storage, signal);
  if (assets.failed === 0) return reportOf(snapshot, manifest);
  // The new one would be given out for whole.
  if (!await isListWhole(storage, found, signal)) {
    throw unreadable(`${found.index} isn't as its manifest says`);
  }
  emit({ type: "total", resource: "uploads", total: assets.failed });

  const index = nextAssetIndex(assets.index);
  const replaced = [assets.index, ...assetParts(manifest)];
  const kept = manifest.objects.filter(({ path }) => !replaced.includes(path));
  const seals = await sealsOf(storage, prefix, signal);
  const writer = SnapshotWriter.resume(storage, prefix, kept, signal, seals);
  const tally = new AssetTally(assets);
  const sink = writer.sink({ path: () => index, encoding: NDJSON, maxEntries: Infinity });
  try {
    await ReadableStream.from(newLines(found, parts, tally)).pipeTo(sink, { signal });
  } catch (error) {
    throw error instanceof SyntaxError
      ? unreadable(`${found.index} isn't a list of assets`)
      : error;
  }

  const resources = await renewAssetTable(writer, manifest, index, signal);
  const isOther = ({ code }: { readonly code: string }) => {
    return code !== ASSET_FAILURE && code !== KNOWN_ASSET_FAILURE;
  };
  const failures = [...manifest.failures.filter(isOther), ...journal.notes.failures];
  const written = await resealSnapshot(writer, {
    manifest: {
      ...manifest,
      status: statusOf({ failures }),
      resources: { ...manifest.resources, ...resources },
      assets: { ...assets, index, ...tally.counts, retriedAt: new Date().toISOString() },
      warnings: [...manifest.warnings, ...journal.notes.warnings],
      failures,
    },
    replaced,
    confirm: () => lock.confirm(),
    signal,
  });
  emit({ type: "sealed", snapshot });
  await noteLatest(storage, prefix, signal);
  assertFewFailures(tally, maxFailures, "the snapshot still lacks them");
  return reportOf(snapshot, written);
}

/** The lines of the new list: those of what didn't fail, and those of what is tried again. */
async function* newLines(
  { index }: SnapshotWithAssets,
  { client, project, settings, journal, emit }: RetryParts,
  tally: AssetTally,
): AsyncGenerator<Page<AssetOutcome>, void> {
  const { storage, signal, concurrency, redaction } = settings;
  for await (const page of readBatch<AssetOutcome>(storage, index, signal)) {
    const others = page.filter(({ outcome }) => outcome !== "failed");
    if (others.length > 0) yield others;
  }
  const done = (outcome: AssetOutcome) => {
    tally.add(outcome);
    noteAsset({ journal, emit }, outcome);
  };
  using http1 = assetClient();
  const domain = await assetDomain(project.site.attributes.imgix_host, settings);
  let mayHide: boolean | undefined;
  for await (const failed of failedIn(storage, index, signal)) {
    const uploads = await uploadsById(client, failed.map(({ upload_id }) => upload_id), signal);
    if (uploads === undefined) {
      throw new SluiceError(
        `The API was asked for ${failed.length} uploads by their ids, and sent others: export again.`,
      );
    }
    if (uploads.size < failed.length) {
      mayHide ??= await mayHideUploads(client, project.environment, signal) ?? false;
    }
    const gone: AssetOutcome[] = [];
    const keys = new Map<string, string>();
    for (const outcome of failed) {
      const { upload_id, key } = outcome;
      const upload = uploads.get(upload_id);
      const reason = reasonGone(outcome, upload);
      if (reason === undefined) keys.set(upload_id, key);
      else if (upload === undefined && mayHide) {
        const unsure = `${reason}, or the API token's role may not read it`;
        gone.push({ ...outcome, reason: unsure, attempts: 0 });
      } else gone.push({ ...outcome, outcome: "withdrawn", reason, attempts: 0 });
    }
    gone.forEach(done);
    if (gone.length > 0) yield gone;
    const wanted = [...uploads.values()].filter(({ id }) => keys.has(id));
    const outcomes = syncAssets(ReadableStream.from([wanted]), storage, {
      concurrency,
      retry: settings.retry,
      clock: settings.clock,
      signal,
      key: ({ id }) => keys.get(id)!,
      fetch: (upload, how) => fetchAsset(upload, { ...settings, ...domain, ...how, client: http1 }),
      onRetry: ({ attributes: { path } }, reason, attempt, waitMs) => {
        emit({ type: "retry", what: `asset ${path}`, reason, attempt, waitMs });
      },
      onOutcome: done,
    });
    for await (const page of outcomes) yield page.map((each) => indexEntry(redaction, each));
  }
}

/** The lines of the assets that failed, a hundred at a time. */
async function* failedIn(
  storage: Storage,
  index: string,
  signal: AbortSignal,
): AsyncGenerator<AssetOutcome[], void> {
  const failed: AssetOutcome[] = [];
  for await (const page of readBatch<AssetOutcome>(storage, index, signal)) {
    failed.push(...page.filter(({ outcome }) => outcome === "failed"));
    while (failed.length >= UPLOADS_AT_A_TIME) yield failed.splice(0, UPLOADS_AT_A_TIME);
  }
  if (failed.length > 0) yield failed;
}

/** Makes sure that another environment didn't become the primary one: it has other uploads. */
function assertSameEnvironment(
  { prefix, manifest: { environment: { id } } }: SnapshotWithAssets,
  { environment }: ProjectSchema,
  storage: Storage,
): void {
  if (id === null || environment === undefined || id === environment) return;
  throw new SluiceError(
    `The newest complete snapshot ${
      shownAddress(`${storage.url}/${prefix}`)
    } is of the environment ` +
      `${printable(id, 60)}, and ${printable(environment, 60)} is read: export the project first.`,
  );
}

/** Why what the snapshot describes can't be had any more; `undefined` if it can. */
function reasonGone({ key }: AssetOutcome, upload: Upload | undefined): string | undefined {
  if (upload === undefined) return "the upload was deleted since the snapshot was written";
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (AssetNames.mayBe(upload, name)) return undefined;
  return "the upload has got another file since the snapshot was written";
}

/** What the storage says of the two objects that seal a snapshot, and are written anew. */
async function sealsOf(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly ObjectInfo[]> {
  const paths = [MANIFEST, CANARY];
  const infos = await Promise.all(
    paths.map((path) => storage.stat(`${prefix}/${path}`, { signal })),
  );
  return infos.filter((info) => info !== undefined);
}

/** Removes lists and tables of them that one that was killed left: the manifest doesn't name them. */
async function removeStale(
  { prefix, manifest }: SnapshotWithAssets,
  storage: Storage,
  signal: AbortSignal,
): Promise<void> {
  const known = new Set(manifest.objects.map(({ path }) => path));
  const stale: string[] = [];
  for (const where of ["assets", ASSET_TABLE]) {
    for await (const page of storage.list(`${prefix}/${where}`, { signal })) {
      for (const { key } of page) {
        const path = key.slice(prefix.length + 1);
        const isOwn = isAssetIndex(path) || path.startsWith(ASSET_TABLE);
        if (isOwn && !known.has(path)) stale.push(key);
      }
    }
  }
  await deleteIfAllowed(storage, stale, { signal });
}

function unreadable(what: string): SluiceError {
  return new SluiceError(`${what.replace(/\.$/, "")}: export the project again.`);
}
