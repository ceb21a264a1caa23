import type { Facts } from "../error.ts";
import type { Version } from "../content/resource.ts";
import type { AssetOutcome } from "../assets/asset_download.ts";
import type { CmaEvent } from "../source/datocms/cma_event.ts";

/** What an export reused of an earlier snapshot; the new one doesn't need it. */
export interface Reuse {
  /** The earlier snapshot's address. */
  readonly snapshot: string;
  /** How many records with blocks were reused. */
  readonly records: number;
  /** How many published versions were reused that aren't the current ones. */
  readonly published: number;
  /** How many requests they would have taken, at least. */
  readonly requests: number;
}

/**
 * What an export tells while it runs. The `type` of each event is stable: logs and progress bars are
 * made of them.
 */
export type ExportEvent =
  | CmaEvent
  | {
    /** The project is known, and a snapshot was begun. */
    readonly type: "start";
    readonly project: { readonly id: string; readonly name: string | null };
    readonly environment: string | null;
    /** The snapshot's address. */
    readonly snapshot: string;
    /** How many listings will be read. */
    readonly listings: number;
    /** Whether an earlier export is resumed. */
    readonly resumed: boolean;
  }
  | {
    /** An earlier snapshot was to be reused where nothing has changed. */
    readonly type: "since";
    /** Its address; `null` if all is read. */
    readonly snapshot: string | null;
    /** Why all is read, a clause; `null` if it isn't. */
    readonly reason: string | null;
  }
  | {
    /** What was reused of an earlier snapshot, once the new one is complete, which doesn't need it. */
    readonly type: "reused";
    /** The earlier snapshot's address. */
    readonly snapshot: string;
    /** How many records with blocks were reused. */
    readonly records: number;
    /** How many published versions were reused that aren't the current ones. */
    readonly published: number;
    /** How many requests they would have taken, at least. */
    readonly requests: number;
  }
  | {
    /** How far the temporary copy of an environment is that is exported in its place. */
    readonly type: "freeze";
    /** The copy's name. */
    readonly environment: string;
    /** It is being made, can be read, or is gone again. */
    readonly step: "creating" | "ready" | "deleted";
    /** How much of it is made, in percent, if the API tells. */
    readonly percent: number | null;
  }
  | {
    /** A listing's length became known, or changed. */
    readonly type: "total";
    readonly resource: string;
    readonly model?: string;
    readonly version?: Version;
    readonly total: number;
  }
  | {
    /** A page was written. */
    readonly type: "page";
    readonly resource: string;
    readonly model?: string;
    readonly version?: Version;
    /** How many resources were in it. */
    readonly count: number;
  }
  | {
    /** A listing was read and written to its end. */
    readonly type: "done";
    readonly resource: string;
    readonly model?: string;
    readonly version?: Version;
    readonly count: number;
    readonly bytes: number;
  }
  | {
    /** Resources that changed since the export began were brought up to date. */
    readonly type: "converged";
    readonly resource: "records" | "uploads";
    /** How often that was done, this time included. */
    readonly pass: number;
    /** How many resources changed. */
    readonly count: number;
  }
  | {
    /** Tables are made of what was read: rows of more entries were written. */
    readonly type: "tables";
    /** How many rows there are. */
    readonly rows: number;
    /** How many records and uploads have theirs, all versions counted. */
    readonly entries: number;
    /** How many records and uploads there are; `null` if that isn't known. */
    readonly of: number | null;
  }
  | {
    /** An object of the snapshot was written. */
    readonly type: "written";
    /** How many objects it has by now, asset files not among them. */
    readonly objects: number;
    /** Their size in bytes. */
    readonly bytes: number;
  }
  | {
    /** A resource that the token may not read, or the plan doesn't have, was left out. */
    readonly type: "skipped";
    readonly resource: string;
    readonly message: string;
  }
  | {
    /** Something in the project doesn't add up, or changed while it was read. */
    readonly type: "finding";
    readonly code: string;
    readonly message: string;
  }
  | {
    /** How far the export is was written down: one that resumes begins there. */
    readonly type: "checkpoint";
    /** The snapshot's address. */
    readonly snapshot: string;
    /** How many objects it counts. */
    readonly objects: number;
    /** Whether it is further than where this export began, or has continued from. */
    readonly progressed: boolean;
  }
  | {
    /** The time budget is over; what was read is written, and an export that resumes begins there. */
    readonly type: "unfinished";
    readonly snapshot: string;
  }
  | {
    /** Something that the user should know, but that loses nothing. */
    readonly type: "warning";
    readonly code: string;
    readonly message: string;
    /** What is known of it. */
    readonly facts?: Facts | undefined;
  }
  | {
    /** An asset is done. */
    readonly type: "asset";
    readonly outcome: AssetOutcome;
  }
  | {
    /** The snapshot is complete. */
    readonly type: "sealed";
    readonly snapshot: string;
    /** The least time that an export's requests take under the API's rate limit, in seconds. */
    readonly leastSeconds?: number;
  }
  | {
    /** Asset files no longer used by any upload were deleted. */
    readonly type: "deleted";
    readonly count: number;
    readonly bytes: number;
  };

/** Called with what happens. */
export type Emit = (event: ExportEvent) => void;

/**
 * Whether what is tried again is an asset's file, and not a request to the API.
 *
 * @param event What is told of it.
 */
export function isAssetRetry(
  { what }: Pick<Extract<ExportEvent, { type: "retry" }>, "what">,
): boolean {
  return what.startsWith("asset ");
}
