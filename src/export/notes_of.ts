import type { ExportNotes } from "../snapshot/manifest.ts";
import { warningText } from "../transform/warnings.ts";
import type { ExportRun } from "./export_run.ts";
import type { TableStep } from "./steps/table_step.ts";

/**
 * What an export noted so far, earlier runs that it continues from included.
 *
 * @param run The export.
 * @param tables The normalized view, if it is written: it tells what it met only at its end.
 */
export function notesOf(
  run: Pick<ExportRun, "findings" | "warnings" | "failures">,
  tables?: TableStep,
): ExportNotes {
  const warnings = run.warnings.toArray();
  const told = new Set(warnings.map(({ code }) => code));
  const untold = (tables?.state.warnings ?? []).filter(({ code }) => !told.has(code));
  return {
    findings: run.findings.toArray(),
    warnings: [
      ...warnings,
      ...untold.map((counted) => ({ code: counted.code, message: warningText(counted) })),
    ],
    failures: run.failures.toArray(),
  };
}
