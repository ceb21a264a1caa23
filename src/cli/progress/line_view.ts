import type { ExportEvent } from "../../export/events.ts";
import { assetsDone, type ProgressState, writtenOf } from "../../report/progress_state.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { eventText } from "./event_text.ts";
import { LogView } from "./log_view.ts";
import { paceOf } from "./pace.ts";

/** Plain lines for a log that people read. */
export class LineView extends LogView {
  protected override eventLine(event: ExportEvent, verbose: boolean): string | undefined {
    const text = eventText(event, verbose ? "all" : "log");
    return text === undefined ? undefined : this.messageLine(text);
  }

  protected override messageLine(text: string): string {
    return `${text}\n`;
  }

  protected override progressLine(state: ProgressState, now: number): string {
    return this.messageLine(progressLine(state, now));
  }
}

/**
 * How far an export is, in one line for a log.
 *
 * @param state How far it is.
 * @param now The time in milliseconds.
 */
export function progressLine(state: ProgressState, now: number): string {
  const { start, records, uploads, assets, tables, requests, listingsDone } = state;
  const { totalsKnown, recordsPerSecond, msLeft } = paceOf(state, now);
  const parts = [];
  if (start !== undefined) {
    const percent = totalsKnown && records.total > 0 ? percentOf(records.read, records.total) : "";
    const speed = recordsPerSecond >= 0.5 ? `${formatCount(recordsPerSecond)}/s` : "";
    const pace = [percent, speed].filter((part) => part !== "").join(", ");
    const total = totalsKnown ? ` of ${formatCount(records.total)}` : "";
    // Those that try failed assets again list nothing.
    if (start.listings > 0) {
      parts.push(`${formatCount(records.read)}${total} records${pace && ` (${pace})`}`);
    }
    if (state.withAssets) {
      const failed = assets.failed > 0 ? `, ${formatCount(assets.failed)} failed` : "";
      const total = uploads.total > 0 ? ` of ${formatCount(uploads.total)}` : "";
      const bytes = formatBytes(assets.bytes);
      parts.push(`${formatCount(assetsDone(state))}${total} assets (${bytes}${failed})`);
    }
    if (start.listings > 0) {
      parts.push(`${formatCount(listingsDone)} of ${formatCount(start.listings)} listings`);
    }
  }
  if (tables !== undefined) parts.push(tablesText(tables));
  const { objects, bytes } = writtenOf(state);
  if (objects > 0) parts.push(`${counted(objects, "object")} written (${formatBytes(bytes)})`);
  // Those that only make tables ask nobody.
  if (tables === undefined || requests.count > 0) parts.push(counted(requests.count, "request"));
  if (requests.retries > 0) parts.push(counted(requests.retries, "retry", "retries"));
  if (msLeft !== undefined) parts.push(`about ${formatDuration(msLeft)} left`);
  return `${formatDuration(now - state.startedAt)}: ${parts.join(", ")}`;
}

function tablesText({ rows, entries, of }: NonNullable<ProgressState["tables"]>): string {
  const total = of === null ? "" : ` of ${formatCount(of)}`;
  const percent = of ? `${percentOf(entries, of)}, ` : "";
  return `tables of ${formatCount(entries)}${total} entries (${percent}${counted(rows, "row")})`;
}

/** Rounded down: 100 % is the end. */
function percentOf(done: number, total: number): string {
  return `${Math.floor(Math.min(1, done / total) * 100)} %`;
}
