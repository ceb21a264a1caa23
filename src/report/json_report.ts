import type { ExitCode } from "../error.ts";
import type { ExportReport } from "../export/export.ts";
import type { ExportNotes, Manifest } from "../snapshot/manifest.ts";
import type { AssetDeletion } from "../export/assets/delete_orphans.ts";
import type { LastDrill } from "../restore/drill/result.ts";
import type { PruneResult } from "../tools/prune.ts";
import { printableJson } from "../text/printable.ts";
import type { ProgressState, Retried } from "./progress_state.ts";

/** What became of old snapshots after an export of a schedule. */
export interface PruneOutcome extends Pick<PruneResult, "remove" | "failed" | "freed"> {
  /** Why not all of it could be done: a clause. The next export does the rest. */
  readonly problem?: string;
}

/** How the last drill went, or why the one that was due couldn't be begun. */
export type DrillNews =
  | LastDrill
  | { readonly at: string; readonly status: "refused"; readonly problem: string };

/** How an export ended, for programs. */
export interface JsonReport extends ExportNotes {
  /** How it ended. */
  readonly status: "complete" | "partial" | "unfinished" | "failed" | "cancelled";
  /** The exit code of the command. */
  readonly exitCode: ExitCode;
  /** Why it isn't complete, in one sentence; `null` if it is. */
  readonly error: string | null;
  /** The snapshot's address; `null` if none was begun. Without a seal, it isn't complete. */
  readonly snapshot: string | null;
  /** The project; `null` if it wasn't read. */
  readonly project: Manifest["project"] | null;
  /** The environment; `null` if the project wasn't read. */
  readonly environment: Manifest["environment"]["id"];
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Answers of the API. */
  readonly requests: number;
  /** The least time that they take under the API's rate limit, in seconds; `null` if the export didn't come to its end. */
  readonly leastSeconds: number | null;
  /** How often a request was sent again. */
  readonly retries: number;
  /** How often an asset's file was tried for again. */
  readonly assetRetries: number;
  /** What these and those were, why, which attempt failed, and the wait in milliseconds: the first thousand. */
  readonly retried: readonly Retried[];
  /** Bytes of the API's answers. */
  readonly bytesRead: number;
  /** What else the snapshot's manifest says, also of what `--retry-failed` didn't read, but for the list of objects; `null` without a manifest. */
  readonly manifest: Omit<Manifest, "objects" | keyof ExportNotes> | null;
  /** How many objects the snapshot holds, and their bytes; `null` without a manifest. */
  readonly objects: { readonly count: number; readonly bytes: number } | null;
  /** What `--since` reused, and how many requests that saved, at least; `null` without such a snapshot. */
  readonly reused: NonNullable<ExportReport["reused"]> | null;
  /** What `--assets sync` deleted, and why not all of it; `null` if nothing was to be deleted. */
  readonly deletion: Omit<AssetDeletion, "facts"> | null;
  /** What became of old snapshots; left out unless a schedule has to remove some. */
  readonly pruned?: PruneOutcome;
  /** How the last drill went; left out unless a schedule practises restores. */
  readonly drill?: DrillNews;
}

/** How an export ended. */
export type ExportEnd =
  & { readonly exitCode: ExitCode; readonly progress: ProgressState; readonly ms: number }
  & ({ readonly report: ExportReport } | {
    readonly status: "unfinished" | "failed" | "cancelled";
    readonly error: string;
    /** What was noted until then; `undefined` if it didn't come so far. */
    readonly notes: ExportNotes | undefined;
  });

const NO_NOTES: ExportNotes = { findings: [], warnings: [], failures: [] };

/**
 * The report of an export for programs.
 *
 * @param end How it ended.
 */
export function jsonReport(end: ExportEnd): JsonReport {
  const { exitCode, progress, ms } = end;
  const { start, requests, assets, retried, aside } = progress;
  const common = {
    exitCode,
    snapshot: start?.snapshot ?? null,
    project: start?.project ?? null,
    environment: start?.environment ?? null,
    durationMs: Math.round(ms),
    requests: requests.count,
    leastSeconds: progress.leastSeconds ?? null,
    retries: requests.retries,
    assetRetries: assets.retries,
    retried,
    bytesRead: requests.bytes,
  };
  if (!("report" in end)) {
    const { status, error, notes = NO_NOTES } = end;
    const rest = { manifest: null, objects: null, reused: null, deletion: null };
    const warnings = [...notes.warnings, ...aside];
    const { findings, failures } = notes;
    return { ...common, status, error, ...rest, findings, warnings, failures };
  }
  const { status, reused = null, deletion = null, manifest: whole } = end.report;
  const { objects, findings, warnings, failures, ...manifest } = whole;
  return {
    ...common,
    status,
    error: null,
    environment: manifest.environment.id,
    manifest,
    objects: {
      count: objects.length,
      bytes: objects.reduce((sum, { size }) => sum + size, 0),
    },
    reused,
    deletion: deletion && withoutFacts(deletion),
    findings,
    warnings: [...warnings, ...aside],
    failures,
  };
}

function withoutFacts({ facts: _, ...deletion }: AssetDeletion): Omit<AssetDeletion, "facts"> {
  return deletion;
}

/**
 * A value as JSON for stdout.
 *
 * @param value The value.
 */
export function jsonText(value: unknown): string {
  return `${printableJson(value, 2)}\n`;
}
