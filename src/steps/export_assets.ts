import type { Upload } from "../content/resource.ts";
import { syncAssets } from "../sink/asset_sync.ts";
import type { WrittenBatch } from "../sink/batch_sink.ts";
import { NDJSON } from "../sink/encodings.ts";
import { AssetNames } from "../snapshot/asset_names.ts";
import { ASSET_INDEX, assetsPrefix } from "../snapshot/layout.ts";
import type { Manifest } from "../snapshot/manifest.ts";
import { readBatch } from "../snapshot/read_batch.ts";
import { fetchAsset } from "../source/asset_fetch.ts";
import type { ExportContext } from "./export_context.ts";

/** The asset files: read from the upload batches just written, so that the listing doesn't wait for them. */
export async function exportAssets(
  { run, snapshot, options }: ExportContext,
  batches: readonly WrittenBatch[],
  signal: AbortSignal,
): Promise<NonNullable<Manifest["assets"]>> {
  const { storage } = options;
  const prefix = assetsPrefix(run.project.site.id);
  const names = new AssetNames();
  const tally = {
    downloaded: { count: 0, bytes: 0 },
    kept: { count: 0, bytes: 0 },
    withdrawn: 0,
    failed: 0,
  };
  async function* uploads() {
    for (const { key } of batches) yield* readBatch<Upload>(storage, key, signal);
  }
  const outcomes = syncAssets(uploads(), storage, {
    concurrency: run.concurrency,
    retry: options.retry,
    signal,
    key: (upload) => `${prefix}/${names.of(upload)}`,
    fetch: (upload, { signal }) => fetchAsset(upload, { ...options, signal }),
    onRetry: ({ attributes: { path } }, reason, attempt, waitMs) => {
      run.emit({ type: "retry", what: `asset ${path}`, reason, attempt, waitMs });
    },
    onOutcome: (outcome) => {
      if (outcome.outcome === "downloaded" || outcome.outcome === "kept") {
        tally[outcome.outcome].count++;
        tally[outcome.outcome].bytes += outcome.size ?? 0;
      } else tally[outcome.outcome]++;
      const about = `Asset ${outcome.key} (upload ${outcome.upload_id})`;
      if (outcome.outcome === "withdrawn") {
        run.warn("asset_withdrawn", `${about}: ${outcome.reason}.`);
      }
      if (outcome.outcome === "failed") {
        run.fail("asset_failed", `${about} couldn't be fetched: ${outcome.reason}.`);
      }
      run.emit({ type: "asset", outcome });
    },
  });
  await outcomes.pipeTo(
    snapshot.sink({ path: () => ASSET_INDEX, encoding: NDJSON, maxEntries: Infinity }),
    { signal },
  );
  return { index: ASSET_INDEX, prefix, ...tally };
}
