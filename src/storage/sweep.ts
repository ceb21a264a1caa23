import type { ReadOptions } from "./storage.ts";

/** What a storage's `sweep` takes. */
export interface SweepOptions extends ReadOptions {
  /** Only what began before this moment is removed: what is younger may still be written. */
  readonly olderThan: Date;
}
