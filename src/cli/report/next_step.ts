import { type Config, DEFAULTS, flagName } from "../../config/options.ts";
import { ASSET_FAILURE, KNOWN_ASSET_FAILURE } from "../../snapshot/manifest.ts";
import type { ExportReport } from "../../export/export.ts";
import { shellWord, shownAddress } from "../../text/printable.ts";

/**
 * What to do after an export, in one line.
 *
 * @param report The export's report.
 * @param config Where it exported from, and to.
 */
export function nextStep(
  { status, snapshot, manifest }: ExportReport,
  config: Pick<Config, "environment" | "to">,
): string {
  if (
    status === "partial" &&
    manifest.failures.every(({ code }) => code === ASSET_FAILURE || code === KNOWN_ASSET_FAILURE)
  ) {
    return "Next: see to the failures, then try just these assets again: " +
      ["sluice retry", ...placeWords(config)].join(" ");
  }
  if (status === "partial") {
    return "Next: see to the failures, then export again; assets that are there are kept.";
  }
  const address = shownAddress(snapshot);
  if (!snapshot.startsWith("file:")) {
    return `Next: look into it: aws s3 ls ${shellWord(`${address}/`)}`;
  }
  const paths = manifest.objects.map(({ path }) => path);
  const records = paths.find((path) => path.startsWith("records/")) ??
    paths.find((path) => path.startsWith("tables/records/"));
  return `Next: look into it: head -n 1 ${shellWord(`${address}/${records ?? "manifest.json"}`)}`;
}

/** What a command needs to come to the same snapshot. */
function placeWords(config: Pick<Config, "environment" | "to">): string[] {
  return (["environment", "to"] as const).flatMap((key) => {
    const value = config[key];
    if (value === undefined || value === DEFAULTS[key]) return [];
    return [flagName(key), shellWord(value)];
  });
}
