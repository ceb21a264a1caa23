import type { ExportNotes } from "../snapshot/manifest.ts";
import { warningText } from "../transform/warnings.ts";
import type { Journal } from "./journal.ts";
import type { TableStep } from "./steps/table_step.ts";

/**
 * What an export noted so far, earlier runs that it continues from included.
 *
 * @param journal What it noted.
 * @param tables The normalized view, if it is written: it tells what it met only at its end.
 */
export function notesOf(
  journal: Pick<Journal, "notes">,
  tables?: TableStep,
): ExportNotes {
  const { findings, warnings, failures } = journal.notes;
  const told = new Set(warnings.map(({ code }) => code));
  const untold = (tables?.warnings ?? []).filter(({ code }) => !told.has(code));
  return {
    findings,
    warnings: [
      ...warnings,
      ...untold.map((counted) => ({ code: counted.code, message: warningText(counted) })),
    ],
    failures,
  };
}
