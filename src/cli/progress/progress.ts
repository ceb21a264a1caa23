import type { Config } from "../../config/options.ts";
import type { ExportEvent } from "../../export/events.ts";
import { initialProgress, progressOf, type ProgressState } from "../../report/progress_state.ts";
import { assetFailureText } from "../../export/assets/asset_outcomes.ts";
import type { ManifestNote } from "../../snapshot/manifest.ts";
import { printable } from "../../text/printable.ts";
import { type CliIo, SYSTEM_CLOCK } from "../io.ts";
import { advisedEvent } from "../report/advice.ts";
import { JsonView } from "./json_view.ts";
import { LineView } from "./line_view.ts";
import { LiveView } from "./live_view.ts";
import type { ProgressView } from "./progress_view.ts";

type Skipped = Extract<ExportEvent, { type: "skipped" }>;

/** How long to wait for another refusal, in milliseconds. */
const WAIT = 300;
/** How the note of an asset ends, whether it failed before or not. */
const KNOWN = /(, as in snapshot_\d+ before)?\.$/;

/** Follows an export and shows how far it is, until it is disposed. */
export class Progress implements Disposable {
  readonly #io: CliIo;
  readonly #view: ProgressView | undefined;
  /** Whether people read what is shown. */
  readonly #isText: boolean;
  readonly #told = new Set<string>();
  /** Refused resources that are told of together; what ends the wait for more of them. */
  #refused: Skipped[] = [];
  #endWait: (() => void) | undefined;
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
    this.#isText = this.#view !== undefined && config.logFormat === "text";
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
    if (this.#isText) {
      // A manifest has the sentence as it came, a report of a command with what a command line can do.
      for (const told of [toldBy(happened), toldBy(event)]) {
        if (told !== undefined) this.#told.add(told);
      }
      if (event.type === "skipped") return this.#refuse(event);
    }
    this.#view?.show(event, this.#state);
  };

  /**
   * Whether people were told of something while it ran.
   *
   * @param note What a manifest says of it.
   */
  hasTold({ message }: ManifestNote): boolean {
    return this.#told.has(message) || this.#told.has(message.replace(KNOWN, ""));
  }

  /**
   * Shows a sentence of the command's own.
   *
   * @param text The sentence.
   */
  say(text: string): void {
    this.#view?.say(text);
  }

  /** Waits a moment for more: a role that may read little is refused a dozen resources in a row. */
  #refuse(event: Skipped): void {
    this.#refused.push(event);
    let seen = 0;
    this.#endWait ??= (this.#io.clock ?? SYSTEM_CLOCK).every(WAIT, () => {
      if (this.#refused.length === seen) this.#tellRefused();
      seen = this.#refused.length;
    });
  }

  #tellRefused(): void {
    this.#endWait?.();
    this.#endWait = undefined;
    const groups = Map.groupBy(this.#refused, (event) => ofAll(event));
    this.#refused = [];
    for (const [message, events] of groups) {
      const names = events.map(({ resource }) => resource);
      const why = events.length === 1 ? events[0]!.message : message;
      const told = why.replace(/--exclude(?= leaves them)/, `--exclude ${names.join()}`);
      this.say(`Left out ${names.join(", ")}: ${printable(told, 500)}`);
    }
  }

  /** Ends what is shown. */
  [Symbol.dispose](): void {
    this.#tellRefused();
    this.#view?.[Symbol.dispose]();
  }
}

/** The refusal of a request as one of several. */
function ofAll({ message, resource }: Skipped): string {
  return message.replace(`--exclude ${resource} leaves it`, "--exclude leaves them")
    .replace(/\bmay not GET \S+/, "may not read them")
    .replace(/\binclude GET \S+/, "include them")
    .replace(/\bGET \/\S+/, "requests for them");
}

/** What a note of the manifest says of an event that people are told of. */
function toldBy(event: ExportEvent): string | undefined {
  switch (event.type) {
    case "warning":
    case "finding":
    case "skipped":
      return event.message;
    case "asset":
      return event.outcome.outcome === "failed" ? assetFailureText(event.outcome) : undefined;
    default:
      return undefined;
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
