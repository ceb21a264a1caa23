import type { Loss, Phase } from "./phases.ts";
import type { Snapshot } from "../tools/open.ts";
import type { SnapshotSource } from "../tools/diff.ts";
import type { ConflictInput } from "./living.ts";
import type { ReadableSide } from "../tools/diff/diff_side.ts";
import type { Chosen } from "./chosen/choose.ts";
import type { UploadUrls } from "./upload_urls.ts";
import type { RestoreRun } from "./run.ts";

/** What is done to how many of what: `{ action: "create", type: "item", count: 20 }`. */
export interface PlannedWrites {
  /** What is done. */
  readonly action: "create" | "update" | "publish" | "unpublish" | "move" | "destroy";
  /** To what: the API's name of the type, such as `item` or `item_type`. */
  readonly type: string;
  /** To how many. */
  readonly count: number;
  /** The model, where records of one are meant, by its `api_key`. */
  readonly model?: string | undefined;
  /** Requests that it takes, without repetitions. */
  readonly requests: number;
}

/** A piece of a plan: what is written in one phase. */
export interface Step {
  /** When it is run: steps of one phase run one after the other, in the order of the plan. */
  readonly phase: Phase;
  /** What it will write, which a dry run prints. */
  readonly writes: readonly PlannedWrites[];

  /**
   * Writes it. Repeatable: what an earlier run has written is found by its id or by its content, and isn't written
   * again; nothing is published that has content on top already.
   *
   * @param run The target, what was written so far, and when to stop.
   */
  run(run: RestoreRun): Promise<void>;
}

/** What a part of the planner decides on. */
export interface PlanInput extends ConflictInput {
  /** The snapshot that is restored. */
  readonly snapshot: Snapshot;
  /** The same, for comparisons. */
  readonly wanted: SnapshotSource | ReadableSide;
  /** The target as it is now: exported without asset files. */
  readonly target: Snapshot;
  /** The same, for comparisons. */
  readonly present: SnapshotSource | ReadableSide;
  /** The part that alone is restored: the snapshot is as the target for the rest. @default All of it */
  readonly chosen?: Chosen | undefined;
  /** Whether the target is an environment that this restore made: what the snapshot lacks is destroyed there. */
  readonly isOwn: boolean;
  /** Whether the target is of another project than the snapshot. */
  readonly isOtherProject: boolean;
  /** Whether what is made has the creators that it had. @default Unless the target is of another project */
  readonly keepsCreators?: boolean | undefined;
  /** Takes which uploads are sent, and what their addresses are then. @default Nobody wants to know */
  readonly urls?: Pick<UploadUrls, "expect" | "learn"> | undefined;
  /** Whether what the snapshot lacks is kept in an own environment. */
  readonly keepExtra: boolean;
  /** Which validators step aside: those that must, all, none. */
  readonly validators: "auto" | "last" | "keep";
  /** What becomes of references to assets without a file. */
  readonly missingAssets: "drop" | "placeholder" | "fail";
  /** Whether stages of workflows are those of the snapshot. */
  readonly stages: "keep" | "initial";
  /** Whether scheduled publications are set, or listed only. */
  readonly schedules: "list" | "set";
  /** Called with each loss. */
  readonly onLoss: (loss: Loss) => void;
  /** Aborts the planning. */
  readonly signal: AbortSignal;
}
