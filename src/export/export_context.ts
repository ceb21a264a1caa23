import type { ExportSettings } from "./export_settings.ts";
import type { SnapshotWriter } from "../snapshot/snapshot_writer.ts";
import type { Checkpoints } from "./resume/checkpoints.ts";
import type { ResumeState } from "./resume/resume_state.ts";
import type { ExportRun } from "./export_run.ts";
import type { TableStep } from "./steps/table_step.ts";

/** What every step of an export is given. */
export interface ExportContext {
  /** What was chosen, and what was counted. */
  readonly run: ExportRun;
  /** Where the snapshot goes. */
  readonly snapshot: SnapshotWriter;
  /** The normalized view, if it is written. */
  readonly tables: TableStep | undefined;
  /** How far everything is. */
  readonly state: ResumeState;
  /** When that is written down. */
  readonly checkpoints: Checkpoints;
  /** When the export began. */
  readonly startedAt: Date;
  /** What is exported, how, and where to. */
  readonly settings: ExportSettings;
}
