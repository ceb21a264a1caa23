import { EXIT, SluiceError } from "./error.ts";

/**
 * An export stopped because its time budget was over. Nothing is lost: an export with `resume` goes on
 * from there.
 */
export class UnfinishedError extends SluiceError {
  /** The error's name. */
  override readonly name = "UnfinishedError";
  /** The address of the snapshot that isn't complete; `undefined` if none was begun. */
  readonly snapshot: string | undefined;

  /**
   * Says where to go on.
   *
   * @param snapshot The address of the snapshot that isn't complete.
   */
  constructor(snapshot?: string) {
    super(
      snapshot === undefined
        ? "The time budget was over before the export could begin: give it more (--time-budget)."
        : `The time budget is over, and the snapshot at ${snapshot} isn't complete yet: go on with --resume.`,
      EXIT.unfinished,
    );
    this.snapshot = snapshot;
  }
}
