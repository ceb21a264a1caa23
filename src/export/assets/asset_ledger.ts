import type { AssetOutcome } from "../../assets/asset_download.ts";
import { ndjsonBytes } from "../../transform/encode_ndjson.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { assetListPath } from "../../snapshot/layout.ts";
import type { Checkpoints, Segmented } from "../resume/checkpoints.ts";
import type { ResumeState } from "../resume/resume_state.ts";

/** What {@linkcode AssetLedger} uses. */
export interface LedgerParts {
  /** Counts the lists. */
  readonly state: Pick<ResumeState, "assetLists">;
  /** When they are written. */
  readonly checkpoints: Pick<Checkpoints, "saveWhenDue">;
  /** Where they go. */
  readonly snapshot: Pick<SnapshotWriter, "putAside">;
}

/**
 * Keeps a list of the assets that are there, so that an export that resumes needn't look at them again:
 * each checkpoint writes down those that were done since the last one.
 */
export class AssetLedger implements Segmented {
  readonly #state: Pick<ResumeState, "assetLists">;
  readonly #checkpoints: Pick<Checkpoints, "saveWhenDue">;
  readonly #snapshot: Pick<SnapshotWriter, "putAside">;
  readonly #signal: AbortSignal;
  #done: AssetOutcome[] = [];

  /**
   * @param parts Where the lists are counted, when they are written, and where they go.
   * @param signal Aborts the writing.
   */
  constructor({ state, checkpoints, snapshot }: LedgerParts, signal: AbortSignal) {
    this.#state = state;
    this.#checkpoints = checkpoints;
    this.#snapshot = snapshot;
    this.#signal = signal;
  }

  /**
   * Notes an asset that is done.
   *
   * @param outcome What became of it.
   */
  add(outcome: AssetOutcome): void {
    if (outcome.size === null) return;
    this.#done.push(outcome);
    this.#checkpoints.saveWhenDue();
  }

  /** Writes the list of the assets that were done since the last one. */
  async endSegment(): Promise<void> {
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    const path = assetListPath(this.#state.assetLists);
    await this.#snapshot.putAside(path, ndjsonBytes(done), { signal: this.#signal });
    this.#state.assetLists++;
  }
}
