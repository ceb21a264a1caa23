import type { ExportEvent } from "../../events.ts";
import { type Clock, SYSTEM_CLOCK, type TextOutput } from "../io.ts";
import { shownAddress } from "../text/address.ts";
import { eventText } from "./event_text.ts";
import { progressLine } from "./progress_line.ts";
import type { ProgressState } from "./progress_state.ts";
import type { ProgressView } from "./progress_view.ts";
import { projectName } from "./render_progress.ts";

/** Options of {@linkcode LineView} and {@linkcode JsonView}. */
export interface LogViewOptions {
  /** Takes the lines. */
  readonly output: TextOutput;
  /** Whether each request and asset gets a line. */
  readonly verbose: boolean;
  /** The time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
  /** How often a line tells how far the export is, in milliseconds. @default {5000} */
  readonly intervalMs?: number | undefined;
}

/** How often a line tells how far an export is, in milliseconds. */
export const LOG_INTERVAL = 5000;

/** Plain lines for a log that people read. */
export class LineView implements ProgressView {
  readonly #output: TextOutput;
  readonly #verbose: boolean;
  readonly #stop: () => void;
  #state: ProgressState;

  /**
   * Begins to write.
   *
   * @param state How far the export is.
   * @param options Where lines go.
   */
  constructor(state: ProgressState, options: LogViewOptions) {
    const { output, verbose, clock = SYSTEM_CLOCK, intervalMs = LOG_INTERVAL } = options;
    this.#state = state;
    this.#output = output;
    this.#verbose = verbose;
    this.#stop = clock.every(intervalMs, () => this.say(progressLine(this.#state, clock.now())));
  }

  /** Writes a line for what happened, if it is worth one. */
  show(event: ExportEvent, state: ProgressState): void {
    this.#state = state;
    const text = event.type === "start"
      ? `Exporting ${projectName(event)} to ${shownAddress(event.snapshot)}`
      : eventText(event, this.#verbose);
    if (text !== undefined) this.say(text);
  }

  /** Writes a line. */
  say(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** Ends the timer. */
  [Symbol.dispose](): void {
    this.#stop();
  }
}
