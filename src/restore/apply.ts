import { limited } from "../async/limited.ts";
import { TimeBudget } from "../async/time_budget.ts";
import { EXIT, SluiceError } from "../error.ts";
import { CmaClient } from "../source/datocms/cma_client.ts";
import type { Storage } from "../storage/storage.ts";
import { printable } from "../text/printable.ts";
import { lockOf, putBack } from "./abort.ts";
import { makeEnvironment } from "./environment.ts";
import { pauseHooks } from "./hooks.ts";
import type { Inventory } from "./inventory.ts";
import { RestoreJournal } from "./journal.ts";
import { MadePlan } from "./made_plan.ts";
import { planned } from "./make_plan.ts";
import { type ApplyRestoreOptions, RESTORE_DEFAULTS } from "./options.ts";
import type { Loss } from "./phases.ts";
import { promote } from "./promote.ts";
import { RestoreReport, type RestoreResult } from "./report.ts";
import { manifestDigest, type RestorePlan } from "./restore_plan.ts";
import { inventoryOf, journalPlace } from "./settled.ts";
import { RestoreStopped, runSteps } from "./steps.ts";
import { Target } from "./target.ts";
import { keepForUndo, nameOfUndo } from "./undo.ts";
import { leftOutBy, whensOf } from "./verify/left_out.ts";
import { verifyTarget } from "./verify/verify.ts";

/** How long it is tried to put back what was changed for a while, in milliseconds. */
const UNDO_MS = 120_000;

/**
 * Carries out a plan, as {@linkcode applyRestore} does.
 *
 * @param plan The plan.
 * @param options How far.
 */
export async function apply(
  plan: RestorePlan,
  options: ApplyRestoreOptions,
): Promise<RestoreResult> {
  if (!(plan instanceof MadePlan)) {
    throw new SluiceError("Expected a plan that planRestore() has made.", EXIT.usage);
  }
  const { options: { redaction } } = plan.work;
  try {
    return redaction.redactValue(await applyLocked(plan, options));
  } catch (error) {
    throw redaction.redactError(error);
  }
}

async function applyLocked(
  plan: MadePlan,
  { timeBudgetMs, maxWrites = Infinity, stop: asked, signal: given, verify }: ApplyRestoreOptions,
): Promise<RestoreResult> {
  const { work: { options, place, project } } = plan;
  const { clock } = options;
  const journals = options.journal ?? options.storage;
  using budget = timeBudgetMs === undefined
    ? undefined
    : new TimeBudget(timeBudgetMs, () =>
      unfinished("its time is used up", "time_budget_over"), clock);
  const full = new AbortController();
  const over = given ? [given] : [];
  const stop = AbortSignal.any([
    full.signal,
    ...over,
    ...asked ? [asked] : [],
    ...budget ? [budget.stop] : [],
  ]);
  const signal = AbortSignal.any([...over, ...budget ? [budget.signal] : []]);
  await using lock = await lockOf(journals, project.id, place.environment, signal);
  const running = AbortSignal.any([signal, lock.signal]);
  const run = new Applying(plan, {
    signal: running,
    stop: AbortSignal.any([stop, lock.signal]),
    journals: lock.storage,
    verify: verify ?? RESTORE_DEFAULTS.verify,
    onWrites: (writes) => {
      if (writes >= maxWrites && !full.signal.aborted) {
        full.abort(unfinished(`${writes} requests that change something were sent`, "max_writes"));
      }
    },
  });
  return await run.run();
}

/** The error of a restore that may go no further now. */
function unfinished(why: string, code: string): SluiceError {
  return new SluiceError(
    `The restore was stopped because ${why}; what was written stays, and it can be resumed.`,
    EXIT.unfinished,
    { code },
  );
}

interface Ends {
  readonly signal: AbortSignal;
  readonly stop: AbortSignal;
  readonly journals: Storage;
  readonly verify: NonNullable<ApplyRestoreOptions["verify"]>;
  readonly onWrites: (writes: number) => void;
}

/** A restore under way. */
class Applying {
  #plan: MadePlan;
  readonly #ends: Ends;
  readonly #options: MadePlan["work"]["options"];
  readonly #target: Target;
  readonly #report: RestoreReport;
  /** The primary environment before it was forked, if the fork is to be promoted. */
  #primaryBefore: Inventory | undefined;

  constructor(plan: MadePlan, ends: Ends) {
    const { work: { options, place: { environment } } } = plan;
    this.#plan = plan;
    this.#ends = ends;
    this.#options = options;
    this.#report = new RestoreReport(plan, options.clock);
    this.#target = new Target({
      ...options,
      environment,
      onEvent: (event) => {
        if (event.type !== "request") return;
        const isRead = event.method === "GET";
        this.#report.request(isRead);
        if (!isRead) ends.onWrites(this.#report.writes);
      },
    });
  }

  async run(): Promise<RestoreResult> {
    const { work: { choices, drill, earlier, found, place, project, snapshot }, digest } =
      this.#plan;
    const { isOtherProject: _, ...noted } = choices;
    const { signal, journals } = this.#ends;
    const { clock } = this.#options;
    const journal = earlier === undefined
      ? await RestoreJournal.begin(journals, drill?.journals ?? journalPlace(found), {
        snapshot: found.name,
        manifest: manifestDigest(snapshot.manifest),
        project: project.id,
        environment: place.environment,
        forkOf: place.forkOf ?? null,
        startedAt: new Date(clock.now()).toISOString(),
        digest,
        options: noted,
      }, signal)
      : await RestoreJournal.open(journals, earlier.prefix, signal);
    this.#report.journal = journal.address;
    try {
      await this.#prepare(journal);
      await this.#keep(journal);
      const { expected } = this.#plan.work;
      if (expected !== undefined) await journal.bringing(expected.chosen.along, signal);
      await this.#plan.work.wanted?.ids?.write(journals, journal.prefix, signal);
      if (this.#plan.requests > 0) await this.#pause(journal);
      await this.#write(journal);
      await this.#tellAddresses(journal);
      await putBack(journal, this.#target, signal);
      await this.#verify();
      await this.#promote(journal);
    } catch (error) {
      // Whoever stops it or whatever has failed: nothing stays changed that was changed for a while.
      await limited(UNDO_MS, undefined, (signal) => putBack(journal, this.#target, signal))
        .catch((undoError) => this.#warnOf(undoError, journal));
      throw this.#reasonOf(error);
    } finally {
      await this.#primaryBefore?.[Symbol.asyncDispose]();
    }
    const result = this.#report.result();
    await journal.end(result);
    return result;
  }

  /** Makes the environment, and plans anew what is written to it if it may be another one than was planned for. */
  async #prepare(journal: RestoreJournal): Promise<void> {
    const { work } = this.#plan;
    const { place: { environment, forkOf }, project } = work;
    const { signal, stop } = this.#ends;
    const hasChanged = journal.changed.length > 0;
    await putBack(journal, this.#target, signal);
    const either = AbortSignal.any([signal, stop]);
    if (forkOf !== undefined && work.drill === undefined) {
      const isThere = project.environments.some(({ id }) => id === environment);
      if (isThere && !journal.madeEnvironment) {
        throw new SluiceError(
          `The environment ${environment} isn't known to be one that this restore made: restore into a new one.`,
          EXIT.usage,
        );
      }
      await journal.making(environment);
      const { clock, onEvent } = this.#options;
      const client = new CmaClient({
        ...this.#options,
        environment: undefined,
        onEvent: undefined,
      });
      if (!isThere) await this.#pause(journal);
      await makeEnvironment({ environment, forkOf }, isThere, {
        client,
        signal: either,
        clock,
        onEvent,
      });
      if (!isThere) this.#report.request(false);
    }
    const isNew = forkOf !== undefined && !work.isMade;
    if (!isNew && !hasChanged) return;
    // Somebody may have changed it since it was looked at.
    const before = work.inventory;
    work.inventory = await inventoryOf({ ...this.#options, signal: either }, environment, "plan");
    if (this.#options.promote && isNew) this.#primaryBefore = before;
    else await before[Symbol.asyncDispose]();
    this.#plan = await planned({ ...work, isMade: true }, either);
    this.#report.planned(this.#plan);
  }

  /** Disables what writing calls, if that was asked for. */
  async #pause(journal: RestoreJournal): Promise<void> {
    const { work: { choices, place } } = this.#plan;
    if (choices.webhooks !== "pause") return;
    await pauseHooks(journal, this.#target, place, this.#ends.signal);
  }

  /** Where editors work, all that is there is kept before anything is written. */
  async #keep(journal: RestoreJournal): Promise<void> {
    const { work: { place, touched, inventory }, planned, undo } = this.#plan;
    const { signal, journals } = this.#ends;
    if (!place.isLiving) return;
    if (!undo && touched === undefined) return;
    if (touched !== undefined) planned.touched.addAll(touched);
    else await keepForUndo(inventory.source, journals, journal.prefix, signal);
    await planned.touched.write(journals, journal.prefix, signal);
    this.#report.undo = nameOfUndo(this.#plan.work.found, journal.prefix);
  }

  async #write(journal: RestoreJournal): Promise<void> {
    const { signal, stop } = this.#ends;
    const { clock, concurrency = RESTORE_DEFAULTS.concurrency, onEvent } = this.#options;
    const onLoss = (loss: Loss) => {
      if (this.#report.lose(loss)) onEvent({ type: "loss", loss });
    };
    for (const loss of this.#plan.losses) onLoss(loss);
    const written = await runSteps(this.#plan.planned.steps, {
      target: this.#target,
      journal,
      concurrency,
      signal,
      stop,
      clock,
      onEvent,
      onLoss,
    });
    this.#report.written = Object.fromEntries(written);
  }

  async #tellAddresses(journal: RestoreJournal): Promise<void> {
    const { wanted, newUrls } = this.#plan.work;
    if (!newUrls || !wanted?.urls) return;
    this.#report.addresses(wanted.urls.some());
    await wanted.urls.write(this.#ends.journals, journal.prefix, this.#ends.signal);
  }

  /** Makes the environment the primary one, if that was asked for and it is as the snapshot holds it. */
  async #promote(journal: RestoreJournal): Promise<void> {
    if (!this.#options.promote) return;
    const { work: { place: { environment }, project: { primary } } } = this.#plan;
    const { signal } = this.#ends;
    const kept = (reason: string) => ({ isDone: false, previous: primary, reason, changes: [] });
    const { exitCode } = this.#report.result();
    this.#report.promotion = this.#ends.verify === "none"
      ? kept("It wasn't compared with the snapshot, so that it wasn't promoted.")
      : exitCode === EXIT.failed
      ? kept("It differs from the snapshot, so that it wasn't promoted.")
      : await promote({
        options: { ...this.#options, signal: AbortSignal.any([signal, this.#ends.stop]) },
        environment,
        primary,
        before: this.#primaryBefore,
        target: this.#target,
        journal,
      });
    await putBack(journal, this.#target, signal);
  }

  async #verify(): Promise<void> {
    const { verify } = this.#ends;
    const signal = AbortSignal.any([this.#ends.signal, this.#ends.stop]);
    if (verify === "none") return;
    const { work, planned } = this.#plan;
    const found = await verifyTarget({
      work: { ...work, options: { ...this.#options, signal } },
      target: this.#target,
      missing: planned.missing,
      replaced: planned.replaced,
      losses: this.#report.losses,
      conflicts: this.#plan.conflicts,
      verify,
    });
    this.#report.verified(found, verify, leftOutBy(whensOf(work.choices)));
  }

  #warnOf(error: unknown, journal: RestoreJournal): void {
    const why = printable(error instanceof Error ? error.message : String(error)).replace(
      /\.$/,
      "",
    );
    this.#options.onEvent({
      type: "warning",
      code: "not_put_back",
      message:
        `What the restore had changed for a while couldn't be put back (${why}): resume or abort it. Its ` +
        `journal is ${journal.address}.`,
    });
  }

  /** What it ended with: that it was to stop goes before whatever it failed with for that. */
  #reasonOf(error: unknown): unknown {
    const { stop, signal } = this.#ends;
    if (error instanceof RestoreStopped) return error;
    if (signal.aborted) return new RestoreStopped(signal.reason);
    return stop.aborted && error === stop.reason ? new RestoreStopped(stop.reason) : error;
  }
}
