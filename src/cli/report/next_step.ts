import type { OptionKey } from "../../config/options.ts";
import type { ExportReport } from "../../export/export.ts";
import { ASSET_FAILURE, KNOWN_ASSET_FAILURE } from "../../snapshot/manifest.ts";
import { shellWord, shownAddress } from "../../text/printable.ts";
import { commandHint, type Invocation } from "../command_hint.ts";

/** Options that decide which snapshot an export writes to, of which a hint names its own. */
const WHICH: readonly OptionKey[] = ["resume", "retryFailed"];

/**
 * What to do after an export, in one line.
 *
 * @param report The export's report.
 * @param invocation What it was called with.
 * @param retryOptions The options of `sluice retry`.
 */
export function nextStep(
  { status, snapshot, manifest }: ExportReport,
  invocation: Invocation,
  retryOptions: readonly OptionKey[],
): string {
  if (
    status === "partial" &&
    manifest.failures.every(({ code }) => code === ASSET_FAILURE || code === KNOWN_ASSET_FAILURE)
  ) {
    const command = commandHint("retry", invocation, { keep: retryOptions });
    return `Next: when the cause is fixed, retry just these assets: ${command}`;
  }
  if (status === "partial") {
    const command = commandHint("export", invocation, { drop: WHICH });
    return `Next: when the cause is fixed, export again (asset files are kept): ${command}`;
  }
  const address = shownAddress(snapshot);
  if (!snapshot.startsWith("file:")) {
    return `Next: take a look: aws s3 ls ${shellWord(`${address}/`)}`;
  }
  const paths = manifest.objects.map(({ path }) => path);
  const records = paths.find((path) => path.startsWith("records/")) ??
    paths.find((path) => path.startsWith("tables/records/"));
  return `Next: take a look: head -n 1 ${shellWord(`${address}/${records ?? "manifest.json"}`)}`;
}

/**
 * The command that resumes an export.
 *
 * @param invocation What it was called with.
 */
export function resumeCommand(invocation: Invocation): string {
  return commandHint("export --resume", invocation, { drop: WHICH });
}
