import type { Config } from "../../config/options.ts";
import type { ExportEvent } from "../../export/events.ts";
import { initialProgress, progressOf, type ProgressState } from "../../report/progress_state.ts";
import { type CliIo, SYSTEM_CLOCK } from "../io.ts";
import { advisedEvent } from "../report/advice.ts";
import { JsonView } from "./json_view.ts";
import { LineView } from "./line_view.ts";
import { LiveView } from "./live_view.ts";
import type { ProgressView } from "./progress_view.ts";

/** Follows an export and shows how far it is, until it is disposed. */
export class Progress implements Disposable {
  readonly #io: CliIo;
  readonly #view: ProgressView | undefined;
  #state: ProgressState;

  /**
   * Begins to show, as the configuration and the terminal ask for.
   *
   * @param config How it is shown.
   * @param io Where.
   */
  constructor(config: Config, io: CliIo) {
    this.#io = io;
    const { include, exclude } = config;
    const withUploads = (include?.includes("uploads") ?? true) && !exclude?.includes("uploads");
    this.#state = initialProgress(this.now, { withAssets: config.assets !== false && withUploads });
    this.#view = viewFor(config, io, this.#state);
  }

  /** The time in milliseconds. */
  get now(): number {
    return (this.#io.clock ?? SYSTEM_CLOCK).now();
  }

  /** How far the export is. */
  get state(): ProgressState {
    return this.#state;
  }

  /** How long it took so far, in milliseconds. */
  get ms(): number {
    return this.now - this.#state.startedAt;
  }

  /** Takes an event; it can be handed on without its object. */
  readonly onEvent = (happened: ExportEvent): void => {
    const event = advisedEvent(happened);
    this.#state = progressOf(this.#state, event, this.now);
    this.#view?.show(event, this.#state);
  };

  /**
   * Shows a sentence of the command's own.
   *
   * @param text The sentence.
   */
  say(text: string): void {
    this.#view?.say(text);
  }

  /** Ends what is shown. */
  [Symbol.dispose](): void {
    this.#view?.[Symbol.dispose]();
  }
}

function viewFor(config: Config, io: CliIo, state: ProgressState): ProgressView | undefined {
  if (config.quiet) return undefined;
  const { stderr: output, columns, clock } = io;
  const { verbose } = config;
  if (config.logFormat === "json") return new JsonView(state, { output, verbose, clock });
  // A dumb terminal can't move its cursor.
  if (!io.isTerminal || io.env("TERM") === "dumb") {
    return new LineView(state, { output, verbose, clock });
  }
  // https://no-color.org: any value but an empty one.
  const color = !io.env("NO_COLOR");
  return new LiveView(state, { output, columns, color, verbose, clock });
}
