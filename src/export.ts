import { concurrently } from "./concurrently.ts";
import type { ExportOptions } from "./export_options.ts";
import { assertNotPublic } from "./sink/public_access.ts";
import type { Manifest } from "./snapshot/manifest.ts";
import { SnapshotWriter } from "./snapshot/snapshot_writer.ts";
import type { ExportContext } from "./steps/export_context.ts";
import { exportAssets } from "./steps/export_assets.ts";
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
}

/**
 * Exports a project: its schema, records, uploads, settings and asset files become one sealed snapshot.
 *
 * @param options Which project, what of it, and where to.
 * @return What was written.
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
  const { storage, signal } = options;
  if (!options.allowPublic) await assertNotPublic(storage, { signal });
  const run = await ExportRun.begin(options);
  checkChosen("locale", options.locales, run.project.schema.locales);
  const snapshot = await beginSnapshot(run, options, startedAt);
  const tables = options.tables === false ? undefined : new TableStep(run, snapshot, options);
  const context = { run, snapshot, tables, options };
  let assets: Manifest["assets"];
  await concurrently(
    [
      (signal) => writeSchema(context, signal),
      (signal) => exportRecords(context, signal),
      async (signal) => {
        const batches = await exportUploads(context, signal);
        if (run.wantsAssets) assets = await exportAssets(context, batches, signal);
      },
      (signal) => exportSettings(context, signal),
    ],
    4,
    options.signal,
  );
  await tables?.end();
  return await seal(context, startedAt, assets);
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
  const { published = true, assets = true, layout = "ndjson", tables = true } = options;
  const { format = "ndjson" } = options;
  const all = { environment, models, excludeModels, include, exclude, published, assets, layout };
  const shaping = { ...all, tables, format, structuredText, locales };
  return Object.fromEntries(Object.entries(shaping).filter(([, value]) => value !== undefined));
}
