import { createHash } from "node:crypto";
import { schemaParts } from "../content/schema_parts.ts";
import type { ExportOptions } from "./options.ts";
import type { Claimant } from "../snapshot/lock/claim.ts";
import { reopenSnapshot } from "./resume/reopen.ts";
import { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { VERSION } from "../version.ts";
import { Checkpoints } from "./resume/checkpoints.ts";
import type { ExportContext } from "./export_context.ts";
import type { ExportRun } from "./export_run.ts";
import { notesOf } from "./notes_of.ts";
import { shapingOptions } from "./shaping_options.ts";
import { TableStep } from "./steps/table_step.ts";

/**
 * Begins a snapshot, or resumes one.
 *
 * @param run The export.
 * @param options Its options; with a signal that is aborted when its lock is lost.
 * @param claimant Who has the lock.
 * @return What every step is given.
 * @throws {StorageError} If it can't be begun.
 */
export async function beginSnapshot(
  run: ExportRun,
  options: ExportOptions & { readonly signal: AbortSignal },
  claimant: Claimant,
): Promise<ExportContext> {
  const { storage, signal, checkpointMs: everyMs } = options;
  const { site, environment } = run.project;
  let tables: TableStep | undefined;
  options.onNotes?.(() => notesOf(run, tables));
  const shaping = shapingOptions(options);
  const fingerprint = fingerprintOf(run, shaping);
  const place = { projectId: site.id, sandbox: run.sandbox };
  const reopened = options.resume
    ? await reopenSnapshot(storage, place, fingerprint, { claimant, signal })
    : undefined;
  const from = reopened && "checkpoint" in reopened ? reopened : undefined;
  if (reopened && "reason" in reopened && reopened.reason !== undefined) {
    run.addWarning("not_resumed", `A new snapshot is begun, because ${reopened.reason}.`);
  }
  if (from === undefined) await options.beforeBegin?.(signal);
  const startedAt = from ? new Date(from.checkpoint.startedAt) : new Date();
  const snapshot = from?.snapshot ?? await SnapshotWriter.create(storage, {
    ...place,
    startedAt,
    claim: { tool: { name: "sluice", version: VERSION }, options: shaping },
    claimant,
    signal,
  });
  if (from) run.restore(from.checkpoint);
  run.emit({
    type: "start",
    project: { id: site.id, name: run.projectName },
    environment: environment ?? null,
    snapshot: snapshot.address,
    listings: run.recordListings.length + run.settings.length + Number(run.wants("uploads")),
    resumed: from !== undefined,
  });
  if (options.tables !== false) {
    tables = new TableStep(run, snapshot, options, from?.checkpoint.tables);
  }
  const checkpoints = new Checkpoints({
    run,
    snapshot,
    tables,
    fingerprint,
    startedAt,
    from: from?.checkpoint,
    everyMs,
    signal,
  });
  if (from) await tables?.restore(checkpoints.journal);
  // From now on it can be resumed, however early it is killed.
  if (from === undefined) await checkpoints.save();
  return { run, snapshot, tables, checkpoints, options, startedAt };
}

/** What has to be the same for one export to resume another one's snapshot. */
function fingerprintOf(run: ExportRun, options: Record<string, unknown>): Record<string, string> {
  const { schema, environment = "" } = run.project;
  const parts = [...schemaParts(schema)].map(([id, { text }]) => [id, text]).sort();
  return { version: VERSION, options: digest(options), schema: digest(parts), environment };
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
