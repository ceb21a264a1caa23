import { concurrently } from "../async/concurrently.ts";
import { type ExportSettings, resolveExportOptions } from "./export_settings.ts";
import type { ExportOptions } from "./options.ts";
import { type Guarded, guarded } from "./guarded.ts";
import { checkFreeze, freezeEnvironment } from "./freeze.ts";
import { assertNotPublic } from "../storage/public_access.ts";
import { ExportLock } from "../snapshot/lock/export_lock.ts";
import { type Manifest, statusOf } from "../snapshot/manifest.ts";
import { beginSnapshot } from "./begin_snapshot.ts";
import { compareVersions } from "./converge/compare_versions.ts";
import { convergeRecords } from "./converge/converge_records.ts";
import { type AssetDeletion, deleteOrphans } from "./assets/delete_orphans.ts";
import { exportAssets, type ExportedAssets } from "./assets/export_assets.ts";
import { exportRecords } from "./steps/export_records.ts";
import { checkChosen, ExportRun } from "./export_run.ts";
import { exportSchedules } from "./steps/export_schedules.ts";
import { exportSettings } from "./steps/export_settings.ts";
import { exportUploads } from "./steps/export_uploads.ts";
import { noteDeletion } from "./converge/note_deletion.ts";
import { noteRestrictions } from "./steps/note_restrictions.ts";
import { noteSchemaChange } from "./steps/note_schema_change.ts";
import { sealSnapshot } from "./steps/seal_snapshot.ts";
import { writeSchema } from "./steps/write_schema.ts";
import { TimeBudget } from "../async/time_budget.ts";
import { UnfinishedError } from "./unfinished.ts";

/** The schema's step in checkpoints: its objects are the same each time they are written. */
const SCHEMA = "schema";
/** The step that asks what the API token may read. */
const RESTRICTIONS = "restrictions";

/** What an export wrote. */
export interface ExportReport {
  /** `complete`, or `partial` if assets or a resource that was asked for by name are missing. */
  readonly status: "complete" | "partial";
  /** The snapshot's address. */
  readonly snapshot: string;
  /** The snapshot's manifest. */
  readonly manifest: Manifest;
  /** What became of the asset files that no upload has any more, if they were to be deleted. */
  readonly deletion?: AssetDeletion;
}

/**
 * Exports a project: its schema, records, uploads, settings and asset files become one sealed snapshot.
 *
 * @param options Which project, what of it, and where to.
 * @return What was written.
 * @throws {LockedError} If another export of the same project and environment writes to the same place.
 * @throws {UnfinishedError} If the time budget is over first.
 * @throws {SluiceError} If the snapshot can't be completed. What was written stays, without a seal.
 * @throws The signal's reason, if the export was cancelled.
 *
 * @example
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 *
 * const report = await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 * });
 * console.log(report.snapshot, report.status);
 * ```
 */
export async function exportProject(options: ExportOptions): Promise<ExportReport> {
  return await guarded(resolveExportOptions(options), exportWithin);
}

/** Exports until the time budget is over, if there is one. */
async function exportWithin(settings: Guarded<ExportSettings>): Promise<ExportReport> {
  checkFreeze(settings);
  const { signal, stop, timeBudgetMs } = settings;
  if (timeBudgetMs === undefined) return await exportUntil(settings, stop);
  let snapshot: string | undefined;
  let progressed = false;
  const unfinished = () => new UnfinishedError(snapshot, progressed);
  using budget = new TimeBudget(timeBudgetMs, unfinished);
  return await exportUntil({
    ...settings,
    signal: signal ? AbortSignal.any([signal, budget.signal]) : budget.signal,
    onEvent: (event) => {
      if (event.type === "start") snapshot = event.snapshot;
      if (event.type === "checkpoint") progressed = event.progressed;
      settings.onEvent?.(event);
    },
  }, stop ? AbortSignal.any([stop, budget.stop]) : budget.stop);
}

/** Exports, and begins nothing new once it is to stop. */
async function exportUntil(
  settings: Guarded<ExportSettings>,
  stop?: AbortSignal,
): Promise<ExportReport> {
  const { storage, signal, lockTtlMs: ttlMs } = settings;
  if (!settings.allowPublic) await assertNotPublic(storage, { signal });
  const run = await ExportRun.begin(settings, stop);
  checkChosen("locale", settings.locales, run.project.schema.locales);
  const place = { projectId: run.project.site.id, sandbox: run.sandbox };
  await using lock = await ExportLock.acquire(storage, place, { ttlMs, signal });
  const locked = { ...settings, storage: lock.storage, signal: lock.signal };
  try {
    if (!settings.freeze) return await exportLocked(run, locked, lock);
    const { limiter } = run.client.transport;
    await using copy = await freezeEnvironment({ ...locked, place, limiter });
    const reading = { ...locked, signal: copy.signal };
    const frozen = await ExportRun.begin({ ...reading, environment: copy.id }, stop, run);
    return await exportLocked(frozen, reading, lock);
  } catch (error) {
    throw await lock.reasonOf(error);
  }
}

/** Exports while nobody else exports the same to the same place. */
async function exportLocked(
  run: ExportRun,
  settings: Guarded<ExportSettings> & { readonly signal: AbortSignal },
  lock: ExportLock,
): Promise<ExportReport> {
  const { signal } = settings;
  const context = await beginSnapshot(run, settings, lock);
  const { tables, checkpoints, snapshot: { address: snapshot } } = context;
  const place = { projectId: run.project.site.id, sandbox: run.sandbox };
  let assets: ExportedAssets | undefined;
  let isDone: boolean;
  {
    await using _saving = checkpoints.saving();
    await concurrently(
      [
        (signal) => noteDeletion(run, settings.storage, place, signal),
        (signal) => checkpoints.once(RESTRICTIONS, () => noteRestrictions(run, signal)),
        (signal) => checkpoints.once(SCHEMA, () => writeSchema(context, signal)),
        (signal) => exportRecords(context, signal),
        async (signal) => {
          if (!run.wants("uploads")) return;
          const uploads = await exportUploads(context, signal);
          if (uploads === undefined || !run.wantsAssets) return;
          assets = await checkpoints.always("assets", () => exportAssets(context, uploads, signal));
        },
        (signal) => exportSettings(context, signal),
      ],
      4,
      signal,
    );
    isDone = !run.stop?.aborted && await convergeRecords(context, signal) &&
      await compareVersions(context, signal) && await exportSchedules(context, signal);
  }
  if (!isDone) {
    await checkpoints.save();
    run.emit({ type: "unfinished", snapshot });
    throw new UnfinishedError(snapshot, checkpoints.progressed);
  }
  await tables?.end();
  await noteSchemaChange(run, signal);
  await lock.confirm();
  const manifest = await sealSnapshot(context, assets?.manifest);
  lock.unwatch();
  const status = statusOf(manifest);
  if (assets === undefined || settings.assets !== "sync") return { status, snapshot, manifest };
  // Only now: until the new snapshot is complete, the one before may be needed.
  return {
    status,
    snapshot,
    manifest,
    deletion: settings.redaction.redactValue(
      await deleteOrphans(context, assets, lock, signal),
    ),
  };
}
