import type { Clock } from "../async/clock.ts";
import { EXIT, type ExitCode } from "../error.ts";
import type { Included } from "./included/plan_included.ts";
import type { ApplyRestoreOptions } from "./options.ts";
import type { RestoreConflict } from "./living.ts";
import type { NewIds } from "./ids/new_ids.ts";
import type { Loss } from "./phases.ts";
import type { PlannedWrites } from "./plan.ts";
import type { Promotion } from "./promote.ts";
import type { NewUrls } from "./upload_urls.ts";
import type { RestorePlan, RestoreTarget } from "./restore_plan.ts";
import type { LeftOut } from "./verify/left_out.ts";
import type { Verified } from "./verify/difference.ts";

/** What came of a restore. */
export interface RestoreResult {
  /**
   * `restored`; `lossy`, if something is lost beyond what always is, such as an asset whose file DatoCMS doesn't serve;
   * `different`, if the target isn't what the snapshot holds.
   */
  readonly status: "restored" | "lossy" | "different";
  /** The exit code of `sluice restore`. */
  readonly exitCode: ExitCode;
  /** The snapshot's name. */
  readonly snapshot: string;
  /** Where it was restored to. */
  readonly target: RestoreTarget;
  /** What was planned. */
  readonly planned: readonly PlannedWrites[];
  /** How many were written, by phase and type. */
  readonly written: Readonly<Record<string, number>>;
  /** What is lost. */
  readonly losses: readonly Loss[];
  /** What both have, each otherwise, and what was left as the target has it. */
  readonly conflicts: readonly RestoreConflict[];
  /** The ids of copies, by those of the records that they are of. */
  readonly ids: Readonly<Record<string, string>>;
  /** Numeric ids that are others in the target; `null` if there are none. */
  readonly newIds: NewIds | null;
  /** Addresses of uploads that are others in the target; `null` if there are none. */
  readonly newUrls: NewUrls | null;
  /** What of the project was asked for: what was made, and what was there already. */
  readonly included: readonly Included[];
  /** How the comparison of the target with the snapshot went; `null` if there was none. */
  readonly verification: RestoreVerification | null;
  /** Requests that were sent to write, and to look while writing; without those of inventory and verification. */
  readonly requests: { readonly reads: number; readonly writes: number };
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** The journal's address. */
  readonly journal: string;
  /** What names the snapshot that undoes it, beside the journal; `null` if there is none. */
  readonly undo: string | null;
  /** Whether the new environment is the primary one now; `null` if that wasn't asked for. */
  readonly promotion: Promotion | null;
}

/** How a target was compared with the snapshot. */
export interface RestoreVerification extends Verified {
  /** How much was compared. */
  readonly mode: NonNullable<ApplyRestoreOptions["verify"]>;
  /** What wasn't compared, as it can't come back: by name. */
  readonly leftOut: readonly LeftOut[];
}

/** What isn't a loss of what was asked for: what is scheduled comes back on request only. */
const LEFT = "schedule_left";

/** Gathers what becomes of a restore. */
export class RestoreReport {
  /** The journal's address. */
  journal = "";
  /** What names the snapshot that undoes it. */
  undo: string | null = null;
  /** What became of the promotion that was asked for. */
  promotion: Promotion | null = null;
  /** How many were written, by phase and type. */
  written: Readonly<Record<string, number>> = {};
  readonly #plan: RestorePlan;
  readonly #clock: Clock;
  readonly #started: number;
  readonly #losses = new Map<string, Loss>();
  #planned: readonly PlannedWrites[];
  #conflicts: readonly RestoreConflict[];
  /** Kept up to date while it is made. */
  #included: () => readonly Included[];
  #newIds: NewIds | null;
  #newUrls: NewUrls | null;
  #verification: RestoreVerification | null = null;
  #reads = 0;
  #writes = 0;

  /**
   * @param plan What was planned.
   * @param clock Measures the time.
   */
  constructor(plan: RestorePlan, clock: Clock) {
    this.#plan = plan;
    this.#planned = plan.writes;
    this.#conflicts = plan.conflicts;
    this.#included = () => plan.included;
    this.#newIds = plan.newIds;
    this.#newUrls = plan.newUrls;
    this.#clock = clock;
    this.#started = clock.elapsed();
  }

  /** Requests so far that change something. */
  get writes(): number {
    return this.#writes;
  }

  /** What is lost so far. */
  get losses(): readonly Loss[] {
    return [...this.#losses.values()];
  }

  /** Counts a request. */
  request(isRead: boolean): void {
    if (isRead) this.#reads++;
    else this.#writes++;
  }

  /** Takes a plan that was made anew. */
  planned(plan: RestorePlan): void {
    const { writes, conflicts, newIds, newUrls } = plan;
    this.#planned = writes;
    this.#included = () => plan.included;
    this.#conflicts = conflicts;
    this.#newIds = newIds;
    this.#newUrls = newUrls;
  }

  /** Takes the addresses that uploads have got. */
  addresses(urls: NewUrls["urls"]): void {
    if (this.#newUrls !== null) this.#newUrls = { ...this.#newUrls, urls };
  }

  /** Takes a loss: `false` if it was told before. */
  lose(loss: Loss): boolean {
    const key = JSON.stringify(loss);
    if (this.#losses.has(key)) return false;
    this.#losses.set(key, loss);
    return true;
  }

  /** Takes what a comparison with the snapshot found. */
  verified(
    found: Verified,
    mode: RestoreVerification["mode"],
    leftOut: RestoreVerification["leftOut"],
  ): void {
    this.#verification = { mode, ...found, leftOut };
  }

  /** What came of it. */
  result(): RestoreResult {
    const { snapshot, target } = this.#plan;
    const { losses } = this;
    const isDifferent = (this.#verification?.differences.length ?? 0) > 0;
    const isLossy = losses.some(({ code }) => code !== LEFT);
    const status = isDifferent ? "different" : isLossy ? "lossy" : "restored";
    return {
      status,
      exitCode: this.promotion?.isDone === false
        ? EXIT.failed
        : { different: EXIT.failed, lossy: EXIT.partial, restored: EXIT.complete }[status],
      snapshot,
      target,
      planned: this.#planned,
      written: this.written,
      losses,
      conflicts: this.#conflicts,
      ids: this.#plan.ids,
      newIds: this.#newIds,
      newUrls: this.#newUrls,
      included: this.#included(),
      verification: this.#verification,
      requests: { reads: this.#reads, writes: this.#writes },
      ms: Math.round(this.#clock.elapsed() - this.#started),
      journal: this.journal,
      undo: this.undo,
      promotion: this.promotion,
    };
  }
}
