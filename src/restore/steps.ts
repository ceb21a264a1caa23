import type { Clock } from "../async/clock.ts";
import { concurrently } from "../async/concurrently.ts";
import { EXIT, SluiceError } from "../error.ts";
import type { RestoreEvent } from "./events.ts";
import type { RestoreJournal } from "./journal.ts";
import { type Loss, type Phase, PHASES } from "./phases.ts";
import type { PlannedWrites, Step } from "./plan.ts";
import type { RestoreRun } from "./run.ts";
import type { Target } from "./target.ts";

/** A restore stopped before all was written, because it was to stop. */
export class RestoreStopped extends SluiceError {
  /** The error's name. */
  override readonly name = "RestoreStopped";

  /**
   * Says why.
   *
   * @param reason Why it was to stop: what it was aborted with.
   */
  constructor(reason: unknown) {
    const told = reason instanceof SluiceError ? reason : undefined;
    super(
      told?.message ?? "The restore was cancelled.",
      told?.exitCode ?? EXIT.cancelled,
      told ?? { cause: reason },
    );
  }
}

/** What the writing of steps needs. */
export interface Running {
  /** Where they write. */
  readonly target: Target;
  /** Where phases and what is temporary are noted. */
  readonly journal: RestoreJournal;
  /** The most requests at a time. */
  readonly concurrency: number;
  /** Aborts requests in flight. */
  readonly signal: AbortSignal;
  /** Aborted when nothing new is to be begun. */
  readonly stop: AbortSignal;
  /** Tells the time. */
  readonly clock: Clock;
  /** Called with each event. */
  readonly onEvent: (event: RestoreEvent) => void;
  /** Called with each loss. */
  readonly onLoss: (loss: Loss) => void;
}

/**
 * Puts steps in the order of their phases; those of one phase stay in theirs.
 *
 * @param steps The steps.
 */
export function inOrder(steps: readonly Step[]): Step[] {
  return steps.toSorted((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
}

/**
 * Adds up what steps write, in the order of their phases: what is the same but for the number is one entry.
 *
 * @param steps The steps, in order.
 */
export function sumOf(steps: readonly Step[]): PlannedWrites[] {
  const sums = new Map<string, PlannedWrites>();
  for (const { action, type, model, count, requests } of steps.flatMap(({ writes }) => writes)) {
    const key = JSON.stringify([action, type, model]);
    const own = sums.get(key) ?? { action, type, model, count: 0, requests: 0 };
    sums.set(key, { ...own, count: own.count + count, requests: own.requests + requests });
  }
  return [...sums.values()].filter(({ count, requests }) => count > 0 || requests > 0)
    .map(({ model, ...sum }) => model === undefined ? sum : { ...sum, model });
}

/**
 * Writes steps, phase by phase, each of which is noted before it begins.
 *
 * @param steps The steps, in order.
 * @param running What that needs.
 * @return How many of each type were written, by phase.
 * @throws {RestoreStopped} If it was to stop first.
 * @throws What a step fails with.
 */
export async function runSteps(
  steps: readonly Step[],
  running: Running,
): Promise<ReadonlyMap<string, number>> {
  const { target, journal, signal, stop, clock, onEvent, onLoss } = running;
  const written = new Map<string, number>();
  const run: RestoreRun = {
    target,
    signal,
    temporary: journal,
    forEach: (things, write) => writeEach(things, write, running),
    wrote(phase, type, count = 1) {
      const key = `${phase} ${type}`;
      const sum = (written.get(key) ?? 0) + count;
      written.set(key, sum);
      onEvent({ type: "wrote", phase, resource: type, count: sum });
    },
    lost: onLoss,
  };
  let phase: Phase | undefined;
  for (const step of steps) {
    if (stop.aborted) throw new RestoreStopped(stop.reason);
    if (step.phase !== phase) {
      phase = step.phase;
      const planned = sumOf(steps.filter((one) => one.phase === phase));
      await journal.phase(phase, planned, new Date(clock.now()), signal);
      const requests = planned.reduce((sum, { requests }) => sum + requests, 0);
      onEvent({ type: "phase", phase, planned: requests });
    }
    await step.run(run);
  }
  return written;
}

/** Writes some things at once; a restore that is to stop takes no further one. */
async function writeEach<T>(
  things: Iterable<T>,
  write: (thing: T) => Promise<void>,
  { concurrency, signal, stop }: Pick<Running, "concurrency" | "signal" | "stop">,
): Promise<void> {
  const assertGoesOn = () => {
    signal.throwIfAborted();
    if (stop.aborted) throw new RestoreStopped(stop.reason);
  };
  const writes = function* () {
    for (const thing of things) {
      assertGoesOn();
      yield () => write(thing);
    }
    assertGoesOn();
  };
  await concurrently(writes(), concurrency);
}
