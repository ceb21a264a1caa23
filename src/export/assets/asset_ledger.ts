import type { AssetOutcome } from "../../assets/asset_download.ts";
import { ndjsonBytes } from "../../transform/encode_ndjson.ts";
import type { SnapshotWriter } from "../../snapshot/snapshot_writer.ts";
import { assetListPath } from "../../snapshot/layout.ts";
import type { Checkpoints, Segmented } from "../resume/checkpoints.ts";

/**
 * Keeps a list of the assets that are there, so that an export that resumes needn't look at them again:
 * each checkpoint writes down those that were done since the last one.
 */
export class AssetLedger implements Segmented {
  readonly #checkpoints: Checkpoints;
  readonly #snapshot: SnapshotWriter;
  readonly #signal: AbortSignal;
  #done: AssetOutcome[] = [];

  /**
   * @param checkpoints Counts the lists.
   * @param snapshot Where the lists go.
   * @param signal Aborts the writing.
   */
  constructor(checkpoints: Checkpoints, snapshot: SnapshotWriter, signal: AbortSignal) {
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
    const path = assetListPath(this.#checkpoints.assetLists);
    await this.#snapshot.putAside(path, ndjsonBytes(done), { signal: this.#signal });
    this.#checkpoints.assetLists++;
  }
}
