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
  start: { about: "The project is known; a snapshot was begun, or is resumed (`resumed`)." },
  freeze: {
    about: "The temporary copy of the environment is being created, is ready, or was deleted.",
  },
  since: {
    about: "With `--since`: the snapshot whose records are reused, or why all are read (`reason`).",
  },
  reused: {
    about: "How many `records` and `published` versions were reused, and the `requests` saved.",
  },
  request: {
    about: "An answer of the API: request, status, milliseconds, bytes and remaining quota.",
    verbose: true,
  },
  retry: {
    about:
      "A request or an asset is retried: what, why, which attempt failed, and the wait in milliseconds.",
  },
  total: { about: "A listing's length became known, or changed.", verbose: true },
  page: { about: "A page was written.", verbose: true },
  done: { about: "A listing was read and written completely." },
  converged: {
    about: "Records or uploads that changed during the export were read again (`pass`, `count`).",
  },
  tables: {
    about: "A page of tables was written: `rows` and `entries` so far, `of` how many entries.",
    verbose: true,
  },
  written: {
    about: "An object was written: `objects` and `bytes` of the snapshot so far.",
    verbose: true,
  },
  skipped: {
    about: "A resource was left out, because the token may not read it or it doesn't exist.",
  },
  finding: { about: "Something in the project is inconsistent, or changed while it was read." },
  warning: { about: "Something to know, without any loss of data; its `code` is stable, too." },
  asset: {
    about:
      "An asset failed, was withdrawn or isn't served; with `--verbose` also each one downloaded or kept.",
  },
  checkpoint: {
    about: "The progress of the export was saved: `--resume` continues from there.",
    verbose: true,
  },
  sealed: { about: "The snapshot is complete." },
  deleted: { about: "Asset files no longer used by any upload were deleted." },
  unfinished: {
    about: "The export stopped before the snapshot was complete; `--resume` continues it.",
  },
  progress: { about: "The progress of the export, every five seconds." },
  message: { about: "A message of the command itself." },
  tick: {
    about: "What a tick of `sluice schedule` did (`state`), and when the next export is due.",
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
