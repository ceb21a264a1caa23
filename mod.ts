/**
 * Sluice streams a whole DatoCMS project to local disk or S3 as a snapshot that can be verified,
 * compared, browsed and restored.
 *
 * {@linkcode exportProject} does all of it. What it is made of can be used one by one: sources are
 * `ReadableStream`s of pages, transforms are `TransformStream`s between pages, and sinks are
 * `WritableStream`s. Here is what most programs need; the rest is in `./storage`, `./source`,
 * `./transform`, `./snapshot`, `./restore` and `./schedule`.
 *
 * @example A whole project
 * ```ts no-eval
 * import { exportProject, LocalStorage } from "@sluice/datocms";
 *
 * await exportProject({
 *   apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *   storage: new LocalStorage("./snapshots"),
 * });
 * ```
 *
 * @example A pipeline of one's own: the titles of all articles
 * ```ts no-eval
 * import { batchSink, CmaClient, LocalStorage, NDJSON, readSchema, recordPages } from "@sluice/datocms";
 *
 * const client = new CmaClient({ apiToken: Deno.env.get("DATOCMS_API_TOKEN")! });
 * const { schema } = await readSchema(client);
 * const article = schema.models.find((model) => model.attributes.api_key === "article")!;
 * await recordPages(client, schema, article, "published")
 *   .pipeThrough(new TransformStream({
 *     transform: (page, controller) =>
 *       controller.enqueue(page.map(({ id, attributes }) => ({ id, title: attributes.title }))),
 *   }))
 *   .pipeTo(batchSink(new LocalStorage("./out"), { key: () => "titles.ndjson", encoding: NDJSON }));
 * ```
 * @module
 */
export { EXIT, type ExitCode, type Facts, type Problem, SluiceError } from "./src/error.ts";
export { VERSION } from "./src/version.ts";
export type { Clock } from "./src/async/clock.ts";
export type { RetryPolicy } from "./src/async/retry.ts";

export { exportProject, type ExportReport } from "./src/export/export.ts";
export type { ExportEvent, Reuse } from "./src/export/events.ts";
export type { AssetMode, ExportOptions, SourceOptions } from "./src/export/options.ts";
export type { AssetDeletion } from "./src/export/assets/delete_orphans.ts";
export type { MaxDelete } from "./src/export/assets/max_delete.ts";
export { type ExportPlan, planExport, type PlannedModel } from "./src/export/plan.ts";
export { retryFailedAssets, type RetryFailedOptions } from "./src/export/retry_failed.ts";
export { UnfinishedError } from "./src/export/unfinished.ts";
export type { AssetOutcome } from "./src/assets/asset_download.ts";
export { type Ended, withTelemetry } from "./src/telemetry/with_telemetry.ts";

export {
  type CheckSourceOptions,
  type CheckStatus,
  type DoctorCheck,
  type Examination,
  examine,
  type ExamineOptions,
  type FoundUpload,
} from "./src/doctor/doctor.ts";

export type {
  Item,
  ItemType,
  Json,
  JsonObject,
  Page,
  Resource,
  Upload,
  Version,
} from "./src/content/resource.ts";
export { CmaClient, type CmaClientOptions } from "./src/source/datocms/cma_client.ts";
export { CmaError } from "./src/source/datocms/cma_error.ts";
export type { CmaEvent, ListingName } from "./src/source/datocms/cma_event.ts";
export { recordPages } from "./src/source/datocms/records.ts";
export type { ResourceName } from "./src/source/datocms/resources.ts";
export { type ProjectSchema, readSchema } from "./src/source/datocms/schema.ts";
export type { StructuredTextFormat } from "./src/transform/render_structured_text.ts";

export {
  type BatchEncoding,
  batchSink,
  type BatchSinkOptions,
  type BegunBatch,
  type WrittenBatch,
} from "./src/sink/batch_sink.ts";
export type { Compression } from "./src/sink/compression.ts";
export { JSON_DATA, NDJSON } from "./src/sink/encodings.ts";
export { fanOut } from "./src/sink/fan_out.ts";

export { LocalStorage } from "./src/storage/local/local_storage.ts";
export { openStorage, type OpenStorageOptions } from "./src/storage/open_storage.ts";
export type { S3StorageOptions } from "./src/storage/s3/options.ts";
export { S3Error } from "./src/storage/s3/s3_error.ts";
export { S3Storage } from "./src/storage/s3/s3_storage.ts";
export {
  type ByteRange,
  type DeleteOptions,
  type GetOptions,
  type ObjectInfo,
  ObjectNotFoundError,
  type PutOptions,
  type ReadOptions,
  type Storage,
  StorageError,
} from "./src/storage/storage.ts";

export type { CsvReader, Layout, TableFormat } from "./src/snapshot/layout.ts";
export type { ParquetCodec } from "./src/transform/parquet/encode_parquet.ts";
export { LockedError } from "./src/snapshot/lock/lock_errors.ts";
export type { Labels } from "./src/snapshot/labels.ts";
export type {
  ExportNotes,
  FailedAsset,
  Manifest,
  ManifestAssets,
  ManifestNote,
  ManifestObject,
  SnapshotStatus,
  Tally,
} from "./src/snapshot/manifest.ts";

export { openSnapshot, type OpenSnapshotOptions, type Snapshot } from "./src/tools/open.ts";

export { applyRestore, planRestore } from "./src/restore/restore.ts";
export type { ApplyRestoreOptions, RestoreOptions } from "./src/restore/options.ts";
export type { RestoreResult } from "./src/restore/report.ts";
export type { RestorePlan } from "./src/restore/restore_plan.ts";
