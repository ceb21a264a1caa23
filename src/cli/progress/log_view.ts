import type { ExportEvent } from "../../export/events.ts";
import type { ProgressState } from "../../report/progress_state.ts";
import { type Clock, SYSTEM_CLOCK, type TextOutput } from "../io.ts";
import type { ProgressView } from "./progress_view.ts";

/** Options of {@linkcode LogView}. */
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
const LOG_INTERVAL = 5000;

/** A log: lines for events, and now and then one that tells how far the export is. */
export abstract class LogView implements ProgressView {
  readonly #options: LogViewOptions;
  readonly #clock: Clock;
  readonly #stop: () => void;
  #state: ProgressState;

  /**
   * Begins to write.
   *
   * @param state How far the export is.
   * @param options Where lines go.
   */
  constructor(state: ProgressState, options: LogViewOptions) {
    const { output, clock = SYSTEM_CLOCK, intervalMs = LOG_INTERVAL } = options;
    this.#state = state;
    this.#options = options;
    this.#clock = clock;
    this.#stop = clock.every(intervalMs, () => {
      output.write(this.progressLine(this.#state, clock.now()));
    });
  }

  /** Writes a line for what happened, if it is worth one. */
  show(event: ExportEvent, state: ProgressState): void {
    this.#state = state;
    const { output, verbose } = this.#options;
    const line = this.eventLine(event, verbose, this.#clock.now());
    if (line !== undefined) output.write(line);
  }

  /** Writes a line for a sentence of the command's own. */
  say(text: string): void {
    this.#options.output.write(this.messageLine(text, this.#clock.now()));
  }

  /** Ends the timer. */
  [Symbol.dispose](): void {
    this.#stop();
  }

  /** The line for an event, with its line break; `undefined` if it isn't worth one. */
  protected abstract eventLine(
    event: ExportEvent,
    verbose: boolean,
    now: number,
  ): string | undefined;

  /** The line for a sentence, with its line break. */
  protected abstract messageLine(text: string, now: number): string;

  /** The line that tells how far the export is, with its line break. */
  protected abstract progressLine(state: ProgressState, now: number): string;
}
