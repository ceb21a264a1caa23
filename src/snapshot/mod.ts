/**
 * The format of snapshots: where things lie in one, what its manifest says, and how its batches are read.
 *
 * @example The records of a batch
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { readBatch } from "@sluice/datocms/snapshot";
 *
 * const snapshot = new LocalStorage("./snapshots/content/project_1/snapshot_1700000000");
 * for await (const records of readBatch(snapshot, "records/article/current/batch_0.ndjson")) {
 *   console.log(records.length);
 * }
 * ```
 *
 * @module
 */
export {
  ASSET_INDEX,
  assetsPrefix,
  CANARY,
  type CsvReader,
  type Layout,
  MANIFEST,
  modelPath,
  recordsFolder,
  recordsPath,
  type SnapshotPlace,
  snapshotsPrefix,
  TABLE_SCHEMA,
  tableFolder,
  type TableFormat,
  tablePath,
  uploadsPath,
} from "./layout.ts";
export type { LockContent } from "./lock/lock_content.ts";
export { LockedError } from "./lock/lock_errors.ts";
export type { Labels } from "./labels.ts";
export type {
  ExportNotes,
  FailedAsset,
  Manifest,
  ManifestAssets,
  ManifestNote,
  ManifestObject,
  SnapshotStatus,
  Tally,
} from "./manifest.ts";
export { readBatch } from "./read_batch.ts";
export {
  readSingleDocument,
  type ReadSingleOptions,
  type SingleEnd,
  type SingleMeta,
  type SinglePart,
} from "./single_document.ts";
