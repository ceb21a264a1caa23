import type { LastDrill } from "../restore/drill/result.ts";
import type { TickState } from "./tick.ts";

/** How a schedule stands: nothing in it is secret. */
export interface ScheduleStatus {
  /**
   * `disabled`, `exporting`, `failing` (the last exports failed), `unfinished` (the next tick continues),
   * `due`, or `waiting` for the next export's time.
   */
  readonly state: "disabled" | "exporting" | "failing" | "unfinished" | "due" | "waiting";
  /** How often a snapshot begins; `null` if that isn't known, as no schedule has run there yet. */
  readonly every: string | null;
  /** The newest complete snapshot; `null` if there is none. */
  readonly lastExport: LastExport | null;
  /** The snapshot that isn't complete yet; `null` if there is none. */
  readonly unfinished: UnfinishedSnapshot | null;
  /** The exports that failed since the last one that didn't; `null` if none did. */
  readonly failures: { readonly count: number; readonly lastAt: string } | null;
  /** How the last drill went; `null` if there was none. */
  readonly lastDrill: LastDrill | null;
  /** When the next snapshot begins, at the earliest, in ISO 8601; `null` if exports are off or it isn't known. */
  readonly nextExportAt: string | null;
  /** What this process did last; `null` if it did nothing yet. */
  readonly lastTick: { readonly at: string; readonly state: TickState } | null;
}

/** A snapshot that isn't complete yet. */
export interface UnfinishedSnapshot {
  /** The folder's name. */
  readonly snapshot: string;
  /** When it began, in ISO 8601. */
  readonly begunAt: string;
  /** How many ticks the latest were whose time was over before anything new came to it. */
  readonly stuckTicks: number;
}

/** A snapshot that is complete. */
export interface LastExport {
  /** The folder's name. */
  readonly snapshot: string;
  /** `partial` if something is missing; `unknown` if its manifest can't be read. */
  readonly state: "complete" | "partial" | "unknown";
  /** When it began, in ISO 8601. */
  readonly begunAt: string;
  /** When it was complete, in ISO 8601; `null` if its manifest can't be read. */
  readonly endedAt: string | null;
}
