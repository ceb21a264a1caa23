import { concurrently } from "./concurrently.ts";
import type { ExportOptions } from "./export_options.ts";
import { assertNotPublic } from "./sink/public_access.ts";
import { ExportLock } from "./snapshot/export_lock.ts";
import type { Manifest } from "./snapshot/manifest.ts";
import { SnapshotWriter } from "./snapshot/snapshot_writer.ts";
import type { ExportContext } from "./steps/export_context.ts";
import { type AssetDeletion, deleteOrphans } from "./steps/delete_orphans.ts";
import { exportAssets, type ExportedAssets } from "./steps/export_assets.ts";
import { exportRecords } from "./steps/export_records.ts";
import { checkChosen, ExportRun } from "./steps/export_run.ts";
import { exportSettings } from "./steps/export_settings.ts";
import { exportUploads } from "./steps/export_uploads.ts";
import { TableStep } from "./steps/table_step.ts";
import { writeSchema } from "./steps/write_schema.ts";
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
  const startedAt = new Date();
  const { storage, signal, lockTtlMs: ttlMs } = options;
  if (!options.allowPublic) await assertNotPublic(storage, { signal });
  const run = await ExportRun.begin(options);
  checkChosen("locale", options.locales, run.project.schema.locales);
  const place = { projectId: run.project.site.id, sandbox: run.sandbox };
  await using lock = await ExportLock.acquire(storage, place, { ttlMs, signal });
  return await exportLocked(run, { ...options, signal: lock.signal }, startedAt);
}

/** Exports while nobody else exports the same to the same place. */
async function exportLocked(
  run: ExportRun,
  options: ExportOptions & { readonly signal: AbortSignal },
  startedAt: Date,
): Promise<ExportReport> {
  const { signal } = options;
  const snapshot = await beginSnapshot(run, options, startedAt);
  const tables = options.tables === false ? undefined : new TableStep(run, snapshot, options);
  const context = { run, snapshot, tables, options };
  let assets: ExportedAssets | undefined;
  await concurrently(
    [
      (signal) => writeSchema(context, signal),
      (signal) => exportRecords(context, signal),
      async (signal) => {
        const uploads = await exportUploads(context, signal);
        if (run.wantsAssets) assets = await exportAssets(context, uploads, signal);
      },
      (signal) => exportSettings(context, signal),
    ],
    4,
    signal,
  );
  await tables?.end();
  const report = await seal(context, startedAt, assets?.manifest);
  if (assets === undefined || options.assets !== "sync") return report;
  // Only now: until the new snapshot is complete, the one before may be needed.
  return { ...report, deletion: await deleteOrphans(context, assets, signal) };
}

async function beginSnapshot(
  run: ExportRun,
  options: ExportOptions,
  startedAt: Date,
): Promise<SnapshotWriter> {
  const { site, environment } = run.project;
  const snapshot = await SnapshotWriter.create(options.storage, {
    projectId: site.id,
    sandbox: run.sandbox,
    startedAt,
    claim: { tool: { name: "sluice", version: VERSION }, options: shapingOptions(options) },
    signal: options.signal,
  });
  run.emit({
    type: "start",
    project: { id: site.id, name: run.projectName },
    environment: environment ?? null,
    snapshot: `${options.storage.url}/${snapshot.prefix}`,
    listings: run.recordListings.length + run.settings.length + Number(run.wants("uploads")),
  });
  return snapshot;
}

async function seal(
  { run, snapshot, options }: ExportContext,
  startedAt: Date,
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
    findings: run.findings.toArray(),
    warnings: run.warnings.toArray(),
    failures: run.failures.toArray(),
  });
  run.emit({ type: "sealed", snapshot: address });
  return {
    status: run.failures.count === 0 ? "complete" : "partial",
    snapshot: address,
    manifest,
  };
}

/** The options that decide what is in a snapshot: no secrets, nothing about speed. */
function shapingOptions(options: ExportOptions): Record<string, unknown> {
  const { environment, models, excludeModels, include, exclude, structuredText, locales } = options;
  const { published = true, layout = "ndjson", tables = true } = options;
  const { format = "ndjson" } = options;
  const assets = options.assets === true ? "keep" : options.assets ?? "keep";
  const all = { environment, models, excludeModels, include, exclude, published, assets, layout };
  const shaping = { ...all, tables, format, structuredText, locales };
  return Object.fromEntries(Object.entries(shaping).filter(([, value]) => value !== undefined));
}
