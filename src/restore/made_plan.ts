import type { FoundSnapshot } from "../snapshot/find_snapshot.ts";
import type { Snapshot } from "../tools/open.ts";
import type { Along } from "./chosen/choice.ts";
import type { Expected } from "./chosen/expected.ts";
import type { Emptied } from "./drill/emptied.ts";
import type { TargetPlace } from "./environment.ts";
import type { Included } from "./included/plan_included.ts";
import type { Inventory } from "./inventory.ts";
import type { JournalChoices } from "./journal.ts";
import { confirmationOf, destroyedBy } from "./living_target.ts";
import type { RestoreOptions } from "./options.ts";
import type { PlannedSteps, RestoreParts } from "./parts.ts";
import type { PlanInput } from "./plan.ts";
import { hooksOf } from "./hooks.ts";
import type { FoundProject } from "./preflight.ts";
import { leastMs, manifestDigest, planDigest, type RestorePlan } from "./restore_plan.ts";
import type { EarlierRestore, Settled } from "./settled.ts";
import { sumOf } from "./steps.ts";
import type { Touched } from "./touched.ts";
import type { NewUrls } from "./upload_urls.ts";
import type { Wanted } from "./wanted.ts";

/** A plan, and all that it is made with. */
export class MadePlan implements RestorePlan {
  readonly snapshot: string;
  readonly target: RestorePlan["target"];
  readonly writes: RestorePlan["writes"];
  readonly requests: number;
  readonly leastMs: number;
  readonly losses: RestorePlan["losses"];
  readonly conflicts: RestorePlan["conflicts"];
  readonly ids: RestorePlan["ids"];
  readonly newIds: RestorePlan["newIds"];
  readonly newUrls: RestorePlan["newUrls"];
  readonly relaxed: readonly string[];
  readonly hooks: RestorePlan["hooks"];
  readonly notes: readonly string[];
  readonly confirmation: string | undefined;
  readonly undo: boolean;
  readonly resumes: string | undefined;
  readonly digest: string;
  readonly #included: readonly Included[];

  /**
   * @param work What it is made with.
   * @param planned What is written.
   * @param relaxed The models whose validators step aside.
   * @param included What of the project was asked for.
   */
  constructor(
    readonly work: RestoreWork,
    readonly planned: PlannedSteps,
    relaxed: readonly string[],
    included: readonly Included[] = [],
  ) {
    const { options, project: { id, name }, place, snapshot, earlier, notes } = work;
    this.snapshot = snapshot.name;
    this.target = {
      project: { id, name },
      environment: place.environment,
      isPrimary: place.isPrimary,
      forkOf: place.forkOf ?? null,
    };
    this.writes = sumOf(planned.steps);
    const fork = place.forkOf !== undefined && !work.isMade ? 1 : 0;
    this.requests = this.writes.reduce((sum, { requests }) => sum + requests, fork);
    this.leastMs = leastMs(this.requests);
    this.losses = options.redaction.redactValue([...planned.losses]);
    this.conflicts = options.redaction.redactValue([...planned.conflicts]);
    this.ids = Object.fromEntries(work.expected?.chosen.copies?.ids ?? []);
    this.newIds = options.redaction.redactValue(work.wanted?.newIds ?? null);
    this.newUrls = options.redaction.redactValue(work.newUrls ?? null);
    this.relaxed = relaxed;
    this.#included = included;
    this.hooks = hooksOf(work.project, place);
    this.notes = [...notes, ...work.expected?.notes ?? []];
    this.undo = place.isLiving && this.requests > 0;
    this.confirmation = confirmationOf(
      place,
      work.project,
      work.choices.living,
      destroyedBy(this),
      options.promote === true,
    );
    this.resumes = earlier && `${earlier.prefix}`;
    this.digest = planDigest({
      snapshot: snapshot.name,
      manifest: manifestDigest(snapshot.manifest),
      project: id,
      forkOf: place.forkOf ?? null,
      options: work.choices,
      inventory: work.inventory,
      writes: this.writes,
      losses: this.losses,
    });
  }

  get included(): readonly Included[] {
    return this.work.options.redaction.redactValue([...this.#included]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.work.inventory[Symbol.asyncDispose]() as Promise<void>;
  }
}

/** An environment that a drill has made, or is going to make. */
export interface DrilledEnvironment {
  /** The folder that the journal of the restore lies in. */
  readonly journals: string;
  /** The environment as it is once it is emptied, as long as it isn't. */
  readonly emptied?: Emptied | undefined;
}

/** What a plan is made with, and carried out. */
export interface RestoreWork {
  /** The options. */
  readonly options: Settled<RestoreOptions>;
  /** Those that shape what is written, with their defaults. */
  readonly choices: Choices;
  /** Plans what is written. */
  readonly parts: RestoreParts;
  /** The snapshot. */
  readonly found: FoundSnapshot;
  /** The same, open. */
  readonly snapshot: Snapshot;
  /** The project that is restored into. */
  readonly project: FoundProject;
  /** Where to. */
  readonly place: TargetPlace;
  /** Whether the environment was made by an earlier run. */
  readonly isMade: boolean;
  /** The drill that has made the environment. @default The restore makes it */
  readonly drill?: DrilledEnvironment | undefined;
  /** The restore that is resumed. */
  readonly earlier: EarlierRestore | undefined;
  /** What the restore wrote to that this one undoes: nothing else is written. */
  readonly undone: Touched | undefined;
  /** What an earlier run was to write where editors work. */
  readonly touched: Touched | undefined;
  /** Whether anything in the snapshot has a numeric id. */
  readonly isOld: boolean;
  /** What was there. It is another one once an environment was made. */
  inventory: Inventory;
  /** What the user should know. */
  readonly notes: readonly string[];
  /** What an earlier run has begun to bring along with what was chosen. */
  readonly along?: Along | undefined;
  /** The snapshot as it is to be in the target. @default As it is */
  readonly wanted?: Wanted | undefined;
  /** What is told of addresses of uploads. */
  readonly newUrls?: NewUrls | null | undefined;
  /** What the target is to be, if only a part is restored. */
  readonly expected?: Expected | undefined;
}

/** What shapes what is written. */
export type Choices = JournalChoices & Pick<PlanInput, "isOtherProject">;
