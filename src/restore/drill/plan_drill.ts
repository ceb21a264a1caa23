import { EXIT, SluiceError } from "../../error.ts";
import type { FoundSnapshot } from "../../snapshot/find_snapshot.ts";
import { fewNames } from "../../text/printable.ts";
import type { Snapshot } from "../../tools/open.ts";
import type { RestoreChoice } from "../chosen/choice.ts";
import { RESTORE_KINDS } from "../chosen/choice.ts";
import { assertHolds } from "../chosen/part.ts";
import { chooseTarget } from "../environment.ts";
import type { RestoreWork } from "../made_plan.ts";
import { planned } from "../make_plan.ts";
import { RESTORE_DEFAULTS, type RestoreOptions } from "../options.ts";
import type { Loss } from "../phases.ts";
import type { Step } from "../plan.ts";
import type { FoundProject } from "../preflight.ts";
import { PARTS } from "../restore.ts";
import { hasNumericIds } from "../ids/renumbering.ts";
import { inventoryOf, type Settled } from "../settled.ts";
import { sumOf } from "../steps.ts";
import { leftoversOf, nameDrill } from "./drill_journal.ts";
import { Emptied } from "./emptied.ts";
import type { DrillKeep } from "./options.ts";
import { REQUESTS_EACH } from "./trial_uploads.ts";

/** What a drill does, with its defaults. */
export interface DrillChoices {
  /** Whether all is restored. */
  readonly full: boolean;
  /** How many records a sample is of. */
  readonly sample: number;
  /** How many files are sent. */
  readonly assets: number;
  /** What chooses them. */
  readonly seed: string;
  /** When the environment is kept. */
  readonly keep: DrillKeep;
  /** How many requests it may take. */
  readonly maxRequests: number;
}

/** What a drill is going to do. It holds the project as it was read, until that is disposed. */
export interface DrillPlan {
  /** The environment that is made. */
  readonly environment: string;
  /** The second that names it, and the journal. */
  readonly second: number;
  /** The environments that earlier drills left, which are destroyed. */
  readonly leftovers: readonly string[];
  /** What empties the environment. */
  readonly emptying: readonly Step[];
  /** What it is restored with. */
  readonly work: RestoreWork;
  /** What is lost whoever restores the snapshot. */
  readonly losses: readonly Loss[];
  /** Requests that it takes to write, and to look while writing. */
  readonly requests: number;
}

/**
 * Finds out what a drill is going to do: nothing is written.
 *
 * @param options How the project is reached, and where journals are.
 * @param choices What is asked for.
 * @param of What is restored, and the project that it is of.
 * @throws {SluiceError} If it can't be done, or takes too many requests.
 */
export async function planDrill(
  options: Settled<RestoreOptions>,
  { full, sample, seed, assets, maxRequests }: DrillChoices,
  { found, snapshot, project }: {
    readonly found: FoundSnapshot;
    readonly snapshot: Snapshot;
    readonly project: FoundProject;
  },
): Promise<DrillPlan> {
  const { storage, journal = storage, signal, clock, onEvent } = options;
  const part: RestoreChoice | undefined = full
    ? undefined
    : { only: [...RESTORE_KINDS], sample: { size: sample, seed } };
  assertHolds(snapshot, part);
  const { environments, left } = project;
  const leftovers = await leftoversOf(journal, project.id, environments, signal);
  if (leftovers.unknown.length > 0) {
    const message =
      `Environments are named as those of drills, but no journal here says that one made them: ${
        fewNames(leftovers.unknown)
      }. They stay; delete them in DatoCMS if nobody needs them.`;
    onEvent({ type: "warning", code: "drill_environment_unknown", message });
  }
  const now = clock.now();
  const { second, environment } = await nameDrill(
    journal,
    { project: project.id, environments, now },
    signal,
  );
  // Those that go make room.
  const room = (left.get("environments") ?? Infinity) + leftovers.ours.length;
  const place = chooseTarget({ ...project, left: new Map([["environments", room]]) }, {
    into: `new:${environment}`,
    forkOf: undefined,
    otherProject: false,
    now: new Date(now),
  });
  const inventory = await inventoryOf(options, project.primary, "plan", "uploads");
  try {
    const emptied = await Emptied.of(inventory, signal);
    const emptying = await emptied.steps(signal);
    const { validators, missingAssets, stages, schedules } = RESTORE_DEFAULTS;
    const work: RestoreWork = {
      options,
      choices: {
        keepExtra: false,
        living: undefined,
        validators,
        missingAssets,
        stages,
        schedules,
        part,
        isOtherProject: false,
      },
      parts: PARTS,
      found,
      snapshot,
      project,
      place,
      isMade: true,
      drill: { journals: "", emptied },
      earlier: undefined,
      undone: undefined,
      touched: undefined,
      isOld: await hasNumericIds({ snapshot, source: { storage, snapshot: found } }, signal),
      inventory,
      notes: [],
    };
    const { requests: restoring, losses } = await planned(work, signal);
    // An environment is made and destroyed besides.
    const requests = restoring + 2 + leftovers.ours.length + assets * REQUESTS_EACH +
      sumOf(emptying).reduce((sum, { requests }) => sum + requests, 0);
    if (requests > maxRequests) throw tooLarge(requests, maxRequests);
    return {
      environment,
      second,
      leftovers: leftovers.ours,
      emptying,
      work,
      losses,
      requests,
    };
  } catch (error) {
    await inventory[Symbol.asyncDispose]();
    throw error;
  }
}

function tooLarge(requests: number, most: number): SluiceError {
  return new SluiceError(
    `The drill takes ${requests} requests to write, and to look while it writes, but at most ${most} may be sent: ` +
      "nothing was written. Restore a smaller sample, or allow more.",
    EXIT.usage,
    { code: "drill_too_large" },
  );
}
