import { concurrently } from "./concurrently.ts";
import type { Page, Resource, Upload } from "./content/resource.ts";
import type { ExportOptions } from "./export_options.ts";
import { ExportRun, type RecordListing } from "./export_run.ts";
import { syncAssets } from "./sink/asset_sync.ts";
import type { WrittenBatch } from "./sink/batch_sink.ts";
import { JSON_DATA, NDJSON } from "./sink/encodings.ts";
import { fanOut } from "./sink/fan_out.ts";
import { AssetNames } from "./snapshot/asset_names.ts";
import {
  ASSET_INDEX,
  assetsPrefix,
  type Layout,
  modelPath,
  recordsPath,
  uploadsPath,
} from "./snapshot/layout.ts";
import type { Manifest } from "./snapshot/manifest.ts";
import { readBatch } from "./snapshot/read_batch.ts";
import { SnapshotWriter } from "./snapshot/snapshot_writer.ts";
import { fetchAsset } from "./source/asset_fetch.ts";
import { CmaError } from "./source/cma_error.ts";
import { listingPages } from "./source/listing.ts";
import { recordPages } from "./source/records.ts";
import { redactSecrets } from "./source/redact.ts";
import { type ExportResource, type ResourceName, resourceNamed } from "./source/resources.ts";
import { VERSION } from "./version.ts";
import { safeApiKey, safeName } from "./safe_name.ts";

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
  const run = await ExportRun.begin(options);
  const snapshot = await beginSnapshot(run, options, startedAt);
  let assets: Manifest["assets"];
  await concurrently(
    [
      (signal) => writeSchema(run, snapshot, signal),
      (signal) => exportRecords(run, snapshot, options, signal),
      async (signal) => {
        const batches = await exportUploads(run, snapshot, options, signal);
        if (run.wantsAssets) assets = await exportAssets(run, snapshot, options, batches, signal);
      },
      (signal) => exportSettings(run, snapshot, signal),
    ],
    4,
    options.signal,
  );
  return await seal(run, snapshot, options, startedAt, assets);
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
    project: { id: site.id, name: nameOf(site) },
    environment: environment ?? null,
    snapshot: `${options.storage.url}/${snapshot.prefix}`,
    listings: run.recordListings.length + run.settings.length + Number(run.wants("uploads")),
  });
  return snapshot;
}

/** The site, and a file for each model and block model. */
async function writeSchema(
  run: ExportRun,
  snapshot: SnapshotWriter,
  signal: AbortSignal,
): Promise<void> {
  const { document, schema } = run.project;
  const site = await snapshot.putJson("site.json", document);
  run.resources.site = { count: 1, bytes: site.size };
  let bytes = 0;
  await concurrently(
    schema.itemTypes.map((model) => async () => {
      const included = [...schema.fields(model.id), ...schema.fieldsets(model.id)];
      const path = modelPath(model.attributes.api_key);
      bytes += (await snapshot.putJson(path, { data: model, included })).size;
    }),
    run.concurrency,
    signal,
  );
  run.resources.models = { count: schema.itemTypes.length, bytes };
}

/** Every model's records, several listings at a time. */
async function exportRecords(
  run: ExportRun,
  snapshot: SnapshotWriter,
  { layout = "ndjson" }: ExportOptions,
  signal: AbortSignal,
): Promise<void> {
  const listings = run.recordListings.map((listing) => (signal: AbortSignal) => {
    return exportListing(run, snapshot, listing, layout, signal);
  });
  await concurrently(listings, run.concurrency, signal);
}

async function exportListing(
  run: ExportRun,
  snapshot: SnapshotWriter,
  { model, version }: RecordListing,
  layout: Layout,
  signal: AbortSignal,
): Promise<void> {
  const key = model.attributes.api_key;
  const about = { resource: "records", model: key, version };
  const tally = { count: 0, bytes: 0 };
  let total = 0;
  const options = run.listing(signal, about);
  const pages = recordPages(run.client, run.project.schema, model, version, {
    ...options,
    onTotal: (latest) => {
      total = latest;
      options.onTotal?.(latest);
    },
  });
  const raw = snapshot.sink({
    path: (batch) => recordsPath(key, version, batch, layout),
    encoding: layout === "ndjson" ? NDJSON : JSON_DATA,
    onBatch: ({ size }) => tally.bytes += size,
  });
  const progress = new WritableStream<Page>({
    write: ({ length: count }) => {
      tally.count += count;
      run.emit({ type: "page", ...about, count });
    },
  });
  await pages.pipeTo(fanOut<Page>([raw, progress]), { signal });
  (run.records[key] ??= {})[version] = tally;
  if (tally.count !== total) {
    run.findings.push({
      code: "count_differs",
      message:
        `The API announced ${total} ${version} records of model ${key}, and sent ${tally.count}: the project changed while it was read.`,
    });
  }
  run.emit({ type: "done", ...about, ...tally });
}

/** The metadata of every upload. Returns the keys of the batches that it was written to. */
async function exportUploads(
  run: ExportRun,
  snapshot: SnapshotWriter,
  { layout = "ndjson" }: ExportOptions,
  signal: AbortSignal,
): Promise<WrittenBatch[]> {
  const batches: WrittenBatch[] = [];
  if (!run.wants("uploads")) return batches;
  const sink = snapshot.sink({
    path: (batch) => uploadsPath(batch, layout),
    encoding: layout === "ndjson" ? NDJSON : JSON_DATA,
    onBatch: (batch) => batches.push(batch),
  });
  await readListing(run, resourceNamed("uploads"), sink, signal, () => sum(batches));
  return batches;
}

/** The asset files: read from the upload batches just written, so that the listing doesn't wait for them. */
async function exportAssets(
  run: ExportRun,
  snapshot: SnapshotWriter,
  options: ExportOptions,
  batches: readonly WrittenBatch[],
  signal: AbortSignal,
): Promise<NonNullable<Manifest["assets"]>> {
  const { storage } = options;
  const prefix = assetsPrefix(run.project.site.id);
  const names = new AssetNames();
  const tally = {
    downloaded: { count: 0, bytes: 0 },
    kept: { count: 0, bytes: 0 },
    withdrawn: 0,
    failed: 0,
  };
  async function* uploads() {
    for (const { key } of batches) yield* readBatch<Upload>(storage, key, signal);
  }
  const outcomes = syncAssets(uploads(), storage, {
    concurrency: run.concurrency,
    retry: options.retry,
    signal,
    key: (upload) => `${prefix}/${names.of(upload)}`,
    fetch: (upload, { signal }) => fetchAsset(upload, { ...options, signal }),
    onRetry: ({ attributes: { path } }, reason, attempt, waitMs) => {
      run.emit({ type: "retry", what: `asset ${path}`, reason, attempt, waitMs });
    },
    onOutcome: (outcome) => {
      if (outcome.outcome === "downloaded" || outcome.outcome === "kept") {
        tally[outcome.outcome].count++;
        tally[outcome.outcome].bytes += outcome.size ?? 0;
      } else tally[outcome.outcome]++;
      const about = `Asset ${outcome.key} (upload ${outcome.upload_id})`;
      if (outcome.outcome === "withdrawn") {
        run.warn("asset_withdrawn", `${about}: ${outcome.reason}.`);
      }
      if (outcome.outcome === "failed") {
        run.fail("asset_failed", `${about} couldn't be fetched: ${outcome.reason}.`);
      }
      run.emit({ type: "asset", outcome });
    },
  });
  await outcomes.pipeTo(
    snapshot.sink({ path: () => ASSET_INDEX, encoding: NDJSON, maxEntries: Infinity }),
    { signal },
  );
  return { index: ASSET_INDEX, prefix, ...tally };
}

/** Everything that is one file, or one file for each resource. */
async function exportSettings(
  run: ExportRun,
  snapshot: SnapshotWriter,
  signal: AbortSignal,
): Promise<void> {
  const tasks = run.settings.map((resource) => async (signal: AbortSignal) => {
    try {
      await exportSetting(run, snapshot, resource, signal);
    } catch (error) {
      if (!(error instanceof CmaError) || !(error.isForbidden || error.status === 404)) throw error;
      run.skip(resource.name, error.message);
    }
  });
  await concurrently(tasks, run.concurrency, signal);
}

async function exportSetting(
  run: ExportRun,
  snapshot: SnapshotWriter,
  resource: ExportResource & { readonly name: ResourceName },
  signal: AbortSignal,
): Promise<void> {
  const { name, layout, fileKey = "id" } = resource;
  let bytes = 0;
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
          const path = `${name}/${fileName(data, fileKey)}.json`;
          bytes += (await snapshot.putJson(path, { data })).size;
        }
      },
    });
  await readListing(run, resource, sink, signal, () => bytes);
}

/** Reads a listing that isn't one of records, to its end. */
async function readListing(
  run: ExportRun,
  resource: ExportResource,
  sink: WritableStream<Page<Resource>>,
  signal: AbortSignal,
  bytes: () => number,
): Promise<void> {
  const { name, secrets = [] } = resource;
  let count = 0;
  const redacted = new TransformStream<Page<Resource>, Page<Resource>>({
    transform: (page, controller) => {
      controller.enqueue(page.map((each) => redactSecrets(each, secrets)));
    },
  });
  const progress = new WritableStream<Page<Resource>>({
    write: ({ length }) => {
      count += length;
      run.emit({ type: "page", resource: name, count: length });
    },
  });
  await listingPages(run.client, resource, run.listing(signal, { resource: name }))
    .pipeThrough(redacted)
    .pipeTo(fanOut([sink, progress]), { signal });
  run.resources[name] = { count, bytes: bytes() };
  run.emit({ type: "done", resource: name, count, bytes: bytes() });
}

async function seal(
  run: ExportRun,
  snapshot: SnapshotWriter,
  options: ExportOptions,
  startedAt: Date,
  assets: Manifest["assets"],
): Promise<ExportReport> {
  const { site, environment } = run.project;
  const address = `${options.storage.url}/${snapshot.prefix}`;
  const manifest = await snapshot.seal({
    tool: { name: "sluice", version: VERSION },
    project: { id: site.id, name: nameOf(site) },
    environment: { id: run.sandbox ?? environment ?? null, primary: run.sandbox === undefined },
    locales: site.attributes.locales,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    options: shapingOptions(options),
    resources: run.resources,
    records: run.records,
    ...(assets === undefined ? {} : { assets }),
    findings: run.findings,
    warnings: run.warnings,
    failures: run.failures,
  });
  run.emit({ type: "sealed", snapshot: address });
  return {
    status: run.failures.length === 0 ? "complete" : "partial",
    snapshot: address,
    manifest,
  };
}

/** The options that decide what is in a snapshot: no secrets, nothing about speed. */
function shapingOptions(options: ExportOptions): Record<string, unknown> {
  const { environment, models, excludeModels, include, exclude } = options;
  const { published = true, assets = true, layout = "ndjson" } = options;
  return JSON.parse(JSON.stringify({
    environment,
    models,
    excludeModels,
    include,
    exclude,
    published,
    assets,
    layout,
  }));
}

function fileName(resource: Resource, key: string): string {
  const name = resource.attributes?.[key];
  return typeof name === "string" && key === "api_key" ? safeApiKey(name) : safeName(resource.id);
}

function nameOf(site: Resource): string | null {
  return typeof site.attributes?.name === "string" ? site.attributes.name : null;
}

function sum(batches: readonly WrittenBatch[]): number {
  return batches.reduce((bytes, { size }) => bytes + size, 0);
}
