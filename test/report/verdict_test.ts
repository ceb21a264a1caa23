import assert from "node:assert/strict";
import type { ExportReport } from "../../src/export/export.ts";
import { verdictOf } from "../../src/report/verdict.ts";

type Lack = Partial<Pick<ExportReport["manifest"], "failures" | "warnings">>;

/** A report of an export that made a snapshot. */
function reportOf({ failures = [], warnings = [] }: Lack, problem?: string): ExportReport {
  const manifest = { failures, warnings } as unknown as ExportReport["manifest"];
  const deleted = { count: 0, bytes: 0 };
  return {
    status: "complete",
    snapshot: "file:///1",
    manifest,
    ...(problem !== undefined && { deletion: { deleted, problem } }),
  };
}

Deno.test("verdictOf() names what a snapshot lacks, as far as it counts", () => {
  assert.deepEqual(verdictOf(reportOf({})), { status: "complete", exitCode: 0, lacking: [] });
  const known = { code: "asset_failed_known", message: "Again." };
  const skipped = { code: "resource_skipped", message: "Left out." };
  const report = reportOf({ failures: [known], warnings: [skipped] });
  assert.deepEqual(verdictOf(report), { status: "partial", exitCode: 3, lacking: ["Again."] });
  assert.equal(verdictOf(report, { knownFailures: "ok" }).status, "complete");
  const strict = verdictOf(report, { knownFailures: "ok", strict: true });
  assert.deepEqual(strict, { status: "partial", exitCode: 3, lacking: ["Left out."] });
  const undeleted = verdictOf(reportOf({ warnings: [skipped] }, "No file was deleted."));
  assert.deepEqual(undeleted.lacking, ["No file was deleted."]);
});
