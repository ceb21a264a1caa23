import { createHash } from "node:crypto";
import { concurrently } from "./concurrently.ts";
import { schemaParts } from "./content/schema_parts.ts";
import type { ExportOptions } from "./export_options.ts";
import { checkFreeze, freezeEnvironment } from "./freeze.ts";
import { assertNotPublic } from "./sink/public_access.ts";
import { ExportLock } from "./snapshot/export_lock.ts";
import type { Manifest } from "./snapshot/manifest.ts";
import { reopenSnapshot } from "./snapshot/reopen.ts";
import { SnapshotWriter } from "./snapshot/snapshot_writer.ts";
import { Checkpoints } from "./steps/checkpoints.ts";
import { convergeRecords } from "./steps/converge_records.ts";
import { type AssetDeletion, deleteOrphans } from "./steps/delete_orphans.ts";
import { exportAssets, type ExportedAssets } from "./steps/export_assets.ts";
import type { ExportContext } from "./steps/export_context.ts";
import { exportRecords } from "./steps/export_records.ts";
import { checkChosen, ExportRun } from "./steps/export_run.ts";
import { exportSettings } from "./steps/export_settings.ts";
import { exportUploads } from "./steps/export_uploads.ts";
import { noteSchemaChange } from "./steps/note_schema_change.ts";
import { notesOf } from "./steps/notes_of.ts";
import { TableStep } from "./steps/table_step.ts";
import { writeSchema } from "./steps/write_schema.ts";
import { TimeBudget } from "./time_budget.ts";
import { UnfinishedError } from "./unfinished.ts";
import { VERSION } from "./version.ts";

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
  checkFreeze(options);
  const { signal, stop } = options;
  if (options.timeBudgetMs === undefined) return await exportUntil(options, stop);
  let snapshot: string | undefined;
  let progressed = false;
  const unfinished = () => new UnfinishedError(snapshot, progressed);
  using budget = new TimeBudget(options.timeBudgetMs, unfinished);
  return await exportUntil({
    ...options,
    signal: signal ? AbortSignal.any([signal, budget.signal]) : budget.signal,
    onEvent: (event) => {
      if (event.type === "start") snapshot = event.snapshot;
      if (event.type === "checkpoint") progressed = event.progressed;
      options.onEvent?.(event);
    },
  }, stop ? AbortSignal.any([stop, budget.stop]) : budget.stop);
}

/** Exports, and begins nothing new once it is to stop. */
async function exportUntil(options: ExportOptions, stop?: AbortSignal): Promise<ExportReport> {
  const { storage, signal, lockTtlMs: ttlMs } = options;
  if (!options.allowPublic) await assertNotPublic(storage, { signal });
  const run = await ExportRun.begin(options, stop);
  checkChosen("locale", options.locales, run.project.schema.locales);
  const place = { projectId: run.project.site.id, sandbox: run.sandbox };
  await using lock = await ExportLock.acquire(storage, place, { ttlMs, signal });
  const locked = { ...options, signal: lock.signal };
  if (!options.freeze) return await exportLocked(run, locked, lock);
  const { limiter } = run.client.transport;
  await using copy = await freezeEnvironment({ ...locked, place, limiter });
  const frozen = await ExportRun.begin({ ...locked, environment: copy.id }, stop, run);
  return await exportLocked(frozen, locked, lock);
}

/** Exports while nobody else exports the same to the same place. */
async function exportLocked(
  run: ExportRun,
  options: ExportOptions & { readonly signal: AbortSignal },
  lock: ExportLock,
): Promise<ExportReport> {
  const { signal } = options;
  const context = await beginSnapshot(run, options);
  const { tables, checkpoints } = context;
  let assets: ExportedAssets | undefined;
  let isDone: boolean;
  {
    await using _saving = checkpoints.savingAtStop();
    await concurrently(
      [
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
    isDone = !run.stop?.aborted && await convergeRecords(context, signal);
  }
  if (!isDone) {
    await checkpoints.save();
    const snapshot = `${options.storage.url}/${context.snapshot.prefix}`;
    run.emit({ type: "unfinished", snapshot });
    throw new UnfinishedError(snapshot, checkpoints.progressed);
  }
  await tables?.end();
  await noteSchemaChange(run, signal);
  await lock.confirm();
  const report = await seal(context, assets?.manifest);
  if (assets === undefined || options.assets !== "sync") return report;
  // Only now: until the new snapshot is complete, the one before may be needed.
  return { ...report, deletion: await deleteOrphans(context, assets, signal) };
}

/** The schema's step in checkpoints: its objects are the same each time they are written. */
const SCHEMA = "schema";

/** Begins a snapshot, or goes on with one. */
async function beginSnapshot(
  run: ExportRun,
  options: ExportOptions & { readonly signal: AbortSignal },
): Promise<ExportContext> {
  const { storage, signal, checkpointMs: everyMs = 30_000 } = options;
  const { site, environment } = run.project;
  let tables: TableStep | undefined;
  options.onNotes?.(() => notesOf(run, tables));
  const fingerprint = fingerprintOf(run, shapingOptions(options));
  const place = { projectId: site.id, sandbox: run.sandbox };
  const reopened = options.resume
    ? await reopenSnapshot(storage, place, fingerprint, signal)
    : undefined;
  const from = reopened && "checkpoint" in reopened ? reopened : undefined;
  if (reopened && "reason" in reopened && reopened.reason !== undefined) {
    run.warn("not_resumed", `A new snapshot is begun, because ${reopened.reason}.`);
  }
  if (from === undefined) await options.beforeBegin?.(signal);
  const startedAt = from ? new Date(from.checkpoint.startedAt) : new Date();
  const snapshot = from?.snapshot ?? await SnapshotWriter.create(storage, {
    ...place,
    startedAt,
    claim: { tool: { name: "sluice", version: VERSION }, options: shapingOptions(options) },
    signal,
  });
  if (from) run.restore(from.checkpoint);
  run.emit({
    type: "start",
    project: { id: site.id, name: run.projectName },
    environment: environment ?? null,
    snapshot: `${storage.url}/${snapshot.prefix}`,
    listings: run.recordListings.length + run.settings.length + Number(run.wants("uploads")),
    resumed: from !== undefined,
  });
  if (options.tables !== false) {
    tables = new TableStep(run, snapshot, options, from?.checkpoint.tables);
  }
  const checkpoints = new Checkpoints({
    run,
    snapshot,
    tables,
    fingerprint,
    startedAt,
    from: from?.checkpoint,
    everyMs,
    signal,
  });
  // From now on it can be gone on with, however early it is killed.
  if (from === undefined) await checkpoints.save();
  return { run, snapshot, tables, checkpoints, options, startedAt };
}

async function seal(
  { run, snapshot, checkpoints, options, startedAt }: ExportContext,
  assets: Manifest["assets"],
): Promise<ExportReport> {
  const { site, environment } = run.project;
  const address = `${options.storage.url}/${snapshot.prefix}`;
  const manifest = await snapshot.seal({
    tool: { name: "sluice", version: VERSION },
    project: { id: site.id, name: run.projectName },
    environment: { id: run.sandbox ?? environment ?? null, primary: run.sandbox === undefined },
    locales: site.attributes.locales,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    options: shapingOptions(options),
    resources: run.resources,
    records: run.records,
    ...(assets === undefined ? {} : { assets }),
    ...notesOf(run),
  });
  await checkpoints.delete();
  run.emit({ type: "sealed", snapshot: address });
  return {
    status: run.failures.count === 0 ? "complete" : "partial",
    snapshot: address,
    manifest,
  };
}

/** What has to be the same for one export to go on with another one's snapshot. */
function fingerprintOf(run: ExportRun, options: Record<string, unknown>): Record<string, string> {
  const schema = [...schemaParts(run.project.schema)].map(([id, { text }]) => [id, text]).sort();
  return { version: VERSION, options: digest(options), schema: digest(schema) };
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** The options that decide what is in a snapshot: no secrets, nothing about speed. */
function shapingOptions(options: ExportOptions): Record<string, unknown> {
  const { environment, models, excludeModels, include, exclude, structuredText, locales } = options;
  const { published = true, layout = "ndjson", tables = true } = options;
  const { format = "ndjson", freeze = false } = options;
  const assets = options.assets === true ? "keep" : options.assets ?? "keep";
  const all = { environment, models, excludeModels, include, exclude, published, assets, layout };
  const shaping = { ...all, tables, format, structuredText, locales, freeze: freeze || undefined };
  return Object.fromEntries(Object.entries(shaping).filter(([, value]) => value !== undefined));
}
