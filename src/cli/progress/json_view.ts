import type { ExportEvent } from "../../events.ts";
import { type Clock, SYSTEM_CLOCK, type TextOutput } from "../io.ts";
import { printableJson } from "../text/json_text.ts";
import { LOG_INTERVAL, type LogViewOptions } from "./line_view.ts";
import { paceOf } from "./pace.ts";
import type { ProgressState } from "./progress_state.ts";
import type { ProgressView } from "./progress_view.ts";

/** Events that come with each page or request: too many for a log that isn't verbose. */
const VERBOSE: ReadonlySet<ExportEvent["type"]> = new Set(["request", "total", "page"]);

/**
 * Writes a line of a JSON log.
 *
 * @param output Takes the line.
 * @param now The time in milliseconds.
 * @param entry What happened; its `type` is stable.
 */
export function writeJsonLine(
  output: TextOutput,
  now: number,
  entry: { readonly type: string; readonly [key: string]: unknown },
): void {
  output.write(`${printableJson({ time: new Date(now).toISOString(), ...entry })}\n`);
}

/** One JSON object to a line, for a log that programs read. */
export class JsonView implements ProgressView {
  readonly #output: TextOutput;
  readonly #verbose: boolean;
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
    const { output, verbose, clock = SYSTEM_CLOCK, intervalMs = LOG_INTERVAL } = options;
    this.#state = state;
    this.#output = output;
    this.#verbose = verbose;
    this.#clock = clock;
    this.#stop = clock.every(intervalMs, () => this.#showProgress());
  }

  /** Writes a line for what happened, if it is worth one. */
  show(event: ExportEvent, state: ProgressState): void {
    this.#state = state;
    const isRoutine = VERBOSE.has(event.type) ||
      event.type === "asset" && /^(downloaded|kept)$/.test(event.outcome.outcome);
    if (this.#verbose || !isRoutine) writeJsonLine(this.#output, this.#clock.now(), event);
  }

  /** Writes a line of type `message`. */
  say(message: string): void {
    writeJsonLine(this.#output, this.#clock.now(), { type: "message", message });
  }

  /** Ends the timer. */
  [Symbol.dispose](): void {
    this.#stop();
  }

  #showProgress(): void {
    const { startedAt, records, uploads, assets, requests, listingsDone, start } = this.#state;
    const now = this.#clock.now();
    const { totalsKnown, msLeft } = paceOf(this.#state, now);
    writeJsonLine(this.#output, now, {
      type: "progress",
      ms: now - startedAt,
      records,
      uploads,
      assets,
      requests,
      listings: { done: listingsDone, total: start?.listings ?? null },
      totalsKnown,
      msLeft: msLeft === undefined ? null : Math.round(msLeft),
    });
  }
}
