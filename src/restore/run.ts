import type { Loss, Phase } from "./phases.ts";
import type { Target } from "./target.ts";

/** What a step is run with. */
export interface RestoreRun {
  /** Where it writes. */
  readonly target: Target;
  /** Aborts requests in flight. */
  readonly signal: AbortSignal;
  /** Remembers what has to be undone, should the restore end early. */
  readonly temporary: Temporary;

  /**
   * Writes one thing after the other, some at once. A restore that is to stop takes no further one, and waits for
   * those in flight.
   *
   * @param things What is written.
   * @param write Writes one.
   * @throws {RestoreStopped} If the restore is to stop before all are written.
   */
  forEach<T>(
    things: Iterable<T>,
    write: (thing: T) => Promise<void>,
  ): Promise<void>;

  /** Told of what was written, for progress: of which type, and how many. */
  wrote(phase: Phase, type: string, count?: number): void;

  /** Told of what was lost while writing. */
  lost(loss: Loss): void;
}

/** What a restore changes for its own time, and puts back: noted durably before it is changed. */
export interface Temporary {
  /**
   * Notes something.
   *
   * @param key What it is, such as `validators/<field id>`.
   * @param value What it has to be again: `{ data }`, the body of the update that puts it back.
   */
  note(key: string, value: unknown): Promise<void>;

  /** It was put back. */
  done(key: string): Promise<void>;
}
