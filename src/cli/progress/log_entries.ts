import type { ExportEvent } from "../../export/events.ts";

/** The stable name of a log's entry: its `type` in a JSON log. */
export type LogType = ExportEvent["type"] | "progress" | "message" | "tick" | "error";

/** What a log's entry is. */
export interface LogEntry {
  /** What it tells. */
  readonly about: string;
  /** Whether only a verbose log has it. @default {false} */
  readonly verbose?: boolean;
}

/** Every entry of a log, in the order in which an export writes them first. */
export const LOG_ENTRIES = {
  start: { about: "The project is known; a snapshot was begun, or is gone on with (`resumed`)." },
  freeze: {
    about: "The temporary copy of the environment is being made, can be read, or was deleted.",
  },
  request: {
    about:
      "An answer of the API: the request, its status, milliseconds, bytes, and the remaining quota.",
    verbose: true,
  },
  retry: {
    about:
      "A request or an asset is tried again: what, why, which attempt failed, and how long it waits.",
  },
  total: { about: "A listing's length became known, or changed.", verbose: true },
  page: { about: "A page was written.", verbose: true },
  done: { about: "A listing was read and written to its end." },
  converged: {
    about:
      "Records or uploads that changed while they were read were read again (`pass`, `count`).",
  },
  skipped: {
    about: "A resource was left out, because the token may not read it or it isn't there.",
  },
  finding: { about: "The project doesn't add up, or changed while it was read." },
  warning: { about: "Something to know that loses nothing; its `code` is stable, too." },
  asset: {
    about:
      "An asset failed, was withdrawn or isn't served; with `--verbose` also each one downloaded or kept.",
  },
  checkpoint: {
    about: "How far the export is was written down: `--resume` goes on from there.",
    verbose: true,
  },
  sealed: { about: "The snapshot is complete." },
  deleted: { about: "Asset files that no upload has any more were deleted." },
  unfinished: { about: "The export stopped before the snapshot was complete; `--resume` goes on." },
  progress: { about: "How far the export is, every five seconds." },
  message: { about: "A sentence of the command's own." },
  tick: {
    about:
      "What a tick of `sluice schedule` did (`state`), and when there is something to do again.",
  },
  error: {
    about:
      "Why the command failed, and its exit code; with `--quiet`, also what the snapshot lacks.",
  },
} as const satisfies Record<LogType, LogEntry>;

/**
 * Whether only a verbose log tells of an event.
 *
 * @param event The event.
 */
export function isRoutine(event: ExportEvent): boolean {
  if (event.type === "asset") return /^(downloaded|kept)$/.test(event.outcome.outcome);
  const entry: LogEntry = LOG_ENTRIES[event.type];
  return entry.verbose ?? false;
}
