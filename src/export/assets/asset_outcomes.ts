import type { AssetOutcome } from "../../assets/asset_download.ts";
import type { AssetTally } from "../../assets/asset_tally.ts";
import type { Upload } from "../../content/resource.ts";
import { SluiceError } from "../../error.ts";
import { ASSET_FAILURE, KNOWN_ASSET_FAILURE } from "../../snapshot/manifest.ts";
import type { CmaClient } from "../../source/datocms/cma_client.ts";
import { uploadsById } from "../../source/datocms/uploads_by_id.ts";
import { printable } from "../../text/printable.ts";
import type { Secrets } from "../../text/secrets/secrets.ts";
import type { Emit } from "../events.ts";
import type { Journal } from "../journal.ts";

/**
 * What became of an asset, as an asset index has it: without the secrets that a server may have put into the
 * reason, and without what only a command line needs.
 *
 * @param redaction Knows the secrets.
 * @param outcome What became of it.
 */
export function indexEntry(
  redaction: Pick<Secrets, "redact">,
  { code: _code, facts: _facts, ...outcome }: AssetOutcome,
): AssetOutcome {
  const { reason } = outcome;
  return reason === undefined ? outcome : { ...outcome, reason: redaction.redact(reason) };
}

/**
 * What a note of a manifest says first of an asset that failed.
 *
 * @param outcome What became of it.
 */
export function assetFailureText({ key, upload_id: id, reason }: AssetOutcome): string {
  return `Asset ${key} (upload ${id}) couldn't be fetched: ${reason?.replace(/\.$/, "")}`;
}

/**
 * Tells what became of an asset, and notes it for the manifest if there is no file.
 *
 * @param parts Where it is noted, and who is told.
 * @param outcome What became of it.
 * @param knownSince The snapshot before, if it failed for the same reason there.
 */
export function noteAsset(
  { journal, emit }: { readonly journal: Journal; readonly emit: Emit },
  outcome: AssetOutcome,
  knownSince?: string | undefined,
): void {
  const about = `Asset ${outcome.key} (upload ${outcome.upload_id})`;
  if (outcome.outcome === "withdrawn") {
    journal.addWarning("asset_withdrawn", `${about}: ${outcome.reason}.`);
  }
  if (outcome.outcome === "not_served") {
    journal.addWarning("asset_not_served", `${about}: ${outcome.reason}.`);
  }
  if (outcome.outcome === "failed") {
    const what = assetFailureText(outcome);
    if (knownSince === undefined) journal.addFailure(ASSET_FAILURE, `${what}.`);
    else journal.addFailure(KNOWN_ASSET_FAILURE, `${what}, as in ${knownSince} before.`);
  }
  emit({ type: "asset", outcome });
}

/**
 * Makes sure that no more assets failed than may fail.
 *
 * @param tally What was counted so far.
 * @param max The most that may fail.
 * @param then What that means, in a clause.
 * @throws {SluiceError} If more failed.
 */
export function assertFewFailures(
  tally: AssetTally,
  max: number,
  then = "the export was stopped, and its snapshot isn't complete",
): void {
  if (tally.failed <= max) return;
  const [first] = tally.counts.failures;
  const example = first === undefined
    ? ""
    : ` (the first was ${first.key}: ${printable(first.reason, 300).replace(/\.$/, "")})`;
  throw new SluiceError(
    `${tally.failed} assets couldn't be fetched, and no more than ${max} may fail${example}, so ` +
      `${then}: fix the cause or allow more.`,
    undefined,
    { code: "too_many_failures", facts: { failed: tally.failed, max } },
  );
}

/**
 * Why DatoCMS doesn't serve an upload's file any more: editors delete and replace files while an export
 * runs, also at the same address.
 *
 * @param client Asks the API.
 * @param upload The upload, as the export knows it.
 * @param signal Aborts the request.
 * @return A clause, or `undefined` if the project still has it like this, or nothing tells.
 * @throws {CmaError} If the API refuses.
 */
export async function whyGone(
  client: CmaClient,
  { id, attributes: { path, md5 } }: Upload,
  signal: AbortSignal,
): Promise<string | undefined> {
  const uploads = await uploadsById(client, [id], signal);
  if (uploads === undefined) return undefined;
  const now = uploads.get(id);
  if (now === undefined) return "the upload was deleted while it was exported";
  return now.attributes.path === path && now.attributes.md5 === md5
    ? undefined
    : "the upload got another file while it was exported";
}
