import type { AssetOutcome } from "../sink/asset_download.ts";
import type { ExportRun } from "./export_run.ts";

/**
 * What became of an asset, without the secrets that a server may have put into the reason.
 *
 * @param run The export.
 * @param outcome What became of it.
 */
export function withoutSecrets({ redaction }: ExportRun, outcome: AssetOutcome): AssetOutcome {
  const { reason } = outcome;
  return reason === undefined ? outcome : { ...outcome, reason: redaction.redact(reason) };
}

/**
 * Tells what became of an asset, and notes it for the manifest if there is no file.
 *
 * @param run The export.
 * @param outcome What became of it.
 */
export function noteAsset(run: ExportRun, outcome: AssetOutcome): void {
  const about = `Asset ${outcome.key} (upload ${outcome.upload_id})`;
  if (outcome.outcome === "withdrawn") run.warn("asset_withdrawn", `${about}: ${outcome.reason}.`);
  if (outcome.outcome === "not_served") {
    run.warn("asset_not_served", `${about}: ${outcome.reason}.`);
  }
  if (outcome.outcome === "failed") {
    const reason = outcome.reason?.replace(/\.$/, "");
    run.fail("asset_failed", `${about} couldn't be fetched: ${reason}.`);
  }
  run.emit({ type: "asset", outcome });
}
