import type { Version } from "../content/resource.ts";
import { safeApiKey, safeName } from "../text/safe_name.ts";
import type { BatchEncoding } from "../sink/batch_sink.ts";
import { JSON_DATA, NDJSON } from "../sink/encodings.ts";

/** How batches of records and uploads are written: our own form, or that of DatoCMS's Project Export. */
export type Layout = "ndjson" | "enterprise";

/** How rows of tables are encoded. */
export type TableFormat = "ndjson" | "csv" | "parquet";

/** What CSV is written for: programs, which take it as it is, or spreadsheets, which would run some texts. */
export type CsvReader = "data" | "spreadsheets";

/** The last two objects that are written: what has both is complete. */
export const MANIFEST = "manifest.json";
/** Written last of all. */
export const CANARY = "canary.txt";
/** Written first: who claims this snapshot, when, and with which options. */
export const CLAIM = "export.json";
/** Says who exports right now. It lies beside the snapshots. */
export const LOCK = "lock.json";
/** Says who removes asset files of all environments right now. It lies beside the primary environment's lock. */
export const ASSETS_LOCK = "assets_lock.json";
/** Names the newest sealed snapshot. It lies beside the snapshots, and is a hint. */
export const LATEST = "latest.json";
/** Names the temporary copy that is exported right now. It lies beside the lock. */
export const FREEZE = "freeze.json";
/** Says whether automatic exports are on. It lies beside the lock. */
export const SCHEDULE = "schedule.json";
/** Says how often the schedule that ran last exports. It lies beside the lock. */
export const SCHEDULE_TIMES = "schedule_times.json";
/** Counts the automatic exports that failed in a row. It lies beside the lock. */
export const SCHEDULE_FAILURES = "schedule_failures.json";
/** Says how the last drill went. It lies beside the lock. */
export const LAST_DRILL = "drill.json";
/** Describes the tables: columns, types, references. */
export const TABLE_SCHEMA = "tables/schema.json";
/** What became of each asset, unless the manifest names another list. */
export const ASSET_INDEX = "assets.ndjson";

/** Files of earlier snapshots no longer used by any upload. */
export const ORPHANED_ASSETS = "assets_orphaned.ndjson";

/** Where records are in their batches, by their ids. */
export const RECORD_INDEX = "index/records.idx";
/** Where uploads are in their batches, by their ids. */
export const UPLOAD_INDEX = "index/uploads.idx";

/** What an export that isn't complete needs to continue; it is deleted when the snapshot is sealed. */
export const RESUME_FOLDER = "resume";
/** How far an export is. */
export const CHECKPOINT = `${RESUME_FOLDER}/checkpoint.json`;

/**
 * The path of a list of assets that are done, for an export that resumes.
 *
 * @param list The list's number, from 0.
 */
export function assetListPath(list: number): string {
  return `${RESUME_FOLDER}/${numbered("assets", list)}.ndjson`;
}

/**
 * The path of a file of the journal, which keeps what objects hold that aren't written to their end.
 *
 * @param file The file's number, from 0.
 */
export function journalPath(file: number): string {
  return `${RESUME_FOLDER}/${numbered("journal", file)}.bin`;
}

/** Which snapshots belong together. */
export interface SnapshotPlace {
  /** The project's id. */
  readonly projectId: string;
  /** The environment's name if it is a sandbox; `undefined` for the primary one. */
  readonly sandbox?: string | undefined;
}

/**
 * Where the snapshots of a project and environment lie, without a trailing slash.
 *
 * @param place The project and environment.
 * @see {@link https://www.datocms.com/docs/import-and-export/datocms-site-export-feature}
 */
export function snapshotsPrefix({ projectId, sandbox }: SnapshotPlace): string {
  const project = `content/project_${safeName(projectId)}`;
  if (sandbox === undefined) return project;
  // The snapshots and the notes of the primary environment have these names.
  const name = safeName(sandbox).replace(
    /^(?=snapshot_|(?:lock|assets_lock|latest|freeze|schedule|schedule_times|schedule_failures|drill)\.json$)./i,
    (first) => {
      return `%${first.charCodeAt(0).toString(16).toUpperCase()}`;
    },
  );
  return `${project}/${name}`;
}

/**
 * Where the asset files of a project lie, without a trailing slash.
 *
 * @param projectId The project's id.
 */
export function assetsPrefix(projectId: string): string {
  return `assets/project_${safeName(projectId)}`;
}

/**
 * The path of a model's or block model's file in a snapshot.
 *
 * @param apiKey Its `api_key`.
 */
export function modelPath(apiKey: string): string {
  return `models/${safeApiKey(apiKey)}.json`;
}

/**
 * What the paths of a model's batches of records in a snapshot begin with.
 *
 * @param apiKey The model's `api_key`.
 * @param version Which versions they hold.
 * @param isAside Whether they go when the snapshot is sealed, because only its tables stay. @default {false}
 */
export function recordsFolder(apiKey: string, version: Version, isAside = false): string {
  return `${isAside ? `${RESUME_FOLDER}/` : ""}records/${safeApiKey(apiKey)}/${version}/`;
}

/**
 * The path of a batch of records in a snapshot.
 *
 * @param apiKey The model's `api_key`.
 * @param version Which versions it holds.
 * @param batch The batch's number, from 0.
 * @param layout How batches are written.
 * @param isAside Whether it goes when the snapshot is sealed. @default {false}
 */
export function recordsPath(
  apiKey: string,
  version: Version,
  batch: number,
  layout: Layout,
  isAside = false,
): string {
  return recordsFolder(apiKey, version, isAside) + batchName(batch, layout);
}

/**
 * The path of a batch of uploads in a snapshot.
 *
 * @param batch The batch's number, from 0.
 * @param layout How batches are written.
 */
export function uploadsPath(batch: number, layout: Layout): string {
  return `uploads/${batchName(batch, layout)}`;
}

/**
 * The versions of records whose rows a table has in folders of their own; `undefined` for rows of none.
 *
 * @param table The table's name.
 */
export function tableVersions(table: string): readonly (Version | undefined)[] {
  return /^(?:records\/|blocks\/|links$)/.test(table) ? ["current", "published"] : [undefined];
}

/**
 * What the paths of a table's parts in a snapshot begin with.
 *
 * @param table The table's name: `records/<model>`, `blocks/<block model>`, `links`, `uploads` or another.
 * @param version Which version of records its rows are of, if any.
 */
export function tableFolder(table: string, version: Version | undefined): string {
  const slash = table.indexOf("/");
  const folder = slash < 0
    ? table
    : `${table.slice(0, slash)}/${safeApiKey(table.slice(slash + 1))}`;
  return `tables/${folder}/${version === undefined ? "" : `version=${version}/`}`;
}

/**
 * The path of a part of a table in a snapshot.
 *
 * @param table The table's name: `records/<model>`, `blocks/<block model>`, `links`, `uploads` or another.
 * @param version Which version of records its rows are of, if any.
 * @param part The part's number, from 0.
 * @param format How rows are encoded.
 */
export function tablePath(
  table: string,
  version: Version | undefined,
  part: number,
  format: TableFormat,
): string {
  return `${tableFolder(table, version)}${numbered("part", part)}.${format}`;
}

/**
 * The list that takes the place of a list of what became of each asset.
 *
 * @param index The list's path.
 */
export function nextAssetIndex(index: string): string {
  const number = /^assets_(\d{1,9})\.ndjson$/.exec(index)?.[1] ?? "0";
  return `${numbered("assets", Number(number) + 1)}.ndjson`;
}

/** Whether a path in a snapshot is that of a list of what became of each asset. */
export function isAssetIndex(path: string): boolean {
  return path === ASSET_INDEX || /^assets_\d{3,}\.ndjson$/.test(path);
}

function numbered(name: string, number: number): string {
  return `${name}_${String(number).padStart(3, "0")}`;
}

function batchName(batch: number, layout: Layout): string {
  const extension = layout === "ndjson" ? "ndjson" : "json";
  return `${numbered("batch", batch)}.${extension}`;
}

/**
 * How batches of a layout are encoded.
 *
 * @param layout The layout.
 */
export function encodingOf(layout: Layout): BatchEncoding {
  return layout === "ndjson" ? NDJSON : JSON_DATA;
}
