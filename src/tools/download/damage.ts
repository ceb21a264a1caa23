import { SluiceError } from "../../error.ts";
import { printable } from "../../text/printable.ts";

/**
 * What is to be taken from a snapshot isn't as it was sealed: nothing of it is taken.
 *
 * @example
 * ```ts
 * import { SnapshotDamagedError } from "@sluice/datocms/tools";
 *
 * const error = new SnapshotDamagedError("48213/1796052267", "site.json", "it isn't there");
 * console.assert(error.exitCode === 1);
 * ```
 */
export class SnapshotDamagedError extends SluiceError {
  /** The error's name. */
  override readonly name = "SnapshotDamagedError";
  /** The object that isn't right: its key in the storage, or its path in the snapshot. */
  readonly key: string;

  /**
   * Says what is wrong.
   *
   * @param snapshot The snapshot's name.
   * @param key The object.
   * @param what What is wrong with it: a clause.
   */
  constructor(snapshot: string, key: string, what: string) {
    super(
      `The snapshot ${printable(snapshot)} is damaged: ${
        JSON.stringify(printable(key, 200))
      }: ${what}. Verify it, and take another one.`,
    );
    this.key = key;
  }
}
