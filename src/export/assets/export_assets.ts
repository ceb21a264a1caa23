import type { Page, Upload } from "../../content/resource.ts";
import { withAttributes } from "../../content/attributes.ts";
import { AssetFiles, confirmed } from "../../assets/asset_files.ts";
import type { AssetOutcome } from "../../assets/asset_download.ts";
import { syncAssets } from "../../assets/asset_sync.ts";
import { NDJSON } from "../../sink/encodings.ts";
import { type AssetIndexEntry, fileNameOf, readAssetIndex } from "../../assets/asset_index.ts";
import { type AssetCounts, AssetTally } from "../../assets/asset_tally.ts";
import { batchEntries } from "../../snapshot/batch_entries.ts";
import { AssetNames } from "../../assets/asset_names.ts";
import { untilFilesStay } from "../../snapshot/lock/until_files_stay.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import type { ProjectSchema } from "../../source/datocms/schema.ts";
import type { Secrets } from "../../text/secrets/secrets.ts";
import {
  findSnapshots,
  newestWithAssets,
  type SnapshotWithAssets,
} from "../../snapshot/find_snapshots.ts";
import {
  ASSET_INDEX,
  assetListPath,
  assetsPrefix,
  ORPHANED_ASSETS,
  type SnapshotPlace,
  snapshotsPrefix,
} from "../../snapshot/layout.ts";
import type { Manifest } from "../../snapshot/manifest.ts";
import { hashNumber } from "../../text/hash_number.ts";
import { assetDomain } from "../../source/datocms/asset_domain.ts";
import { assetClient, fetchAsset } from "../../source/datocms/asset_fetch.ts";
import { AssetLedger } from "./asset_ledger.ts";
import { assertFewFailures, indexEntry, noteAsset, whyGone } from "./asset_outcomes.ts";
import type { Emit } from "../events.ts";
import type { ExportSettings } from "../export_settings.ts";
import type { Journal } from "../journal.ts";
import type { Checkpoints } from "../resume/checkpoints.ts";
import type { ResumeState } from "../resume/resume_state.ts";
import type { ExportedUploads } from "../steps/export_uploads.ts";

/** What {@linkcode exportAssets} uses. */
export interface AssetParts {
  /** Reads from the API. */
  readonly client: CmaClient;
  /** Whose assets they are. */
  readonly project: Pick<ProjectSchema, "site" | "environment">;
  /** Which project and environment the snapshot is of. */
  readonly place: SnapshotPlace;
  /** Where their list goes. */
  readonly snapshot: SnapshotWriter;
  /** Which of them are done. */
  readonly state: ResumeState;
  /** When that is written down. */
  readonly checkpoints: Checkpoints;
  /** Where it is noted what is missing. */
  readonly journal: Journal;
  /** How they are fetched, and where to. */
  readonly settings: ExportSettings;
  /** Keeps secrets out of why they are missing. */
  readonly redaction: Secrets;
  /** Called with what happens. */
  readonly emit: Emit;
  /** No other asset is begun once it is aborted. */
  readonly stop: AbortSignal | undefined;
}

/** What was exported of the asset files, and what their deletion needs to know. */
export interface ExportedAssets {
  /** What the manifest says. */
  readonly manifest: NonNullable<Manifest["assets"]>;
  /** The uploads. */
  readonly uploads: ExportedUploads;
  /** The file names that uploads have. */
  readonly names: AssetNames;
  /** How many files there were before. */
  readonly filesBefore: number;
}

/**
 * The asset files: read from the upload batches just written, so that the listing doesn't wait for them.
 *
 * @return What was exported, or `undefined` if it was stopped before its end.
 */
export async function exportAssets(
  parts: AssetParts,
  uploads: ExportedUploads,
  signal: AbortSignal,
): Promise<ExportedAssets | undefined> {
  const { project, snapshot, emit, stop, settings: { storage, clock, assets: mode } } = parts;
  const prefix = assetsPrefix(project.site.id);
  if (mode === "sync") await warnOfDeletion(parts, signal);
  const onWait = (waitMs: number) => {
    const reason = "unused ones are being removed";
    emit({ type: "retry", what: "asset files", reason, attempt: 1, waitMs });
  };
  await untilFilesStay(storage, project.site.id, { clock, onWait, stop, signal });
  if (stop?.aborted) return undefined;
  const files = new AssetFiles();
  for await (const page of storage.list(`${prefix}/`, { signal })) {
    for (const info of page) files.add(info);
  }
  const filesBefore = files.count;
  const known = new KnownFailures();
  const before = await recall(parts, { files, known }, prefix, signal);
  await recallLists(parts, files, prefix, signal);
  const names = new AssetNames();
  const tally = await fetchAssets(parts, uploads, { files, names, prefix, known }, signal);
  if (stop?.aborted) return undefined;
  const orphaned = { count: 0, bytes: 0 };
  const orphans = snapshot.sink({
    path: () => ORPHANED_ASSETS,
    encoding: NDJSON,
    maxEntries: Infinity,
  });
  await ReadableStream.from(orphansOf(before, { files, names, prefix }, parts, signal))
    .pipeThrough(
      new TransformStream<AssetIndexEntry[], AssetIndexEntry[]>({
        transform: (page, controller) => {
          orphaned.count += page.length;
          orphaned.bytes += page.reduce((sum, { size }) => sum + (size ?? 0), 0);
          controller.enqueue(page);
        },
      }),
    )
    .pipeTo(orphans, { signal });
  return {
    manifest: { index: ASSET_INDEX, prefix, ...tally, orphaned },
    uploads,
    names,
    filesBefore,
  };
}

/** What failed in the snapshot before: at most 100 bytes for each asset that did. */
class KnownFailures {
  readonly #reasons = new Set<string>();
  #snapshot: string | undefined;

  /** Takes the failures out of a part of a snapshot's list of assets. */
  addFrom(page: readonly AssetIndexEntry[], snapshot: string): void {
    this.#snapshot = snapshot.slice(snapshot.lastIndexOf("/") + 1);
    for (const { upload_id, outcome, reason } of page) {
      if (outcome === "failed") this.#reasons.add(keyOf(upload_id, reason));
    }
  }

  /** The snapshot in which an asset failed for the same reason, if it did. */
  since({ upload_id, outcome, reason }: AssetOutcome): string | undefined {
    const isKnown = outcome === "failed" && this.#reasons.has(keyOf(upload_id, reason));
    return isKnown ? this.#snapshot : undefined;
  }
}

function keyOf(uploadId: string, reason = ""): string {
  return `${uploadId} ${hashNumber(reason)}`;
}

/** What is known of the files and of their names. */
interface Shelf {
  readonly files: AssetFiles;
  readonly known: KnownFailures;
  readonly names: AssetNames;
  readonly prefix: string;
}

/**
 * Reads what the newest complete snapshot says of the files.
 *
 * @return The snapshot, or `undefined` if there is none.
 */
async function recall(
  { place, journal, settings: { storage } }: AssetParts,
  { files, known }: Pick<Shelf, "files" | "known">,
  prefix: string,
  signal: AbortSignal,
): Promise<SnapshotWithAssets | undefined> {
  const { snapshots } = await findSnapshots(storage, snapshotsPrefix(place), signal);
  try {
    const before = await newestWithAssets(storage, snapshots, signal);
    if (before === undefined) return undefined;
    for await (const page of readAssetIndex(storage, before.index, prefix, signal)) {
      recallAll(files, page);
      known.addFrom(page, before.prefix);
    }
    return before;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    journal.addWarning(
      "asset_index_unreadable",
      `${error.message.replace(/\.$/, "")}; files are verified instead, and none is deleted.`,
    );
    return undefined;
  }
}

/** Reads what earlier runs of this export wrote down of the files. */
async function recallLists(
  { journal, snapshot, state, settings: { storage } }: AssetParts,
  files: AssetFiles,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  for (let list = 0; list < state.assetLists; list++) {
    const key = `${snapshot.prefix}/${assetListPath(list)}`;
    try {
      for await (const page of readAssetIndex(storage, key, prefix, signal)) {
        recallAll(files, page, { ofThisExport: true });
      }
    } catch (error) {
      // It only saves time: files that nothing is known of are verified.
      if (!(error instanceof SyntaxError)) throw error;
      const message = `${error.message.replace(/\.$/, "")}; files are verified instead.`;
      journal.addWarning("asset_index_unreadable", message);
    }
  }
}

function recallAll(
  files: AssetFiles,
  page: readonly AssetIndexEntry[],
  { ofThisExport = false }: { readonly ofThisExport?: boolean } = {},
): void {
  for (const { key, size, md5, etag, modified_at, outcome, attempts } of page) {
    if (size === null || md5 === null) continue;
    const isFetched = ofThisExport && outcome === "downloaded";
    files.recall({ key, size, md5, etag, modified_at, ...(isFetched && { attempts }) });
  }
}

/** Fetches what isn't there, and writes the list of what became of each asset. */
async function fetchAssets(
  parts: AssetParts,
  { batches }: ExportedUploads,
  { files, names, prefix, known }: Shelf,
  signal: AbortSignal,
): Promise<AssetCounts> {
  const { client, project, snapshot, checkpoints, journal, settings, redaction, emit, stop } =
    parts;
  const { storage, concurrency } = settings;
  using http1 = assetClient();
  const tally = new AssetTally();
  const { imgix_host: host } = project.site.attributes;
  const domain = await assetDomain(host, { ...settings, signal });
  const ledger = new AssetLedger(parts, signal);
  // To the end of the export: the next checkpoint may come long after the last asset.
  checkpoints.attach(ledger);
  async function* uploads() {
    for (const key of batches) {
      for await (const page of batchEntries<Upload>(storage, key, signal)) {
        for (let at = 0; at < page.length; at += concurrency) {
          await checkpoints.saveIfDue();
          if (stop?.aborted) return;
          yield page.slice(at, at + concurrency).map(withAttributes);
        }
      }
    }
  }
  // The manifest tells of the whole export, whose earlier runs may have fetched what this one keeps.
  const inExport = (outcome: AssetOutcome): AssetOutcome => {
    const told = indexEntry(redaction, outcome);
    const attempts = told.outcome === "kept" ? files.find(told.key)?.attempts : undefined;
    return attempts === undefined ? told : { ...told, outcome: "downloaded", attempts };
  };
  const outcomes = syncAssets(uploads(), storage, {
    concurrency,
    retry: settings.retry,
    clock: settings.clock,
    stop,
    signal,
    files,
    key: (upload) => `${prefix}/${names.of(upload)}`,
    fetch: (upload, how) => fetchAsset(upload, { ...settings, ...domain, ...how, client: http1 }),
    whyGone: (upload, { signal }) => whyGone(client, upload, signal),
    onRetry: ({ attributes: { path } }, reason, attempt, waitMs) => {
      emit({ type: "retry", what: `asset ${path}`, reason, attempt, waitMs });
    },
    onOutcome: (outcome) => {
      // What is known anyway needn't be written down again, and what isn't there is tried again.
      const isNew = outcome.outcome === "downloaded" ||
        outcome.outcome === "kept" && files.find(outcome.key)?.md5 === undefined;
      if (isNew) ledger.add(outcome);
      tally.add(inExport(outcome));
      noteAsset({ journal, emit }, outcome, known.since(outcome));
      assertFewFailures(tally, settings.maxFailures);
    },
  });
  let isWritten = false;
  const onBatch = () => isWritten = true;
  const lines = new TransformStream<Page<AssetOutcome>, Page<AssetOutcome>>({
    transform: (page, controller) => controller.enqueue(page.map(inExport)),
  });
  await outcomes.pipeThrough(lines).pipeTo(
    snapshot.sink({ path: () => ASSET_INDEX, encoding: NDJSON, maxEntries: Infinity, onBatch }),
    { signal },
  );
  // The list says that there are no uploads, too; nothing would say that it was never written.
  if (!isWritten) await snapshot.put(ASSET_INDEX, new Uint8Array(), { count: 0 });
  return tally.counts;
}

/**
 * The files that earlier snapshots list, that are still there, no longer used by any upload: each
 * snapshot hands them on to the next one, so that it takes one snapshot only to know all of them.
 *
 * Where another environment became the primary one, the snapshot before is the newest one of the environment
 * that was: what that has isn't orphaned.
 */
async function* orphansOf(
  before: SnapshotWithAssets | undefined,
  { files, names, prefix }: Omit<Shelf, "known">,
  { project: { environment }, journal, settings: { storage } }: AssetParts,
  signal: AbortSignal,
): AsyncGenerator<AssetIndexEntry[], void> {
  if (before === undefined) return;
  const { id } = before.manifest.environment;
  const isOther = id !== null && environment !== undefined && id !== environment;
  const orphaned = `${before.prefix}/${ORPHANED_ASSETS}`;
  try {
    for (const list of isOther ? [orphaned] : [before.index, orphaned]) {
      for await (const page of readAssetIndex(storage, list, prefix, signal)) {
        const orphans: AssetIndexEntry[] = [];
        for (const { upload_id, key, md5 } of page) {
          if (names.has(fileNameOf(key, prefix)!)) continue;
          const file = await confirmed(storage, key, files.find(key), signal);
          if (file === undefined) continue;
          const { attempts: _, ...known } = file;
          orphans.push({ upload_id, key, ...known, md5: known.md5 ?? md5 });
        }
        if (orphans.length > 0) yield orphans;
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `${error.message.replace(/\.$/, "")}; the files that it lists stay.`;
    journal.addWarning("asset_index_unreadable", message);
  }
}

async function warnOfDeletion(
  { journal, settings: { storage } }: AssetParts,
  signal: AbortSignal,
): Promise<void> {
  const versioning = await storage.settings?.versioning({ signal });
  if (!versioning?.known || versioning.value === "enabled") return;
  journal.addWarning(
    "not_versioned",
    `${storage.url} keeps no old versions of objects, so that files that are deleted are gone: turn on the bucket's versioning, or keep them.`,
  );
}
