import type { AssetOutcome } from "./asset_download.ts";
import type { FailedAsset, ManifestAssets } from "../snapshot/manifest.ts";

/** Failures that are named in a manifest: a project where all fail must not fill the memory. */
const NAMED = 1000;

/** What a manifest counts of assets. */
export interface AssetCounts
  extends Pick<ManifestAssets, "downloaded" | "kept" | "withdrawn" | "notServed" | "failed"> {
  /** The first thousand that failed. */
  readonly failures: readonly FailedAsset[];
}

/** Counts what became of assets, for the manifest, and remembers the first thousand that failed. */
export class AssetTally {
  #downloaded = { count: 0, bytes: 0 };
  #kept = { count: 0, bytes: 0 };
  #withdrawn = 0;
  #notServed = 0;
  #failed = 0;
  readonly #failures: FailedAsset[] = [];

  /**
   * Counts from nothing, or continues.
   *
   * @param before What was counted before of assets that didn't fail.
   */
  constructor(before?: Pick<ManifestAssets, "downloaded" | "kept" | "withdrawn" | "notServed">) {
    if (before === undefined) return;
    this.#downloaded = { ...before.downloaded };
    this.#kept = { ...before.kept };
    this.#withdrawn = before.withdrawn;
    this.#notServed = before.notServed ?? 0;
  }

  /** How many failed. */
  get failed(): number {
    return this.#failed;
  }

  /** What was counted so far, as the manifest shows it. */
  get counts(): AssetCounts {
    return {
      downloaded: { ...this.#downloaded },
      kept: { ...this.#kept },
      withdrawn: this.#withdrawn,
      notServed: this.#notServed,
      failed: this.#failed,
      failures: [...this.#failures],
    };
  }

  /**
   * Counts an asset.
   *
   * @param outcome What became of it.
   */
  add({ outcome, upload_id, key, size, reason = "", attempts }: AssetOutcome): void {
    if (outcome === "failed") {
      this.#failed++;
      if (this.#failures.length < NAMED) this.#failures.push({ upload_id, key, reason, attempts });
    } else if (outcome === "withdrawn") this.#withdrawn++;
    else if (outcome === "not_served") this.#notServed++;
    else {
      const tally = outcome === "downloaded" ? this.#downloaded : this.#kept;
      tally.count++;
      tally.bytes += size ?? 0;
    }
  }
}
