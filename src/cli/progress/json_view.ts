import type { ExportEvent } from "../../export/events.ts";
import { printableJson } from "../../text/printable.ts";
import { type ProgressState, writtenOf } from "../../report/progress_state.ts";
import type { TextOutput } from "../io.ts";
import { isRoutine, type LogType } from "./log_entries.ts";
import { LogView } from "./log_view.ts";
import { paceOf } from "./pace.ts";

/** An entry of a JSON log. */
interface JsonEntry {
  readonly type: LogType;
  readonly [key: string]: unknown;
}

/**
 * Writes a line of a JSON log.
 *
 * @param output Takes the line.
 * @param now The time in milliseconds.
 * @param entry What happened; its `type` is stable.
 */
export function writeJsonLine(output: TextOutput, now: number, entry: JsonEntry): void {
  output.write(jsonLine(now, entry));
}

function jsonLine(now: number, entry: JsonEntry): string {
  return `${printableJson({ time: new Date(now).toISOString(), ...entry })}\n`;
}

/** One JSON object to a line, for a log that programs read. */
export class JsonView extends LogView {
  protected override eventLine(
    event: ExportEvent,
    verbose: boolean,
    now: number,
  ): string | undefined {
    return verbose || !isRoutine(event) ? jsonLine(now, { ...event }) : undefined;
  }

  protected override messageLine(message: string, now: number): string {
    return jsonLine(now, { type: "message", message });
  }

  protected override progressLine(state: ProgressState, now: number): string {
    const { startedAt, records, uploads, assets, tables, requests, listingsDone, start } = state;
    const { totalsKnown, msLeft } = paceOf(state, now);
    return jsonLine(now, {
      type: "progress",
      ms: Math.round(now - startedAt),
      records,
      uploads,
      assets,
      tables: tables ?? null,
      written: writtenOf(state),
      requests,
      listings: { done: listingsDone, total: start?.listings ?? null },
      totalsKnown,
      msLeft: msLeft === undefined ? null : Math.round(msLeft),
    });
  }
}
