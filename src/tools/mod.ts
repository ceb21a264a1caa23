/**
 * What is done with snapshots once they are there, on disk and in S3, without DatoCMS: listing them, looking into
 * them, making tables of them.
 *
 * @example The newest snapshots, and the public articles of the newest complete one
 * ```ts no-eval
 * import { LocalStorage } from "@sluice/datocms";
 * import { catSnapshot, listPage } from "@sluice/datocms/tools";
 *
 * const storage = new LocalStorage("./snapshots");
 * const { snapshots } = await listPage(storage, { limit: 5 });
 * for (const { name, state } of snapshots) console.log(name, state);
 * const articles = await catSnapshot(storage, "latest", "article", { version: "published" });
 * if ("records" in articles) {
 *   for await (const page of articles.records) console.log(page.length);
 * }
 * ```
 *
 * @module
 */
export { type CatOptions, type CatResult, catSnapshot } from "./cat.ts";
export { type CopyCounts, type CopyOptions, type CopyResult, copySnapshot } from "./copy.ts";
export {
  type AssetChange,
  type Change,
  type ChangeKind,
  type DiffOptions,
  type DiffProgress,
  diffSnapshots,
  type FieldChange,
  type RecordChange,
  type RecordFieldChange,
  type SchemaChange,
  type SnapshotSource,
} from "./diff.ts";
export {
  type ArchiveForm,
  type DownloadOptions,
  downloadSnapshot,
  type SnapshotDownload,
  type SnapshotSelection,
  type TransferOptions,
  type TransferProgress,
} from "./download.ts";
export { SnapshotDamagedError } from "./download/damage.ts";
export {
  downloadDump,
  type DownloadDumpOptions,
  type DumpContent,
  type DumpDownload,
} from "./download/dump.ts";
export type { DumpShape } from "./download/dump_entries.ts";
export {
  downloadSingle,
  type DownloadSingleOptions,
  type SingleDownload,
  type SingleFormat,
} from "./download/single.ts";
export { liveSnapshot } from "./diff/live.ts";
export { findInSnapshots, type FindOptions, type FoundEntry } from "./find.ts";
export {
  listPage,
  type ListPageOptions,
  listSnapshots,
  type ListSnapshotsOptions,
  type SnapshotInfo,
  type SnapshotList,
} from "./list.ts";
export type { LocaleOptions } from "./open/records.ts";
export {
  type IndexUse,
  openSnapshot,
  type OpenSnapshotOptions,
  type Snapshot,
  type SnapshotAsset,
  type SnapshotAssetFile,
  type SnapshotModel,
  type SnapshotReadOptions,
  type SnapshotRecord,
  type SnapshotRecordOptions,
  type SnapshotTable,
  type SnapshotTablePart,
} from "./open.ts";
export {
  type ShownModel,
  type ShownSnapshot,
  type ShownTally,
  showSnapshot,
  type ShowSnapshotOptions,
} from "./show.ts";
export type { FindSnapshotOptions, FoundSnapshot } from "../snapshot/find_snapshot.ts";
export type { PassProgress } from "../snapshot/batch_pass.ts";
export type { TableProgress, TableShape } from "../snapshot/make_tables.ts";
export {
  applyPrune,
  type NamedSnapshot,
  type PruneOptions,
  type PruneResult,
  type RemovedSnapshot,
  type UnremovedSnapshot,
} from "./prune.ts";
export { type KeptSnapshot, planPrune, type PrunePlan, type PrunePolicy } from "./prune_policy.ts";
export {
  type MadeTables,
  type MakeSnapshotTablesOptions,
  makeTables,
  type MakeTablesProgress,
} from "./tables.ts";
export { type LoadEngine, type TableLoadOptions, tableLoadScript } from "./load_tables.ts";
export {
  removeUnusedAssets,
  type UnusedAssets,
  type UnusedAssetsOptions,
} from "./unused_assets.ts";
export { unlock, type Unlocked, type UnlockOptions } from "./unlock.ts";
export {
  type Checked,
  type ProblemKind,
  type Verification,
  type VerifyLevel,
  type VerifyOptions,
  type VerifyProblem,
  type VerifyProgress,
  verifySnapshot,
} from "./verify.ts";
export type { Duration } from "../text/duration.ts";
