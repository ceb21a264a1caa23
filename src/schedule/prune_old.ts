import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { limited } from "../async/limited.ts";
import type { ExportOptions } from "../export/options.ts";
import type { PruneOutcome } from "../report/json_report.ts";
import { type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";
import { printable } from "../text/printable.ts";
import { applyPrune, snapshotsIn } from "../tools/prune.ts";
import { planPrune, type PrunePolicy } from "../tools/prune_policy.ts";

/** Options of {@linkcode pruneOld}. */
export interface PruneOldOptions {
  /** Which snapshots stay. @default {All} */
  readonly policy: PrunePolicy | undefined;
  /** How long it may take, in milliseconds; two seconds are given in any case. */
  readonly ms: number;
  /** Cancels it. */
  readonly signal: AbortSignal;
  /** Tells the time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** How long it may take in any case, in milliseconds: an export may have used up its tick's time. */
const LEAST_MS = 2000;

/**
 * Removes the old snapshots of a project and environment, under its lock. Never fails: what couldn't be done is
 * told, and done after the next export.
 *
 * @param exported Where they are, and how long the lock of a process that was killed holds others off.
 * @param place Which project and environment.
 * @param options Which of them stay, and how long it may take.
 * @return What was done; `undefined` if there is no policy.
 */
export async function pruneOld(
  { storage, lockTtlMs }: Pick<ExportOptions, "storage" | "lockTtlMs">,
  place: SnapshotPlace,
  { policy, ms, signal, clock = SYSTEM_CLOCK }: PruneOldOptions,
): Promise<PruneOutcome | undefined> {
  if (policy === undefined) return undefined;
  try {
    return await limited(Math.max(ms, LEAST_MS), signal, async (signal) => {
      const snapshots = await snapshotsIn(storage, snapshotsPrefix(place), signal);
      const plan = planPrune(snapshots, policy, new Date(clock.now()));
      const { remove, failed, freed } = await applyPrune(storage, plan, { lockTtlMs, signal });
      return { remove, failed, freed };
    }, clock);
  } catch (error) {
    return { remove: [], failed: [], freed: 0, problem: problemOf(error, signal) };
  }
}

/**
 * What became of old snapshots: sentences that follow another one, or nothing.
 *
 * @param outcome What was done.
 */
export function prunedText({ remove, failed, problem }: PruneOutcome): string {
  const removed = remove.length === 0 ? "" : ` ${snapshots(remove.length, "was", "were")} removed.`;
  const first = failed[0];
  const kept = first === undefined
    ? ""
    : ` ${snapshots(failed.length, "wasn't", "weren't")} removed: ${first.name}, because ${
      first.reason.replace(/\.$/, "")
    }${failed.length > 1 ? ", …" : ""}.`;
  const left = problem === undefined ? "" : ` Not all old snapshots were removed: ${problem}.`;
  return `${removed}${kept}${left}`;
}

function snapshots(count: number, was: string, were: string): string {
  return count === 1 ? `1 old snapshot ${was}` : `${count} old snapshots ${were}`;
}

function problemOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "it was told to stop";
  if (error instanceof DOMException && error.name === "TimeoutError") return "its time was over";
  return printable(error instanceof Error ? error.message : String(error), 1000).replace(/\.$/, "");
}
