import { EXIT, type ExitCode } from "../error.ts";
import type { ExportReport } from "../export/export.ts";
import { KNOWN_ASSET_FAILURE } from "../snapshot/manifest.ts";

/** What a snapshot may lack without being a reason for exit code 3. */
export interface VerdictRules {
  /**
   * Whether assets that failed for the same reason in the snapshot before are a reason (`fail`) or not (`ok`).
   *
   * @default {"fail"}
   */
  readonly knownFailures?: "fail" | "ok" | undefined;
  /** Whether what the API token may not read is a reason, too. @default {false} */
  readonly strict?: boolean | undefined;
}

/** The codes of warnings about what was left out because it may not be read. */
const LEFT_OUT: readonly string[] = ["resource_skipped", "role_restricted"];

/**
 * What a snapshot lacks that counts: a sentence each.
 *
 * @param report What the export says.
 * @param rules What doesn't count.
 */
export function lackOf(
  { manifest: { failures, warnings }, deletion }: ExportReport,
  { knownFailures = "fail", strict = false }: VerdictRules = {},
): string[] {
  const notes = [
    ...failures.filter(({ code }) => code !== KNOWN_ASSET_FAILURE || knownFailures === "fail"),
    ...strict ? warnings.filter(({ code }) => LEFT_OUT.includes(code)) : [],
  ];
  const { problem } = deletion ?? {};
  return [...notes.map(({ message }) => message), ...problem === undefined ? [] : [problem]];
}

/**
 * What an export that made a snapshot ends with: 0, or 3 if the snapshot lacks something that counts.
 *
 * @param report What the export says.
 * @param rules What doesn't count.
 */
export function exitCodeOf(report: ExportReport, rules: VerdictRules = {}): ExitCode {
  return lackOf(report, rules).length > 0 ? EXIT.partial : EXIT.complete;
}
