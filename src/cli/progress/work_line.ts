import { SluiceError } from "../../error.ts";
import type { Config } from "../../config/options.ts";
import { type CliIo, SYSTEM_CLOCK } from "../io.ts";
import { printable } from "../../text/printable.ts";
import { formatBytes, renderBar } from "../text/format.ts";
import { cutToWidth, textWidth } from "../text/width.ts";

/** Bytes of work, done and in all. */
export interface Work {
  /** How many are done. */
  readonly bytes: number;
  /** How many there are, as far as it is known. */
  readonly totalBytes: number;
}

/** The time between two drawings on a terminal, and between two lines elsewhere, in milliseconds. */
const [REDRAW, EVERY] = [200, 10_000];
const BAR = 20;

/** Shows on stderr how far a long work is, until it is disposed: a line that changes, or one now and then. */
export class WorkLine implements Disposable {
  readonly #io: CliIo;
  readonly #isLive: boolean;
  readonly #isQuiet: boolean;
  readonly #stop: (() => void) | undefined;
  #label = "";
  #work: Work | undefined;
  #isDrawn = false;

  /**
   * Begins to show.
   *
   * @param config How: nothing is shown where it says quiet, or logs are for programs.
   * @param io Where.
   */
  constructor({ quiet, logFormat }: Pick<Config, "quiet" | "logFormat">, io: CliIo) {
    this.#io = io;
    this.#isQuiet = quiet;
    this.#isLive = io.isTerminal && io.env("TERM") !== "dumb";
    if (quiet || logFormat === "json") return;
    const clock = io.clock ?? SYSTEM_CLOCK;
    this.#stop = clock.every(this.#isLive ? REDRAW : EVERY, () => this.#draw());
  }

  /**
   * Takes how far the work is.
   *
   * @param label What is worked on.
   * @param work How much of it is done.
   */
  update(label: string, work: Work): void {
    this.#label = label;
    this.#work = work;
  }

  /** Takes away what is shown, before something else is written. */
  clear(): void {
    if (this.#isDrawn) this.#io.stderr.write("\r\x1b[K");
    this.#isDrawn = false;
  }

  /**
   * Takes how far a work is whose end isn't known.
   *
   * @param text What was done so far.
   */
  say(text: string): void {
    this.#label = text;
    this.#work = undefined;
  }

  /**
   * Runs something that a signal cancels, and tells so then, unless what cancels it is an error that is told anyway.
   *
   * @param text What is told: what cancelling does.
   * @param work What runs.
   * @return What it returns.
   */
  async whileCancelable<T>(text: string, work: () => Promise<T>): Promise<T> {
    const { signal, stderr } = this.#io;
    const told = () => {
      this.clear();
      if (this.#isQuiet || signal.reason instanceof SluiceError) return;
      stderr.write(`${text} (press Ctrl-C again to stop at once)\n`);
    };
    signal.addEventListener("abort", told);
    try {
      return await work();
    } finally {
      signal.removeEventListener("abort", told);
    }
  }

  /** Ends what is shown. */
  [Symbol.dispose](): void {
    this.#stop?.();
    this.clear();
  }

  #draw(): void {
    if (this.#label === "") return;
    if (this.#work === undefined) return this.#show(printable(this.#label));
    const { bytes, totalBytes } = this.#work;
    const total = Math.max(bytes, totalBytes);
    const ratio = total === 0 ? 0 : bytes / total;
    const text = `${printable(this.#label)}  ${Math.floor(ratio * 100)} %, ${
      formatBytes(bytes)
    } of ${formatBytes(total)}`;
    this.#show(text, `${renderBar(BAR, ratio)}  ${text}`);
  }

  /** Shows a text; on a terminal another one, if there is room for it. */
  #show(text: string, wide = text): void {
    if (!this.#isLive) return this.#io.stderr.write(`${text}\n`);
    const columns = this.#io.columns() - 1;
    const shown = textWidth(wide) <= columns ? wide : cutToWidth(text, columns);
    this.#io.stderr.write(`\r${shown}\x1b[K`);
    this.#isDrawn = true;
  }
}
