import type { ExportEvent } from "../../export/events.ts";
import type { ProgressState } from "../../report/progress_state.ts";
import { eventText } from "./event_text.ts";
import { LogView } from "./log_view.ts";
import { progressLine } from "./progress_line.ts";

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
