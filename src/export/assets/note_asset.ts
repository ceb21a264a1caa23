import type { AssetOutcome } from "../../assets/asset_download.ts";
import { ASSET_FAILURE, KNOWN_ASSET_FAILURE } from "../../snapshot/manifest.ts";
import type { ExportRun } from "../export_run.ts";

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
 * @param knownSince The snapshot before, if it failed for the same reason there.
 */
export function noteAsset(
  run: ExportRun,
  outcome: AssetOutcome,
  knownSince?: string | undefined,
): void {
  const about = `Asset ${outcome.key} (upload ${outcome.upload_id})`;
  if (outcome.outcome === "withdrawn") {
    run.addWarning("asset_withdrawn", `${about}: ${outcome.reason}.`);
  }
  if (outcome.outcome === "not_served") {
    run.addWarning("asset_not_served", `${about}: ${outcome.reason}.`);
  }
  if (outcome.outcome === "failed") {
    const reason = outcome.reason?.replace(/\.$/, "");
    const what = `${about} couldn't be fetched: ${reason}`;
    if (knownSince === undefined) run.addFailure(ASSET_FAILURE, `${what}.`);
    else run.addFailure(KNOWN_ASSET_FAILURE, `${what}, as in ${knownSince} before.`);
  }
  run.emit({ type: "asset", outcome });
}
