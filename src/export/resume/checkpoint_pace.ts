/** The first checkpoint comes so soon, and no other one sooner after the one before (milliseconds). */
const LEAST_MS = 1000;
/** Checkpoints are no farther apart than this (milliseconds), unless they take long. */
const MOST_MS = 30_000;
/** Between, what a kill can cost is this part of the time that was spent. */
const LOST = 1 / 20;
/** The part of the time that checkpoints may take. */
const COST = 1 / 50;
/** However long they take, they aren't farther apart than this (milliseconds). */
const FARTHEST_MS = 5 * 60_000;

/**
 * When checkpoints are due: one after a second, so that a run that is killed soon has brought something
 * forward, and then ever more rarely, up to one every 30 seconds. They take no more than a fiftieth of the
 * time: where they take long, they are farther apart.
 */
export class CheckpointPace {
  readonly #everyMs: number | undefined;
  readonly #now: () => number;
  readonly #begun: number;
  #savedAt: number;
  #count = 0;
  #spentMs = 0;

  /**
   * Starts the clock.
   *
   * @param everyMs How far apart they are, in milliseconds, whatever they take. @default As described
   * @param now The time in milliseconds.
   */
  constructor(everyMs?: number, now: () => number = () => performance.now()) {
    this.#everyMs = everyMs;
    this.#now = now;
    this.#begun = this.#savedAt = now();
  }

  /** In how many milliseconds the next one is due; 0 or less if it is. */
  get dueInMs(): number {
    return this.#savedAt + (this.#everyMs ?? this.#apartMs()) - this.#now();
  }

  /**
   * Counts a checkpoint that was written.
   *
   * @param tookMs How long everything else waited for it, in milliseconds.
   */
  saved(tookMs: number): void {
    this.#savedAt = this.#now();
    this.#count++;
    this.#spentMs += tookMs;
  }

  #apartMs(): number {
    const grown = Math.min(MOST_MS, Math.max(LEAST_MS, (this.#savedAt - this.#begun) * LOST));
    // The first one is written however long it takes: else runs that are always killed soon never end.
    if (this.#count < 2) return grown;
    const another = this.#spentMs / this.#count;
    const affordable = this.#begun + (this.#spentMs + another) / COST - this.#savedAt;
    return Math.min(FARTHEST_MS, Math.max(grown, affordable));
  }
}
