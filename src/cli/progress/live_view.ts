import type { ExportEvent } from "../../export/events.ts";
import type { ProgressState } from "../../report/progress_state.ts";
import { type Clock, SYSTEM_CLOCK, type TextOutput } from "../io.ts";
import { wrap } from "../text/wrap.ts";
import { eventText } from "./event_text.ts";
import type { ProgressView } from "./progress_view.ts";
import { renderProgress } from "./render_progress.ts";

/** Options of {@linkcode LiveView}. */
export interface LiveViewOptions {
  /** The terminal. */
  readonly output: TextOutput;
  /** Its width. */
  readonly columns: () => number;
  /** Whether colours are shown. */
  readonly color: boolean;
  /** Whether each request and asset gets a line. */
  readonly verbose: boolean;
  /** The time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock | undefined;
}

/** The shortest time between two drawings, in milliseconds. */
const REDRAW = 100;
/** The longest time without one, in milliseconds: the time that it took is part of it. */
const REFRESH = 1000;

/** A few lines at the end of a terminal that show how far an export is; messages stay above them. */
export class LiveView implements ProgressView {
  readonly #options: LiveViewOptions;
  readonly #clock: Clock;
  readonly #stop: () => void;
  #state: ProgressState;
  /** How many lines are drawn, below which the cursor is. */
  #drawn = 0;
  #drawnAt = -Infinity;
  #isStale = true;

  /**
   * Begins to draw.
   *
   * @param state How far the export is.
   * @param options The terminal.
   */
  constructor(state: ProgressState, options: LiveViewOptions) {
    this.#state = state;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#draw();
    this.#stop = this.#clock.every(REDRAW, () => {
      if (this.#isStale || this.#clock.now() - this.#drawnAt >= REFRESH) this.#draw();
    });
  }

  /** Shows what happened, at the next drawing. */
  show(event: ExportEvent, state: ProgressState): void {
    this.#state = state;
    this.#isStale = true;
    const text = eventText(event, this.#options.verbose ? "all" : "messages");
    if (text !== undefined) this.say(text);
  }

  /** Writes a sentence above the drawing, which comes back with the next one. */
  say(text: string): void {
    const lines = wrap(text, Math.max(1, this.#options.columns() - 1));
    this.#options.output.write(`${this.#erasure()}${lines.join("\n")}\n`);
    this.#isStale = true;
  }

  /** Removes the drawing. */
  [Symbol.dispose](): void {
    this.#stop();
    const erasure = this.#erasure();
    if (erasure !== "") this.#options.output.write(erasure);
  }

  #draw(): void {
    const { output, color } = this.#options;
    const now = this.#clock.now();
    const lines = renderProgress(this.#state, { columns: this.#options.columns(), color, now });
    // Each line is overwritten and only its rest erased, so that nothing flickers.
    const drawing = lines.map((line) => `${line}\x1b[K\n`).join("");
    output.write(`${this.#top()}${drawing}\x1b[J`);
    this.#drawn = lines.length;
    this.#drawnAt = now;
    this.#isStale = false;
  }

  /** What removes the drawing. */
  #erasure(): string {
    const erasure = this.#drawn === 0 ? "" : `${this.#top()}\x1b[J`;
    this.#drawn = 0;
    return erasure;
  }

  /** What moves the cursor to the beginning of the drawing. */
  #top(): string {
    // Terminals echo keys: after Ctrl-C, the cursor stands behind "^C".
    return this.#drawn === 0 ? "" : `\r\x1b[${this.#drawn}A`;
  }
}
