import { createHash } from "node:crypto";
import { schemaParts } from "../content/schema_parts.ts";
import { type ExportSettings, shapingSettings } from "./export_settings.ts";
import type { Claimant } from "../snapshot/lock/claim.ts";
import { reopenSnapshot } from "./resume/reopen.ts";
import { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import { VERSION } from "../version.ts";
import { Checkpoints } from "./resume/checkpoints.ts";
import { ResumeState } from "./resume/resume_state.ts";
import type { Emit } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { OpenProject } from "./open_project.ts";
import { type BaseSnapshot, findBase, reopenBase } from "./steps/base_snapshot.ts";
import { DerivedStep } from "./steps/derived_step.ts";
import type { Tallies } from "./tallies.ts";
import type { ExportNotes } from "../snapshot/manifest.ts";
import type { ProjectSchema } from "../source/datocms/schema.ts";
import type { Secrets } from "../text/secrets/secrets.ts";
import { warningText } from "../transform/warnings.ts";

/** What {@linkcode beginSnapshot} uses. */
export interface BeginParts extends Pick<OpenProject, "project" | "name" | "selection" | "place"> {
  /** What is exported, and where to; with the signal of the lock. */
  readonly settings: ExportSettings & { readonly signal: AbortSignal };
  /** Who has the lock. */
  readonly lock: Claimant;
  /** What is noted. */
  readonly journal: Journal;
  /** What is counted. */
  readonly tallies: Tallies;
  /** Keeps secrets out of what is noted. */
  readonly redaction: Secrets;
  /** Called with what happens. */
  readonly emit: Emit;
  /** Nothing new is begun once it is aborted. */
  readonly stop: AbortSignal | undefined;
}

/** A snapshot that is being written. */
export interface BegunSnapshot {
  /** Writes it. */
  readonly snapshot: SnapshotWriter;
  /** What follows from its batches: its indexes, and its tables if they are made. */
  readonly derived: DerivedStep;
  /** How far everything is. */
  readonly state: ResumeState;
  /** When that is written down. */
  readonly checkpoints: Checkpoints;
  /** When the export began. */
  readonly startedAt: Date;
  /** The snapshot whose records are reused where they haven't changed, if there is one. */
  readonly base: BaseSnapshot | undefined;
}

/**
 * Begins a snapshot, or resumes one.
 *
 * @param parts What is exported, and where to.
 * @return The snapshot, and how far it is.
 * @throws {StorageError} If it can't be begun.
 */
export async function beginSnapshot(parts: BeginParts): Promise<BegunSnapshot> {
  const { project, name, selection, place, settings, lock, journal, tallies, emit, stop } = parts;
  const { storage, signal, labels, checkpointMs: everyMs } = settings;
  const { site, environment, readAt: changedSince } = project;
  let derived: DerivedStep | undefined = undefined;
  settings.onNotes?.(() => notesOf(journal, derived));
  const shaping = shapingSettings(settings);
  const fingerprint = fingerprintOf(project, shaping);
  const reopened = settings.resume
    ? await reopenSnapshot(storage, place, fingerprint, { claimant: lock, signal })
    : undefined;
  const from = reopened && "checkpoint" in reopened ? reopened : undefined;
  if (reopened && "reason" in reopened && reopened.reason !== undefined) {
    journal.addWarning("not_resumed", `A new snapshot is begun, because ${reopened.reason}.`);
  }
  if (from === undefined) await settings.beforeBegin?.(signal);
  const base = from === undefined
    ? await findBase(parts)
    : from.checkpoint.base && await reopenBase(parts, structuredClone(from.checkpoint.base));
  const startedAt = from ? new Date(from.checkpoint.startedAt) : new Date();
  const snapshot = from?.snapshot ?? await SnapshotWriter.create(storage, {
    ...place,
    startedAt,
    claim: { tool: { name: "sluice", version: VERSION }, options: shaping },
    claimant: lock,
    signal,
  });
  emit({
    type: "start",
    project: { id: site.id, name },
    environment: environment ?? null,
    snapshot: snapshot.address,
    listings: selection.listings,
    resumed: from !== undefined,
  });
  snapshot.follow(({ count: objects, bytes }) => emit({ type: "written", objects, bytes }));
  derived = new DerivedStep({ ...parts, snapshot, from: from?.checkpoint.derived });
  const described = { fingerprint, startedAt, labels, changedSince, snapshot, journal, tallies };
  const state = new ResumeState({ ...described, derived, signal });
  if (from) await state.restore(from.checkpoint);
  if (base) state.base = base.state;
  const checkpoints = new Checkpoints({ state, snapshot, emit, stop, everyMs, signal });
  // From now on it can be resumed, however early it is killed.
  if (from === undefined) await checkpoints.save();
  return { snapshot, derived, state, checkpoints, startedAt, base };
}

/** What was noted so far, and what tables have met and tell only at their end. */
function notesOf(journal: Journal, derived: DerivedStep | undefined): ExportNotes {
  const { warnings, ...others } = journal.notes;
  const told = new Set(warnings.map(({ code }) => code));
  const untold = (derived?.warnings ?? []).filter(({ code }) => !told.has(code));
  const counted = untold.map((each) => ({ code: each.code, message: warningText(each) }));
  return { ...others, warnings: [...warnings, ...counted] };
}

/** What has to be the same for one export to resume another one's snapshot. */
function fingerprintOf(
  { schema, environment = "" }: ProjectSchema,
  options: Record<string, unknown>,
): Record<string, string> {
  const parts = [...schemaParts(schema)].map(([id, { text }]) => [id, text]).sort();
  return { version: VERSION, options: digest(options), schema: digest(parts), environment };
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
