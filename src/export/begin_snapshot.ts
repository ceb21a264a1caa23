import { createHash } from "node:crypto";
import { schemaParts } from "../content/schema_parts.ts";
import { type ExportSettings, shapingSettings } from "./export_settings.ts";
import type { Claimant } from "../snapshot/lock/claim.ts";
import { reopenSnapshot } from "./resume/reopen.ts";
import { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { VERSION } from "../version.ts";
import { Checkpoints } from "./resume/checkpoints.ts";
import { ResumeState } from "./resume/resume_state.ts";
import type { ExportContext } from "./export_context.ts";
import type { ExportRun } from "./export_run.ts";
import { notesOf } from "./notes_of.ts";
import { TableStep } from "./steps/table_step.ts";

/**
 * Begins a snapshot, or resumes one.
 *
 * @param run The export.
 * @param settings Its settings; with a signal that is aborted when its lock is lost.
 * @param claimant Who has the lock.
 * @return What every step is given.
 * @throws {StorageError} If it can't be begun.
 */
export async function beginSnapshot(
  run: ExportRun,
  settings: ExportSettings & { readonly signal: AbortSignal },
  claimant: Claimant,
): Promise<ExportContext> {
  const { storage, signal, checkpointMs: everyMs } = settings;
  const { place, selection, project: { site, environment } } = run;
  let tables: TableStep | undefined;
  settings.onNotes?.(() => notesOf(run.journal, tables));
  const shaping = shapingSettings(settings);
  const fingerprint = fingerprintOf(run, shaping);
  const reopened = settings.resume
    ? await reopenSnapshot(storage, place, fingerprint, { claimant, signal })
    : undefined;
  const from = reopened && "checkpoint" in reopened ? reopened : undefined;
  if (reopened && "reason" in reopened && reopened.reason !== undefined) {
    run.addWarning("not_resumed", `A new snapshot is begun, because ${reopened.reason}.`);
  }
  if (from === undefined) await settings.beforeBegin?.(signal);
  const startedAt = from ? new Date(from.checkpoint.startedAt) : new Date();
  const snapshot = from?.snapshot ?? await SnapshotWriter.create(storage, {
    ...place,
    startedAt,
    claim: { tool: { name: "sluice", version: VERSION }, options: shaping },
    claimant,
    signal,
  });
  run.emit({
    type: "start",
    project: { id: site.id, name: run.name },
    environment: environment ?? null,
    snapshot: snapshot.address,
    listings: selection.listings,
    resumed: from !== undefined,
  });
  if (settings.tables !== false) {
    tables = new TableStep({ run, snapshot, settings, from: from?.checkpoint.tables });
  }
  const { journal, tallies, emit, stop } = run;
  const changedSince = run.project.readAt;
  const described = { fingerprint, startedAt, changedSince, snapshot, journal, tallies, tables };
  const state = new ResumeState({ ...described, signal });
  if (from) await state.restore(from.checkpoint);
  const checkpoints = new Checkpoints({ state, snapshot, emit, stop, everyMs, signal });
  // From now on it can be resumed, however early it is killed.
  if (from === undefined) await checkpoints.save();
  return { run, snapshot, tables, state, checkpoints, settings, startedAt };
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
