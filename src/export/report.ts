import { type Manifest, type SnapshotStatus, statusOf } from "../snapshot/manifest.ts";
import type { ExportEvent } from "./events.ts";
import type { AssetDeletion } from "./assets/delete_orphans.ts";

/** What an export wrote. */
export interface ExportReport {
  /** `complete`, or `partial` if assets or a resource that was asked for by name are missing. */
  readonly status: SnapshotStatus;
  /** The snapshot's address. */
  readonly snapshot: string;
  /** The snapshot's manifest. */
  readonly manifest: Manifest;
  /** What was reused of an earlier snapshot, if one was to be. */
  readonly reused?: Omit<Extract<ExportEvent, { type: "reused" }>, "type">;
  /** What became of the asset files no longer used by any upload, if they were to be deleted. */
  readonly deletion?: AssetDeletion;
}

/**
 * The report of a snapshot that is sealed.
 *
 * @param snapshot Its address.
 * @param manifest Its manifest.
 */
export function reportOf(snapshot: string, manifest: Manifest): ExportReport {
  return { status: statusOf(manifest), snapshot, manifest };
}
