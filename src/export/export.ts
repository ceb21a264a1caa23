import { concurrently } from "../async/concurrently.ts";
import { checkFreeze, type ExportSettings, resolveExportOptions } from "./export_settings.ts";
import type { ExportOptions } from "./options.ts";
import { type Guarded, guarded } from "./guarded.ts";
import { freezeEnvironment } from "./freeze.ts";
import { begin, type LockedSettings, underLock } from "./begin.ts";
import type { Emit } from "./events.ts";
import { Journal } from "./journal.ts";
import { Listings } from "./listings.ts";
import { type OpenProject, openProject } from "./open_project.ts";
import type { ExportReport } from "./report.ts";
import { assertKnown } from "./selection.ts";
import { Tallies } from "./tallies.ts";
import type { ExportLock } from "../snapshot/lock/export_lock.ts";
import { beginSnapshot } from "./begin_snapshot.ts";
import { compareTotals } from "./converge/compare_totals.ts";
import { compareVersions } from "./converge/compare_versions.ts";
import { convergeRecords } from "./converge/converge_records.ts";
import { deleteOrphans } from "./assets/delete_orphans.ts";
import { exportAssets, type ExportedAssets } from "./assets/export_assets.ts";
import { exportRecords } from "./steps/export_records.ts";
import { exportSchedules } from "./steps/export_schedules.ts";
import { exportSettings } from "./steps/export_settings.ts";
import { exportUploads } from "./steps/export_uploads.ts";
import { noteDeletion } from "./steps/note_deletion.ts";
import { noteRestrictions } from "./steps/note_restrictions.ts";
import { noteSchemaChange } from "./steps/note_schema_change.ts";
import { sealSnapshot } from "./steps/seal_snapshot.ts";
import { writeSchema } from "./steps/write_schema.ts";
import { TimeBudget } from "../async/time_budget.ts";
import { UnfinishedError } from "./unfinished.ts";

export type { ExportReport };

/** The schema's step in checkpoints: its objects are the same each time they are written. */
const SCHEMA = "schema";
/** The step that asks what the API token may read. */
const RESTRICTIONS = "restrictions";

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
  const { signal, stop, timeBudgetMs, clock } = settings;
  if (timeBudgetMs === undefined) return await exportUntil(settings, stop);
  let snapshot: string | undefined;
  let progressed = false;
  const unfinished = () => new UnfinishedError(snapshot, progressed);
  using budget = new TimeBudget(timeBudgetMs, unfinished, clock);
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
  given: Guarded<ExportSettings>,
  stop?: AbortSignal,
): Promise<ExportReport> {
  let requests = 0;
  const settings: typeof given = {
    ...given,
    onEvent: (event) => {
      if (event.type === "request") requests++;
      if (event.type !== "sealed") return given.onEvent?.(event);
      const leastSeconds = opened.client.transport.limiter.leastSeconds(requests);
      given.onEvent?.({ ...event, leastSeconds });
    },
  };
  const opened = await begin(settings);
  const { project, place, client } = opened;
  assertKnown("locale", settings.locales, project.schema.locales);
  return await underLock(place, settings, async (locked, lock) => {
    if (!settings.freeze) return await exportLocked(opened, locked, lock, stop);
    const { limiter } = client.transport;
    await using copy = await freezeEnvironment({ ...locked, place, limiter });
    const reading = { ...locked, signal: copy.signal };
    const frozen = await openProject({ ...reading, environment: copy.id }, opened);
    return await exportLocked(frozen, reading, lock, stop);
  });
}

/** Exports while nobody else exports the same to the same place. */
async function exportLocked(
  opened: OpenProject,
  settings: LockedSettings,
  lock: ExportLock,
  stop: AbortSignal | undefined,
): Promise<ExportReport> {
  const { signal, redaction, concurrency, onEvent } = settings;
  const emit: Emit = (event) => onEvent?.(event);
  const journal = new Journal({ redaction, emit });
  const listings = new Listings({ journal, emit, concurrency, stop });
  const tallies = new Tallies();
  const noted = { journal, listings, tallies, redaction, emit };
  const common = { ...noted, settings, concurrency, stop, lock };
  const begun = await beginSnapshot({ ...opened, ...common });
  const parts = { ...opened, ...common, ...begun };
  const { state, checkpoints, derived, selection, place } = parts;
  const { snapshot: { address: snapshot } } = parts;
  let assets: ExportedAssets | undefined;
  let isDone = false;
  {
    await using _saving = checkpoints.saving();
    let areFilesDone = !selection.wants("uploads");
    const exportFiles = async (signal: AbortSignal) => {
      if (areFilesDone) return;
      const uploads = await exportUploads(parts, signal);
      if (uploads !== undefined && selection.wantsAssets) {
        assets = await checkpoints.always("assets", () => exportAssets(parts, uploads, signal));
      }
      areFilesDone = uploads !== undefined && (!selection.wantsAssets || assets !== undefined);
    };
    const exportOthers = async (signal: AbortSignal) => {
      await concurrently(
        [
          (signal) => noteDeletion(journal, settings.storage, place, signal),
          (signal) => checkpoints.once(RESTRICTIONS, () => noteRestrictions(parts, signal)),
          (signal) => checkpoints.once(SCHEMA, () => writeSchema(parts, signal)),
          (signal) => exportRecords(parts, signal),
          (signal) => exportSettings(parts, signal),
        ],
        4,
        signal,
      );
      const areRecordsDone = !stop?.aborted &&
        // What tables and indexes were made of by an earlier run stays as it is.
        (derived.isBegun ||
          await convergeRecords(parts, signal) && await compareTotals(parts, signal) &&
            await compareVersions(parts, signal));
      if (!areRecordsDone) return;
      await concurrently(
        [
          (signal) => noteSchemaChange(parts, signal),
          async (signal) => {
            isDone = await exportSchedules(parts, signal);
          },
        ],
        2,
        signal,
      );
    };
    // Asset files that have to be tried again hold nothing else up.
    await concurrently([exportOthers, exportFiles], 2, signal);
    isDone &&= areFilesDone;
    if (isDone) isDone = await derived.make(checkpoints, signal);
  }
  if (!isDone) {
    await checkpoints.save();
    emit({ type: "unfinished", snapshot });
    throw new UnfinishedError(snapshot, state.progressed);
  }
  const report = await sealSnapshot(parts, assets?.manifest);
  if (assets === undefined || settings.assets !== "sync") return report;
  // Only now: until the new snapshot is complete, the one before may be needed.
  const deletion = await deleteOrphans(parts, assets, signal);
  return { ...report, deletion: redaction.redactValue(deletion) };
}
