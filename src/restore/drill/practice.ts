import { limited } from "../../async/limited.ts";
import { SluiceError } from "../../error.ts";
import { CmaClient } from "../../source/datocms/cma_client.ts";
import { findEnvironment } from "../../source/datocms/environments.ts";
import { printable } from "../../text/printable.ts";
import type { Snapshot } from "../../tools/open.ts";
import { apply } from "../apply.ts";
import { makeEnvironment, removeEnvironment } from "../environment.ts";
import { RestoreJournal } from "../journal.ts";
import { planned } from "../make_plan.ts";
import { RESTORE_DEFAULTS, type RestoreOptions } from "../options.ts";
import type { RestoreResult, RestoreVerification } from "../report.ts";
import { inventoryOf, type Settled } from "../settled.ts";
import { runSteps } from "../steps.ts";
import { Target } from "../target.ts";
import type { DrillChoices, DrillPlan } from "./plan_drill.ts";
import type { Stages } from "./stages.ts";
import { type TriedAssets, tryAssets } from "./trial_uploads.ts";

/** How long an environment is tried to be destroyed, in milliseconds. */
const DESTROY_MS = 120_000;

/** What a practice needs. */
export interface PracticeOptions {
  /** What is done. */
  readonly plan: DrillPlan;
  /** How the project is reached. */
  readonly options: Settled<RestoreOptions>;
  /** What was asked for. */
  readonly choices: DrillChoices;
  /** Measures. */
  readonly stages: Stages;
  /** The snapshot. */
  readonly snapshot: Snapshot;
  /** The project as it was read. */
  readonly there: Snapshot;
  /** The folder of the drill's journal. */
  readonly folder: string;
}

/** The part of a drill that writes: an environment is made, restored into, and destroyed. */
export class Practice {
  /** What went wrong, in sentences. */
  readonly problems: string[] = [];
  /** How what was restored was compared; `null` if it didn't come to that. */
  verification: RestoreVerification | null = null;
  /** How files were sent; `null` if it didn't come to that. */
  assets: TriedAssets | null = null;
  /** The environments of earlier drills that were destroyed. */
  readonly removed: string[] = [];
  /** Requests that were sent but for reading before and comparing. */
  readonly sent = { reads: 0, writes: 0 };
  /** Whether the snapshot was restored to the end. */
  isRestored = false;
  /** Whether the environment is there, or may be. */
  isThere = false;
  readonly #of: PracticeOptions;

  /** @param of What it needs. */
  constructor(of: PracticeOptions) {
    this.#of = of;
  }

  /**
   * Does it all. What fails is a problem; the environment is destroyed then, too, unless it is to be kept.
   *
   * @throws The signal's reason.
   */
  async run(): Promise<void> {
    const { options: { signal }, choices: { keep }, plan: { environment } } = this.#of;
    let isOver = false;
    try {
      await this.#practise();
      isOver = true;
    } catch (error) {
      signal.throwIfAborted();
      isOver = true;
      this.problems.push(error instanceof Error ? error.message : String(error));
    } finally {
      const isKept = keep === "always" || (keep === "on-failure" && this.problems.length > 0);
      if (this.isThere && !(isOver && isKept)) await this.#destroy(environment);
    }
  }

  async #practise(): Promise<void> {
    const { plan, options, choices: { assets: most, seed }, stages, snapshot, there } = this.#of;
    const { environment, leftovers } = plan;
    const { signal, concurrency = RESTORE_DEFAULTS.concurrency } = options;
    if (leftovers.length > 0) await stages.run("clean", () => this.#clean());
    await stages.run("fork", () => this.#make());
    const target = new Target({ ...options, onEvent: undefined, environment });
    try {
      await stages.run("empty", () => this.#empty(target));
      this.#take(await stages.run("restore", () => this.#restore()));
      if (most === 0) return;
      const trial = { snapshot, target, environment, there, most, seed, concurrency, signal };
      this.assets = await stages.run("assets", () => tryAssets(trial));
      this.problems.push(...this.assets.problems);
    } finally {
      this.sent.reads += target.requests.reads;
      this.sent.writes += target.requests.writes;
    }
  }

  /** Destroys what earlier drills left. */
  async #clean(): Promise<void> {
    for (const id of this.#of.plan.leftovers) {
      if (await removeEnvironment(id, this.#making)) this.removed.push(id);
      this.sent.writes++;
    }
  }

  async #make(): Promise<void> {
    const { plan: { environment, work: { project } } } = this.#of;
    const making = this.#making;
    // Whatever has the name by now isn't what this drill makes.
    if (await findEnvironment(making.client, environment, making.signal) !== undefined) {
      throw new SluiceError(
        `Somebody else has just made an environment ${environment}: drill again.`,
      );
    }
    this.isThere = true;
    this.sent.writes++;
    await makeEnvironment({ environment, forkOf: project.primary }, false, making);
  }

  async #empty(target: Target): Promise<void> {
    const { plan: { emptying }, options, folder } = this.#of;
    const { storage, journal = storage, signal, clock, onEvent } = options;
    await runSteps(emptying, {
      target,
      journal: new RestoreJournal(journal, `${folder}/emptied`),
      concurrency: options.concurrency ?? RESTORE_DEFAULTS.concurrency,
      signal,
      stop: signal,
      clock,
      onEvent,
      // Whatever is left is found out by the restore.
      onLoss: () => {},
    });
  }

  /** Restores the snapshot into the emptied environment, which is looked at first. */
  async #restore(): Promise<RestoreResult> {
    const { plan: { environment, work }, options, folder } = this.#of;
    const { signal } = options;
    await using inventory = await inventoryOf(options, environment, "plan");
    const plan = await planned(
      { ...work, options, drill: { journals: folder }, inventory },
      signal,
    );
    return await apply(plan, { signal });
  }

  #take({ verification, losses, requests }: RestoreResult): void {
    const foreseen = new Set(this.#of.plan.losses.map((loss) => JSON.stringify(loss)));
    this.isRestored = true;
    this.verification = verification;
    this.sent.reads += requests.reads;
    this.sent.writes += requests.writes;
    const count = (verification?.differences.length ?? 0) + (verification?.more ?? 0);
    if (count > 0) {
      this.problems.push(
        `What was restored isn't what the snapshot holds: ${count} ${
          count === 1 ? "difference" : "differences"
        }.`,
      );
    }
    for (const loss of losses) {
      if (!foreseen.has(JSON.stringify(loss))) this.problems.push(loss.message);
    }
  }

  /** Destroys the environment, whatever has happened. */
  async #destroy(environment: string): Promise<void> {
    const making = this.#making;
    this.sent.writes++;
    try {
      await this.#of.stages.run("destroy", () => {
        return limited(DESTROY_MS, undefined, async (signal) => {
          await removeEnvironment(environment, { ...making, signal });
        });
      });
      this.isThere = false;
    } catch (error) {
      const why = printable(error instanceof Error ? error.message : String(error), 300);
      const message = `The environment ${environment} couldn't be destroyed (${
        why.replace(/\.$/, "")
      }): the next drill tries it again.`;
      making.onEvent({ type: "warning", code: "drill_not_destroyed", message });
    }
  }

  get #making() {
    const { options } = this.#of;
    const client = new CmaClient({ ...options, onEvent: undefined, environment: undefined });
    const { signal, clock, onEvent } = options;
    return { client, signal, clock, onEvent };
  }
}
