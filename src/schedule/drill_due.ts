import type { Clock } from "../async/clock.ts";
import type { ExportOptions } from "../export/options.ts";
import type { DrillNews } from "../report/json_report.ts";
import { inShort, lastDrillNote } from "../restore/drill/result.ts";
import { snapshotIn } from "../snapshot/find_snapshot.ts";
import { secondsOf } from "../snapshot/find_snapshots.ts";
import { type SnapshotPlace, snapshotsPrefix } from "../snapshot/layout.ts";
import { type Duration, durationMs } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { newestSnapshots } from "./newest_snapshots.ts";

/** Options of {@linkcode drillIfDue}. */
export interface DrillDueOptions {
  /** How old the last drill may be. @default {undefined} for no drills */
  readonly every: Duration | undefined;
  /** Cancels it. */
  readonly signal: AbortSignal;
  /** Tells the time, and waits. */
  readonly clock: Clock;
}

/**
 * Practises a restore of the newest snapshot of a project and environment, if the last drill is too old: of a sample,
 * in an environment that doesn't stay whatever comes of it. Never fails.
 *
 * @param exported Where snapshots are, and how the API is reached.
 * @param place Which project and environment.
 * @param options How often.
 * @return How the last drill went, be it this one; `undefined` if none is asked for.
 */
export async function drillIfDue(
  exported: Omit<ExportOptions, "signal">,
  place: SnapshotPlace,
  { every, signal, clock }: DrillDueOptions,
): Promise<DrillNews | undefined> {
  if (every === undefined) return undefined;
  const { storage, apiToken, baseUrl, maxRps, retry, headersTimeoutMs, stallTimeoutMs } = exported;
  const { jobTimeoutMs, concurrency, secrets } = exported;
  const now = clock.now();
  const prefix = snapshotsPrefix(place);
  try {
    const last = await lastDrillNote(storage, prefix).read(signal);
    // What a clock that ran ahead has dated would be waited for.
    const age = last ? Math.abs(now - Date.parse(last.at)) : Infinity;
    if (last && age < durationMs(every)) return last;
    const { sealed } = await newestSnapshots(storage, place, signal);
    if (sealed === undefined) return undefined;
    // Whoever practises nothing needn't load it.
    const { drillSnapshot } = await import("../restore/drill/drill.ts");
    const { projectId: project, sandbox: environment } = place;
    const result = await drillSnapshot({
      ...{ storage, apiToken, baseUrl, maxRps, retry, headersTimeoutMs, stallTimeoutMs },
      ...{ jobTimeoutMs, concurrency, secrets, signal, clock },
      snapshot: snapshotIn({ project, environment, prefix }, secondsOf(sealed.prefix)),
      keep: "never",
    });
    return inShort(result);
  } catch (error) {
    const why = signal.aborted
      ? "It was told to stop."
      : printable(error instanceof Error ? error.message : String(error), 1000);
    return { at: new Date(now).toISOString(), status: "refused", problem: why };
  }
}

/**
 * How a drill went: sentences that follow another one, or nothing.
 *
 * @param drill How it went.
 * @param since When it ended that the sentences follow: an older drill was told before.
 */
export function drillText(drill: DrillNews, since: Date): string {
  if (Date.parse(drill.at) < since.getTime()) return "";
  switch (drill.status) {
    case "passed":
      return " A drill of it passed.";
    case "failed":
      return ` A drill of it failed: ${drill.problem ?? ""}`;
    case "refused":
      return ` A drill of it wasn't possible: ${drill.problem}`;
  }
}
