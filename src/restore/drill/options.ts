import type { Clock } from "../../async/clock.ts";
import type { Storage } from "../../storage/storage.ts";
import type { RestoreEvent } from "../events.ts";
import type { JournalOptions, TargetConnection } from "../options.ts";

/** When the environment of a drill is kept, to be looked at: the next drill destroys it. */
export const DRILL_KEEPS = ["on-failure", "always", "never"] as const;

/** One of {@linkcode DRILL_KEEPS}. */
export type DrillKeep = typeof DRILL_KEEPS[number];

/** What a drill does, one after the other. */
export const DRILL_STAGES = [
  // The snapshot is verified, every byte of it.
  "verify",
  // The project is read, and what is going to be done is planned.
  "plan",
  // What earlier drills left is destroyed.
  "clean",
  // An environment is made, a fork of the primary one.
  "fork",
  // Its models and records are destroyed.
  "empty",
  // The snapshot is restored into it, and compared with it.
  "restore",
  // Some files are sent as new uploads.
  "assets",
  // The environment is destroyed.
  "destroy",
] as const;

/** One of {@linkcode DRILL_STAGES}. */
export type DrillStage = typeof DRILL_STAGES[number];

/** What a drill tells while it runs. */
export type DrillEvent =
  | RestoreEvent
  /** A stage begins. */
  | { readonly type: "drill"; readonly stage: DrillStage };

/** Options of {@linkcode drillSnapshot}. */
export interface DrillOptions
  extends TargetConnection, Pick<JournalOptions, "snapshot" | "project" | "fromEnvironment"> {
  /** Where the snapshots are. */
  readonly storage: Storage;
  /** Where the drill keeps its journal. @default Beside the snapshots */
  readonly journal?: Storage | undefined;
  /** Whether all of the snapshot is restored, and not a sample of it. @default {false} */
  readonly full?: boolean | undefined;
  /** How many records a sample is of; what they link to comes with them. @default {200} */
  readonly sample?: number | undefined;
  /** How many files are sent as new uploads. @default {20} */
  readonly assets?: number | undefined;
  /** What chooses records and files: the same chooses the same ones. @default A random one */
  readonly seed?: string | undefined;
  /** When the environment is kept. @default {"on-failure"} */
  readonly keep?: DrillKeep | undefined;
  /** How many requests may be needed to write, and to look while writing. @default Any number */
  readonly maxRequests?: number | undefined;
  /** The directory in which a temporary one holds what is there while it is compared. @default That of the system */
  readonly temporaryIn?: string | undefined;
  /** Called with each event. */
  readonly onEvent?: ((event: DrillEvent) => void) | undefined;
  /** Tells the time, and waits. @default The machine's */
  readonly clock?: Clock | undefined;
  /** Aborts it: the environment is destroyed all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** What a drill does if its options don't say otherwise. */
export const DRILL_DEFAULTS = {
  full: false,
  sample: 200,
  assets: 20,
  keep: "on-failure",
} as const satisfies Partial<DrillOptions>;
