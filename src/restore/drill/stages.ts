import type { Clock } from "../../async/clock.ts";
import type { DrillStage } from "./options.ts";

/** Measures how long the stages of a drill take. */
export class Stages {
  readonly #times: Partial<Record<DrillStage, number>> = {};
  readonly #clock: Clock;
  readonly #onStage: (stage: DrillStage) => void;

  /**
   * @param clock Measures.
   * @param onStage Called with each stage that begins.
   */
  constructor(clock: Clock, onStage: (stage: DrillStage) => void) {
    this.#clock = clock;
    this.#onStage = onStage;
  }

  /** How long each one took so far, in milliseconds. */
  get times(): Readonly<Partial<Record<DrillStage, number>>> {
    return this.#times;
  }

  /** Does a stage. */
  async run<T>(stage: DrillStage, work: () => Promise<T>): Promise<T> {
    this.#onStage(stage);
    const begun = this.#clock.elapsed();
    try {
      return await work();
    } finally {
      this.#times[stage] = Math.round(this.#clock.elapsed() - begun);
    }
  }
}
