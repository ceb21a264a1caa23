import type { Config } from "../../config/options.ts";
import type { TickResult } from "../../schedule/tick.ts";
import { printable } from "../../text/printable.ts";
import type { TextOutput } from "../io.ts";
import { advised } from "../report/advice.ts";
import { writeJsonLine } from "./json_view.ts";

/** Writes what ticks do to a log: a line for each that did something, and for each change. */
export class TickLog {
  readonly #output: TextOutput;
  readonly #config: Pick<Config, "logFormat" | "quiet">;
  #last: string | undefined;

  /**
   * Makes a log; nothing is written yet.
   *
   * @param output Where lines go.
   * @param config How they are written.
   */
  constructor(output: TextOutput, config: Pick<Config, "logFormat" | "quiet">) {
    this.#output = output;
    this.#config = config;
  }

  /**
   * Writes a line, unless nothing has changed.
   *
   * @param result What a tick did.
   */
  write(result: TickResult): void {
    const { at, state, message, nextAt, notified } = advised(result);
    const { logFormat, quiet } = this.#config;
    const isSame = this.#last === `${state} ${nextAt}`;
    this.#last = `${state} ${nextAt}`;
    if ((quiet && state !== "failed") || (isSame && IDLE.has(state))) return;
    const unsent = notified?.sent === false ? notified.problem : undefined;
    if (logFormat === "json") {
      const more = unsent === undefined ? {} : { notNotified: unsent };
      const entry = { type: "tick", state, message, nextAt, ...more } as const;
      return writeJsonLine(this.#output, Date.parse(at), entry);
    }
    const next = nextAt === null ? "" : ` Next: ${nextAt}.`;
    const told = unsent === undefined ? "" : ` The notification wasn't taken, because ${unsent}.`;
    this.#output.write(`${at} ${state}: ${printable(message, 4000)}${next}${told}\n`);
  }
}

/** States that can last. */
const IDLE: ReadonlySet<string> = new Set(["disabled", "waiting", "backing_off", "busy"]);
