import { createHash } from "node:crypto";
import { fewNames } from "../../text/printable.ts";
import type { Amendable } from "../resume/checkpoint.ts";
import type { ChangedResource, ChangedResources } from "./changed_resources.ts";
import type { Emit } from "../events.ts";
import type { Journal } from "../journal.ts";
import type { Checkpoints } from "../resume/checkpoints.ts";
import type { ResumeState } from "../resume/resume_state.ts";

/** So often what changed meanwhile is looked for again: a project that never rests has to end, too. */
const PASSES = 3;
/** Resources that are read again before they are put into the snapshot. */
const AT_ONCE = 300;
/** Resources that still change and are named in the manifest, at most. */
const NAMED = 20;

/** What {@linkcode converge} uses. */
export interface ConvergeParts {
  /** The time by the API's clock. */
  readonly serverTime: () => Date;
  /** Where it is noted what still changes. */
  readonly journal: Journal;
  /** What is to be brought up to date, and was. */
  readonly state: ResumeState;
  /** When that is written down. */
  readonly checkpoints: Checkpoints;
  /** Called with what happens. */
  readonly emit: Emit;
  /** Nothing else is brought up to date once it is aborted. */
  readonly stop: AbortSignal | undefined;
}

/** What is brought up to date, and how. */
export interface Convergence {
  /** What it is. */
  readonly what: Amendable;
  /** Since when changes are looked for. */
  readonly since: Date;
  /** Finds what changed. */
  readonly find: (since: Date) => Promise<ChangedResources>;
  /** Brings some resources of one model up to date in the snapshot. */
  readonly amend: (of: string, some: ReadonlyMap<string, ChangedResource>) => Promise<void>;
  /** Called after each pass: changes are to be looked for since then. */
  readonly onPass?: (since: Date) => Promise<void>;
}

/**
 * Brings what changed since the export began up to date, so that the snapshot gets close to what the
 * project was at one moment. What still changes after some passes is told.
 *
 * All of it has to be written, and nothing else writes it meanwhile.
 *
 * @param parts Where it is counted and noted.
 * @param convergence What is brought up to date, and how.
 * @return Whether it came to its end; `false` if it was stopped before.
 */
export async function converge(
  { serverTime, journal, state, checkpoints, emit, stop }: ConvergeParts,
  { what, since, find, amend, onPass }: Convergence,
): Promise<boolean> {
  const { amended, outdated } = state;
  for (let pass = 1;; pass++) {
    const now = serverTime();
    const changed = await find(since);
    // The filter is coarse: what was brought up to date already is found again.
    for (const [id, one] of changed) {
      const states = digests(what, id, one);
      if (states.every(([key, digest]) => amended.get(key) === digest)) changed.delete(id);
    }
    // A run before this one may have begun with them. Those that went since then aren't found.
    for (const { what: ofWhat, id, of, time } of outdated.values()) {
      if (ofWhat === what && !changed.has(id)) {
        changed.set(id, { of, time: time ?? NaN, states: {} });
      }
    }
    if (changed.size === 0) return true;
    if (pass > PASSES) {
      journal.addFinding(
        "still_changing",
        `${changed.size} ${what} changed again while the export brought them up to date, so they may be ` +
          `newer or older than others: ${fewNames([...changed.keys()], NAMED)}.`,
      );
      return true;
    }
    state.amending.add(what);
    for (const [id, { of, time }] of changed) {
      outdated.set(`${what} ${id}`, { what, id, of, time: Number.isNaN(time) ? null : time });
    }
    await checkpoints.save();
    for (const [of, all] of Map.groupBy(changed, ([, { of }]) => of)) {
      for (let at = 0; at < all.length; at += AT_ONCE) {
        const some = all.slice(at, at + AT_ONCE);
        // A checkpoint must not describe what is older than what is there.
        await checkpoints.page(async () => {
          await amend(of, new Map(some));
          for (const [id, one] of some) {
            outdated.delete(`${what} ${id}`);
            for (const [key, digest] of digests(what, id, one)) amended.set(key, digest);
          }
        });
        if (stop?.aborted) return false;
      }
    }
    state.amending.delete(what);
    since = now;
    await onPass?.(now);
    emit({ type: "converged", resource: what, pass, count: changed.size });
  }
}

/** What stands for a resource's states, which can be long, and how they are called. */
function digests(
  what: Amendable,
  id: string,
  { states }: ChangedResource,
): (readonly [key: string, state: string])[] {
  return Object.entries(states).map(([version, state]) => {
    return [`${what} ${version} ${id}`, createHash("sha256").update(state).digest("base64")];
  });
}
