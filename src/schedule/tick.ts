import type { Problem } from "../error.ts";
import type { JsonReport, PruneOutcome } from "../report/json_report.ts";
import type { NotifyResult } from "./notify.ts";

/**
 * How a tick ended:
 *
 * - `disabled`: automatic exports are switched off.
 * - `waiting`: no snapshot is due.
 * - `backing_off`: the last exports failed, and it isn't time yet to try again.
 * - `busy`: another process exports the same to the same place.
 * - `unfinished`: its time was over; the next tick continues.
 * - `complete`, `partial`: the snapshot is sealed.
 * - `failed`: the export failed.
 * - `cancelled`: it was told to stop.
 */
export type TickState =
  | "disabled"
  | "waiting"
  | "backing_off"
  | "busy"
  | "unfinished"
  | "complete"
  | "partial"
  | "failed"
  | "cancelled";

/** What a tick did; the code and the facts are those of the problem, if there was one. */
export interface TickResult extends Problem {
  /** When it began, in ISO 8601. */
  readonly at: string;
  /** How it ended. */
  readonly state: TickState;
  /** One sentence. */
  readonly message: string;
  /** When there is something to do again, in ISO 8601; `null` if that is at the next tick, or isn't known. */
  readonly nextAt: string | null;
  /** The report of an export that ended; `null` if none did. */
  readonly report: JsonReport | null;
  /** What became of old snapshots; `null` unless there is a policy for them and an export was complete. */
  readonly pruned: PruneOutcome | null;
  /** How the report got to whom it was sent; `null` if nobody is told. */
  readonly notified: NotifyResult | null;
}
