/**
 * Sluice streams a whole DatoCMS project to local disk or S3 as a snapshot that can be verified,
 * compared, browsed and restored.
 *
 * {@linkcode exportProject} does all of it. What it is made of can be used one by one: sources are
 * `ReadableStream`s of pages, transforms are `TransformStream`s between pages, and sinks are
 * `WritableStream`s.
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
 *
 * @example A snapshot each night, in a process of one's own
 * ```ts no-eval
 * import { LocalStorage, runTicks, Schedule } from "@sluice/datocms";
 *
 * const ticks = "*\/5 * * * *";
 * const schedule = new Schedule({
 *   exported: {
 *     apiToken: Deno.env.get("DATOCMS_API_TOKEN")!,
 *     storage: new LocalStorage("./snapshots"),
 *     resume: true,
 *   },
 *   every: "0 3 * * *",
 *   ticks,
 * });
 * await runTicks(schedule, {
 *   ticks,
 *   onTick: ({ at, state, message }) => console.log(at, state, message),
 *   signal: new AbortController().signal,
 * });
 * ```
 *
 * @module
 */
export * from "./src/error.ts";
export * from "./src/export/events.ts";
export * from "./src/export/export.ts";

export * from "./src/export/options.ts";
export type { AssetDeletion } from "./src/export/assets/delete_orphans.ts";
export type { MaxDelete } from "./src/export/assets/max_delete.ts";
export * from "./src/export/plan.ts";
export * from "./src/export/retry_failed.ts";
export * from "./src/telemetry/with_telemetry.ts";
export { UnfinishedError } from "./src/export/unfinished.ts";
export * from "./src/doctor/doctor.ts";
export * from "./src/doctor/s3_policy.ts";
export * from "./src/async/budget.ts";
export { DEFAULT_RETRY_POLICY, type RetryPolicy } from "./src/async/retry.ts";
export { VERSION } from "./src/version.ts";

export * from "./src/content/blocks.ts";
export * from "./src/content/field_types.ts";
export * from "./src/content/resource.ts";
export * from "./src/content/schema_index.ts";

export {
  AssetError,
  assetUrl,
  fetchAsset,
  type FetchAssetOptions,
} from "./src/source/datocms/asset_fetch.ts";
export * from "./src/source/datocms/asset_hosts.ts";
export * from "./src/source/datocms/cma_client.ts";
export { CmaError } from "./src/source/datocms/cma_error.ts";
export type { CmaEvent, ListingName } from "./src/source/datocms/cma_event.ts";
export * from "./src/source/datocms/cma_transport.ts";
export { type Listing, type ListingOptions, listingPages } from "./src/source/datocms/listing.ts";
export type { ListingVerdict } from "./src/source/datocms/listing_check.ts";
export type { Unreadable } from "./src/source/datocms/unreadable.ts";
export * from "./src/source/datocms/page_stream.ts";
export type { ReadResource } from "./src/source/datocms/read_tail.ts";
export * from "./src/http/rate_limiter.ts";
export { recordLimit, recordPages } from "./src/source/datocms/records.ts";
export * from "./src/source/datocms/resources.ts";
export * from "./src/source/datocms/schema.ts";

export * from "./src/transform/assemble_blocks.ts";
export * from "./src/transform/assemble_records.ts";
export * from "./src/transform/collect_links.ts";
export * from "./src/transform/encode_csv.ts";
export * from "./src/transform/encode_ndjson.ts";
export * from "./src/transform/extract_blocks.ts";
export * from "./src/transform/normalize.ts";
export * from "./src/transform/normalize_locales.ts";
export {
  renderStructuredText,
  type RenderStructuredTextOptions,
  type StructuredTextFormat,
} from "./src/transform/render_structured_text.ts";
export * from "./src/transform/table_schema.ts";
export * from "./src/transform/upload_rows.ts";
export * from "./src/transform/warnings.ts";
export type { TableOptions } from "./src/transform/table_options.ts";

export type {
  AssetDownloadOptions,
  AssetOutcome,
  AssetRequest,
} from "./src/assets/asset_download.ts";
export * from "./src/assets/asset_files.ts";
export * from "./src/assets/asset_sync.ts";
export * from "./src/sink/batch_sink.ts";
export * from "./src/sink/encodings.ts";
export * from "./src/sink/fan_out.ts";
export * from "./src/storage/local/local_storage.ts";
export * from "./src/storage/object_writer.ts";
export * from "./src/storage/open_storage.ts";
export { parseS3Location, type S3Location } from "./src/storage/s3/location.ts";
export { S3Error } from "./src/storage/s3/s3_error.ts";
export type { S3StorageOptions } from "./src/storage/s3/options.ts";
export * from "./src/storage/s3/s3_storage.ts";
export * from "./src/storage/storage.ts";
export * from "./src/storage/bucket_settings.ts";
export * from "./src/storage/public_access.ts";
export * from "./src/storage/s3/settings.ts";
export type { S3ClientLike, S3ClientOptions, S3Credentials } from "./src/storage/s3/client.ts";
export * from "./src/sink/pipe_into.ts";
export * from "./src/assets/verify_bytes.ts";

export { LockedError } from "./src/snapshot/lock/lock_errors.ts";
export type { Claimant } from "./src/snapshot/lock/claim.ts";
export type { ManifestContent } from "./src/snapshot/seal.ts";
export type { LockContent } from "./src/snapshot/lock/lock_content.ts";
export * from "./src/snapshot/layout.ts";
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
export * from "./src/snapshot/read_batch.ts";
export * from "./src/snapshot/snapshot_writer.ts";
export type { Span } from "./src/snapshot/span.ts";

export type { JsonReport } from "./src/report/json_report.ts";
export type { Retried } from "./src/report/progress_state.ts";
export type { Every } from "./src/text/every.ts";
export * from "./src/schedule/notify.ts";
export * from "./src/schedule/run_ticks.ts";
export type { VerdictRules } from "./src/report/verdict.ts";
export * from "./src/schedule/schedule.ts";
export * from "./src/schedule/schedule_status.ts";
export * from "./src/schedule/status_handler.ts";
export * from "./src/schedule/tick.ts";
