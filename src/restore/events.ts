import type { Loss, Phase } from "./phases.ts";

/** What a restore tells while it runs. */
export type RestoreEvent =
  /** How much of the snapshot was checked, in bytes. */
  | { readonly type: "checking"; readonly bytes: number; readonly totalBytes: number }
  /** The target is read: to plan, or to compare it with the snapshot. */
  | { readonly type: "reading"; readonly why: "plan" | "verify"; readonly requests: number }
  /** The snapshot is compared with the target. */
  | { readonly type: "comparing"; readonly now: string }
  /** What becomes of an environment. */
  | {
    readonly type: "environment";
    readonly environment: string;
    readonly step: "creating" | "ready" | "destroyed";
    readonly percent: number | null;
  }
  /** A phase begins. */
  | { readonly type: "phase"; readonly phase: Phase; readonly planned: number }
  /** Something was written in a phase: of which type, and how many so far. */
  | {
    readonly type: "wrote";
    readonly phase: Phase;
    readonly resource: string;
    readonly count: number;
  }
  /** Something that the target won't have as the snapshot has it. */
  | { readonly type: "loss"; readonly loss: Loss }
  /** Something that the user should know. */
  | { readonly type: "warning"; readonly code: string; readonly message: string };
