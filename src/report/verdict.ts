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

/** What an export that made a snapshot comes to. */
export interface Verdict {
  /** `partial` if the snapshot lacks something that counts. */
  readonly status: "complete" | "partial";
  /** What the command ends with: 0, or 3 if the snapshot is `partial`. */
  readonly exitCode: ExitCode;
  /** What the snapshot lacks that counts, in a sentence each. */
  readonly lacking: readonly string[];
}

/** The codes of warnings about what was left out because it may not be read. */
const LEFT_OUT: readonly string[] = ["resource_skipped", "role_restricted"];

/**
 * What an export that made a snapshot comes to: for a command's exit code, and for a schedule.
 *
 * @param report What the export says.
 * @param rules What doesn't count.
 */
export function verdictOf(
  { manifest: { failures, warnings }, deletion }: ExportReport,
  { knownFailures = "fail", strict = false }: VerdictRules = {},
): Verdict {
  const notes = [
    ...failures.filter(({ code }) => code !== KNOWN_ASSET_FAILURE || knownFailures === "fail"),
    ...strict ? warnings.filter(({ code }) => LEFT_OUT.includes(code)) : [],
  ];
  const { problem } = deletion ?? {};
  const lacking = notes.map(({ message }) => message);
  if (problem !== undefined) lacking.push(problem);
  return lacking.length === 0
    ? { status: "complete", exitCode: EXIT.complete, lacking }
    : { status: "partial", exitCode: EXIT.partial, lacking };
}
