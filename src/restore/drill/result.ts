import * as z from "zod";
import type { ExitCode } from "../../error.ts";
import { JsonNote } from "../../snapshot/json_note.ts";
import { LAST_DRILL } from "../../snapshot/layout.ts";
import type { Storage } from "../../storage/storage.ts";
import type { VerifyProblem } from "../../tools/verify.ts";
import type { Loss } from "../phases.ts";
import type { RestoreVerification } from "../report.ts";
import type { DrillStage } from "./options.ts";
import type { TriedAssets } from "./trial_uploads.ts";

/** How a drill went. */
export interface DrillResult {
  /** Whether the snapshot came back as it was. */
  readonly status: "passed" | "failed";
  /** The exit code of `sluice drill`. */
  readonly exitCode: ExitCode;
  /** The snapshot's name. */
  readonly snapshot: string;
  /** When the snapshot was begun, in ISO 8601. */
  readonly snapshotAt: string;
  /** When the drill began, in ISO 8601. */
  readonly startedAt: string;
  /** The project. */
  readonly project: { readonly id: string; readonly name: string };
  /** What was restored: all, or so many records chosen by a seed, with what they link to. */
  readonly scope: DrillScope;
  /**
   * How long restoring took, in milliseconds: to verify the snapshot, to read the project, to make the environment, to
   * write and to compare. `null` if it wasn't restored to the end. Of a sample it is the sample's time.
   */
  readonly rtoMs: number | null;
  /** How old the snapshot was when the drill began, in milliseconds: what was changed since would be lost. */
  readonly rpoMs: number;
  /** How long each stage took, in milliseconds. */
  readonly times: Readonly<Partial<Record<DrillStage, number>>>;
  /** Why it failed, in sentences; none if it passed. */
  readonly problems: readonly string[];
  /** What is wrong with the snapshot's objects: the first hundred. */
  readonly damage: readonly VerifyProblem[];
  /** How the environment was compared with the snapshot; `null` if it didn't come to that. */
  readonly verification: RestoreVerification | null;
  /** What the snapshot lacks itself, so that no restore can bring it back. */
  readonly losses: readonly Loss[];
  /** How files were sent as new uploads; `null` if it didn't come to that. */
  readonly assets: TriedAssets | null;
  /** Requests that were foreseen, and those that were sent but for reading before and comparing. */
  readonly requests: { readonly planned: number; readonly reads: number; readonly writes: number };
  /** The environment that was made; `null` if there was none. */
  readonly environment: string | null;
  /** Whether it is still there: the next drill destroys it. */
  readonly isKept: boolean;
  /** The environments of earlier drills that were destroyed. */
  readonly removed: readonly string[];
  /** The journal's address; `null` if there is none. */
  readonly journal: string | null;
}

/** What of a snapshot a drill restored. */
export interface DrillScope {
  /** Whether that is all of it. */
  readonly kind: "full" | "sample";
  /** How many records were restored; `null` if it didn't come to that. */
  readonly records: number | null;
  /** How many of them were chosen; the others came with them. `null` if all were restored. */
  readonly chosen: number | null;
  /** How many records the snapshot has; `null` if nobody says. */
  readonly of: number | null;
  /** What chose records and files. */
  readonly seed: string;
}

/** The last drill of a project and environment, in short. */
export interface LastDrill {
  /** When it began, in ISO 8601. */
  readonly at: string;
  /** Whether it passed. */
  readonly status: DrillResult["status"];
  /** The snapshot's name. */
  readonly snapshot: string;
  /** Whether all of it was restored. */
  readonly kind: DrillScope["kind"];
  /** How many records were restored; `null` if it didn't come to that. */
  readonly records: number | null;
  /** How long restoring took, in milliseconds; `null` if it wasn't restored to the end. */
  readonly rtoMs: number | null;
  /** How old the snapshot was, in milliseconds. */
  readonly rpoMs: number;
  /** Why it failed, in a sentence; `null` if it passed. */
  readonly problem: string | null;
}

const lastDrill: z.ZodType<LastDrill> = z.object({
  at: z.iso.datetime(),
  status: z.enum(["passed", "failed"]),
  snapshot: z.string(),
  kind: z.enum(["full", "sample"]),
  records: z.number().nullable(),
  rtoMs: z.number().nullable(),
  rpoMs: z.number(),
  problem: z.string().nullable(),
});

/**
 * The note of how the last drill went, for schedules and their state.
 *
 * @param storage Where journals are.
 * @param place Where the snapshots of the project and environment lie.
 */
export function lastDrillNote(storage: Storage, place: string): JsonNote<LastDrill> {
  return new JsonNote(storage, `${place}/${LAST_DRILL}`, lastDrill);
}

/**
 * A drill in short.
 *
 * @param result How it went.
 */
export function inShort(
  { startedAt, status, snapshot, scope, rtoMs, rpoMs, problems }: DrillResult,
): LastDrill {
  return {
    at: startedAt,
    status,
    snapshot,
    kind: scope.kind,
    records: scope.records,
    rtoMs,
    rpoMs,
    problem: problems[0] ?? null,
  };
}
